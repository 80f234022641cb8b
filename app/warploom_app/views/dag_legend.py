"""What the colours of the DAG mean: a strip along its lower edge."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from warploom_app.presenters.dag_colours import Legend
from warploom_app.theme import Theme

_LINE = 20.0
_PADDING = 8.0
_SWATCH = 10.0
_GAP = 14.0
_SCALE_WIDTH = 140.0


class DagLegend(QWidget):
    """Lets the pointer through; wraps into as many lines as the width allows."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._theme = theme
        self._legend = Legend("", ())
        self._places: list[QRectF] = []
        self._room = True

    def set_theme(self, theme: Theme) -> None:
        """Draws in another theme."""
        self._theme = theme
        self.update()

    def set_legend(self, legend: Legend) -> None:
        """Explains other colours."""
        self._legend = legend
        labels = [entry.label for entry in legend.entries if entry.label]
        self.setAccessibleName(", ".join(filter(None, (legend.title, legend.low, legend.high, *labels))))
        self.setVisible(bool(legend.entries) and self._room)

    def set_room(self, room: bool) -> None:
        """Shows it only where there is room for it."""
        self._room = room
        self.setVisible(bool(self._legend.entries) and room)

    def fit_into(self, width: float) -> None:
        """Takes the size that it needs when it may be so wide."""
        self._places = self._arrange(width - 2 * _PADDING)
        right = max((place.right() for place in self._places), default=0.0)
        bottom = max((place.bottom() for place in self._places), default=0.0)
        self.resize(round(right + _PADDING), round(bottom + _PADDING / 2))
        self.update()

    def _arrange(self, room: float) -> list[QRectF]:
        """Places of the title and the entries (of the title, the low end, the bar and the high end of a scale)."""
        metrics = QFontMetricsF(self.font())
        widths = [metrics.horizontalAdvance(self._legend.title) + 2]
        if self._legend.is_scale:
            ends = (metrics.horizontalAdvance(text) + 2 for text in (self._legend.low, self._legend.high))
            low, high = ends
            widths += [low, _SCALE_WIDTH, high]
        else:
            widths += [_SWATCH + 6 + metrics.horizontalAdvance(entry.label) + 2 for entry in self._legend.entries]
        places: list[QRectF] = []
        x, y = 0.0, 0.0
        for width in widths:
            if x > 0 and x + width > room:
                x, y = 0.0, y + _LINE
            places.append(QRectF(_PADDING + x, _PADDING / 2 + y, width, _LINE))
            x += width + _GAP
        return places

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name and signature
        if not self._places:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(self._theme.surface)
        ground.setAlphaF(0.93)
        painter.setPen(QPen(QColor(self._theme.hairline), 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setPen(QColor(self._theme.muted))
        painter.drawText(self._places[0], Qt.AlignmentFlag.AlignVCenter, self._legend.title)
        if self._legend.is_scale:
            self._paint_scale(painter)
        else:
            self._paint_entries(painter)

    def _paint_entries(self, painter: QPainter) -> None:
        for entry, place in zip(self._legend.entries, self._places[1:], strict=True):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(entry.colour))
            painter.drawRoundedRect(QRectF(place.left(), place.center().y() - _SWATCH / 2, _SWATCH, _SWATCH), 2, 2)
            painter.setPen(QColor(self._theme.text))
            painter.drawText(place.adjusted(_SWATCH + 6, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, entry.label)

    def _paint_scale(self, painter: QPainter) -> None:
        _, low, bar, high = self._places
        bar = bar.adjusted(0, 5, 0, -5)
        gradient = QLinearGradient(QPointF(bar.left(), 0), QPointF(bar.right(), 0))
        last = max(1, len(self._legend.entries) - 1)
        for i, entry in enumerate(self._legend.entries):
            gradient.setColorAt(i / last, QColor(entry.colour))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar, 2, 2)
        painter.setPen(QColor(self._theme.text))
        painter.drawText(low, Qt.AlignmentFlag.AlignVCenter, self._legend.low)
        painter.drawText(high, Qt.AlignmentFlag.AlignVCenter, self._legend.high)
