"""What the colours of the DAG mean, in its lower left corner."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from warploom_app.presenters.dag_colours import Legend, LegendEntry
from warploom_app.theme import Theme

_LINE = 18
_PADDING = 8
_SWATCH = 10
_SCALE_WIDTH = 120
_MOST_ENTRIES = 10


class DagLegend(QWidget):
    """A small panel; lets the pointer through."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._theme = theme
        self._legend = Legend("", ())

    def set_theme(self, theme: Theme) -> None:
        """Draws in another theme."""
        self._theme = theme
        self.update()

    def set_legend(self, legend: Legend) -> None:
        """Explains other colours; takes the size that it needs."""
        self._legend = legend
        self.setAccessibleName(", ".join(filter(None, (legend.title, *(entry.label for entry in legend.entries)))))
        metrics = QFontMetricsF(self.font())
        lines = 1 + (2 if legend.is_scale else len(self._shown()))
        texts = [legend.title, *(" " * 5 + entry.label for entry in self._shown())]
        width = max(metrics.horizontalAdvance(text) for text in texts)
        width = max(width, _SCALE_WIDTH) if legend.is_scale else width
        self.resize(round(width) + 2 * _PADDING + 4, lines * _LINE + 2 * _PADDING - 4)
        self.setVisible(bool(legend.entries))
        self.update()

    def _shown(self) -> tuple[LegendEntry, ...]:
        return () if self._legend.is_scale else self._legend.entries[:_MOST_ENTRIES]

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name and signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(self._theme.surface)
        ground.setAlphaF(0.92)
        painter.setPen(QPen(QColor(self._theme.hairline), 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setPen(QColor(self._theme.muted))
        painter.drawText(self._line(0), Qt.AlignmentFlag.AlignVCenter, self._legend.title)
        if self._legend.is_scale:
            self._paint_scale(painter)
        else:
            self._paint_entries(painter)

    def _line(self, index: int) -> QRectF:
        return QRectF(_PADDING, _PADDING - 2 + index * _LINE, self.width() - 2 * _PADDING, _LINE)

    def _paint_entries(self, painter: QPainter) -> None:
        for i, entry in enumerate(self._legend.entries[:_MOST_ENTRIES]):
            line = self._line(i + 1)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(entry.colour))
            painter.drawRoundedRect(QRectF(line.left(), line.center().y() - _SWATCH / 2, _SWATCH, _SWATCH), 2, 2)
            painter.setPen(QColor(self._theme.text))
            painter.drawText(line.adjusted(_SWATCH + 6, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, entry.label)

    def _paint_scale(self, painter: QPainter) -> None:
        bar = self._line(1).adjusted(0, 4, 0, -4)
        gradient = QLinearGradient(QPointF(bar.left(), 0), QPointF(bar.right(), 0))
        last = max(1, len(self._legend.entries) - 1)
        for i, entry in enumerate(self._legend.entries):
            gradient.setColorAt(i / last, QColor(entry.colour))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar, 2, 2)
        painter.setPen(QColor(self._theme.text))
        painter.drawText(self._line(2), Qt.AlignmentFlag.AlignVCenter, self._legend.low)
        painter.drawText(self._line(2), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._legend.high)
