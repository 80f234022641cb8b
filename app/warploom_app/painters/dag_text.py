"""Fonts and measures of the DAG's nodes: how large each must be for its lines of text."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontDatabase, QFontMetricsF

from warploom_app.presenters.dag_nodes import DagNode

TITLE_PIXELS = 12
TEXT_PIXELS = 11
BAR_WIDTH = 5.0  # the strip at the left edge that carries the colour
_PADDING_X = 9.0
_PADDING_Y = 7.0
_NARROWEST = 84.0
_BLOCK_WIDTH = 148.0  # a collapsed block's: the same whatever its latency turns out to be
_WIDEST = 260.0
_FULL_ENOUGH = 0.5  # a place cut at a whole part must fill this share of its line, or it is cut inside a part
_ALIAS_WIDENS = 112.0  # a long place in the model widens its node up to this much text


class DagText:
    """The fonts, in scene units (pixels at 100%), with their metrics."""

    def __init__(self, family: QFont | None = None) -> None:
        self.family = family or QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
        family = self.family
        self.title = QFont(family)
        self.title.setPixelSize(TITLE_PIXELS)
        self.title.setWeight(QFont.Weight.DemiBold)
        self.text = QFont(family)
        self.text.setPixelSize(TEXT_PIXELS)
        self.text.setFeature(QFont.Tag("tnum"), 1)
        self.large = QFont(self.title)
        self.large.setPixelSize(round(TITLE_PIXELS * 1.15))
        for font in (self.title, self.text, self.large):
            font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)  # the picture is scaled freely
        self.title_metrics = QFontMetricsF(self.title)
        self.text_metrics = QFontMetricsF(self.text)
        self.large_metrics = QFontMetricsF(self.large)
        self._known: dict[tuple[int, str], float] = {}
        self._aliases: dict[tuple[str, float], str] = {}
        self.title_height = self.title_metrics.height()
        self.text_height = self.text_metrics.height()

    @property
    def node_height(self) -> float:
        """All nodes have three lines: title, shape, place in the model."""
        return 2 * _PADDING_Y + self.title_height + 2 * self.text_height

    def node_width(self, node: DagNode) -> float:
        """Wide enough for title and shape; the place in the model is cut to fit."""
        if node.collapsed:
            return _BLOCK_WIDTH
        title = self.title_advance(node) + self._advance(self.text_metrics, node.detail)
        large = self._advance(self.large_metrics, node.title) - _PADDING_X
        shape = self._advance(self.text_metrics, node.shape)
        alias = min(_ALIAS_WIDENS, self.text_metrics.horizontalAdvance(node.alias))
        return min(_WIDEST, max(_NARROWEST, BAR_WIDTH + 2 * _PADDING_X + max(title, large, shape, alias)))

    def _advance(self, metrics: QFontMetricsF, text: str) -> float:
        """Width of a text that many nodes have in common."""
        key = (id(metrics), text)
        width = self._known.get(key)
        if width is None:
            width = self._known[key] = metrics.horizontalAdvance(text)
        return width

    def title_advance(self, node: DagNode) -> float:
        """Where the detail starts behind the title."""
        return self._advance(self.title_metrics, f"{node.title} " if node.detail else node.title)

    @property
    def inset_x(self) -> float:
        """From a node's left edge to its text."""
        return BAR_WIDTH + _PADDING_X

    @property
    def inset_y(self) -> float:
        """From a node's top edge to its title."""
        return _PADDING_Y

    def room(self, width: float) -> float:
        """Width left for text in a node of that width."""
        return width - BAR_WIDTH - 2 * _PADDING_X

    def alias(self, node: DagNode, width: float) -> str:
        """The place in the model, whole parts of its beginning cut away if need be: the end tells operators apart."""
        key = (node.alias, width)
        fitted = self._aliases.get(key)
        if fitted is None:
            fitted = self._aliases[key] = self._fit(node.alias, self.room(width) + 2)
        return fitted

    def _fit(self, alias: str, room: float) -> str:
        if self.text_metrics.horizontalAdvance(alias) <= room:
            return alias
        separator = "/" if "/" in alias else "."
        parts = alias.split(separator)
        for i in range(1, len(parts)):
            short = "…" + separator.join(parts[i:])
            width = self.text_metrics.horizontalAdvance(short)
            if width <= room:
                return short if width >= _FULL_ENOUGH * room else self._cut(alias, room)
        return self._cut(alias, room)

    def _cut(self, alias: str, room: float) -> str:
        return self.text_metrics.elidedText(alias, Qt.TextElideMode.ElideLeft, room)
