"""Draws active warps over time, sequential against optimized, in print quality.

The form of the utilization experiment of IOS (Ding et al., MLSys 2021, section 6.2): both curves on one axis, each
with its mean, so that more warps for a shorter time are seen at once.
"""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from warploom.recording.recording import Recording
from warploom.report.figure_style import MUTED, draw_title, new_figure, rendered, time_label
from warploom.report.pair import Shown, shown_pair
from warploom.timeline.statistics import warp_statistics, warps_between
from warploom.units import TimeUnit, time_text, time_unit

STEPS = 240
"""Of the curves: finer ones hide in a printed figure what they show on a screen."""
FINEST_NS = 1000
_COLOURS = ("#7d848d", "#0072b2")
_HEIGHT = 3.6


def png_utilization(recording: Recording) -> bytes:
    """The figure as PNG at 200 dots per inch."""
    return rendered(draw_utilization, recording, "png")


def svg_utilization(recording: Recording) -> bytes:
    """The figure as SVG; text is drawn as outlines."""
    return rendered(draw_utilization, recording, "svg")


def pdf_utilization(recording: Recording) -> bytes:
    """The figure as PDF with embedded fonts, for papers."""
    return rendered(draw_utilization, recording, "pdf")


def draw_utilization(recording: Recording) -> Figure:
    """The figure itself."""
    figure = new_figure(_HEIGHT)
    axes = figure.add_axes((0.085, 0.13, 0.9, 0.63))
    fill_utilization(axes, recording)
    draw_title(figure, recording)
    return figure


def fill_utilization(axes: Axes, recording: Recording) -> None:
    """Draws both curves into axes."""
    pair = shown_pair(recording)
    longest = max(shown.candidate.timeline.duration_ns for shown in pair)
    unit, step = time_unit(longest / 1000), max(longest / STEPS, FINEST_NS)
    for shown, colour in zip(pair, _COLOURS, strict=False):
        _draw_curve(axes, shown, unit, step, colour)
    axes.set_xlim(0, longest / 1000 / unit.microseconds or 1.0)
    axes.set_ylim(0, None)
    if axes.get_ylim()[1] <= 0:
        axes.set_ylim(0, 1)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.yaxis.set_major_formatter(mpl.ticker.StrMethodFormatter("{x:,.0f}"))
    axes.set_ylabel(f"active warps, means over {time_text(step / 1000)}")
    axes.set_xlabel(time_label(recording, unit.name))
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=2, fontsize=8, borderpad=0)


def _draw_curve(axes: Axes, shown: Shown, unit: TimeUnit, step_ns: float, colour: str) -> None:
    timeline = shown.candidate.timeline
    count = max(int(np.ceil(timeline.duration_ns / step_ns)), 1)
    edges: Any = np.minimum(np.arange(count + 1) * step_ns, max(timeline.duration_ns, 1))
    means = warps_between(timeline.warps, edges[:-1], edges[1:])
    found = warp_statistics(timeline.warps, timeline.duration_ns, timeline.max_warps)
    scale = 1000 * unit.microseconds
    x, y = np.repeat(edges / scale, 2)[1:-1], np.repeat(means, 2)
    duration = f"{unit.text(timeline.duration_ns / 1000)} {unit.name}"
    label = f"{shown.title}: mean {found.mean:,.0f} ({found.occupancy:.1%} of the device), {duration}"
    axes.fill_between(x, 0, y, color=colour, alpha=0.18, linewidth=0)
    axes.plot(x, y, color=colour, linewidth=1.1, label=label)
    axes.hlines(found.mean, 0, edges[-1] / scale, colors=colour, linestyles=(0, (5, 3)), linewidth=1.0)
    axes.axvline(edges[-1] / scale, color=MUTED, linewidth=0.5, linestyle=":")
