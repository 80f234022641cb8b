"""The comparison table: one row per figure, one column per schedule; the same rows wherever it is shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from warploom.recording.recording import Candidate, Recording
from warploom.report.pair import shown_pair
from warploom.report.summary import floor_us, stage_count
from warploom.timeline.statistics import TimelineStatistics, critical_path, timeline_statistics
from warploom.units import TimeUnit, number_text, time_unit


@dataclass(frozen=True, slots=True)
class TableRow:
    """One figure of every schedule.

    Attributes:
        name: What it is.
        unit: Its unit, the same for the whole row; "" for a count.
        values: In the row's unit, one per column; None where it does not apply.
        texts: The values as they are shown, right-aligned; "–" for None.
        explanation: One sentence on what it means.
    """

    name: str
    unit: str
    values: tuple[float | None, ...]
    texts: tuple[str, ...]
    explanation: str


@dataclass(frozen=True, slots=True)
class ComparisonTable:
    """The table.

    Attributes:
        columns: Names of the schedules.
        chosen: Position of the one that won.
        rows: The figures, most important first.
    """

    columns: tuple[str, ...]
    chosen: int
    rows: tuple[TableRow, ...]


@dataclass(frozen=True, slots=True)
class _Figures:
    """A candidate with what its rows need."""

    candidate: Candidate
    statistics: TimelineStatistics
    critical_us: float
    predicted_us: float | None
    floor_us: float | None
    error: float | None


def comparison_table(recording: Recording) -> ComparisonTable:
    """The table of a recording."""
    figures = [_figures(recording, candidate) for candidate in recording.candidates]
    base_us = recording.sequential.measurement.median_us
    unit = time_unit(max(item.candidate.measurement.p75_us for item in figures))
    rows = (*_latency_rows(figures, unit, base_us), *_shape_rows(figures), *_device_rows(figures, unit))
    names = tuple(candidate.name for candidate in recording.candidates)
    present = tuple(row for row in rows if any(value is not None for value in row.values))
    return ComparisonTable(names, names.index(recording.chosen), present)


def with_pair_first(table: ComparisonTable, recording: Recording) -> ComparisonTable:
    """The table with the two schedules that are shown side by side in front, for pages that cannot show all columns."""
    first = [shown.candidate.name for shown in shown_pair(recording)]
    order = sorted(range(len(table.columns)), key=lambda i: (table.columns[i] not in first, i))
    rows = tuple(
        replace(row, values=tuple(row.values[i] for i in order), texts=tuple(row.texts[i] for i in order))
        for row in table.rows
    )
    return ComparisonTable(tuple(table.columns[i] for i in order), order.index(table.chosen), rows)


def _figures(recording: Recording, candidate: Candidate) -> _Figures:
    path = critical_path(candidate.timeline, candidate.plan.dependencies())
    predicted = {part.name: part.latency_us for part in recording.search.schedulers}
    checked = recording.verification.candidates if recording.verification else ()
    errors = {check.name: check.max_rel_l2 for check in checked}
    return _Figures(
        candidate=candidate,
        statistics=timeline_statistics(candidate.timeline),
        critical_us=sum(step.end_ns - step.start_ns for step in path) / 1000.0,
        predicted_us=predicted.get(candidate.name),
        floor_us=floor_us(recording),
        error=errors.get(candidate.name),
    )


def _latency_rows(figures: Sequence[_Figures], unit: TimeUnit, base_us: float) -> tuple[TableRow, ...]:
    def time(name: str, of: Callable[[_Figures], float | None], explanation: str) -> TableRow:
        return _time_row(name, figures, unit, of, explanation)

    def speedup(item: _Figures) -> float | None:
        median = item.candidate.measurement.median_us
        return base_us / median if median > 0 else None

    return (
        time(
            "Latency, median", lambda item: item.candidate.measurement.median_us, "Half of the executions are faster."
        ),
        time("Latency, lower quartile", lambda item: item.candidate.measurement.p25_us, "A quarter is faster."),
        time("Latency, upper quartile", lambda item: item.candidate.measurement.p75_us, "A quarter is slower."),
        _row("Speedup", "×", figures, speedup, 2, "Sequential latency over this one's."),
        time("Predicted latency", lambda item: item.predicted_us, "What the search expected, stage by stage."),
        time("Critical-path floor", lambda item: item.floor_us, "The longest path, each operator alone: no less."),
    )


def _shape_rows(figures: Sequence[_Figures]) -> tuple[TableRow, ...]:
    def count(name: str, of: Callable[[_Figures], float | None], explanation: str) -> TableRow:
        return _row(name, "", figures, of, 0, explanation)

    return (
        count("Stages", lambda item: stage_count(item.candidate) or None, "Parts that wait for one another."),
        count("Streams", lambda item: item.candidate.plan.streams, "What can run side by side."),
        count("Launches", lambda item: len(item.candidate.plan.launches), "Operators, merged ones counted once."),
        count("Kernels and copies", lambda item: item.statistics.spans, "What the device executed."),
    )


def _device_rows(figures: Sequence[_Figures], unit: TimeUnit) -> tuple[TableRow, ...]:
    def time(name: str, of: Callable[[_Figures], float | None], explanation: str) -> TableRow:
        return _time_row(name, figures, unit, of, explanation)

    def error(item: _Figures) -> float | None:
        return item.error

    return (
        _row(
            "Active warps, mean", "warps", figures, lambda item: item.statistics.warps.mean, 0,
            "Over the whole execution, gaps included.",
        ),
        _row(
            "Active warps, peak", "warps", figures, lambda item: item.statistics.warps.peak, 0,
            "The most at one moment.",
        ),
        _row(
            "Achieved occupancy", "%", figures, lambda item: 100 * item.statistics.warps.occupancy, 1,
            "Mean active warps as a part of what the device can hold.",
        ),
        _row(
            "SMs idle", "%", figures, _sms_idle, 1, "SM time without a resident warp, by hardware counters."
        ),
        time("Device idle", lambda item: item.statistics.idle_ns / 1000, "Nothing runs: launch gaps and waits."),
        time("Streams overlap", lambda item: item.statistics.overlap_ns / 1000, "Two or more streams run something."),
        time("Critical path", lambda item: item.critical_us, "Kernel time of the chain that the end waits for."),
        _row("Output error", "rel. L2", figures, error, -1, "Against the reference, the worst output."),
    )  # fmt: skip


def _sms_idle(item: _Figures) -> float | None:
    """By counters alone: without them it would be the device's idle time once more."""
    found = item.statistics.sm_idle
    return 100 * found.share if found.basis == "counters" else None


def _time_row(
    name: str, figures: Sequence[_Figures], unit: TimeUnit, of: Callable[[_Figures], float | None], explanation: str
) -> TableRow:
    def scaled(item: _Figures) -> float | None:
        value = of(item)
        return None if value is None else value / unit.microseconds

    return _row(name, unit.name, figures, scaled, unit.digits, explanation)


def _row(
    name: str,
    unit: str,
    figures: Sequence[_Figures],
    of: Callable[[_Figures], float | None],
    digits: int,
    explanation: str,
) -> TableRow:
    """Makes a row; digits < 0 means scientific notation."""
    values = tuple(of(item) for item in figures)
    finite = tuple(value if value is not None and math.isfinite(value) else None for value in values)
    texts = tuple("∞" if raw == math.inf else number_text(raw, digits) for raw in values)
    return TableRow(name, unit, finite, texts, explanation)
