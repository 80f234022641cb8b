"""BestCurve: the best latency so far over the time of the search, as a small step line."""

from __future__ import annotations

import time

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from warploom.units import time_text
from warploom_app.jobs import JobState
from warploom_app.presenters.units import duration
from warploom_app.theme import GRID, Theme, figure_font

_LABELS_FROM = 8 * GRID  # pixels of height


class BestCurve(QWidget):
    """Shows a run's curve; labelled where there is room."""

    def __init__(self, theme: Theme, size: QSize) -> None:
        super().__init__()
        self._theme = theme
        self._size = size
        self._points: tuple[tuple[float, float], ...] = ()
        self._started_s = 0.0
        self.setFont(figure_font(8))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Best latency so far"))

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self._theme = theme
        self.update()

    def show_run(self, run: JobState | None) -> None:
        """Shows another run, or a later moment of the same."""
        self._points = run.curve if run is not None else ()
        self._started_s = run.started_s if run is not None else 0.0
        if self._points:
            first, last = self._points[0][1], self._points[-1][1]
            text = self.tr("Best latency so far: {}, at first {}").format(time_text(last), time_text(first))
            self.setToolTip(text)
            self.setAccessibleDescription(text)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return self._size

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802
        if not self._points:
            return
        painter = QPainter(self)
        labelled = self.height() >= _LABELS_FROM
        text_height = self.fontMetrics().height() if labelled else 0
        area = QRectF(self.rect()).adjusted(2, 3 + text_height, -3, -3 - text_height)
        line = self._line(area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.accent), 1.5))
        painter.drawPolyline(line)
        painter.setBrush(QColor(self._theme.accent))
        painter.drawEllipse(line.last(), 2, 2)
        if labelled:
            painter.setPen(QColor(self._theme.muted))
            left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
            painter.drawText(QRectF(self.rect()), left | Qt.AlignmentFlag.AlignTop, time_text(self._points[0][1]))
            painter.drawText(QRectF(self.rect()), right | Qt.AlignmentFlag.AlignBottom, time_text(self._points[-1][1]))
            spent = duration(self._now())
            painter.drawText(QRectF(self.rect()), left | Qt.AlignmentFlag.AlignBottom, spent)

    def _now(self) -> float:
        return max(time.monotonic() - self._started_s, self._points[-1][0])

    def _line(self, area: QRectF) -> QPolygonF:
        """The steps: time runs to the right, lower is faster."""
        end = self._now() or 1.0
        values = [value for _, value in self._points]
        low, span = min(values), (max(values) - min(values)) or 1.0

        def y(value: float) -> float:
            return area.bottom() - area.height() * (value - low) / span

        points = []
        for (second, value), following in zip(self._points, (*self._points[1:], (end, values[-1])), strict=True):
            points.append(QPointF(area.left() + area.width() * second / end, y(value)))
            points.append(QPointF(area.left() + area.width() * following[0] / end, y(value)))
        return QPolygonF(points)
