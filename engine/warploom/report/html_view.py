"""What the HTML report says, worked out and formatted; the template only places it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from warploom.graph import LogEntry
from warploom.recording.recording import Candidate, Recording
from warploom.report.naming import places, title
from warploom.report.operator_table import OperatorColumn, operator_columns, operator_values
from warploom.report.pair import shown_pair
from warploom.report.remarks import remarks
from warploom.timeline.account import account, account_text
from warploom.timeline.caveats import caveats
from warploom.timeline.comparison import Comparison, OperatorComparison, StageComparison, compare
from warploom.timeline.explain import Reason, explain
from warploom.timeline.statistics import critical_path, timeline_statistics
from warploom.units import MICROSECONDS, change_text, number_text

LOG_SUBJECTS = 6


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell: what is read, and what it is sorted by."""

    text: str
    key: float | str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """A row of the operator table; `number` is the operator's position in the Graph."""

    number: int
    place: str
    title: str
    nodes: str
    merged: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class StageRow:
    """A row of the stage table; `groups` are the operators stream by stream, merged launches joined with "&"."""

    number: int
    block: str
    groups: tuple[str, ...]
    operators: tuple[int, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """A reason with the length of its bar in percent of the strongest one's."""

    reason: Reason
    operators: tuple[int, ...]
    bar: float


@dataclass(frozen=True, slots=True)
class LogLine:
    """A decision of the build log."""

    step: str
    subject: str
    decision: str
    reason: str


@dataclass(frozen=True, slots=True)
class ComparedView:
    """Everything that needs two schedules."""

    comparison: Comparison
    account: str
    reasons: tuple[ReasonRow, ...]
    columns: tuple[OperatorColumn, ...]
    operators: tuple[OperatorRow, ...]
    stages: tuple[StageRow, ...]


def compared_view(recording: Recording) -> ComparedView | None:
    """Reasons, operator and stage tables; None for a recording with one schedule."""
    pair = shown_pair(recording)
    if len(pair) < 2:
        return None
    names = places(recording.graph)
    comparison = compare(pair[0].candidate, pair[1].candidate, recording.solo_us)
    reasons = explain(comparison, label=lambda name: names.get(name, name))
    columns = operator_columns(comparison)
    strongest = max((abs(reason.gain_us) for reason in reasons), default=1.0)
    index = recording.graph.index
    return ComparedView(
        comparison=comparison,
        account=account_text(
            account(*(shown.candidate.timeline for shown in pair)),
            pair[0].candidate.name,
            f"Schedule {pair[1].candidate.name}",
        ),
        reasons=tuple(
            ReasonRow(reason, tuple(index[name] for name in reason.operators), 100 * abs(reason.gain_us) / strongest)
            for reason in reasons
        ),
        columns=columns,
        operators=tuple(_operator_row(recording, operator, names, columns) for operator in comparison.operators),
        stages=tuple(_stage_row(recording, stage, pair[1].candidate, names) for stage in comparison.stages),
    )


def _operator_row(
    recording: Recording,
    compared: OperatorComparison,
    names: Mapping[str, str],
    columns: tuple[OperatorColumn, ...],
) -> OperatorRow:
    number = recording.graph.index[compared.name]
    operator = recording.graph.operators[number]
    delta = compared.delta_us
    tone = "" if abs(delta) < 0.05 else "bad" if delta > 0 else "good"
    return OperatorRow(
        number=number,
        place=names[compared.name],
        title=title(operator),
        nodes=", ".join(operator.sources) or operator.name,
        merged=", ".join(names.get(name, name) for name in compared.merged_with),
        cells=tuple(
            Cell(column.text(value), -1.0 if value is None else value, tone if column.key == "delta_us" else "")
            for column, value in zip(columns, operator_values(compared), strict=True)
        ),
    )


def _stage_row(
    recording: Recording, stage: StageComparison, candidate: Candidate, names: Mapping[str, str]
) -> StageRow:
    schedule, costs = candidate.schedule, candidate.stage_costs_us
    block = schedule.blocks[stage.stage] + 1 if schedule is not None and schedule.blocks else None
    cost = costs[stage.stage] if stage.stage < len(costs) else None
    gain = stage.gain_us
    tone = "" if abs(gain) < 0.05 else "good" if gain > 0 else "bad"
    merged = {members[0]: members for members in stage.merged}
    return StageRow(
        number=stage.stage + 1,
        block="" if block is None else str(block),
        groups=tuple(_group_text(group, merged, names) for group in stage.groups),
        operators=tuple(recording.graph.index[name] for name in stage.operators),
        cells=(
            _time(cost),
            _time(stage.before.elapsed_us),
            _time(stage.after.elapsed_us),
            Cell(change_text(gain, 2), gain, tone),
            _time(stage.after.idle_us),
            Cell(f"{stage.before.warps:,.0f}", stage.before.warps),
            Cell(f"{stage.after.warps:,.0f}", stage.after.warps),
        ),
    )


def _group_text(group: tuple[str, ...], merged: Mapping[str, tuple[str, ...]], names: Mapping[str, str]) -> str:
    parts: list[str] = []
    inside: set[str] = set()
    for name in group:
        if name in merged:
            inside.update(merged[name])
            parts.append(" & ".join(names[member] for member in merged[name]))
        elif name not in inside:
            parts.append(names[name])
    return " → ".join(parts)


def _time(value_us: float | None) -> Cell:
    return Cell(number_text(value_us, 2), -1.0 if value_us is None else value_us)


def timeline_captions(recording: Recording) -> tuple[tuple[str, str], ...]:
    """(title, figures) of each timeline shown."""
    captions: list[tuple[str, str]] = []
    for shown in shown_pair(recording):
        found = timeline_statistics(shown.candidate.timeline)
        us = MICROSECONDS.text
        warps = f"{found.warps.mean:,.0f} active warps on average ({found.warps.occupancy:.1%} of the device)"
        parts = [f"{us(found.duration_ns / 1000)} µs", warps, f"idle {us(found.idle_ns / 1000)} µs"]
        if found.overlap_ns:
            parts.append(f"streams overlap for {us(found.overlap_ns / 1000)} µs")
        path = critical_path(shown.candidate.timeline, shown.candidate.plan.dependencies())
        if path:
            kernels = sum(step.end_ns - step.start_ns for step in path) / 1000
            parts.append(f"critical path {us(kernels)} µs in {len(path):,} launches")
        captions.append((shown.title, " · ".join(parts)))
    return tuple(captions)


def caveat_lines(recording: Recording) -> tuple[str, ...]:
    """What a reader must know before believing the figures and the timelines shown."""
    names = places(recording.graph)
    timelines = [shown.candidate.timeline for shown in shown_pair(recording)]
    return (*remarks(recording), *caveats(timelines, lambda name: names.get(name, name)))


def facts(recording: Recording) -> tuple[tuple[str, str], ...]:
    """Settings and environment as (name, value)."""
    settings, device, model, where = recording.settings, recording.device, recording.model, recording.environment
    major, minor = device.compute_capability
    found = [
        ("Model", f"{model.name} ({model.path})"),
        ("Model file", f"SHA-256 {model.sha256[:16]}…, opset {model.opset}, {model.node_count:,} nodes"),
        ("Graph", f"{len(recording.graph.operators):,} operators after folding and fusion"),
        ("Input shapes", _input_shapes(recording)),
        ("Precision", settings.precision.value),
        ("Batch", str(settings.batch)),
        ("Device", f"{device.name} ({device.id}){', simulated' if recording.simulated else ''}"),
        ("Device size", f"{device.sm_count} SMs × {device.warps_per_sm} warps, compute capability {major}.{minor}"),
        ("Clock and memory", f"{device.clock_mhz:,.0f} MHz, {device.memory_bandwidth_gb_s:,.0f} GB/s"),
        *((f"Device: {name}", value) for name, value in device.details),
        ("Search", f"{settings.mode}, at most {settings.max_group_operators} operators in a group and "
                   f"{settings.max_stage_groups} groups in a stage"),
        ("Search effort", _effort(recording)),
        ("Latency samples", f"{len(recording.optimized.measurement.samples_us):,} per schedule"),
        ("Verification", _verification(recording)),
        ("Made", f"{recording.created:%Y-%m-%d %H:%M} UTC with Warploom {recording.warploom_version}"),
        ("System", f"Python {where.python}, {where.platform}"),
        ("Libraries", ", ".join(f"{name} {version}" for name, version in where.libraries)),
    ]  # fmt: skip
    return tuple((name, value) for name, value in found if value)


def _input_shapes(recording: Recording) -> str:
    tensors = recording.graph.tensors
    return "; ".join(f"{name}: {' × '.join(map(str, tensors[name].shape))}" for name in recording.graph.inputs)


def _effort(recording: Recording) -> str:
    search = recording.search
    text = f"{search.seconds:.2f} s, {search.stages_costed:,} stages costed, {search.states:,} states"
    return f"{text} (stopped early)" if search.cancelled else text


def _verification(recording: Recording) -> str:
    checked = recording.verification
    if checked is None:
        return "not asked for"
    outcome = "passed" if checked.ok else "FAILED"
    return (
        f"{outcome}: largest relative L2 error {checked.max_rel_l2:.1e}, "
        f"allowed {checked.tolerance:.0e}, against {checked.reference}"
    )


def log_lines(recording: Recording) -> tuple[LogLine, ...]:
    """The build log, long lists of subjects cut."""
    return tuple(LogLine(entry.step, _subject(entry), entry.decision, entry.reason) for entry in recording.build_log)


def _subject(entry: LogEntry) -> str:
    shown = ", ".join(entry.subject[:LOG_SUBJECTS])
    more = len(entry.subject) - LOG_SUBJECTS
    return f"{shown} and {more} more" if more > 0 else shown
