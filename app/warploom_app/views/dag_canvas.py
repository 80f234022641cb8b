"""The surface that shows the DAG: pan, zoom, hover, click. It knows positions of nodes, not the Graph."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QHelpEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from warploom_app.painters.dag_layer import DagLayer, ViewPort
from warploom_app.painters.dag_painter import TITLE_ONLY, DagPainter, DagPicture, Marks

LARGEST_SCALE = 4.0
_SMALLEST_SCALE = 0.004
_WHEEL_ZOOM = 1.0015  # per eighth of a degree: one notch is about a fifth
_KEEP_IN_VIEW = 60.0  # pixels of the picture that cannot be dragged out of the widget


class DagCanvas(QWidget):
    """Shows a DagPicture.

    Signals:
        clicked(int): A node, -1 for the background.
        added(int): A node, clicked with Ctrl: to the others, or from them.
        opened(int): A node, clicked twice.
        block_clicked(int): The handle of that block.
        hovered(int): The node under the pointer, -1 for none.
        moved(): The part of the scene that is seen has changed.
        touched(): The user has panned or zoomed.
    """

    clicked = Signal(int)
    added = Signal(int)
    opened = Signal(int)
    block_clicked = Signal(int)
    hovered = Signal(int)
    moved = Signal()
    touched = Signal()

    def __init__(self, painter: DagPainter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._painter = painter
        self._layer = DagLayer()
        self._picture: DagPicture | None = None
        self._scale = 1.0
        self._origin = QPointF()
        self._marks = Marks()
        self._focused = False
        self._under = -1
        self._pressed: QPointF | None = None
        self._dragging = False

    @property
    def picture(self) -> DagPicture | None:
        """What is shown."""
        return self._picture

    @property
    def port(self) -> ViewPort:
        """Which part of the scene is seen."""
        return ViewPort(self._scale, self._origin, self.size(), self.devicePixelRatioF())

    def set_picture(self, picture: DagPicture | None) -> None:
        """Shows another picture through the same port."""
        fewer = picture is None or self._picture is None or len(picture.nodes) != len(self._picture.nodes)
        self._picture = picture
        if fewer:
            self._marks = Marks()
            self._set_under(-1)
        self.update()

    def set_painter(self, painter: DagPainter) -> None:
        """Draws in another theme."""
        self._painter = painter
        self.update()

    @property
    def under(self) -> int:
        """The node under the pointer; -1 for none."""
        return self._under

    @property
    def marks(self) -> Marks:
        """The nodes that stand out, what is under the pointer aside."""
        return self._marks

    def set_marks(self, marks: Marks) -> None:
        """Lets nodes stand out."""
        if marks != self._marks:
            self._marks = marks
            self.update()

    def set_focused(self, focused: bool) -> None:
        """Shows that keys go here."""
        self._focused = focused
        self.update()

    def look_at(self, scale: float, origin: QPointF) -> None:
        """Shows the scene from `origin` at a scale; both are kept within reason and the origin on whole pixels."""
        self._scale = min(LARGEST_SCALE, max(_SMALLEST_SCALE, scale))
        unit = self._scale * self.devicePixelRatioF()
        kept = self._kept_in_view(origin)
        self._origin = QPointF(round(kept.x() * unit) / unit, round(kept.y() * unit) / unit)
        self.moved.emit()
        self.update()

    def centre_on(self, point: QPointF, scale: float | None = None) -> None:
        """Brings a scene point to the middle."""
        scale = self._scale if scale is None else min(LARGEST_SCALE, max(_SMALLEST_SCALE, scale))
        self.look_at(scale, point - QPointF(self.width(), self.height()) / 2 / scale)

    def zoom_about(self, factor: float, anchor: QPointF | None = None) -> None:
        """Zooms so that the scene point under a widget point stays there (the middle by default)."""
        anchor = QPointF(self.rect().center()) if anchor is None else anchor
        point = self.port.to_scene(anchor)
        scale = min(LARGEST_SCALE, max(self._least_scale(), self._scale * factor))
        self.look_at(scale, point - anchor / scale)
        self.touched.emit()

    def pan(self, pixels: QPointF) -> None:
        """Moves the picture with the pointer."""
        self.look_at(self._scale, self._origin - pixels / self._scale)
        self.touched.emit()

    def _least_scale(self) -> float:
        """Half of what shows everything, and a quarter where everything is small."""
        if self._picture is None:
            return _SMALLEST_SCALE
        bounds = self._picture.geometry.bounds
        return min(0.25, 0.5 * self.width() / bounds.width(), 0.5 * self.height() / bounds.height())

    def _kept_in_view(self, origin: QPointF) -> QPointF:
        if self._picture is None:
            return origin
        bounds, keep = self._picture.geometry.bounds, _KEEP_IN_VIEW / self._scale
        seen = self.port.area
        x = min(max(origin.x(), bounds.left() - seen.width() + keep), bounds.right() - keep)
        y = min(max(origin.y(), bounds.top() - seen.height() + keep), bounds.bottom() - keep)
        return QPointF(x, y)

    def _set_under(self, node: int) -> None:
        if node != self._under:
            self._under = node
            self.setCursor(Qt.CursorShape.PointingHandCursor if node >= 0 else Qt.CursorShape.ArrowCursor)
            self.hovered.emit(node)
            self.update()

    def _handle_at(self, point: QPointF) -> int | None:
        if self._picture is None or self._scale < TITLE_ONLY:
            return None
        return self._picture.geometry.handle_at(self.port.to_scene(point))

    def node_at(self, point: QPointF) -> int:
        """The node at a widget point; -1 for none."""
        if self._picture is None:
            return -1
        found = self._picture.geometry.node_at(self.port.to_scene(point), slack=2.0 / self._scale)
        return -1 if found is None else found

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        if self._picture is None:
            painter.fillRect(event.rect(), self._painter.background)
            return
        port = self.port
        painter.drawPixmap(0, 0, self._layer.pixmap(port, self._picture, self._painter))
        if self._focused:
            painter.setPen(QColor(self._painter.theme.accent))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        port.apply(painter)
        marks = self._marks
        if self._under >= 0:
            marks = replace(marks, hovered=marks.hovered | {self._under})
        self._painter.paint_overlay(painter, self._picture, marks, port.scale)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.moved.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._pressed, self._dragging = event.position(), False
        event.ignore()  # the view above takes the focus

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self._pressed is None:
            self._set_under(self.node_at(event.position()))
            if self._under < 0:
                over = self._handle_at(event.position()) is not None
                self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)
            return
        step = event.position() - self._pressed
        if not self._dragging and step.manhattanLength() >= QApplication.startDragDistance():
            self._dragging = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        if self._dragging:
            self._pressed = event.position()
            self.pan(step)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self._pressed is None:
            return
        clicked = not self._dragging and event.button() is Qt.MouseButton.LeftButton
        self._pressed, self._dragging = None, False
        self.unsetCursor()
        self._under = -2  # so that the cursor is set again
        self._set_under(self.node_at(event.position()))
        if clicked:
            self._click(event)

    def _click(self, event: QMouseEvent) -> None:
        block = self._handle_at(event.position()) if self._under < 0 else None
        if block is not None:
            self.block_clicked.emit(block)
        elif self._under >= 0 and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.added.emit(self._under)
        else:
            self.clicked.emit(self._under)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        node = self.node_at(event.position())
        if node >= 0 and event.button() is Qt.MouseButton.LeftButton:
            self.opened.emit(node)
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        super().leaveEvent(event)
        self._set_under(-1)

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802
        super().enterEvent(event)
        self._set_under(self.node_at(event.position()))

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        turned, zoom = event.angleDelta(), event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.pixelDelta().isNull() or zoom:  # a wheel zooms, two fingers on a touchpad pan
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.pan(QPointF(turned.y() or turned.x(), 0.0))
            else:
                self.zoom_about(math.pow(_WHEEL_ZOOM, turned.y()), event.position())
        else:
            self.pan(QPointF(event.pixelDelta()))
        event.accept()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            self._show_tip(event)
            return True
        if isinstance(event, QNativeGestureEvent) and event.gestureType() is Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_about(1.0 + event.value(), event.position())
            return True
        return super().event(event)

    def _show_tip(self, event: QHelpEvent) -> None:
        node = self.node_at(QPointF(event.pos()))
        if node < 0 or self._picture is None:
            QToolTip.hideText()
            return
        rect = self._picture.geometry.rect(node)
        port = self.port
        area = QRectF((rect.topLeft() - port.origin) * port.scale, rect.size() * port.scale)
        QToolTip.showText(event.globalPos(), self._picture.nodes[node].description, self, area.toRect())
