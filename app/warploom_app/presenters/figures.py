"""The table of figures: every schedule of a recording, with one unit a column."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from warploom_app.presenters.names import scheduler_title
from warploom_app.presenters.results import CandidateResult, Results
from warploom_app.presenters.units import TimeUnit, column_unit, count


@dataclass(frozen=True, slots=True)
class Figure:
    """A column: its title with the unit, and what it means."""

    title: str
    meaning: str


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A schedule: text and sort value of each column."""

    candidate: str
    chosen: bool
    texts: tuple[str, ...]
    values: tuple[float | str, ...]


def figure_columns(results: Results) -> tuple[Figure, ...]:
    """The columns for a recording."""
    unit = _unit(results).text
    how = _tr("simulated") if results.recording.simulated else _tr("measured")
    return (
        Figure(_tr("Schedule"), _tr("How the operators were put on streams; the fastest in bold")),
        Figure(_tr("Latency, {}").format(unit), _tr("Median of one execution, {}").format(how)),
        Figure(_tr("Quartiles, {}").format(unit), _tr("Half of all executions took between these times")),
        Figure(_tr("Speedup"), _tr("Times as fast as the sequential schedule")),
        Figure(_tr("Stages"), _tr("Steps that end together")),
        Figure(_tr("Streams"), _tr("CUDA streams used")),
        Figure(_tr("Active warps"), _tr("Mean over the whole execution, all streams together")),
        Figure(_tr("Occupancy, %"), _tr("Active warps as a part of those that the device can hold")),
        Figure(_tr("Overlap, %"), _tr("Part of the time with kernels on two or more streams")),
        Figure(_tr("Idle, {}").format(unit), _tr("Time in which nothing ran: launch gaps and waits")),
    )


def figure_rows(results: Results) -> tuple[FigureRow, ...]:
    """The rows for a recording."""
    unit = _unit(results)
    return tuple(_row(results, one, unit) for one in results.candidates.values())


def _row(results: Results, one: CandidateResult, unit: TimeUnit) -> FigureRow:
    measured, figures = one.candidate.measurement, one.statistics
    before = results.recording.sequential.measurement.median_us
    speedup = before / measured.median_us if measured.median_us > 0 else 1.0
    overlap = 100 * figures.overlap_ns / figures.duration_ns if figures.duration_ns else 0.0
    return FigureRow(
        candidate=one.candidate.name,
        chosen=one.candidate.name == results.recording.chosen,
        texts=(
            scheduler_title(one.candidate.name),
            unit.of_us(measured.median_us),
            f"{unit.of_us(measured.p25_us)} – {unit.of_us(measured.p75_us)}",
            f"{speedup:.2f}×",
            count(one.stages) if one.stages else "–",
            count(one.candidate.plan.streams),
            count(figures.warps.mean),
            f"{100 * figures.warps.occupancy:.1f}",
            f"{overlap:.0f}",
            unit.of_us(figures.idle_ns / 1e3),
        ),
        values=(
            scheduler_title(one.candidate.name),
            measured.median_us,
            measured.p25_us,
            speedup,
            one.stages,
            one.candidate.plan.streams,
            figures.warps.mean,
            figures.warps.occupancy,
            overlap,
            figures.idle_ns,
        ),
    )


def _unit(results: Results) -> TimeUnit:
    return column_unit(one.candidate.measurement.median_us for one in results.candidates.values())


def _tr(text: str) -> str:
    return QCoreApplication.translate("Figures", text)
