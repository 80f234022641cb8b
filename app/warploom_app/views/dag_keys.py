"""The keys of the DAG view: arrows walk along the edges, others zoom, search, and collapse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from warploom_app.views.dag_walk import Direction

if TYPE_CHECKING:
    from warploom_app.views.dag_view import DagView

_ARROWS = {
    Qt.Key.Key_Up: Direction.UP,
    Qt.Key.Key_Down: Direction.DOWN,
    Qt.Key.Key_Left: Direction.LEFT,
    Qt.Key.Key_Right: Direction.RIGHT,
}
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def press(view: DagView, event: QKeyEvent) -> bool:
    """Does what a key means; False where it means nothing here."""
    key = event.key()
    actions = _actions(view)
    if key in _ARROWS:
        view.walk(_ARROWS[Qt.Key(key)])
    elif key in actions:
        actions[Qt.Key(key)]()
    elif key in _ENTER and view.current:
        view.open_current()
    elif key == Qt.Key.Key_Escape and view.laying_out:
        view.stop_layout()
    elif key == Qt.Key.Key_Escape and view.pictures.busy:
        view.stop_pictures()
    elif key == Qt.Key.Key_Escape and view.selected:
        view.let_go()
    else:
        return False
    return True


def _actions(view: DagView) -> Mapping[Qt.Key, Callable[[], object]]:
    return {
        Qt.Key.Key_Plus: view.zoom_in,
        Qt.Key.Key_Equal: view.zoom_in,
        Qt.Key.Key_Minus: view.zoom_out,
        Qt.Key.Key_0: view.zoom_to_actual_size,
        Qt.Key.Key_F: view.fit,
        Qt.Key.Key_Home: lambda: view.walk_to(0),
        Qt.Key.Key_End: lambda: view.walk_to(-1),
        Qt.Key.Key_Slash: view.open_search,
        Qt.Key.Key_Space: view.toggle_selected_block,
        Qt.Key.Key_O: view.toggle_detail,
    }
