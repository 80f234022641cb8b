"""The minimap in the corner of the DAG: the whole graph, small, with a frame around what is seen."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from warploom_app.painters.dag_painter import DagPainter, DagPicture

_WIDEST, _HIGHEST, _NARROWEST = 150, 220, 28
_PADDING = 5


class DagMinimap(QWidget):
    """A click or drag brings that place to the middle of the view (`wanted`, a scene point)."""

    wanted = Signal(QPointF)

    def __init__(self, painter: DagPainter, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Overview of the graph"))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._painter = painter
        self._picture: DagPicture | None = None
        self._small, self._stale = QPixmap(), True
        self._seen = QRectF()

    def set_painter(self, painter: DagPainter) -> None:
        """Draws in another theme."""
        self._painter, self._stale = painter, True
        self.update()

    def set_picture(self, picture: DagPicture | None) -> None:
        """Shows another graph; takes the size that suits its proportions."""
        self._picture, self._stale = picture, True
        if picture is not None:
            bounds = picture.geometry.bounds
            unit = min(_WIDEST / bounds.width(), _HIGHEST / bounds.height())
            width = max(_NARROWEST, round(bounds.width() * unit))
            self.resize(width + 2 * _PADDING, max(_NARROWEST, round(bounds.height() * unit)) + 2 * _PADDING)
        self.update()

    def set_seen(self, area: QRectF) -> None:
        """Frames the part of the scene that the view shows."""
        self._seen = area
        self.update()

    @property
    def useful(self) -> bool:
        """Whether there is more than the view shows."""
        return self._picture is not None and not self._seen.adjusted(-24, -24, 24, 24).contains(
            self._picture.geometry.bounds
        )

    def _inner(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_PADDING, _PADDING, -_PADDING, -_PADDING)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name and signature
        if self._picture is None:
            return
        theme, inner, bounds = self._painter.theme, self._inner(), self._picture.geometry.bounds
        if self._stale:
            self._draw_small(self._picture, inner.size())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(theme.surface)
        ground.setAlphaF(0.92)
        painter.setPen(QPen(QColor(theme.hairline), 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        ratio = self._small.devicePixelRatio()
        painter.drawPixmap(inner, self._small, QRectF(QPointF(), inner.size() * ratio))
        seen = self._seen.intersected(bounds)
        x_unit, y_unit = inner.width() / bounds.width(), inner.height() / bounds.height()
        frame = QRectF(
            inner.left() + (seen.left() - bounds.left()) * x_unit,
            inner.top() + (seen.top() - bounds.top()) * y_unit,
            seen.width() * x_unit,
            max(3.0, seen.height() * y_unit),
        )
        tint = QColor(theme.accent)
        tint.setAlphaF(0.12)
        painter.setPen(QPen(QColor(theme.accent), 1.5))
        painter.setBrush(tint)
        painter.drawRoundedRect(frame, 2, 2)

    def _draw_small(self, picture: DagPicture, size: QSizeF) -> None:
        """Draws into a corner of one pixmap, large enough for any graph: PySide loses references for each new one."""
        ratio, bounds = self.devicePixelRatioF(), picture.geometry.bounds
        if self._small.isNull() or self._small.devicePixelRatio() != ratio:
            self._small = QPixmap((QSizeF(_WIDEST, _HIGHEST) * ratio).toSize())
            self._small.setDevicePixelRatio(ratio)
        self._small.fill(Qt.GlobalColor.transparent)
        painter = QPainter(self._small)
        painter.scale(size.width() / bounds.width(), size.height() / bounds.height())
        painter.translate(-bounds.topLeft())
        self._painter.paint_far(painter, picture)
        painter.end()
        self._stale = False

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() is Qt.MouseButton.LeftButton:
            self._ask(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._ask(event.position())

    def _ask(self, point: QPointF) -> None:
        if self._picture is None:
            return
        inner, bounds = self._inner(), self._picture.geometry.bounds
        x = (point.x() - inner.left()) / inner.width() * bounds.width() + bounds.left()
        y = (point.y() - inner.top()) / inner.height() * bounds.height() + bounds.top()
        self.wanted.emit(QPointF(x, y))
