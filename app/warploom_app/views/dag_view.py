"""The view of a model's operators as a graph: pan, zoom, selection, keyboard, minimap, legend, picture export."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from warploom.graph import Graph
from warploom.paths import cache_folder
from warploom_app.painters.dag_export import save_png, save_svg
from warploom_app.painters.dag_painter import FULL_TINT, QUIET_TINT, TINT, DagPainter, DagPicture
from warploom_app.painters.dag_text import DagText
from warploom_app.presenters.dag_colours import ColourValue, Legend, colour_by_kind
from warploom_app.theme import LIGHT, Theme
from warploom_app.views.dag_canvas import DagCanvas
from warploom_app.views.dag_layouter import DagArrangement, DagLayouter
from warploom_app.views.dag_legend import DagLegend
from warploom_app.views.dag_minimap import DagMinimap
from warploom_app.views.dag_walk import Direction, neighbour

_CORNER = 12
_STEP_ZOOM = 1.25
_READABLE = 0.75  # a picture is opened at least this large: its beginning, if it does not fit
_LARGEST_FIT = 1.25
_AIR = 0.97  # what is fitted leaves a little room around it
_ARROWS = {
    Qt.Key.Key_Up: Direction.UP,
    Qt.Key.Key_Down: Direction.DOWN,
    Qt.Key.Key_Left: Direction.LEFT,
    Qt.Key.Key_Right: Direction.RIGHT,
}


class DagView(QWidget):
    """Shows a Graph.

    Signals:
        operator_selected(str): The user chose an operator; "" when the user let go.
        operator_hovered(str): The pointer is over an operator; "" when it left.
        layout_ready(str): A layout is on screen: "quick", then "refined".
    """

    operator_selected = Signal(str)
    operator_hovered = Signal(str)
    layout_ready = Signal(str)

    def __init__(
        self, theme: Theme = LIGHT, parent: QWidget | None = None, *, layout_cache: Path | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = DagText()
        self._painter = DagPainter(theme, self._text)
        self._graph: Graph | None = None
        self._arrangement: DagArrangement | None = None
        self._colours: Mapping[str, ColourValue] | None = None
        self._tint = QUIET_TINT
        self._selected: tuple[str, ...] = ()
        self._at_home = True
        self._build_canvas()
        self._build_corners()
        self._build_layouter(cache_folder() / "layouts" if layout_cache is None else layout_cache)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Operator graph"))
        self._say(self.tr("Open a model to see its operators"))

    def _build_canvas(self) -> None:
        self.canvas = DagCanvas(self._painter, self)
        self.canvas.clicked.connect(self._clicked)
        self.canvas.hovered.connect(lambda node: self.operator_hovered.emit(self._name(node)))
        self.canvas.moved.connect(self._moved)
        self.canvas.touched.connect(self._touched)

    def _build_corners(self) -> None:
        self.minimap = DagMinimap(self._painter, self)
        self.minimap.wanted.connect(self._jump)
        self.minimap.hide()
        self._legend = DagLegend(self._theme, self)
        self._legend.hide()
        self._message = QLabel(self)
        self._message.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.note = QLabel(self)
        self.note.hide()
        self._dress_labels()

    def _build_layouter(self, folder: Path) -> None:
        self._layouter = DagLayouter(self._text, folder, self)
        self._layouter.arranged.connect(self._show_arrangement)
        self._layouter.failed.connect(self._show_note)

    # -- what the window calls -----------------------------------------------------------------------------------

    @property
    def graph(self) -> Graph | None:
        """What is shown or being laid out."""
        return self._graph

    @property
    def scale(self) -> float:
        """Pixels per scene unit: 1 at 100%."""
        return self.canvas.port.scale

    @property
    def laying_out(self) -> bool:
        """Whether a better layout is still to come."""
        return self._layouter.busy

    @property
    def selected(self) -> tuple[str, ...]:
        """Names of the selected operators."""
        return self._selected

    def set_graph(self, graph: Graph) -> None:
        """Shows another graph; returns at once, `layout_ready` tells when it is on screen."""
        self.clear()
        self._graph = graph
        self._say(self.tr("Laying out {} operators…").format(f"{len(graph.operators):,}"))
        self._layouter.start(graph)

    def clear(self) -> None:
        """Shows nothing, and stops any layout under way."""
        self._layouter.cancel()
        self._graph = self._arrangement = self._colours = None
        self._selected, self._at_home, self._tint = (), True, QUIET_TINT
        self.canvas.set_picture(None)
        self.minimap.set_picture(None)
        self._legend.set_legend(Legend("", ()))
        self.minimap.hide()
        self.note.hide()
        self._say(self.tr("Open a model to see its operators"))

    def set_colours(self, colours: Mapping[str, ColourValue] | None, legend: Legend | None = None) -> None:
        """Colours operators by name; None goes back to a colour for each kind of operator."""
        self._colours = colours
        self._tint = QUIET_TINT
        if colours is not None:
            legend = legend or Legend("", ())
            self._legend.set_legend(legend)
            self._tint = FULL_TINT if legend.tints else TINT
        self._show_picture()

    def set_theme(self, theme: Theme) -> None:
        """Draws in another theme."""
        self._theme = theme
        self._painter = DagPainter(theme, self._text)
        self.canvas.set_painter(self._painter)
        self.minimap.set_painter(self._painter)
        self._legend.set_theme(theme)
        self._dress_labels()
        self._show_picture()

    def select(self, names: Iterable[str]) -> None:
        """Selects operators without telling (`operator_selected` is for the user's own choices)."""
        self._selected = tuple(names)
        positions = self._positions(self._selected)
        self.canvas.set_selected(positions)
        nodes = self._arrangement.nodes if self._arrangement is not None else ()
        self.setAccessibleDescription("\n".join(nodes[i].description for i in positions[:3]))

    def highlight(self, names: Iterable[str]) -> None:
        """Marks operators as if the pointer were over them."""
        self.canvas.set_highlighted(self._positions(names))

    def centre_on(self, name: str) -> None:
        """Brings an operator to the middle, large enough to be read."""
        for position in self._positions((name,)):
            assert self._arrangement is not None
            self._at_home = False
            self.canvas.centre_on(
                self._arrangement.geometry.rect(position).center(), max(self.canvas.port.scale, _READABLE)
            )

    def fit(self) -> None:
        """Shows everything."""
        if self._arrangement is None:
            return
        bounds = self._arrangement.geometry.bounds
        scale = _AIR * min(_LARGEST_FIT / _AIR, self.width() / bounds.width(), self.height() / bounds.height())
        self._at_home = False
        self.canvas.centre_on(bounds.center(), scale)

    def zoom_in(self) -> None:
        """A step closer."""
        self.canvas.zoom_about(_STEP_ZOOM)

    def zoom_out(self) -> None:
        """A step back."""
        self.canvas.zoom_about(1 / _STEP_ZOOM)

    def zoom_to_actual_size(self) -> None:
        """100%."""
        self.canvas.zoom_about(1.0 / self.canvas.port.scale)

    def render_svg(self, path: Path) -> None:
        """Writes the whole graph as a vector picture.

        Raises:
            ReportError: If there is no graph on screen or the file cannot be written.
        """
        save_svg(self.canvas.picture, self._painter, path)

    def render_png(self, path: Path) -> None:
        """Writes the whole graph as a picture, as large as sensible.

        Raises:
            ReportError: If there is no graph on screen or the file cannot be written.
        """
        save_png(self.canvas.picture, self._painter, path)

    # -- layouts and pictures ------------------------------------------------------------------------------------

    def _show_arrangement(self, arrangement: DagArrangement) -> None:
        before, self._arrangement = self._arrangement, arrangement
        anchor = self._anchor(before)
        self._message.hide()
        self._show_picture()
        if anchor is None:
            self._go_home()
        else:
            node, offset = anchor
            port = self.canvas.port
            self.canvas.look_at(port.scale, arrangement.geometry.rect(node).center() - offset / port.scale)
        self.select(self._selected)
        self.layout_ready.emit(arrangement.quality)

    def _anchor(self, before: DagArrangement | None) -> tuple[int, QPointF] | None:
        """The node that must keep its place on screen, and that place; None to start at the beginning."""
        if before is None or self._at_home or not before.nodes:
            return None
        port, middle = self.canvas.port, QPointF(self.canvas.rect().center())
        chosen = self._positions(self._selected)
        left, top, right, bottom = before.geometry.columns
        scene = port.to_scene(middle)
        distance = abs((left + right) / 2 - scene.x()) + abs((top + bottom) / 2 - scene.y())
        node = int(distance.argmin())
        seen = [i for i in chosen if port.area.contains(before.geometry.rect(i))]
        node = seen[0] if seen else node
        return node, (before.geometry.rect(node).center() - port.origin) * port.scale

    def _show_picture(self) -> None:
        if self._arrangement is None or self._graph is None:
            return
        colours = self._colours
        if colours is None:
            colouring = colour_by_kind(self._graph, self._theme)
            colours = colouring.colours
            self._legend.set_legend(colouring.legend)
        picture = DagPicture(self._arrangement.geometry, self._arrangement.nodes, colours, self._tint)
        self.canvas.set_picture(picture)
        self.minimap.set_picture(picture)
        self._place_corners()
        if not self._arrangement.nodes:
            self._say(self.tr("This graph has no operators"))

    def _go_home(self) -> None:
        """Everything if it is readable so, else the beginning: as wide as fits, from the top."""
        if self._arrangement is None:
            return
        bounds = self._arrangement.geometry.bounds
        wide, high = self.width() / bounds.width(), self.height() / bounds.height()
        if min(wide, high) >= _READABLE:
            self.canvas.centre_on(bounds.center(), min(_LARGEST_FIT, wide, high))
        else:
            scale = max(min(wide, 1.0), _READABLE)
            top = QPointF(self._first_x() - self.width() / 2 / scale, bounds.top())
            if wide >= scale:
                top.setX(bounds.center().x() - self.width() / 2 / scale)
            self.canvas.look_at(scale, top)
        self._at_home = True

    def _first_x(self) -> float:
        assert self._arrangement is not None
        left, top, right, _ = self._arrangement.geometry.columns
        first = int(top.argmin())
        return float(left[first] + right[first]) / 2

    def _show_note(self, text: str) -> None:
        self.note.setText(text)
        self.note.adjustSize()
        self.note.show()
        self._place_corners()

    # -- corners -------------------------------------------------------------------------------------------------

    def _dress_labels(self) -> None:
        theme = self._theme
        self._message.setStyleSheet(f"color: {theme.muted}; background: transparent;")
        self.note.setStyleSheet(
            f"color: {theme.text}; background: {theme.warning_surface}; padding: 4px 8px; border-radius: 4px;"
        )

    def _say(self, text: str) -> None:
        self._message.setText(text)
        self._message.show()
        self._place_corners()

    def _place_corners(self) -> None:
        self._message.adjustSize()
        self._message.move((self.width() - self._message.width()) // 2, (self.height() - self._message.height()) // 2)
        self.note.move(_CORNER, _CORNER)
        self.minimap.set_seen(self.canvas.port.area)
        self.minimap.setVisible(self.minimap.useful)
        beside = self.minimap.width() + _CORNER if self.minimap.useful else 0
        self._legend.fit_into(max(120, self.width() - 2 * _CORNER - beside))
        self._legend.move(_CORNER, self.height() - self._legend.height() - _CORNER)
        self.minimap.move(
            self.width() - self.minimap.width() - _CORNER, self.height() - self.minimap.height() - _CORNER
        )

    # -- what the user does --------------------------------------------------------------------------------------

    def _clicked(self, node: int) -> None:
        self.select([self._name(node)] if node >= 0 else [])
        self.operator_selected.emit(self._name(node))

    def _moved(self) -> None:
        self.minimap.set_seen(self.canvas.port.area)
        self.minimap.setVisible(self.minimap.useful)

    def _touched(self) -> None:
        self._at_home = False

    def _jump(self, point: QPointF) -> None:
        self._at_home = False
        self.canvas.centre_on(point)

    def _walk(self, direction: Direction) -> None:
        if self._arrangement is None or not self._arrangement.nodes:
            return
        chosen = self._positions(self._selected)
        target = neighbour(self._arrangement.geometry, chosen[0], direction) if chosen else 0
        if target is None:
            return
        self._clicked(target)
        self._bring_into_view(target)

    def _bring_into_view(self, node: int) -> None:
        assert self._arrangement is not None
        rect, area = self._arrangement.geometry.rect(node), self.canvas.port.area
        if not area.contains(rect):
            self.centre_on(self._name(node))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        key = event.key()
        if key in _ARROWS:
            self._walk(_ARROWS[Qt.Key(key)])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_in()
        elif key == Qt.Key.Key_Minus:
            self.zoom_out()
        elif key == Qt.Key.Key_0:
            self.zoom_to_actual_size()
        elif key == Qt.Key.Key_F:
            self.fit()
        elif key == Qt.Key.Key_Escape and self._selected:
            self._clicked(-1)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        event.accept()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusInEvent(event)
        by_keys = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self.canvas.set_focused(by_keys)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusOutEvent(event)
        self.canvas.set_focused(False)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.canvas.resize(self.size())
        if self._at_home:
            self._go_home()
        self._place_corners()

    # -- names and positions -------------------------------------------------------------------------------------

    def _name(self, node: int) -> str:
        return self._arrangement.nodes[node].name if self._arrangement is not None and node >= 0 else ""

    def _positions(self, names: Iterable[str]) -> list[int]:
        if self._graph is None or self._arrangement is None:
            return []
        index = self._graph.index
        return [index[name] for name in names if name in index]
