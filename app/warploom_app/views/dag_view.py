"""DagView: what the user does with a graph that is shown: mouse, keyboard, search, menus, pictures, screen readers."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from warploom_app.theme import LIGHT, Theme
from warploom_app.views.dag_display import DagDisplay
from warploom_app.views.dag_keys import press
from warploom_app.views.dag_menu import context_menu
from warploom_app.views.dag_pictures import DagPictures
from warploom_app.views.dag_walk import Direction


class DagView(DagDisplay):
    """A graph to work with."""

    def __init__(
        self, theme: Theme = LIGHT, parent: QWidget | None = None, *, layout_cache: Path | None = None
    ) -> None:
        super().__init__(theme, parent, layout_cache=layout_cache)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Operator graph"))
        self.selection.chosen.connect(self._announce)
        self.selection.chosen.connect(self.operators_selected)
        self.canvas.clicked.connect(self.selection.choose)
        self.canvas.added.connect(self.selection.add)
        self.canvas.opened.connect(self._opened)
        self.canvas.block_clicked.connect(self.toggle_block)
        self.canvas.hovered.connect(lambda node: self.operators_hovered.emit(self._operators(node)))
        self.canvas.touched.connect(self._touched)
        self.finder.found.connect(self._show_finds)
        self.search.closed.connect(self.close_search)
        self.pictures = DagPictures(self)
        self.pictures.lasting.connect(self._show_drawing)
        self.pictures.rested.connect(self._hide_drawing)

    # -- search

    def open_search(self) -> None:
        """Shows the search bar."""
        self.search.open()
        self._corners.place()
        self.finder.restart()

    def close_search(self) -> None:
        """Hides the search bar; what was found is no longer marked."""
        self.search.hide()
        self._corners.place()
        self.finder.close()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_finds(self) -> None:
        self.selection.set_found(self.finder.names)
        found = self.canvas.marks.found
        if not found or self._arrangement is None:
            return
        geometry = self._arrangement.geometry
        if not found.intersection(geometry.visible(self.canvas.port.area).tolist()):
            self._camera.centre_on(geometry, min(found))

    # -- pictures

    def save_picture(self, path: Path) -> None:
        """Writes the whole graph as SVG, PNG or PDF, as the suffix says; `pictures` tells when it is there."""
        if path.suffix.lower() == ".pdf" and self._theme.is_dark:  # paper is white
            self.pictures.save(self._picture(LIGHT), LIGHT, self._text.family, path)
        else:
            self.pictures.save(self.canvas.picture, self._theme, self._text.family, path)

    def copy_picture(self) -> None:
        """Puts the whole graph on the clipboard; `pictures` tells when it is there."""
        self.pictures.copy(self.canvas.picture, self._theme, self._text.family)

    def stop_pictures(self) -> None:
        """Draws no further into files."""
        self.pictures.cancel()

    def _show_drawing(self) -> None:
        self._corners.show_note(self._drawing_text())

    def _hide_drawing(self) -> None:
        if self.note.text() == self._drawing_text():
            self._corners.show_note("")

    def _drawing_text(self) -> str:
        return self.tr("Drawing the picture… Esc stops it.")

    # -- keyboard and pointer

    def _opened(self, node: int) -> None:
        assert self._arrangement is not None
        shown = self._arrangement.content.nodes[node]
        if shown.collapsed:
            self.toggle_block(shown.block)
        else:
            self._camera.centre_on(self._arrangement.geometry, node)
            if self.scale < 1.0:
                self.zoom_to_actual_size()

    def _touched(self) -> None:
        self._camera.at_home = False

    def walk(self, direction: Direction) -> None:
        """Goes to the next node along an edge, or to the one beside; from nowhere to the first."""
        self._navigation.walk(direction)

    def walk_to(self, node: int) -> None:
        """Goes to the first (0) or the last (-1) node."""
        self._navigation.walk_to(node)

    def open_current(self) -> None:
        """Expands the current node if it is a block, else shows it large."""
        if self.selection.position >= 0:
            self._opened(self.selection.position)

    def _announce(self) -> None:
        """Lets a screen reader say where the keyboard is: nodes are no widgets that could have the focus."""
        node = self.selection.current_node
        if node is not None and QAccessible.isActive():
            text = node.description.replace("\n", ", ")
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def event(self, event: QEvent) -> bool:
        # While a layout is under way Esc stops it; otherwise it is the window's, which lets go of the selection.
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escape and event.type() is QEvent.Type.ShortcutOverride and (self.laying_out or self.pictures.busy):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        if not press(self, event):
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        at = event.pos()
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            position = self.selection.position
            at = self._point_of(position)
        else:
            position = self.canvas.node_at(QPointF(at))
        if self._graph is None:
            return
        menu = context_menu(self, self.content.nodes[position] if self.content is not None and position >= 0 else None)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.mapToGlobal(at))

    def _point_of(self, node: int) -> QPoint:
        if self._arrangement is None or node < 0:
            return self.rect().center()
        return self._camera.place_of(self._arrangement.geometry, node).toPoint()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusInEvent(event)
        by_keys = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self.canvas.set_focused(by_keys)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusOutEvent(event)
        self.canvas.set_focused(False)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        middle = self.canvas.port.to_scene(QPointF(self.canvas.rect().center()))
        self.canvas.resize(self.size())
        self._corners.place()
        if self._arrangement is not None:
            self._camera.follow(self._arrangement.geometry, middle, self.covered)
            self._corners.place()

    def _operators(self, node: int) -> tuple[str, ...]:
        content = self.content
        return content.nodes[node].operators if content is not None and node >= 0 else ()
