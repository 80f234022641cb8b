"""What the inspector says of an operator: sections of names and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QCoreApplication

from warploom.graph import Graph, Operator, Precision, Primitive
from warploom.graph.operator import AttributeValue
from warploom.graph.quantized import operator_precision
from warploom.graph.work import operator_work
from warploom.units import column_unit
from warploom_app.presenters.dag_nodes import plain_op, title_of
from warploom_app.presenters.dag_onnx import folded_sources
from warploom_app.presenters.names import parameters
from warploom_app.presenters.results import CandidateResult, Pair, Results
from warploom_app.presenters.run_options import mode_title
from warploom_app.presenters.units import count, duration, scaled, shape
from warploom_app.state import Document

_MOST_MEMBERS = 64
_MOST_PRIMITIVES = 8
_MOST_VALUES = 16
_MOST_ENDS = 8


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its rows (name, value); a row without a name is a plain line.

    Attributes:
        heading: What the rows are about.
        rows: Name and value of each.
        links: Whether the values are names of ONNX nodes that lead there.
    """

    heading: str
    rows: tuple[tuple[str, str], ...]
    links: bool = False


@dataclass(frozen=True, slots=True)
class Inspection:
    """An operator: title, one line below it, sections."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]


def inspect_document(document: Document) -> Inspection:
    """What is known of the whole: the model, and how its results were made."""
    graph, results = document.graph, document.results
    model = [
        (_tr("operators"), count(len(graph.operators))),
        (_tr("blocks"), count(len(set(document.blocks.values())))),
    ]
    if document.work is not None:
        model.append((_tr("computes"), scaled(document.work.flops, "FLOP")))
        model.append((_tr("weights"), scaled(document.work.weight_bytes, "B")))
    model += [(_tr("in"), text) for text in _ends(graph, graph.inputs)]
    model += [(_tr("out"), text) for text in _ends(graph, graph.outputs)]
    sections = [Section(_tr("Model"), tuple(model))]
    if results is not None:
        sections += _origin(results)
    return Inspection(
        graph.name, _tr("Point at an operator to see it here; click to pin it, Esc lets go."), tuple(sections)
    )


def _ends(graph: Graph, names: Sequence[str]) -> list[str]:
    """Shapes of the model's inputs or outputs, with their names where there are several."""
    named = len(names) > 1
    return [f"{name}  {_tensor(graph, name)}" if named else _tensor(graph, name) for name in names[:_MOST_ENDS]]


def _origin(results: Results) -> list[Section]:
    recording = results.recording
    device, settings, search = recording.device, recording.settings, recording.search
    how = _tr("{} (simulated)") if device.simulated else "{}"
    return [
        Section(
            _tr("Device"),
            (
                ("", how.format(device.name)),
                (_tr("multiprocessors"), count(device.sm_count)),
                (_tr("warps"), count(device.max_warps)),
                (_tr("clock"), f"{device.clock_mhz:,.0f} MHz"),
                (_tr("bandwidth"), f"{device.memory_bandwidth_gb_s:,.0f} GB/s"),
            ),
        ),
        Section(
            _tr("Search"),
            (
                (_tr("asked for"), mode_title(settings.mode)),
                (_tr("limits"), f"r {settings.max_group_operators}, s {settings.max_stage_groups}"),
                (_tr("stages costed"), count(search.stages_costed)),
                (_tr("states"), count(search.states)),
                (_tr("took"), duration(search.seconds)),
                (_tr("created"), f"{recording.created:%Y-%m-%d %H:%M} UTC"),
            ),
        ),
    ]


def inspect_operator(document: Document, name: str, pair: Pair | None) -> Inspection:
    """Everything about one operator."""
    graph, results = document.graph, document.results
    operator = graph.operator(name)
    sections = [_tensors(graph, operator), _work(graph, operator, results)]
    if results is not None and pair is not None:
        sections.insert(0, _latencies(name, results, pair))
        sections.insert(1, _placement(name, pair.after, document.names))
        sections.insert(2, _kernels(name, pair.after))
    sections += _attributes(operator)
    sections.append(_sources(operator))
    title, detail = title_of(operator), parameters(operator)
    subtitle = f"{title}, {detail}" if detail else title
    return Inspection(document.names.get(name, name), subtitle, tuple(one for one in sections if one.rows))


def inspect_node(document: Document, source: str, owners: Sequence[str], pair: Pair | None) -> Inspection:
    """One ONNX node: its own shapes and attributes, then the operator that it went into (or those that repeat it)."""
    graph = document.graph
    whole = inspect_operator(document, owners[0], pair)
    parts = [one for one in graph.operator(owners[0]).body if one.source == source]
    if not parts:
        return whole
    first = parts[0]
    rows = [(_tr("in"), _tensor(graph, name)) for name in first.inputs if name and name not in graph.constants]
    rows += [(_tr("weights"), _tensor(graph, name)) for name in first.inputs if name in graph.constants]
    rows += [(_tr("out"), _tensor(graph, name)) for name in parts[-1].outputs if name]
    own = [Section(_tr("Shapes"), tuple(rows)), *(_attribute_section(part, _tr("Attributes")) for part in parts)]
    fused = [("", document.names.get(name, name)) for name in owners]
    own.append(Section(_tr("Fused into") if len(owners) == 1 else _tr("Repeated in"), tuple(fused)))
    heading = _tr("Operator: {}")
    rest = [replace(one, heading=heading.format(one.heading)) for one in whole.sections if len(owners) == 1]
    title, sections = source.removeprefix("node_").strip("/") or source, tuple(one for one in own if one.rows)
    return Inspection(title, f"{_tr('ONNX node')} {first.op}", (*sections, *rest))


def inspect_several(document: Document, names: Sequence[str], pair: Pair | None) -> Inspection:
    """What several operators have in common: their sums."""
    rows = [(_tr("operators"), str(len(names)))]
    if pair is not None:
        found = [pair.operators[name] for name in names if name in pair.operators]
        before, after = sum(one.before_us for one in found), sum(one.after_us for one in found)
        unit = column_unit((before, after))
        rows.append((pair.before.track.title, f"{unit.text(before)} {unit.name}"))
        rows.append((pair.after.track.title, f"{unit.text(after)} {unit.name}"))
    members = Section(_tr("Operators"), tuple(("", document.names.get(name, name)) for name in names[:_MOST_MEMBERS]))
    title = _tr("{} operators").format(len(names))
    return Inspection(title, _tr("selected together"), (Section(_tr("Sum of latencies"), tuple(rows)), members))


def _latencies(name: str, results: Results, pair: Pair) -> Section:
    one = pair.operators.get(name)
    if one is None:
        return Section("", ())
    found = [(pair.before.track.title, one.before_us), (pair.after.track.title, one.after_us)]
    if one.alone_us is not None:
        found.insert(0, (_tr("alone"), one.alone_us))
    if one.solo_us is not None and one.solo_us != one.alone_us:
        found.insert(1 if one.alone_us is not None else 0, (_tr("as a stage"), one.solo_us))
    unit = column_unit(value for _, value in found)
    heading = _tr("Latency, simulated") if results.recording.simulated else _tr("Latency")
    return Section(heading, tuple((label, f"{unit.text(value)} {unit.name}") for label, value in found))


def _placement(name: str, after: CandidateResult, names: Mapping[str, str]) -> Section:
    launch_index = after.track.launches_of.get(name)
    if launch_index is None:
        return Section("", ())
    launch = after.candidate.plan.launches[launch_index]
    rows = [(_tr("stream"), str(launch.stream))]
    if launch.stage >= 0:
        rows.append((_tr("stage"), _tr("{} of {}").format(launch.stage + 1, after.stages)))
    if len(launch.operators) > 1:
        partners = ", ".join(names.get(other, other) for other in launch.operators if other != name)
        rows.append((_tr("merged with"), partners))
    if launch.waits:
        waited = [after.candidate.plan.launches[i].operators[0] for i in launch.waits]
        rows.append((_tr("waits for"), ", ".join(names.get(other, other) for other in waited)))
    return Section(_tr("In {}").format(after.track.title), tuple(rows))


def _kernels(name: str, after: CandidateResult) -> Section:
    timeline, launch = after.track.timeline, after.track.launches_of.get(name, -1)
    spans = timeline.spans
    rows: list[tuple[str, str]] = []
    for i in np.flatnonzero(spans.launch == launch)[:4]:
        grid, block = (shape(int(size) for size in column[i]) for column in (spans.grid, spans.block))
        rows.append(("", timeline.kernel_names[int(spans.kernel[i])]))
        rows.append((_tr("grid"), grid))
        rows.append((_tr("block"), block))
        rows.append((_tr("registers"), str(int(spans.registers[i]))))
        rows.append((_tr("shared memory"), scaled(int(spans.shared_memory_bytes[i]), "B", 1024.0)))
    return Section(_tr("Kernel") if len(rows) <= 5 else _tr("Kernels"), tuple(rows))


def _tensors(graph: Graph, operator: Operator) -> Section:
    rows = [(_tr("in"), _tensor(graph, name)) for name in operator.inputs]
    weights = [name for name in operator.weights if graph.tensors[name].elements > 1]
    rows += [(_weight_title(graph, name, i), _tensor(graph, name)) for i, name in enumerate(weights)]
    rows += [(_tr("out"), _tensor(graph, name)) for name in operator.outputs]
    return Section(_tr("Shapes"), tuple(rows))


def _weight_title(graph: Graph, name: str, place: int) -> str:
    return _tr("bias") if place == 1 and len(graph.tensors[name].shape) == 1 else _tr("weights")


def _tensor(graph: Graph, name: str) -> str:
    return shape(graph.tensors[name].shape)


def _attributes(operator: Operator) -> list[Section]:
    """What the file says of each primitive that has something to say."""
    telling = [primitive for primitive in operator.body if primitive.attributes]
    if len(telling) == 1:
        return [_attribute_section(telling[0], _tr("Attributes"))]
    heading = _tr("Attributes, {} {}")
    numbered = [(primitive, heading.format(plain_op(primitive.op), i + 1)) for i, primitive in enumerate(telling)]
    return [_attribute_section(primitive, text) for primitive, text in numbered[:_MOST_PRIMITIVES]]


def _attribute_section(primitive: Primitive, title: str) -> Section:
    return Section(title, tuple((name, _value(value)) for name, value in primitive.attributes))


def _value(value: AttributeValue) -> str:
    if isinstance(value, tuple):
        listed = ", ".join(_value(one) for one in value[:_MOST_VALUES])
        return listed if len(value) <= _MOST_VALUES else _tr("{} … ({} in all)").format(listed, len(value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _sources(operator: Operator) -> Section:
    """The ONNX nodes by their type; what was folded into constants has left no more than its name."""
    rows = [(plain_op(primitive.op), primitive.source) for primitive in operator.body if primitive.source]
    rows += [(_tr("folded"), source) for source in folded_sources(operator)]
    return Section(_tr("ONNX nodes"), tuple(dict.fromkeys(rows)), links=True)


def _work(graph: Graph, operator: Operator, results: Results | None) -> Section:
    precision = results.recording.settings.precision if results is not None else Precision.FP32
    work = operator_work(graph, operator, precision)
    rows = [
        (_tr("computes"), scaled(work.flops, "FLOP")),
        (_tr("reads"), scaled(work.bytes_read, "B")),
        (_tr("of that, weights"), scaled(work.weight_bytes, "B")),
        (_tr("writes"), scaled(work.bytes_written, "B")),
        (_tr("intensity"), f"{work.intensity:.1f} FLOP/B"),
    ]
    own = operator_precision(operator, graph.tensors, precision)
    return Section(_tr("Work, {}").format(own.value), tuple(rows))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Inspector", text)
