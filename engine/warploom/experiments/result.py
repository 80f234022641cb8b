"""What an experiment yields: tables with units, and charts in the form of the paper."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Cell = float | int | str | None


@dataclass(frozen=True, slots=True)
class ResultTable:
    """One table.

    Attributes:
        title: What it shows, with the unit.
        columns: Headings; the first is that of the row's name.
        rows: Cells, one per column; None where there is nothing, a text where a figure would mislead.
        source: Where the figures are from: measured (device, precision), simulated, or who published them.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    source: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars in groups, as the paper's figures of throughput: higher is better, the best of a group is 1.

    Attributes:
        title: What it shows.
        groups: Names along the axis.
        series: Heights by name, one per group; NaN leaves a bar out.
        axis: Label of the values.
    """

    title: str
    groups: tuple[str, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]
    axis: str = "normalized throughput"


@dataclass(frozen=True, slots=True)
class Scatter:
    """Points joined by lines, as the paper's figure of search cost against latency.

    Attributes:
        title: What it shows.
        axes: Labels of x and y.
        series: Points (x, y, label) by name.
    """

    title: str
    axes: tuple[str, str]
    series: tuple[tuple[str, tuple[tuple[float, float, str], ...]], ...]


@dataclass(frozen=True, slots=True)
class Steps:
    """Step functions over time, as the paper's figure of active warps.

    Attributes:
        title: What it shows.
        axes: Labels of x and y.
        series: Edges (one more) and values by name.
    """

    title: str
    axes: tuple[str, str]
    series: tuple[tuple[str, tuple[float, ...], tuple[float, ...]], ...]


Chart = Bars | Scatter | Steps


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    """All that one experiment found.

    Attributes:
        name: Of the experiment.
        title: One line.
        tables: Measured ones first, published ones after.
        charts: In the form of the paper.
        notes: Sentences that a reader needs: what is simulated, what was skipped and why.
        details: What goes into the JSON file beside the tables: samples, versions, what peers said.
    """

    name: str
    title: str
    tables: tuple[ResultTable, ...]
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


def geometric_mean(values: Sequence[float | None]) -> float | None:
    """Geometric mean; None where a value is missing."""
    known = [value for value in values if value is not None and value > 0]
    if not known or len(known) < len(values):
        return None
    return math.exp(sum(map(math.log, known)) / len(known))


def throughput_bars(title: str, groups: Sequence[str], latencies: Mapping[str, Sequence[float | None]]) -> Bars:
    """Latencies as throughput, the best of each group being 1."""
    rows = {name: [math.nan if value is None else value for value in row] for name, row in latencies.items()}
    best = [
        min((row[i] for row in rows.values() if not math.isnan(row[i])), default=math.nan) for i in range(len(groups))
    ]
    series = tuple(
        (name, tuple(low / value for low, value in zip(best, row, strict=True))) for name, row in rows.items()
    )
    return Bars(title, tuple(groups), series)
