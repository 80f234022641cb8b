"""What the graph's picture says and how it is coloured."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtGui import QColor

from warploom.graph import DType, FillConstant, Operator, OperatorKind, Primitive, Tensor, attributes
from warploom.graph.build import make_operator
from warploom.recording.recording import Recording
from warploom_app.presenters.dag_colours import ColourBy, colour_by, operator_latencies_us
from warploom_app.presenters.dag_nodes import alias_of, dag_blocks, dag_edges, dag_nodes, shape_text, title_of
from warploom_app.theme import DARK, LIGHT, Theme


def _operator(kind: OperatorKind, ops: list[str], name: str = "node_x", weights: tuple[str, ...] = ()) -> Operator:
    body = [Primitive(op, (f"v{i}", *(weights if i == 0 else ())), (f"v{i + 1}",), (), op) for i, op in enumerate(ops)]
    constants = {weight: FillConstant((1,), DType.FLOAT32, 0.0) for weight in weights}
    return make_operator(name, kind, body, constants=constants, outputs=[f"v{len(ops)}"], sources=ops)


@pytest.mark.parametrize(
    ("kind", "ops", "title"),
    [
        (OperatorKind.CONV, ["Conv", "Relu"], "Conv+Relu"),
        (OperatorKind.SEPARABLE, ["Relu", "Conv", "Conv", "Relu"], "Relu+SepConv+Relu"),
        (OperatorKind.DEPTHWISE, ["Conv", "Clip"], "DepthwiseConv+Clip"),
        (OperatorKind.CONCAT, ["Add", "Add", "Add", "Concat"], "Add x3+Concat"),
        (OperatorKind.POINTWISE, ["Mul", "Add", "Tanh", "Sub", "Div"], "Mul+Add+Tanh+2 more"),
        (OperatorKind.VIEW, ["Identity"], "Identity"),
        (OperatorKind.OTHER, ["com.example::Magic"], "Magic"),
    ],
)
def test_that_titles_name_what_is_fused(kind: OperatorKind, ops: list[str], title: str) -> None:
    assert title_of(_operator(kind, ops)) == title


@pytest.mark.parametrize(
    ("name", "weights", "alias"),
    [
        ("node_Conv_12", ("Mixed_5b.branch1x1.conv.weight",), "Mixed_5b.branch1x1"),
        ("n", ("cell.sep_1.depthwise.weight", "cell.sep_1.pointwise.weight"), "cell.sep_1"),
        ("n", ("conv.weight", "conv.bias"), "conv"),
        ("node_max_pool2d", (), "max_pool2d"),
        ("/features/Concat", (), "features/Concat"),
        ("node_a", ("onnx::Conv_497",), "a"),
    ],
)
def test_that_the_place_in_the_model_comes_from_the_weights(name: str, weights: tuple[str, ...], alias: str) -> None:
    assert alias_of(_operator(OperatorKind.CONV, ["Conv"], name, weights)) == alias


@pytest.mark.parametrize(
    ("shape", "text"), [((1, 160, 17, 17), "160 x 17 x 17"), ((8, 1000), "1000"), ((5,), "5"), ((), "scalar")]
)
def test_that_shapes_are_told_without_the_batch(shape: tuple[int, ...], text: str) -> None:
    assert shape_text(Tensor("t", shape, DType.FLOAT32)) == text


def test_that_nodes_and_edges_follow_the_graph(example_recording: Recording) -> None:
    graph = example_recording.graph
    nodes = {node.name: node for node in dag_nodes(graph)}
    assert list(nodes) == [operator.name for operator in graph.operators]
    assert (nodes["stem"].title, nodes["stem"].detail, nodes["stem"].shape) == ("Conv+Relu", "3x3", "64 x 28 x 28")
    assert "/stem/Conv" in nodes["stem"].description
    pairs = {(graph.operators[a].name, graph.operators[b].name) for a, b in dag_edges(graph)}
    assert ("m0/b2.1", "m0/b2.2") in pairs
    assert len(dag_edges(graph)) == sum(map(len, graph.predecessors))


def test_that_strides_are_told() -> None:
    operator = _operator(OperatorKind.POOL, ["MaxPool"])
    strided = Primitive("MaxPool", ("v0",), ("v1",), attributes(kernel_shape=(3, 2), strides=(2, 2)))
    from warploom.graph import Graph

    tensors = {name: Tensor(name, (1, 4, 4), DType.FLOAT32) for name in ("v0", "v1")}
    made = make_operator("p", operator.kind, [strided], constants={}, outputs=["v1"], sources=[])
    (node,) = dag_nodes(Graph("g", (made,), tensors, {}, ("v0",), ("v1",)))
    assert node.detail == "3x2 s2"


def test_that_blocks_cover_modules_but_never_nearly_everything(
    make_recording: Callable[..., Recording],
) -> None:
    graph = make_recording(modules=4).graph
    blocks = dag_blocks(graph)
    assert len(blocks) == 4
    assert all(3 <= len(block) <= 0.6 * len(graph.operators) for block in blocks)
    single = make_recording(modules=1).graph
    assert dag_blocks(single) == []


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("by", list(ColourBy))
def test_that_every_operator_has_a_colour_that_the_legend_explains(
    example_recording: Recording, by: ColourBy, theme: Theme
) -> None:
    graph, candidate = example_recording.graph, example_recording.candidates[-1]
    colouring = colour_by(by, graph, candidate, theme)
    assert set(colouring.colours) == {operator.name for operator in graph.operators}
    assert all(QColor(colour).isValid() for colour in colouring.colours.values())
    if colouring.legend.is_scale:
        assert colouring.legend.high.endswith(" us")
    else:
        assert set(colouring.colours.values()) <= {entry.colour for entry in colouring.legend.entries}


def test_that_without_a_candidate_colours_mean_kinds(example_recording: Recording) -> None:
    graph = example_recording.graph
    assert colour_by(ColourBy.STREAM, graph, None, LIGHT) == colour_by(ColourBy.KIND, graph, None, LIGHT)


def test_that_streams_have_the_colours_of_the_timelines(example_recording: Recording) -> None:
    candidate = example_recording.candidates[-1]
    colours = colour_by(ColourBy.STREAM, example_recording.graph, candidate, LIGHT).colours
    for launch in candidate.plan.launches:
        assert {colours[name] for name in launch.operators} == {LIGHT.stream(launch.stream)}


def test_that_an_operator_takes_from_its_first_kernel_to_its_last(make_recording: Callable[..., Recording]) -> None:
    candidate = make_recording(modules=1, spans_per_launch=3).candidates[-1]
    latencies, spans = operator_latencies_us(candidate), candidate.timeline.spans
    for i, launch in enumerate(candidate.plan.launches):
        mine = spans.launch == i
        expected = (spans.end_ns[mine].max() - spans.start_ns[mine].min()) / 1000
        assert {latencies[name] for name in launch.operators} == {expected}


def test_that_the_slowest_operator_has_the_end_of_the_scale(example_recording: Recording) -> None:
    candidate = example_recording.candidates[0]
    latencies = operator_latencies_us(candidate)
    slowest = max(latencies, key=latencies.__getitem__)
    colours = colour_by(ColourBy.LATENCY, example_recording.graph, candidate, LIGHT).colours
    assert colours[slowest] == LIGHT.ramp_colour(1.0)
