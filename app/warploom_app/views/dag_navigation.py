"""How the DAG view gets about: along edges, to a node by name, and staying where the user looks when all is moved."""

from __future__ import annotations

from PySide6.QtCore import QPointF

from warploom_app.presenters.dag_content import DagContent
from warploom_app.views.dag_camera import DagCamera
from warploom_app.views.dag_canvas import DagCanvas
from warploom_app.views.dag_layouter import DagArrangement
from warploom_app.views.dag_selection import DagSelection
from warploom_app.views.dag_walk import Direction, neighbour

Kept = tuple[int, QPointF]
"""A node, and the place on the widget that its middle keeps."""


class DagNavigation:
    """Moves the camera and the selection over what is arranged.

    Attributes:
        arrangement: What is on screen; None for nothing.
        going_to: A node, operator or ONNX node to choose as soon as it is laid out; "" for none.
        turning: Number of the block that is being collapsed or expanded; -1 for none.
    """

    def __init__(self, canvas: DagCanvas, camera: DagCamera, selection: DagSelection) -> None:
        self._canvas, self._camera, self._selection = canvas, camera, selection
        self.arrangement: DagArrangement | None = None
        self.going_to = ""
        self.turning = -1

    def clear(self) -> None:
        """Nothing is on screen any more."""
        self.arrangement, self.going_to, self.turning = None, "", -1

    def walk(self, direction: Direction) -> None:
        """Goes to the next node along an edge, or to the one beside; from nowhere to the first."""
        if self.arrangement is not None and self.arrangement.content.nodes:
            here = self._selection.position
            target = neighbour(self.arrangement.geometry, here, direction) if here >= 0 else 0
            if target is not None:
                self.choose(target)

    def walk_to(self, node: int) -> None:
        """Goes to the first (0) or the last (-1) node."""
        if self.arrangement is not None and self.arrangement.content.nodes:
            self.choose(node % len(self.arrangement.content.nodes))

    def choose(self, node: int) -> None:
        """Chooses a node and brings it into view."""
        assert self.arrangement is not None
        self._selection.choose(node)
        self._camera.show(self.arrangement.geometry, node)

    def go_to(self, name: str) -> int | None:
        """Chooses the node that a name means; if it is inside a collapsed block, tells which to expand first."""
        self.going_to = ""
        if self.arrangement is None:
            return None
        content, full = self.arrangement.content, self.arrangement.full
        position = _find(content, name)
        if position is not None and not content.nodes[position].collapsed:
            self.choose(position)
            return None
        hidden = _find(full, name)
        if hidden is None or full.nodes[hidden].block not in self.arrangement.options.collapsed:
            return None
        self.going_to = name
        return full.nodes[hidden].block

    def arrange(self, arrangement: DagArrangement) -> Kept | None:
        """Takes another arrangement; returns what `look` needs once it is drawn."""
        before, self.arrangement = self.arrangement, arrangement
        kept = self._kept_place(before, arrangement)
        if arrangement.quality == "refined":
            self.turning = -1
        return kept

    def look(self, kept: Kept | None) -> None:
        """Looks at what the user was looking at, or at the beginning."""
        if self.arrangement is None:
            return
        if kept is None:
            self._camera.go_home(self.arrangement.geometry)
        else:
            self._camera.keep(self.arrangement.geometry, *kept)

    def _kept_place(self, before: DagArrangement | None, after: DagArrangement) -> Kept | None:
        """The node that must keep its place on screen, and that place; None to start at the beginning."""
        if before is None or not before.content.nodes:
            return None
        chosen = self._node_to_keep(before)
        if self._camera.at_home and (chosen is None or before.options == after.options):
            return None
        chosen = self._camera.middle_node(before.geometry) if chosen is None else chosen
        node = before.content.nodes[chosen]
        now = after.content.index.get(node.name)
        if now is None:
            now = next((after.content.of_operator[name][0] for name in node.operators), None)
        return None if now is None else (now, self._camera.place_of(before.geometry, chosen))

    def _node_to_keep(self, before: DagArrangement) -> int | None:
        """The beginning of the block that the user has turned, else the current node, if they are seen."""
        nodes = before.content.nodes
        turned = next((i for i, node in enumerate(nodes) if node.block == self.turning >= 0), None)
        for node in (turned, before.content.index.get(self._selection.current)):
            if node is not None and self._canvas.port.area.intersects(before.geometry.rect(node)):
                return node
        return None


def _find(content: DagContent, name: str) -> int | None:
    """Position of the node that a node's, an operator's or an ONNX node's name means."""
    if name in content.index:
        return content.index[name]
    of_operator = content.of_operator.get(name)
    return of_operator[0] if of_operator else content.of_source.get(name)
