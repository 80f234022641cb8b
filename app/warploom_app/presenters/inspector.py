"""What the inspector says of an operator: sections of names and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication

from warploom.graph import Graph, Operator, Precision
from warploom.graph.work import operator_work
from warploom_app.presenters.names import parameters, short_name
from warploom_app.presenters.results import CandidateResult, Pair, Results
from warploom_app.presenters.units import column_unit, scaled, shape


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its rows (name, value); a row without a name is a plain line."""

    heading: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """An operator: title, one line below it, sections."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]


def inspect_operator(graph: Graph, name: str, results: Results | None, pair: Pair | None) -> Inspection:
    """Everything about one operator."""
    operator = graph.operator(name)
    sections = [_tensors(graph, operator), _work(graph, operator, results)]
    if results is not None and pair is not None:
        sections.insert(0, _latencies(name, results, pair))
        sections.insert(1, _placement(name, pair.after))
        sections.insert(2, _kernels(name, pair.after))
    sections.append(Section(_tr("ONNX nodes"), tuple(("", source) for source in operator.sources)))
    detail = parameters(operator)
    subtitle = f"{operator.label}, {detail}" if detail else operator.label
    return Inspection(short_name(name), subtitle, tuple(section for section in sections if section.rows))


def inspect_several(graph: Graph, names: Sequence[str], pair: Pair | None) -> Inspection:
    """What several operators have in common: their sums."""
    known = [name for name in names if name in graph.index]
    rows = [(_tr("operators"), str(len(known)))]
    if pair is not None:
        found = [pair.operators[name] for name in known if name in pair.operators]
        before, after = sum(one.before_us for one in found), sum(one.after_us for one in found)
        unit = column_unit((before, after))
        rows.append((pair.before.track.title.lower(), f"{unit.of_us(before)} {unit.text}"))
        rows.append((pair.after.track.title.lower(), f"{unit.of_us(after)} {unit.text}"))
    members = Section(_tr("Operators"), tuple(("", short_name(name)) for name in known[:64]))
    title = _tr("{} operators").format(len(known))
    return Inspection(title, _tr("selected together"), (Section(_tr("Sum"), tuple(rows)), members))


def _latencies(name: str, results: Results, pair: Pair) -> Section:
    one = pair.operators.get(name)
    if one is None:
        return Section("", ())
    found = [(pair.before.track.title, one.before_us), (pair.after.track.title, one.after_us)]
    if one.solo_us is not None:
        found.insert(0, (_tr("alone"), one.solo_us))
    unit = column_unit(value for _, value in found)
    heading = _tr("Latency, simulated") if results.recording.simulated else _tr("Latency")
    return Section(heading, tuple((label, f"{unit.of_us(value, 2)} {unit.text}") for label, value in found))


def _placement(name: str, after: CandidateResult) -> Section:
    launch_index = after.track.launches_of.get(name)
    if launch_index is None:
        return Section("", ())
    launch = after.candidate.plan.launches[launch_index]
    rows = [(_tr("stream"), str(launch.stream))]
    if launch.stage >= 0:
        rows.append((_tr("stage"), _tr("{} of {}").format(launch.stage, after.stages)))
    if len(launch.operators) > 1:
        partners = ", ".join(short_name(other) for other in launch.operators if other != name)
        rows.append((_tr("merged with"), partners))
    if launch.waits:
        waited = [after.candidate.plan.launches[i].operators[0] for i in launch.waits]
        rows.append((_tr("waits for"), ", ".join(short_name(other) for other in waited)))
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
    rows += [(_tr("weights"), _tensor(graph, name)) for name in operator.weights if graph.tensors[name].elements > 1]
    rows += [(_tr("out"), _tensor(graph, name)) for name in operator.outputs]
    return Section(_tr("Shapes"), tuple(rows))


def _tensor(graph: Graph, name: str) -> str:
    return shape(graph.tensors[name].shape)


def _work(graph: Graph, operator: Operator, results: Results | None) -> Section:
    precision = results.recording.settings.precision if results is not None else Precision.FP32
    work = operator_work(graph, operator, precision)
    rows = [
        (_tr("computes"), scaled(work.flops, "FLOP")),
        (_tr("reads"), scaled(work.bytes_read, "B")),
        (_tr("of it weights"), scaled(work.weight_bytes, "B")),
        (_tr("writes"), scaled(work.bytes_written, "B")),
        (_tr("intensity"), f"{work.intensity:.1f} FLOP/B"),
    ]
    return Section(_tr("Work, {}").format(precision.value), tuple(rows))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Inspector", text)
