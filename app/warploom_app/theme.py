"""The colours and measures of the window: one frozen Theme, designed once for light and once for dark.

Widgets and painters get a Theme (see `warploom_app.appearance`) and read colours from it; nothing else names a colour.
Colours are "#rrggbb" (or "#aarrggbb") text, which QColor and pyqtgraph both accept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from PySide6.QtGui import QColor, QFont, QFontDatabase

GRID = 8
"""Every margin, gap and height is a multiple of this many device-independent pixels (halves for hairline gaps)."""

# Viridis, sampled at sixteen even steps: perceptually uniform, readable by the colour-blind and in grey.
_VIRIDIS = (
    "#440154", "#481a6c", "#472f7d", "#414487", "#39568c", "#31688e", "#2a788e", "#23888e",
    "#1f988b", "#22a884", "#35b779", "#54c568", "#7ad151", "#a5db36", "#d2e21b", "#fde725",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Theme:
    """One palette.

    Attributes:
        name: "light" or "dark".
        background: The canvas of plots and graphs: idle time and empty space.
        surface: Panels, lists and bars.
        raised: Buttons, cards, headers and hovered rows.
        hairline: Lines between parts.
        text: Ordinary text.
        muted: Labels, units and secondary figures.
        accent: The one accent colour: the main action, focus and the pinned operator.
        accent_text: Text on the accent colour.
        selection: Background of selected rows.
        hover: Outline and tint of what the pointer is over.
        good: A gain, something verified.
        warning: Simulated, declined, not verified.
        error: A failure.
        error_surface: Background of the error bar.
        warning_surface: Background of the simulated badge and of notices.
        edge: Lines between operators of the DAG.
        found: What a search has found.
        streams: Okabe-Ito colours, safe for the colour-blind, by stream number (repeating).
        stages: The two tints that stages alternate.
        kinds: A colour for each operator kind (`warploom.graph.OperatorKind` value).
        ramp: A perceptually uniform scale from low to high, for latency and active warps.
    """

    name: str
    background: str
    surface: str
    raised: str
    hairline: str
    text: str
    muted: str
    accent: str
    accent_text: str
    selection: str
    hover: str
    good: str
    warning: str
    error: str
    error_surface: str
    warning_surface: str
    edge: str
    found: str
    streams: tuple[str, ...]
    stages: tuple[str, str]
    kinds: Mapping[str, str]
    ramp: tuple[str, ...] = _VIRIDIS

    @property
    def is_dark(self) -> bool:
        """Whether text is lighter than its background."""
        return self.name == "dark"

    def stream(self, index: int) -> str:
        """The colour of a stream."""
        return self.streams[index % len(self.streams)]

    def stage(self, index: int) -> str:
        """The tint of a stage; neighbours differ."""
        return self.stages[index % 2]

    def kind(self, kind: str) -> str:
        """The colour of an operator kind."""
        return self.kinds.get(kind, self.muted)

    def ramp_colour(self, fraction: float) -> str:
        """The colour at 0 (low) to 1 (high) of the scale."""
        position = min(max(fraction, 0.0), 1.0) * (len(self.ramp) - 1)
        low = min(int(position), len(self.ramp) - 2)
        return mixed(self.ramp[low], self.ramp[low + 1], position - low)


def mixed(first: str, second: str, fraction: float) -> str:
    """The colour between two, 0 being the first and 1 the second."""
    a, b = QColor(first), QColor(second)
    parts = (
        round(x + (y - x) * fraction)
        for x, y in ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    )  # fmt: skip
    return "#{:02x}{:02x}{:02x}".format(*parts)


def readable_on(background: str) -> str:
    """Near-black or white, whichever reads better on the colour (WCAG relative luminance)."""
    colour = QColor(background)

    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)

    luminance = (
        0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())
    )  # fmt: skip
    return "#14171a" if luminance > 0.2 else "#ffffff"


def figure_font(points: float | None = None, bold: bool = False) -> QFont:
    """The system font with tabular figures, so that numbers in a column line up."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    font.setFeature(QFont.Tag("tnum"), 1)
    if points is not None:
        font.setPointSizeF(points)
    font.setBold(bold)
    return font


_KINDS_LIGHT = MappingProxyType(
    {
        "conv": "#3f7fbf", "depthwise": "#62a7c9", "separable": "#2a9d8f", "conv_transpose": "#5c6bc0",
        "matmul": "#7b61c4", "pool": "#c98a2b", "norm": "#a36fb0", "softmax": "#b45c8c", "reduce": "#b8763e",
        "pointwise": "#6f9a4b", "concat": "#8a8f98", "copy": "#9aa1ab", "view": "#b4bac2", "resize": "#c0674f",
        "gather": "#918a4c", "sort": "#7f6a55", "other": "#757c86",
    }
)  # fmt: skip
_KINDS_DARK = MappingProxyType(
    {
        "conv": "#5c9ddb", "depthwise": "#79bddd", "separable": "#3fb8a9", "conv_transpose": "#7f8ce0",
        "matmul": "#9b84e0", "pool": "#dba24a", "norm": "#bd8bca", "softmax": "#cf7ba8", "reduce": "#d0915a",
        "pointwise": "#8cb866", "concat": "#9299a4", "copy": "#858c97", "view": "#6d747f", "resize": "#d98469",
        "gather": "#b0a968", "sort": "#a08a73", "other": "#8b929d",
    }
)  # fmt: skip

LIGHT = Theme(
    name="light",
    background="#fbfbfa",
    surface="#ffffff",
    raised="#f2f3f5",
    hairline="#d9dde2",
    text="#1a1d21",
    muted="#5b6570",
    accent="#4b45d6",
    accent_text="#ffffff",
    selection="#e4e3fb",
    hover="#8f8bea",
    good="#18794e",
    warning="#8a5300",
    error="#b42318",
    error_surface="#fdecea",
    warning_surface="#fdf0d7",
    edge="#a9b0b9",
    found="#e08a00",
    streams=("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#f0e442", "#7d848d"),
    stages=("#c9d8ea", "#e9dfc8"),
    kinds=_KINDS_LIGHT,
)

DARK = Theme(
    name="dark",
    background="#14161a",
    surface="#1b1e23",
    raised="#262a31",
    hairline="#343a43",
    text="#e7e9ec",
    muted="#9aa3ae",
    accent="#9a94ff",
    accent_text="#14161a",
    selection="#33315c",
    hover="#7671d8",
    good="#5fcf9a",
    warning="#f0b756",
    error="#ff8a7a",
    error_surface="#3a2020",
    warning_surface="#3a2e18",
    edge="#5b636e",
    found="#ffb52e",
    streams=("#2f8fd0", "#e69f00", "#14b083", "#cc79a7", "#e0702a", "#7cc5ef", "#f0e442", "#a2a9b3"),
    stages=("#2c3f57", "#4c4430"),
    kinds=_KINDS_DARK,
)
