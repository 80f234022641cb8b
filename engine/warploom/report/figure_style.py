"""What all figures share: print style, size, and the formats that they are written in."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from warploom.recording.recording import Recording
from warploom.report.verdict import verdict

WIDTH_INCHES = 10.0
PNG_DPI = 200
COLUMNS = int(2 * WIDTH_INCHES * PNG_DPI)
"""What is closer together than this part of the width cannot be told apart and is drawn as one."""
INK, MUTED, LINE = "#1a1d21", "#5b6570", "#c9ced5"
_STYLE: dict[Any, Any] = {
    "font.family": ["sans-serif"],
    "font.sans-serif": ["Helvetica Neue", "Helvetica", "Arial", "Liberation Sans", "DejaVu Sans"],
    "font.size": 8.0,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "pdf.fonttype": 42,
    "svg.hashsalt": "warploom",
    "text.parse_math": False,  # a "$" in an operator's name is a dollar sign
}
_METADATA: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}


@contextmanager
def print_style() -> Iterator[None]:
    """Within it, figures are made and written in print style."""
    # Names in a script that no installed font has are drawn as boxes; a warning on the terminal helps nobody.
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def new_figure(height_inches: float) -> Figure:
    """An empty figure of the usual width."""
    figure = Figure(figsize=(WIDTH_INCHES, height_inches))
    FigureCanvasAgg(figure)
    return figure


def rendered(draw: Callable[[Recording], Figure], recording: Recording, format_name: str) -> bytes:
    """A figure as "png", "svg" or "pdf"; equal recordings give equal bytes."""
    stream = io.BytesIO()
    with print_style():
        draw(recording).savefig(stream, format=format_name, dpi=PNG_DPI, metadata=_METADATA[format_name])
    return stream.getvalue()


def draw_title(figure: Figure, recording: Recording) -> None:
    """The verdict, and under it what was compared and how, at the top of a figure."""
    line, total = verdict(recording), figure.get_figheight()
    figure.text(
        0.0125, 1 - 0.14 / total, f"{line.before} → {line.after}   {line.change}", size=13, weight="bold", va="top"
    )
    settings = f"{recording.settings.precision.value}, batch {recording.settings.batch}"
    parts = (recording.model.name, f"{line.basis} on {line.device}", settings, line.warps, line.verified)
    figure.text(0.0125, 1 - 0.42 / total, "  ·  ".join(parts), size=8, color=MUTED, va="top")


def time_label(recording: Recording, unit: str) -> str:
    """What a time axis is called; a basis that is no measurement stands in it."""
    basis = "" if recording.timeline_basis == "measured" else f" ({recording.timeline_basis})"
    return f"time in {unit} on {recording.device.name}{basis}"
