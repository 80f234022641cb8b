"""What the graph's picture says and how it is coloured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from PySide6.QtGui import QColor

from warploom.graph import DType, FillConstant, Graph, Operator, OperatorKind, Primitive, Tensor, attributes
from warploom.graph.build import make_operator
from warploom.recording.recording import Recording
from warploom.schedule import StreamPlan
from warploom_app.presenters.colouring import colouring
from warploom_app.presenters.dag_colours import (
    ColourBy,
    colour_by,
    node_colours,
    operator_latencies_us,
    operator_warps,
)
from warploom_app.presenters.dag_content import (
    DagContent,
    Detail,
    collapse,
    collapsible_blocks,
    full_content,
    with_latencies,
)
from warploom_app.presenters.dag_nodes import DagNode, alias_of, dag_edges, dag_nodes, shape_text, title_of
from warploom_app.presenters.dag_search import SearchIn, SearchQuery, search
from warploom_app.presenters.results import make_results
from warploom_app.presenters.why import why
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
        (OperatorKind.CONCAT, ["Add", "Add", "Add", "Concat"], "Add ×3+Concat"),
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
    ("shape", "text"), [((1, 160, 17, 17), "160 × 17 × 17"), ((8, 1000), "1000"), ((5,), "5"), ((), "scalar")]
)
def test_that_shapes_are_told_without_the_batch(shape: tuple[int, ...], text: str) -> None:
    assert shape_text(Tensor("t", shape, DType.FLOAT32)) == text


def test_that_nodes_and_edges_follow_the_graph(example_recording: Recording) -> None:
    graph = example_recording.graph
    nodes = {node.name: node for node in dag_nodes(graph)}
    assert list(nodes) == [operator.name for operator in graph.operators]
    assert (nodes["stem"].title, nodes["stem"].detail, nodes["stem"].shape) == ("Conv+Relu", "3×3", "64 × 28 × 28")
    assert "/stem/Conv" in nodes["stem"].description
    pairs = {(graph.operators[a].name, graph.operators[b].name) for a, b in dag_edges(graph)}
    assert ("m0/b2.1", "m0/b2.2") in pairs
    assert len(dag_edges(graph)) == sum(map(len, graph.predecessors))


def test_that_strides_are_told() -> None:
    operator = _operator(OperatorKind.POOL, ["MaxPool"])
    strided = Primitive("MaxPool", ("v0",), ("v1",), attributes(kernel_shape=(3, 2), strides=(2, 2)))
    tensors = {name: Tensor(name, (1, 4, 4), DType.FLOAT32) for name in ("v0", "v1")}
    made = make_operator("p", operator.kind, [strided], constants={}, outputs=["v1"], sources=[])
    (node,) = dag_nodes(Graph("g", (made,), tensors, {}, ("v0",), ("v1",)))
    assert node.detail == "3×2 s2"


def content(graph: Graph, detail: Detail = Detail.OPERATORS) -> DagContent:
    kept: list[DagContent] = []

    def steps() -> Iterator[None]:
        kept.append((yield from full_content(graph, detail, collapsible_blocks(graph))))

    for _ in steps():
        pass
    return kept[0]


def test_that_frames_cover_modules_but_never_nearly_everything(make_recording: Callable[..., Recording]) -> None:
    graph = make_recording(modules=4).graph
    blocks = content(graph).blocks
    assert len(blocks) == 4
    assert all(3 <= len(members) <= 0.6 * len(graph.operators) for _, members in blocks)
    assert content(make_recording(modules=1).graph).blocks == []


def test_that_collapsed_blocks_keep_every_operator_and_the_order(make_recording: Callable[..., Recording]) -> None:
    graph = make_recording(modules=4).graph
    full = content(graph)
    blocks = collapsible_blocks(graph)
    for chosen in ({1}, {0, 2}, set(blocks)):
        shown = collapse(full, frozenset(chosen))
        stacks = [node for node in shown.nodes if node.collapsed]
        assert {node.block for node in stacks} == chosen
        assert [name for node in shown.nodes for name in node.operators] == [one.name for one in graph.operators]
        assert all(a < b for a, b in shown.edges)
        expected = {
            (shown.of_operator[full.nodes[a].name][0], shown.of_operator[full.nodes[b].name][0]) for a, b in full.edges
        }
        assert set(shown.edges) == {(a, b) for a, b in expected if a != b}
        assert all(str(len(blocks[node.block])) in node.shape for node in stacks)
    assert collapse(full, frozenset()) is full


def test_that_a_collapsed_block_tells_its_latency(make_recording: Callable[..., Recording]) -> None:
    shown = collapse(content(make_recording(modules=4).graph), frozenset({1}))
    told = with_latencies(shown.nodes, {1: "41.2 µs", 2: "7 µs"})
    assert [node.alias for node in told if node.collapsed] == ["41.2 µs"]
    assert [node.name for node in told] == [node.name for node in shown.nodes]


def test_that_onnx_nodes_are_apart_again_and_lead_to_their_operators() -> None:
    from warploom.importer.load import import_model
    from warploom.passes.pipeline import optimize_graph
    from warploom.samples.bundled import bundled_models

    for path in bundled_models():
        graph = optimize_graph(import_model(path).graph).graph
        full = content(graph, Detail.ONNX_NODES)
        assert len({node.name for node in full.nodes}) == len(full.nodes)
        assert all(a < b for a, b in full.edges)
        assert set(full.of_operator) == set(graph.index)
        sources = {source for operator in graph.operators for source in operator.sources}
        assert sources <= set(full.of_source)
        for a, b in full.edges:  # an edge between ONNX nodes is inside an operator or along an edge between two
            ends = (full.nodes[a].operators, full.nodes[b].operators)
            positions = [[graph.index[name] for name in names] for names in ends]
            assert any(i == j or i in graph.predecessors[j] for i in positions[0] for j in positions[1]) or any(
                len(names) > 1 for names in ends
            )


def test_that_an_activation_repeated_in_its_readers_is_one_onnx_node() -> None:
    shape = (1, 4, 8, 8)
    weights = {name: FillConstant((4, 4, 1, 1), DType.FLOAT32, 1.0) for name in ("w1", "w2")}

    def reader(name: str, weight: str) -> Operator:
        own = f"relu@{name}"
        body = [Primitive("Relu", ("x",), (own,), (), "act"), Primitive("Conv", (own, weight), (name,), (), name)]
        return make_operator(name, OperatorKind.CONV, body, constants=weights, outputs=[name], sources=["act", name])

    tensors = {name: Tensor(name, shape, DType.FLOAT32) for name in ("x", "c1", "c2", "relu@c1", "relu@c2")}
    tensors |= {name: Tensor(name, (4, 4, 1, 1), DType.FLOAT32) for name in weights}
    graph = Graph("g", (reader("c1", "w1"), reader("c2", "w2")), tensors, weights, ("x",), ("c1", "c2"))
    full = content(graph, Detail.ONNX_NODES)
    assert [node.name for node in full.nodes] == ["act", "c1", "c2"]
    assert sorted(full.edges) == [(0, 1), (0, 2)]
    assert full.nodes[0].operators == ("c1", "c2")


def test_that_what_was_folded_away_is_named_by_what_it_went_into() -> None:
    body = [Primitive("Conv", ("x", "w"), ("y",), attributes(group=1), "conv1")]
    weights = {"w": FillConstant((4, 4, 1, 1), DType.FLOAT32, 1.0)}
    made = make_operator("conv1", OperatorKind.CONV, body, constants=weights, outputs=["y"], sources=["conv1", "bn1"])
    tensors = {name: Tensor(name, (1, 4, 8, 8), DType.FLOAT32) for name in ("x", "y")}
    tensors["w"] = Tensor("w", (4, 4, 1, 1), DType.FLOAT32)
    (node,) = content(Graph("g", (made,), tensors, weights, ("x",), ("y",)), Detail.ONNX_NODES).nodes
    assert node.sources == ("conv1", "bn1")
    assert "folded in: bn1" in node.description


def found(nodes: Sequence[DagNode], text: str, *, regex: bool = False, where: SearchIn = SearchIn.ANYWHERE) -> set[str]:
    names: list[str] = []
    for _ in search(nodes, SearchQuery(text, regex, where), names):
        pass
    return set(names)


def test_that_a_search_finds_names_types_and_shapes(example_recording: Recording) -> None:
    nodes = content(example_recording.graph).nodes
    assert found(nodes, "STEM") == {"stem"}
    assert found(nodes, "64 x 28 x 28", where=SearchIn.SHAPE) >= {"stem"}
    assert found(nodes, "64×28, 28", where=SearchIn.SHAPE) == found(nodes, "64 x 28 x 28", where=SearchIn.SHAPE)
    for typed in ("3x3", "3×3"):
        assert "stem" in found(nodes, typed, where=SearchIn.TYPE)
        assert "stem" in found(nodes, f"^conv.* {typed}$", regex=True, where=SearchIn.TYPE)
    assert found(nodes, "concat", where=SearchIn.TYPE) == {node.name for node in nodes if "Concat" in node.title}
    assert found(nodes, "m0 b2") == {node.name for node in nodes if "m0" in node.name and "b2" in node.name}
    assert found(nodes, r"^m\d/b2\.1$", regex=True) == {"m0/b2.1", "m1/b2.1"}
    assert found(nodes, r"^m\d/b2\.1$") == set()
    assert found(nodes, "stem", where=SearchIn.TYPE) == set()
    assert found(nodes, "  ") == set()


def test_that_a_wrong_expression_is_an_error_and_a_costly_one_ends() -> None:
    assert "at character 5" in SearchQuery("(abc", regex=True).error
    assert not SearchQuery("(abc").error
    assert found([], "(abc", regex=True) == set()
    long = DagNode("a" * 300, "conv", "Conv", "", "1", "a", "")
    assert found([long] * 40, "(a+)+b$", regex=True) == set()


def test_that_a_collapsed_block_shows_the_colours_of_what_is_inside(make_recording: Callable[..., Recording]) -> None:
    graph = make_recording(modules=4).graph
    shown = collapse(content(graph), frozenset({1}))
    (stack,) = [i for i, node in enumerate(shown.nodes) if node.collapsed]
    names = shown.nodes[stack].operators
    one = dict.fromkeys(graph.index, "#112233")
    assert node_colours(shown.nodes, graph, one, LIGHT).colours[stack] == "#112233"
    two = one | {names[0]: "#445566"}
    mixed = node_colours(shown.nodes, graph, two, LIGHT)
    assert mixed.colours[stack] == LIGHT.hairline
    assert mixed.shares[stack][0] == ("#112233", pytest.approx(1 - 1 / len(names)))
    assert mixed.shares[stack][1] == ("#445566", pytest.approx(1 / len(names)))
    assert node_colours(shown.nodes, graph, {}, LIGHT).colours[0] == LIGHT.muted


def test_that_warps_are_those_of_the_operators_own_stream(make_recording: Callable[..., Recording]) -> None:
    candidate = make_recording(modules=2).candidates[-1]
    warps, series = operator_warps(candidate), candidate.timeline.warps
    assert set(warps) == {name for launch in candidate.plan.launches for name in launch.operators}
    highest = {int(stream): float(series.warps[row].max()) for row, stream in enumerate(series.streams)}
    for launch in candidate.plan.launches:
        for name in launch.operators:
            assert 0 <= warps[name] <= highest[launch.stream]
    assert max(warps.values()) > 0


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
        unit = (" µs", " ms") if by is ColourBy.LATENCY else tuple("0123456789")
        assert colouring.legend.high.endswith(unit)
    else:
        assert set(colouring.colours.values()) <= {entry.colour for entry in colouring.legend.entries}


def test_that_a_schedule_without_stages_is_coloured_by_its_episodes(example_recording: Recording) -> None:
    free = [replace(launch, stage=-1) for launch in example_recording.candidates[-1].plan.launches]
    last = replace(example_recording.candidates[-1], plan=StreamPlan("free", tuple(free)))
    changed = replace(example_recording, candidates=(*example_recording.candidates[:-1], last))
    pair = make_results(changed).pair((changed.sequential.name, last.name))
    found = colouring(ColourBy.STAGE, pair, LIGHT)
    assert found is not None
    assert set(found.colours) == {operator.name for operator in changed.graph.operators}
    assert set(found.colours.values()) == {entry.colour for entry in found.legend.entries}
    assert "episodes" in found.legend.title
    assert any("no stages" in text for text in why(pair, {}).caveats)


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
