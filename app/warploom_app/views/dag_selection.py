"""What stands out in the DAG: operators that the user chose or that are hovered, finds, and the current node."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QObject, Signal

from warploom_app.painters.dag_painter import Marks
from warploom_app.presenters.dag_content import DagContent
from warploom_app.presenters.dag_nodes import DagNode
from warploom_app.views.dag_canvas import DagCanvas


class DagSelection(QObject):
    """Operators are chosen by name, so that the choice survives every layout; nodes stand for them.

    Signals:
        chosen(tuple[str, ...]): The user chose these operators; none when the user let go.
        moved(): Another node is the current one.
    """

    chosen = Signal(object)
    moved = Signal()

    def __init__(self, canvas: DagCanvas, parent: QObject) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._content: DagContent | None = None
        self._full: DagContent | None = None
        self._hovered: tuple[str, ...] = ()
        self._found: Sequence[str] = ()
        self.operators: tuple[str, ...] = ()
        self.current = ""

    @property
    def current_node(self) -> DagNode | None:
        """The node where the keyboard is."""
        position = self.position
        return self._content.nodes[position] if self._content is not None and position >= 0 else None

    @property
    def position(self) -> int:
        """Position of the current node; -1 for none."""
        return self._content.index.get(self.current, -1) if self._content is not None else -1

    @property
    def node_here(self) -> DagNode | None:
        """The node under the pointer, else, while nothing is hovered elsewhere, the current one."""
        under = self._canvas.under
        if self._content is not None and under >= 0:
            return self._content.nodes[under]
        return None if self._hovered else self.current_node

    def clear(self) -> None:
        """Forgets everything."""
        self._content = self._full = None
        self.operators, self._hovered, self._found, self.current = (), (), (), ""

    def set_content(self, content: DagContent, full: DagContent) -> None:
        """Other nodes stand for the operators; the choice stays."""
        self._content, self._full = content, full
        before = self.current
        self.select(self.operators)
        if self.current == before:
            self.moved.emit()  # a node of the same name may be something else now

    def select(self, names: Iterable[str]) -> None:
        """Chooses operators without telling."""
        before, self.operators = self.current, tuple(names)
        if self._content is not None:
            nodes = self.positions(self.operators)
            if self.position not in nodes:
                self.current = self._content.nodes[nodes[0]].name if nodes else ""
        self.show()
        if self.current != before:
            self.moved.emit()

    def highlight(self, names: Iterable[str]) -> None:
        """Operators that are hovered, wherever."""
        self._hovered = tuple(names)
        self.show()

    def set_found(self, names: Sequence[str]) -> None:
        """Names of the nodes of the full content that a search has found."""
        self._found = names
        self.show()

    def choose(self, node: int) -> None:
        """The user chose a node; -1 lets go."""
        if self._content is None:
            return
        self.current = self._content.nodes[node].name if node >= 0 else ""
        self.select(self._content.nodes[node].operators if node >= 0 else ())
        self.chosen.emit(self.operators)
        self.moved.emit()

    def add(self, node: int) -> None:
        """The user adds a node to the chosen ones, or takes it away."""
        if self._content is None:
            return
        shown = self._content.nodes[node]
        already = set(shown.operators) <= set(self.operators)
        others = tuple(name for name in self.operators if name not in shown.operators)
        self.current = "" if already else shown.name
        self.select(others if already else (*others, *shown.operators))
        self.chosen.emit(self.operators)
        self.moved.emit()

    def positions(self, names: Iterable[str]) -> list[int]:
        """Nodes that stand for operators, each once, in the order of the names."""
        if self._content is None:
            return []
        return list(dict.fromkeys(i for name in names for i in self._content.of_operator.get(name, ())))

    def show(self) -> None:
        """Lets the canvas draw it."""
        if self._content is None:
            return
        found = (self._shown_position(name) for name in self._found)
        self._canvas.set_marks(
            Marks(
                selected=frozenset(self.positions(self.operators)),
                hovered=frozenset(self.positions(self._hovered)),
                found=frozenset(position for position in found if position is not None),
                cursor=self.position,
            )
        )

    def _shown_position(self, name: str) -> int | None:
        """Where a node of the full content is, or the collapsed block that it is in."""
        assert self._content is not None
        assert self._full is not None
        if name in self._content.index:
            return self._content.index[name]
        position = self._full.index.get(name)
        if position is None:
            return None
        operators = self._full.nodes[position].operators
        return next((self._content.of_operator[one][0] for one in operators if one in self._content.of_operator), None)
