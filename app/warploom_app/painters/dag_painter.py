"""Draws the DAG: batched, with less detail the farther away, and the overlay of hover and selection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

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
_CARD = 4.0  # how far the cards behind a collapsed block stand out
QUIET_TINT, TINT, FULL_TINT = 0.09, 0.2, 0.8  # how much of its colour fills a box; the strip carries it in full

Shares = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class DagPicture:
    """What is drawn.

    Attributes:
        geometry: Where everything is.
        nodes: What it says.
        colours: The colour of each node.
        shares: For nodes that stand for several operators of several colours: each colour with its share, adding to 1.
        tint: How strongly the colours fill the boxes.
    """

    geometry: DagGeometry
    nodes: Sequence[DagNode]
    colours: Sequence[str]
    shares: Mapping[int, Shares] = field(default_factory=dict)
    tint: float = QUIET_TINT


@dataclass(frozen=True, slots=True)
class Marks:
    """Nodes that stand out.

    Attributes:
        selected: Chosen by the user; their edges stand out, too.
        hovered: Under the pointer, here or in another view.
        found: By the search.
        cursor: The one where the keyboard is; -1 for none.
    """

    selected: frozenset[int] = frozenset()
    hovered: frozenset[int] = frozenset()
    found: frozenset[int] = frozenset()
    cursor: int = -1


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
        self._paint_blocks(painter, picture.geometry, area, scale)
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

    def _paint_blocks(self, painter: QPainter, geometry: DagGeometry, area: QRectF, scale: float) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._block)
        seen = [block for block in geometry.blocks if block.rect.intersects(area)]
        for block in seen:
            painter.drawRoundedRect(block.rect, 10, 10)
        if scale >= TITLE_ONLY:
            handles = QPainterPath()
            for block in seen:
                _add_chevron(handles, block.handle.center(), opened=True)
            painter.strokePath(handles, QPen(self._muted, 1.5, c=Qt.PenCapStyle.RoundCap))

    def _paint_edges(self, painter: QPainter, geometry: DagGeometry, area: QRectF, scale: float) -> None:
        far = scale < CURVES
        pen = QPen(self._edge, 1.0 if far else 1.25 / max(scale, 0.6))
        pen.setCosmetic(far)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if far:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            draw_lines(painter, geometry.edges.touching(area))
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
            groups.setdefault(picture.colours[i], []).append(i)
        for colour, members in groups.items():
            left, top, right, bottom = picture.geometry.columns[:, members]
            painter.setBrush(self._far_colour(picture, colour))
            draw_rectangles(painter, left, top, right - left, bottom - top)
        for i in picture.shares.keys() & set(visible.tolist()):
            for part, colour in _slices(picture.geometry.rect(i), picture.shares[i]):
                painter.fillRect(part, self._far_colour(picture, colour))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _far_colour(self, picture: DagPicture, colour: str) -> QColor:
        """Tints that suit boxes with text in them are too pale for specks without any."""
        pale = QColor(colour)
        if picture.tint != FULL_TINT:
            return pale
        lightness = pale.lightnessF() * (1.6 if self.theme.is_dark else 0.72)
        return QColor.fromHslF(max(pale.hslHueF(), 0.0), min(1.6 * pale.hslSaturationF(), 1.0), min(lightness, 1.0))

    def _paint_near_nodes(
        self, painter: QPainter, picture: DagPicture, visible: npt.NDArray[np.intp], scale: float
    ) -> None:
        boxes: dict[str, tuple[QPainterPath, QPainterPath]] = {}
        bar = BAR_WIDTH if scale >= TITLE_ONLY else 2 * BAR_WIDTH
        for i, rect in zip(visible.tolist(), picture.geometry.rects(visible), strict=True):
            colour = picture.colours[i]
            if colour not in boxes:
                boxes[colour] = (QPainterPath(), QPainterPath())
            boxes[colour][0].addRoundedRect(rect, _RADIUS, _RADIUS)
            if i not in picture.shares:
                _add_bar(boxes[colour][1], rect, bar)
        outline = 1.0 / max(scale, 0.5)
        stacks = [i for i in visible.tolist() if picture.nodes[i].collapsed]
        self._paint_cards(painter, picture, stacks, outline)
        for colour, (box, strip) in boxes.items():
            painter.setPen(QPen(QColor(mixed(self.theme.edge, colour, 0.35)), outline))
            painter.setBrush(QColor(mixed(self.theme.surface, colour, picture.tint)))
            painter.drawPath(box)
            painter.fillPath(strip, QColor(colour))
        self._paint_stacks(painter, picture, stacks, bar)
        if scale >= ALL_TEXT:
            self._paint_lines(painter, picture, visible)
        elif scale >= TITLE_ONLY:
            self._paint_titles(painter, picture, visible)

    def _paint_cards(self, painter: QPainter, picture: DagPicture, stacks: Sequence[int], outline: float) -> None:
        """The edges of further cards behind collapsed blocks."""
        painter.setPen(QPen(self._edge, outline))
        painter.setBrush(QColor(self.theme.surface))
        for i in stacks:
            for step in (2 * _CARD, _CARD):
                painter.drawRoundedRect(picture.geometry.rect(i).translated(step, step), _RADIUS, _RADIUS)

    def _paint_stacks(self, painter: QPainter, picture: DagPicture, stacks: Sequence[int], bar: float) -> None:
        """The colours of what is inside of collapsed blocks, and the chevron that opens them."""
        chevrons = QPainterPath()
        for i in stacks:
            rect = picture.geometry.rect(i)
            outline = QPainterPath()
            _add_bar(outline, rect, bar)
            painter.save()
            painter.setClipPath(outline, Qt.ClipOperation.IntersectClip)
            for part, colour in _slices(QRectF(rect.left(), rect.top(), bar, rect.height()), picture.shares.get(i, ())):
                painter.fillRect(part, QColor(colour))
            painter.restore()
            _add_chevron(chevrons, QPointF(rect.right() - 13, rect.top() + 14), opened=False)
        painter.strokePath(chevrons, QPen(self._muted, 1.5, c=Qt.PenCapStyle.RoundCap))

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

    def paint_overlay(self, painter: QPainter, picture: DagPicture, marks: Marks, scale: float) -> None:
        """Outlines of what stands out, and the edges of the selected nodes."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        chosen = list(marks.selected)
        accent, hover = QColor(self.theme.accent), QColor(self.theme.hover)
        self._paint_found(painter, picture, marks.found, scale)
        if chosen:
            painter.setPen(QPen(accent, 2.0 / min(scale, 1.0)))
            edges = picture.geometry.edges
            painter.drawPath(edges.path(edges.of(chosen, len(picture.nodes))))
        for nodes, colour in ((marks.hovered, hover), (marks.selected, accent)):
            painter.setPen(QPen(colour, max(2.0, 2.0 / scale)))
            for i in nodes:
                painter.drawRoundedRect(picture.geometry.rect(i), _RADIUS, _RADIUS)
        if marks.cursor >= 0 and len(chosen) > 1:
            gap = 3.0 / min(scale, 1.0)
            painter.setPen(QPen(accent, 1.5 / min(scale, 1.0)))
            rect = picture.geometry.rect(marks.cursor).adjusted(-gap, -gap, gap, gap)
            painter.drawRoundedRect(rect, _RADIUS + gap, _RADIUS + gap)

    def _paint_found(self, painter: QPainter, picture: DagPicture, found: Iterable[int], scale: float) -> None:
        """A marker's stroke over each find; far away a frame large enough to be seen."""
        wash = QColor(self.theme.found)
        wash.setAlphaF(0.16)
        least = 5.0 / scale
        for i in found:
            rect = picture.geometry.rect(i)
            grow = max(0.0, (least - rect.height()) / 2)
            rect.adjust(-grow, -grow, grow, grow)
            painter.setPen(QPen(QColor(self.theme.found), 2.0 / min(scale, 1.0)))
            painter.setBrush(wash)
            painter.drawRoundedRect(rect, _RADIUS, _RADIUS)
        painter.setBrush(Qt.BrushStyle.NoBrush)


def _slices(rect: QRectF, shares: Shares) -> Iterator[tuple[QRectF, str]]:
    """A rectangle cut from top to bottom in proportion to the shares."""
    top = rect.top()
    for colour, share in shares:
        height = rect.height() * share
        yield QRectF(rect.left(), top, rect.width(), height), colour
        top += height


def _add_chevron(path: QPainterPath, centre: QPointF, *, opened: bool) -> None:
    """Down for what is open, right for what is collapsed."""
    x, y = centre.x(), centre.y()
    corners = ((-4, -2), (0, 2), (4, -2)) if opened else ((-2, -4), (2, 0), (-2, 4))
    path.moveTo(x + corners[0][0], y + corners[0][1])
    for dx, dy in corners[1:]:
        path.lineTo(x + dx, y + dy)


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
