"""What floats over the DAG: the minimap, the legend, the search bar, a message in the middle and a note."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from warploom_app.painters.dag_painter import DagPainter, DagPicture
from warploom_app.presenters.dag_colours import Legend
from warploom_app.theme import Theme
from warploom_app.views.dag_canvas import DagCanvas
from warploom_app.views.dag_legend import DagLegend
from warploom_app.views.dag_minimap import DagMinimap
from warploom_app.views.dag_search_bar import DagSearchBar

_CORNER = 12
_LEGEND_SHARE = 4  # a legend of more than this part of the height would hide the graph: it stays away
_ROOM_FOR_MAP = 320  # a view narrower or lower than this has no room for a minimap


class DagCorners(QObject):
    """Places its widgets over a canvas.

    Signals:
        wanted(QPointF): The user wants to see that point of the scene.
    """

    wanted = Signal(QPointF)

    def __init__(self, canvas: DagCanvas, painter: DagPainter, theme: Theme, view: QWidget) -> None:
        super().__init__(view)
        self._view, self._canvas = view, canvas
        self.minimap = DagMinimap(painter, view)
        self.minimap.wanted.connect(self.wanted)
        self.minimap.hide()
        self.legend = DagLegend(theme, view)
        self.legend.hide()
        self.message = QLabel(view)
        self.message.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setWordWrap(True)
        self.note = QLabel(view)
        self.note.setWordWrap(True)
        self.note.hide()
        self.search = DagSearchBar(theme, view)
        canvas.moved.connect(self._follow)
        self.set_theme(theme, painter)

    def set_theme(self, theme: Theme, painter: DagPainter) -> None:
        """Draws in another theme."""
        self.minimap.set_painter(painter)
        self.legend.set_theme(theme)
        self.search.set_theme(theme)
        self.message.setStyleSheet(f"color: {theme.muted}; background: transparent;")
        self.note.setStyleSheet(
            f"color: {theme.text}; background: {theme.warning_surface}; padding: 4px 8px; border-radius: 4px;"
        )

    def set_picture(self, picture: DagPicture | None) -> None:
        """Shows another graph in the minimap."""
        self.minimap.set_picture(picture)
        self.place()

    def set_legend(self, legend: Legend) -> None:
        """Explains other colours."""
        self.legend.set_legend(legend)
        self.place()

    def say(self, text: str) -> None:
        """Shows a message in the middle; none for an empty text."""
        self.message.setText(text)
        self.message.setVisible(bool(text))
        self.place()

    def show_note(self, text: str) -> None:
        """Shows a note in the corner; none for an empty text."""
        self.note.setText(text)
        self.note.setVisible(bool(text))
        self.place()

    @property
    def covered(self) -> QRectF | None:
        """What the legend hides of the canvas; None without one."""
        return None if self.legend.isHidden() else QRectF(self.legend.geometry())

    def place(self) -> None:
        """Puts everything where it belongs."""
        width, height = self._view.width(), self._view.height()
        room = max(40, width - 2 * _CORNER)
        self.message.setFixedWidth(room)
        self.message.adjustSize()
        self.message.move(_CORNER, (height - self.message.height()) // 2)
        self.search.fit_into(room)
        self.search.move(width - self.search.width() - _CORNER, _CORNER)
        self.note.setFixedWidth(min(room, self.note.fontMetrics().horizontalAdvance(self.note.text()) + 24))
        self.note.adjustSize()
        self.note.move(_CORNER, _CORNER + (0 if self.search.isHidden() else self.search.height() + _CORNER))
        self._follow()
        beside = self.minimap.width() + _CORNER if not self.minimap.isHidden() else 0
        self.legend.fit_into(max(120, room - beside))
        self.legend.set_room(self.legend.height() <= height / _LEGEND_SHARE)
        self.legend.move(_CORNER, height - self.legend.height() - _CORNER)
        self.minimap.move(width - self.minimap.width() - _CORNER, height - self.minimap.height() - _CORNER)

    def _follow(self) -> None:
        room = min(self._view.width(), self._view.height()) >= _ROOM_FOR_MAP
        self.minimap.set_seen(self._canvas.port.area)
        self.minimap.setVisible(self.minimap.useful and room)
