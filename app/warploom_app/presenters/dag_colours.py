"""Colours of the operators in the DAG: by kind, stage, stream or latency, with the legend that explains them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from warploom.graph import Graph
from warploom.recording.recording import Candidate
from warploom.schedule import StreamPlan
from warploom_app.theme import Theme

ColourValue = str  # "#rrggbb"


class ColourBy(enum.StrEnum):
    """What the colour of an operator means; one thing at a time."""

    KIND = "kind"
    STAGE = "stage"
    STREAM = "stream"
    LATENCY = "latency"


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


_KIND_LABELS = {"conv": "convolution", "conv_transpose": "transposed convolution", "matmul": "matrix product"}


def colour_by_kind(graph: Graph, theme: Theme) -> Colouring:
    """The default: what each operator is."""
    counts: dict[str, int] = {}
    for operator in graph.operators:
        counts[operator.kind] = counts.get(operator.kind, 0) + 1
    common = sorted(counts, key=lambda kind: -counts[kind])
    return Colouring(
        {operator.name: theme.kind(operator.kind) for operator in graph.operators},
        Legend("Operator type", tuple(LegendEntry(_KIND_LABELS.get(kind, kind), theme.kind(kind)) for kind in common)),
    )


def colour_by_stage(plan: StreamPlan, theme: Theme) -> Colouring:
    """Alternating tints: neighbouring stages differ."""
    colours = {
        name: theme.stage(launch.stage) for launch in plan.launches if launch.stage >= 0 for name in launch.operators
    }
    entries = (LegendEntry("even stages", theme.stage(0)), LegendEntry("odd stages", theme.stage(1)))
    return Colouring(colours, Legend("Stage", entries if colours else (), tints=True))


def colour_by_stream(plan: StreamPlan, theme: Theme) -> Colouring:
    """The streams' own colours, as in the timelines."""
    colours = {name: theme.stream(launch.stream) for launch in plan.launches for name in launch.operators}
    entries = tuple(LegendEntry(f"stream {stream}", theme.stream(stream)) for stream in range(plan.streams))
    return Colouring(colours, Legend("Stream", entries))


def colour_by_latency(latency_us: Mapping[str, float], theme: Theme) -> Colouring:
    """A scale from the fastest to the slowest operator, linear in time."""
    highest = max(latency_us.values(), default=0.0)
    colours = {name: theme.ramp_colour(value / highest if highest > 0 else 0.0) for name, value in latency_us.items()}
    samples = tuple(LegendEntry("", theme.ramp_colour(i / 15)) for i in range(16))
    return Colouring(colours, Legend("Latency", samples, low="0 us", high=f"{highest:.3g} us"))


def colour_by(by: ColourBy, graph: Graph, candidate: Candidate | None, theme: Theme) -> Colouring:
    """Colours by anything; without a candidate to tell stages, streams and latencies, by kind."""
    if candidate is None or by is ColourBy.KIND:
        return colour_by_kind(graph, theme)
    if by is ColourBy.STAGE:
        return colour_by_stage(candidate.plan, theme)
    if by is ColourBy.STREAM:
        return colour_by_stream(candidate.plan, theme)
    return colour_by_latency(operator_latencies_us(candidate), theme)


def operator_latencies_us(candidate: Candidate) -> dict[str, float]:
    """From the start of each operator's first kernel to the end of its last; merged operators share one figure."""
    spans = candidate.timeline.spans
    count = len(candidate.plan.launches)
    start = np.full(count, np.iinfo(np.int64).max)
    end = np.zeros(count, dtype=np.int64)
    np.minimum.at(start, spans.launch, spans.start_ns)
    np.maximum.at(end, spans.launch, spans.end_ns)
    duration_us = np.maximum(end - start, 0) / 1000.0
    return {
        name: float(duration_us[i])
        for i, launch in enumerate(candidate.plan.launches)
        if start[i] <= end[i]
        for name in launch.operators
    }
