"""Draws both timelines and their active warps on one time axis, in print quality: PNG, SVG, PDF."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from warploom.recording.recording import Recording
from warploom.report.figure_style import (
    COLUMNS,
    INK,
    LINE,
    WIDTH_INCHES,
    draw_title,
    new_figure,
    rendered,
    time_label,
)
from warploom.report.lanes import lane, lane_numbers, lanes_of
from warploom.report.pair import Shown, shown_pair
from warploom.timeline.thin import thin_spans, thin_warps
from warploom.units import TimeUnit, time_text, time_unit

LANE_INCHES = 0.26
WARPS_INCHES = 0.95
_EDGE_POINTS = 0.4
_PLOT_SHARE = 0.9
"""Of the figure's width."""
MOST_INCHES = 80.0
"""Of all lanes of a schedule: a plan of hundreds of streams still gives a picture that can be written."""
_DARK_INK = ("#e69f00", "#56b4e9", "#f0e442", "#cc79a7")


def png_figure(recording: Recording) -> bytes:
    """The figure as PNG at 200 dots per inch."""
    return rendered(draw_figure, recording, "png")


def svg_figure(recording: Recording) -> bytes:
    """The figure as SVG; text is drawn as outlines, so that it looks the same everywhere."""
    return rendered(draw_figure, recording, "svg")


def pdf_figure(recording: Recording) -> bytes:
    """The figure as PDF with embedded fonts, for papers."""
    return rendered(draw_figure, recording, "pdf")


def draw_figure(recording: Recording) -> Figure:
    """The figure itself: for each schedule its lanes and, under them, its active warps; all on one time axis."""
    pair = shown_pair(recording)
    heights = [height for shown in pair for height in (_lanes_height(shown), WARPS_INCHES)]
    top, bottom, gap = 0.78, 0.45, 0.12
    total = sum(heights) + top + bottom + gap * (len(heights) - 1) + 0.22 * (len(pair) - 1)
    figure = new_figure(total)
    unit = time_unit(max(shown.candidate.timeline.duration_ns for shown in pair) / 1000)
    limit = max(shown.candidate.timeline.duration_ns for shown in pair) / 1000 / unit.microseconds or 1.0
    peak = max(float(shown.candidate.timeline.warps.total.max(initial=0.0)) for shown in pair) or 1.0
    y = total - top
    for shown in pair:
        y -= _lanes_height(shown)
        lanes = _add_axes(figure, y / total, _lanes_height(shown) / total, limit)
        _draw_lanes(lanes, shown, unit)
        y -= gap + WARPS_INCHES
        warps = _add_axes(figure, y / total, WARPS_INCHES / total, limit)
        _draw_warps(warps, shown, unit.microseconds * 1000, peak)
        y -= gap + 0.22
        last = shown is pair[-1]
        lanes.tick_params(labelbottom=False)
        warps.tick_params(labelbottom=last)
    warps.set_xlabel(time_label(recording, unit.name))
    draw_title(figure, recording)
    return figure


def _lanes_height(shown: Shown) -> float:
    count = len(lanes_of(shown.candidate))
    return min(LANE_INCHES, MOST_INCHES / count) * count + 0.06


def _add_axes(figure: Figure, bottom: float, height: float, limit: float) -> Axes:
    axes = figure.add_axes((0.085, bottom, _PLOT_SHARE, height))
    axes.set_xlim(0, limit)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return axes


def _draw_lanes(axes: Axes, shown: Shown, unit: TimeUnit) -> None:
    timeline, scale_ns = shown.candidate.timeline, unit.microseconds * 1000
    lanes = lanes_of(shown.candidate)
    stream, start, end = timeline.spans.stream, timeline.spans.start_ns, timeline.spans.end_ns
    if len(stream) > COLUMNS:
        stream, start, end = thin_spans(timeline.spans, int(axes.get_xlim()[1] * scale_ns / COLUMNS))
    row = lane_numbers(lanes, stream)
    left, right, low, high = start / scale_ns, end / scale_ns, row + 0.1, row + 0.9
    corners = np.stack(
        [np.stack(side, axis=1) for side in ((left, low), (left, high), (right, high), (right, low))], axis=1
    )
    colours = [lanes[number].colour for number in row.tolist()]
    points = (right - left) / axes.get_xlim()[1] * WIDTH_INCHES * _PLOT_SHARE * 72
    # A white edge tells neighbours apart; around short spans it would make a busy stream look idle.
    edges = np.where(points >= 10 * _EDGE_POINTS, _EDGE_POINTS, 0.0)
    axes.add_collection(PolyCollection(list(corners), facecolors=colours, edgecolors="white", linewidths=edges))
    _draw_stage_lines(axes, shown, scale_ns)
    _draw_names(axes, shown, scale_ns)
    axes.set_ylim(len(lanes), 0)
    axes.set_yticks(np.arange(len(lanes)) + 0.5, [item.name for item in lanes])
    axes.tick_params(axis="y", length=0)
    lasts = time_text(timeline.duration_ns / 1000, unit)
    axes.set_title(f"{shown.title}, {lasts}", loc="left", size=8.5, weight="bold", pad=3)


def _draw_stage_lines(axes: Axes, shown: Shown, scale_ns: float) -> None:
    """A hairline where each stage ends; a sequence has none worth showing."""
    if shown.candidate.plan.streams < 2:
        return
    spans = shown.candidate.timeline.spans
    stage = np.array([launch.stage for launch in shown.candidate.plan.launches], dtype=np.int64)
    of_span = stage[spans.launch] if len(spans) else np.zeros(0, dtype=np.int64)
    last = np.full(int(of_span.max(initial=-1)) + 1, -1, dtype=np.int64)
    staged = of_span >= 0
    np.maximum.at(last, of_span[staged], spans.end_ns[staged])
    ends = last[last >= 0]
    axes.vlines(ends / scale_ns, 0, 1, transform=axes.get_xaxis_transform(), color=LINE, linewidth=0.4, zorder=0)


def _draw_names(axes: Axes, shown: Shown, scale_ns: float) -> None:
    """The name of each span that is wide enough for it."""
    spans = shown.candidate.timeline.spans
    names = shown.candidate.timeline.launch_names
    lanes = lanes_of(shown.candidate)
    row = lane_numbers(lanes, spans.stream)
    per_letter = (axes.get_xlim()[1] * scale_ns) / (WIDTH_INCHES * _PLOT_SHARE) * 0.055
    widths = spans.end_ns - spans.start_ns
    for i in np.flatnonzero(widths > 4 * per_letter)[:2000].tolist():
        room = int(widths[i] / per_letter)
        name = names[int(spans.launch[i])]
        text = name if len(name) <= room else f"…{name[1 - room :]}" if room >= 5 else ""
        middle = (int(spans.start_ns[i]) + int(spans.end_ns[i])) / 2 / scale_ns
        ink = INK if lanes[int(row[i])].colour in _DARK_INK else "white"
        axes.text(middle, int(row[i]) + 0.52, text, ha="center", va="center", size=5.5, color=ink, clip_on=True)


def _draw_warps(axes: Axes, shown: Shown, scale_ns: float, peak: float) -> None:
    series = thin_warps(shown.candidate.timeline.warps, COLUMNS)
    base: Any = np.zeros(series.warps.shape[1])
    x = np.repeat(series.edges_ns / scale_ns, 2)[1:-1]
    for stream, row in zip(series.streams.tolist(), series.warps, strict=True):
        below, above = np.repeat(base, 2), np.repeat(base + row, 2)
        axes.fill_between(x, below, above, color=lane(shown.candidate.timeline, stream).colour, linewidth=0)
        base = base + row
    axes.set_ylim(0, peak * 1.08)
    axes.yaxis.set_major_locator(mpl.ticker.MaxNLocator(3, integer=True))
    axes.yaxis.set_major_formatter(mpl.ticker.StrMethodFormatter("{x:,.0f}"))
    axes.set_ylabel("active warps")
