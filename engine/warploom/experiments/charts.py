"""Draws the charts of an experiment as SVG or PNG, in print quality."""

from __future__ import annotations

import io
import math
import textwrap

import numpy as np
from matplotlib.axes import Axes

from warploom.experiments.result import Bars, Chart, Scatter, Steps
from warploom.report.figure_style import PNG_DPI, new_figure, print_style

HEIGHT_INCHES = 3.2
_LEGEND_WIDTH = 30  # letters that fit beside the axes
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#5b6570", "#b8a200")
"""Okabe and Ito's, which colour-blind readers can tell apart."""


def draw_chart(chart: Chart, format_name: str) -> bytes:
    """The chart as "svg" or "png"; equal charts give equal bytes."""
    stream = io.BytesIO()
    with print_style():
        figure = new_figure(HEIGHT_INCHES)
        axes = figure.add_axes((0.07, 0.14, 0.7, 0.73))
        axes.set_title(chart.title, loc="left", fontsize=10, fontweight="bold")
        axes.spines[["top", "right"]].set_visible(False)
        match chart:
            case Bars():
                _draw_bars(axes, chart)
            case Scatter():
                _draw_scatter(axes, chart)
            case Steps():
                _draw_steps(axes, chart)
        handles, labels = axes.get_legend_handles_labels()
        beside = [textwrap.fill(label, _LEGEND_WIDTH) for label in labels]
        axes.legend(handles, beside, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=8)
        metadata = {"Date": None} if format_name == "svg" else {}
        figure.savefig(stream, format=format_name, dpi=PNG_DPI, metadata=metadata)
    return stream.getvalue()


def _draw_bars(axes: Axes, chart: Bars) -> None:
    width = 0.8 / max(len(chart.series), 1)
    for number, (name, heights) in enumerate(chart.series):
        at = np.arange(len(heights)) + (number - (len(chart.series) - 1) / 2) * width
        shown = [0.0 if math.isnan(height) else height for height in heights]
        axes.bar(at, shown, width * 0.92, label=name, color=_COLOURS[number % len(_COLOURS)])
    axes.set_xticks(range(len(chart.groups)), chart.groups)
    axes.set_ylabel(chart.axis)
    axes.tick_params(axis="x", length=0)


def _draw_scatter(axes: Axes, chart: Scatter) -> None:
    for number, (name, points) in enumerate(chart.series):
        colour = _COLOURS[number % len(_COLOURS)]
        axes.plot([x for x, _, _ in points], [y for _, y, _ in points], "o-", ms=4, lw=1, color=colour, label=name)
        for x, y, label in points:
            axes.annotate(label, (x, y), xytext=(4, 4), textcoords="offset points", fontsize=7)
    if all(x > 0 for _, points in chart.series for x, _, _ in points):
        axes.set_xscale("log")
    _label(axes, chart.axes)


def _draw_steps(axes: Axes, chart: Steps) -> None:
    for number, (name, edges, values) in enumerate(chart.series):
        if values:
            axes.stairs(values, edges, label=name, color=_COLOURS[number % len(_COLOURS)], lw=1.1)
    axes.set_ylim(bottom=0)
    _label(axes, chart.axes)


def _label(axes: Axes, names: tuple[str, str]) -> None:
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[1])
