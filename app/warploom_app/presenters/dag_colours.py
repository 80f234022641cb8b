"""Colours of the operators in the DAG: by kind, stage, stream, latency or active warps, with their legend."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication

from warploom.graph import Graph
from warploom.recording.recording import Candidate
from warploom.schedule import StreamPlan
from warploom.timeline.statistics import launch_windows, warps_between
from warploom.timeline.timeline import WarpSeries
from warploom.units import time_text
from warploom_app.presenters.dag_nodes import DagNode
from warploom_app.presenters.units import count
from warploom_app.theme import Theme

ColourValue = str  # "#rrggbb"


class ColourBy(enum.StrEnum):
    """What the colour of an operator means; one thing at a time."""

    KIND = "kind"
    STAGE = "stage"
    STREAM = "stream"
    LATENCY = "latency"
    WARPS = "warps"


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One colour and what it stands for."""

    label: str
    colour: ColourValue


@dataclass(frozen=True, slots=True)
class Legend:
    """What the colours mean.

    Attributes:
        title: "Operator type", "Stream", ...
        entries: The colours in reading order; for a scale the samples from low to high.
        low: Text at the low end of a scale; empty when the entries are separate colours.
        high: Text at the high end of a scale.
        tints: Whether the colours are pale enough to fill the operators' boxes.
    """

    title: str
    entries: tuple[LegendEntry, ...]
    low: str = ""
    high: str = ""
    tints: bool = False

    @property
    def is_scale(self) -> bool:
        """Whether the entries are samples of a continuous scale."""
        return bool(self.low or self.high)


@dataclass(frozen=True, slots=True)
class Colouring:
    """A colour for some operators (others are drawn neutral), and the legend."""

    colours: Mapping[str, ColourValue]
    legend: Legend


def colour_by_kind(graph: Graph, theme: Theme) -> Colouring:
    """The default: what each operator is."""
    colours = {operator.name: theme.kind(operator.kind) for operator in graph.operators}
    return Colouring(colours, kind_legend((operator.kind for operator in graph.operators), theme))


def kind_legend(kinds: Iterable[str], theme: Theme) -> Legend:
    """The kinds that occur, the commonest first."""
    counts: dict[str, int] = {}
    for kind in kinds:
        counts[kind] = counts.get(kind, 0) + 1
    labels = {
        "conv": _tr("convolution"),
        "conv_transpose": _tr("transposed convolution"),
        "matmul": _tr("matrix product"),
        "depthwise": _tr("depthwise"),
        "separable": _tr("separable"),
        "pool": _tr("pool"),
        "norm": _tr("norm"),
        "reduce": _tr("reduce"),
        "pointwise": _tr("pointwise"),
        "concat": _tr("concat"),
        "copy": _tr("copy"),
        "view": _tr("view"),
        "resize": _tr("resize"),
        "gather": _tr("gather"),
        "sort": _tr("sort"),
        "other": _tr("other"),
    }
    common = sorted(counts, key=lambda kind: -counts[kind])
    entries = tuple(LegendEntry(labels.get(kind, str(kind)), theme.kind(kind)) for kind in common)
    return Legend(_tr("Operator type"), entries)


def colour_by_stage(plan: StreamPlan, theme: Theme) -> Colouring:
    """Alternating tints: neighbouring stages differ."""
    stages = {name: launch.stage for launch in plan.launches if launch.stage >= 0 for name in launch.operators}
    entries = (LegendEntry(_tr("odd stages"), theme.stage(0)), LegendEntry(_tr("even stages"), theme.stage(1)))
    return _tinted(stages, Legend(_tr("Stage"), entries if stages else (), tints=True), theme)


def colour_by_episode(episodes: Mapping[str, int], theme: Theme) -> Colouring:
    """The same for a schedule without stages: its episodes, each from one moment at which nothing runs to the next."""
    entries = (LegendEntry(_tr("odd episodes"), theme.stage(0)), LegendEntry(_tr("even episodes"), theme.stage(1)))
    title = _tr("No stages: episodes")
    return _tinted(episodes, Legend(title, entries if episodes else (), tints=True), theme)


def _tinted(numbers: Mapping[str, int], legend: Legend, theme: Theme) -> Colouring:
    return Colouring({name: theme.stage(number) for name, number in numbers.items()}, legend)


def colour_by_stream(plan: StreamPlan, theme: Theme) -> Colouring:
    """The streams' own colours, as in the timelines."""
    colours = {name: theme.stream(launch.stream) for launch in plan.launches for name in launch.operators}
    entries = tuple(
        LegendEntry(_tr("stream {}").format(stream), theme.stream(stream)) for stream in range(plan.streams)
    )
    return Colouring(colours, Legend(_tr("Stream"), entries))


def colour_by_latency(latency_us: Mapping[str, float], theme: Theme) -> Colouring:
    """A scale from the fastest to the slowest operator, linear in time."""
    return _scale(latency_us, _tr("Latency"), theme, time_text)


def colour_by_warps(warps: Mapping[str, float], theme: Theme) -> Colouring:
    """A scale from no active warps to those of the operator that keeps most."""
    return _scale(warps, _tr("Active warps"), theme, count)


def _scale(values: Mapping[str, float], title: str, theme: Theme, text: Callable[[float], str]) -> Colouring:
    highest = max(values.values(), default=0.0)
    colours = {name: theme.ramp_colour(value / highest if highest > 0 else 0.0) for name, value in values.items()}
    samples = tuple(LegendEntry("", theme.ramp_colour(i / 15)) for i in range(16))
    return Colouring(colours, Legend(title, samples, low="0", high=text(highest)))


def colour_by(by: ColourBy, graph: Graph, candidate: Candidate | None, theme: Theme) -> Colouring:
    """Colours by anything; without a candidate to tell stages, streams and latencies, by kind."""
    if candidate is None or by is ColourBy.KIND:
        return colour_by_kind(graph, theme)
    if by is ColourBy.STAGE:
        return colour_by_stage(candidate.plan, theme)
    if by is ColourBy.STREAM:
        return colour_by_stream(candidate.plan, theme)
    if by is ColourBy.WARPS:
        return colour_by_warps(operator_warps(candidate), theme)
    return colour_by_latency(operator_latencies_us(candidate), theme)


def operator_latencies_us(candidate: Candidate) -> dict[str, float]:
    """From the start of each operator's first kernel to the end of its last; merged operators share one figure."""
    spans, own = candidate.timeline.spans, candidate.timeline.of_launches
    count = len(candidate.plan.launches)
    start = np.full(count, np.iinfo(np.int64).max)
    end = np.zeros(count, dtype=np.int64)
    np.minimum.at(start, spans.launch[own], spans.start_ns[own])
    np.maximum.at(end, spans.launch[own], spans.end_ns[own])
    duration_us = np.maximum(end - start, 0) / 1000.0
    return {
        name: float(duration_us[i])
        for i, launch in enumerate(candidate.plan.launches)
        if start[i] <= end[i]
        for name in launch.operators
    }


def operator_warps(candidate: Candidate) -> dict[str, float]:
    """Mean active warps of each operator's stream while it runs; merged operators share one figure."""
    series, launches = candidate.timeline.warps, candidate.plan.launches
    start, end = launch_windows(candidate.timeline)
    found: dict[str, float] = {}
    for row, stream in enumerate(series.streams.tolist()):
        own = WarpSeries(series.streams[row : row + 1], series.edges_ns, series.warps[row : row + 1])
        mean = warps_between(own, start, end)
        for i, launch in enumerate(launches):
            if launch.stream == stream and end[i] > start[i]:
                found.update(dict.fromkeys(launch.operators, float(mean[i])))
    return found


@dataclass(frozen=True, slots=True)
class NodeColours:
    """The colours of a picture's nodes.

    Attributes:
        colours: One for each node.
        shares: For nodes whose operators differ: each colour with its share, the commonest first.
    """

    colours: Sequence[str]
    shares: Mapping[int, tuple[tuple[ColourValue, float], ...]]


def node_colours(
    nodes: Sequence[DagNode], graph: Graph, colours: Mapping[str, ColourValue] | None, theme: Theme
) -> NodeColours:
    """Colours of nodes from those of the operators that they stand for; None: of their own kinds."""
    by_kind = colours is None
    by_operator = colour_by_kind(graph, theme).colours if colours is None else colours
    found: list[str] = []
    shares: dict[int, tuple[tuple[ColourValue, float], ...]] = {}
    for i, node in enumerate(nodes):
        if not node.collapsed:
            own = theme.kind(node.kind) if by_kind else by_operator.get(node.operators[0], theme.muted)
            found.append(own)
            continue
        counts: dict[str, int] = {}
        for name in node.operators:
            colour = by_operator.get(name, theme.muted)
            counts[colour] = counts.get(colour, 0) + 1
        ordered = sorted(counts, key=lambda colour: -counts[colour])
        shares[i] = tuple((colour, counts[colour] / len(node.operators)) for colour in ordered)
        found.append(ordered[0] if len(ordered) == 1 else theme.hairline)
    return NodeColours(found, shares)


def _tr(text: str) -> str:
    return QCoreApplication.translate("DagColours", text)
