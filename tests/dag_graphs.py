"""Small graphs for the tests of the graph view, and how to show one and wait."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from pytestqt.qtbot import QtBot

from warploom.graph import DType, Graph, OperatorKind, Primitive, Tensor, attributes
from warploom.graph.build import make_operator
from warploom_app.views.dag_view import DagView


def convolutions(reads: dict[str, list[str]], name: str = "test") -> Graph:
    """A graph of convolutions ("conv...") and additions; "x" is the graph's input."""
    shape = (1, 16, 8, 8)
    operators = []
    for operator, inputs in reads.items():
        conv = operator.startswith("conv")
        kernel = attributes(kernel_shape=(3, 3), strides=(2, 2)) if conv else ()
        names = [f"{item}:0" if item != "x" else "x" for item in inputs]
        body = [Primitive("Conv" if conv else "Add", tuple(names), (f"{operator}:0",), kernel, operator)]
        kind = OperatorKind.CONV if conv else OperatorKind.POINTWISE
        made = make_operator(operator, kind, body, constants={}, outputs=[f"{operator}:0"], sources=[operator])
        operators.append(made)
    tensors = {item: Tensor(item, shape, DType.FLOAT32) for item in ("x", *(f"{key}:0" for key in reads))}
    return Graph(name, tuple(operators), tensors, {}, ("x",), tuple(f"{key}:0" for key in list(reads)[-1:]))


DIAMOND = {"conv1": ["x"], "conv2": ["conv1"], "conv3": ["conv1"], "add": ["conv2", "conv3"]}


def diamonds(count: int) -> Graph:
    """One diamond after another: as many blocks, of four operators each."""
    reads: dict[str, list[str]] = {}
    before = "x"
    for i in range(count):
        reads |= {f"conv{i}a": [before], f"conv{i}b": [f"conv{i}a"], f"conv{i}c": [f"conv{i}a"]}
        reads[f"add{i}"] = [f"conv{i}b", f"conv{i}c"]
        before = f"add{i}"
    return convolutions(reads)


def show(qtbot: QtBot, view: DagView, graph: Graph) -> list[str]:
    """Shows a graph and waits for its last layout; returns the qualities in their order."""
    qualities: list[str] = []
    view.layout_ready.connect(qualities.append)
    view.set_graph(graph)
    qtbot.waitUntil(lambda: bool(qualities) and not view.laying_out, timeout=20_000)
    view.layout_ready.disconnect(qualities.append)
    return qualities


def widget_point(view: DagView, name: str) -> QPoint:
    """Where an operator's middle is on the canvas."""
    assert view.content is not None
    picture = view.canvas.picture
    assert picture is not None
    port = view.canvas.port
    return ((picture.geometry.rect(view.content.of_operator[name][0]).center() - port.origin) * port.scale).toPoint()


def settle(qtbot: QtBot, view: DagView) -> None:
    """Waits for the last layout."""
    qtbot.waitUntil(lambda: not view.laying_out, timeout=20_000)
