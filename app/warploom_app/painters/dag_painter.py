"""Draws the DAG: batched, with less detail the farther away, and the overlay of hover and selection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from warploom_app.painters.batch import draw_rectangles
from warploom_app.painters.dag_edges import draw_lines
from warploom_app.painters.dag_geometry import DagGeometry
from warploom_app.painters.dag_text import BAR_WIDTH, DagText
from warploom_app.presenters.dag_nodes import DagNode
from warploom_app.theme import Theme, mixed

# Scales at which detail appears: all lines of text; the title alone, larger; rounded boxes; curved edges.
ALL_TEXT = 0.58
TITLE_ONLY = 0.4
ROUNDED = 0.22
CURVES = 0.16
_RADIUS = 6.0
QUIET_TINT, TINT, FULL_TINT = 0.09, 0.2, 0.8  # how much of its colour fills a box; the strip carries it in full


@dataclass(frozen=True, slots=True, eq=False)
class DagPicture:
    """What is drawn: where everything is, what it says, in which colours, and how strongly these fill the boxes."""

    geometry: DagGeometry
    nodes: Sequence[DagNode]
    colours: Mapping[str, str]
    tint: float = QUIET_TINT


class DagPainter:
    """Draws pictures in one theme. The painter that it is given is transformed to scene coordinates."""

    def __init__(self, theme: Theme, text: DagText) -> None:
        self.theme = theme
        self._text = text
        self.background = QColor(theme.background)
        self._title = QColor(theme.text)
        self._muted = QColor(theme.muted)
        self._edge = QColor(theme.edge)
        self._block = QColor(mixed(theme.background, theme.raised, 0.75))

    def paint(self, painter: QPainter, picture: DagPicture, area: QRectF, scale: float) -> None:
        """Draws what touches an area of the scene."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_blocks(painter, picture.geometry, area)
        self._paint_edges(painter, picture.geometry, area, scale)
        visible = picture.geometry.visible(area)
        if scale < ROUNDED:
            self._paint_far_nodes(painter, picture, visible)
        else:
            self._paint_near_nodes(painter, picture, visible, scale)

    def paint_far(self, painter: QPainter, picture: DagPicture) -> None:
        """Draws everything in the least detail, whatever the scale: for a minimap."""
        self._paint_edges(painter, picture.geometry, picture.geometry.bounds, 0.0)
        self._paint_far_nodes(painter, picture, np.arange(len(picture.nodes)))

    def _paint_blocks(self, painter: QPainter, geometry: DagGeometry, area: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._block)
        for block in geometry.blocks:
            if block.intersects(area):
                painter.drawRoundedRect(block, 10, 10)

    def _paint_edges(self, painter: QPainter, geometry: DagGeometry, area: QRectF, scale: float) -> None:
        far = scale < CURVES
        pen = QPen(self._edge, 1.0 if far else 1.25 / max(scale, 0.6))
        pen.setCosmetic(far)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if far:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            draw_lines(painter, _touching(geometry.edges.lines, area))
        else:
            for band in geometry.edges.bands:
                if band.bounds.intersects(area):
                    painter.drawPath(band.path)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _paint_far_nodes(self, painter: QPainter, picture: DagPicture, visible: npt.NDArray[np.intp]) -> None:
        """Rectangles only, batched by colour."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        groups: dict[str, list[int]] = {}
        for i in visible.tolist():
            groups.setdefault(picture.colours.get(picture.nodes[i].name, self.theme.muted), []).append(i)
        for colour, members in groups.items():
            left, top, right, bottom = picture.geometry.columns[:, members]
            painter.setBrush(QColor(colour))
            draw_rectangles(painter, left, top, right - left, bottom - top)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _paint_near_nodes(
        self, painter: QPainter, picture: DagPicture, visible: npt.NDArray[np.intp], scale: float
    ) -> None:
        boxes: dict[str, tuple[QPainterPath, QPainterPath]] = {}
        bar = BAR_WIDTH if scale >= TITLE_ONLY else 2 * BAR_WIDTH
        for i, rect in zip(visible.tolist(), picture.geometry.rects(visible), strict=True):
            colour = picture.colours.get(picture.nodes[i].name, self.theme.muted)
            if colour not in boxes:
                boxes[colour] = (QPainterPath(), QPainterPath())
            boxes[colour][0].addRoundedRect(rect, _RADIUS, _RADIUS)
            _add_bar(boxes[colour][1], rect, bar)
        outline = 1.0 / max(scale, 0.5)
        for colour, (box, strip) in boxes.items():
            painter.setPen(QPen(QColor(mixed(self.theme.edge, colour, 0.35)), outline))
            painter.setBrush(QColor(mixed(self.theme.surface, colour, picture.tint)))
            painter.drawPath(box)
            painter.fillPath(strip, QColor(colour))
        if scale >= ALL_TEXT:
            self._paint_lines(painter, picture, visible)
        elif scale >= TITLE_ONLY:
            self._paint_titles(painter, picture, visible)

    def _paint_lines(self, painter: QPainter, picture: DagPicture, visible: npt.NDArray[np.intp]) -> None:
        text = self._text
        titles, quiet = [], []
        for i, rect in zip(visible.tolist(), picture.geometry.rects(visible), strict=True):
            node = picture.nodes[i]
            left, baseline = rect.left() + text.inset_x, rect.top() + text.inset_y + text.title_metrics.ascent()
            titles.append((QPointF(left, baseline), self._fitted(node, rect)))
            if node.detail:
                quiet.append((QPointF(left + text.title_advance(node), baseline), node.detail))
            second = rect.top() + text.inset_y + text.title_height + text.text_metrics.ascent()
            quiet.append((QPointF(left, second), node.shape))
            quiet.append((QPointF(left, second + text.text_height), text.alias(node, rect.width())))
        painter.setFont(text.title)
        painter.setPen(self._title)
        for place, line in titles:
            painter.drawText(place, line)
        painter.setFont(text.text)
        painter.setPen(self._muted)
        for place, line in quiet:
            painter.drawText(place, line)

    def _fitted(self, node: DagNode, rect: QRectF) -> str:
        return self._text.title_metrics.elidedText(
            node.title, Qt.TextElideMode.ElideRight, self._text.room(rect.width()) + 1
        )

    def _paint_titles(self, painter: QPainter, picture: DagPicture, visible: npt.NDArray[np.intp]) -> None:
        painter.setFont(self._text.large)
        painter.setPen(self._title)
        elide, metrics = Qt.TextElideMode.ElideRight, self._text.large_metrics
        for i, box in zip(visible.tolist(), picture.geometry.rects(visible), strict=True):
            rect = box.adjusted(BAR_WIDTH + 2, 0, -2, 0)
            title = metrics.elidedText(picture.nodes[i].title, elide, rect.width())
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, title)

    def paint_overlay(
        self, painter: QPainter, picture: DagPicture, selected: Iterable[int], hovered: Iterable[int], scale: float
    ) -> None:
        """Outlines of the hovered and the selected nodes, and the edges of the selected ones."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        chosen = list(selected)
        accent, hover = QColor(self.theme.accent), QColor(self.theme.hover)
        if chosen:
            painter.setPen(QPen(accent, 2.0 / min(scale, 1.0)))
            edges = picture.geometry.edges
            painter.drawPath(edges.path(edges.of(chosen, len(picture.nodes))))
        for nodes, colour in ((hovered, hover), (chosen, accent)):
            painter.setPen(QPen(colour, max(2.0, 2.0 / scale)))
            for i in nodes:
                painter.drawRoundedRect(picture.geometry.rect(i), _RADIUS, _RADIUS)


def _add_bar(path: QPainterPath, rect: QRectF, width: float) -> None:
    """The coloured strip at a node's left edge, rounded like the box."""
    radius = min(_RADIUS, width)
    left, right, top, bottom = rect.left(), rect.left() + width, rect.top(), rect.bottom()
    path.moveTo(right, top)
    path.lineTo(left + radius, top)
    path.quadTo(left, top, left, top + _RADIUS)
    path.lineTo(left, bottom - _RADIUS)
    path.quadTo(left, bottom, left + radius, bottom)
    path.lineTo(right, bottom)
    path.closeSubpath()


def _touching(lines: npt.NDArray[np.float64], area: QRectF) -> npt.NDArray[np.float64]:
    """The pieces whose heights reach into an area."""
    return lines[(lines[:, 1] <= area.bottom()) & (lines[:, 3] >= area.top())]
