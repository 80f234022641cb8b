"""The formats of the Export menu, as the engine names them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """One format: its name in the engine, its menu text and its file suffix."""

    format: str
    text: str
    suffix: str
    separated: bool = False


EXPORTS = (
    ExportChoice("html", "&HTML report…", "html"),
    ExportChoice("png", "Figure as &PNG…", "png", separated=True),
    ExportChoice("svg", "Figure as &SVG…", "svg"),
    ExportChoice("csv", "Tables as &CSV…", "csv", separated=True),
    ExportChoice("chrome-trace", "&Chrome and Perfetto trace…", "json"),
    ExportChoice("schedule-json", "Schedule as &JSON…", "json"),
)
