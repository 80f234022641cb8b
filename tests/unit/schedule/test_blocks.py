from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from warploom.cost.table import graph_of_dependencies
from warploom.graph import Graph
from warploom.schedule.blocks import cut_vertices, find_blocks
from warploom.schedule.endings import enumerate_states
from warploom.schedule.part import Part
from warploom.schedule.waists import cut_into_pieces

MakeGraph = Callable[[dict[str, str]], Graph]


@st.composite
def graphs(draw: st.DrawFn, most: int = 14) -> Graph:
    count = draw(st.integers(0, most))
    edges = [(f"n{i}", [f"n{j}" for j in range(i) if draw(st.integers(0, 3)) == 0]) for i in range(count)]
    return graph_of_dependencies("random", edges)


@settings(deadline=None)
@given(graphs())
def test_that_cut_vertices_are_those_comparable_with_all_others(graph: Graph) -> None:
    digraph = graph.to_networkx()
    expected = [
        i
        for i, operator in enumerate(graph.operators)
        if 1 + len(nx.ancestors(digraph, operator.name)) + len(nx.descendants(digraph, operator.name)) == len(digraph)
    ]
    assert cut_vertices(graph) == expected


@settings(deadline=None)
@given(graphs())
def test_that_blocks_partition_the_graph_in_order_and_end_at_cut_vertices(graph: Graph) -> None:
    blocks = find_blocks(graph)
    assert [position for block in blocks for position in block] == list(range(len(graph.operators)))
    cuts = set(cut_vertices(graph))
    assert all(block[-1] in cuts for block in blocks[:-1])


def test_that_modules_between_joins_are_blocks_with_the_chain_in_front_of_them(make_graph: MakeGraph) -> None:
    graph = make_graph({"stem": "", "a": "stem", "b": "stem", "join": "a b", "c": "join", "d": "join", "end": "c d"})
    assert find_blocks(graph) == ((0, 1, 2, 3), (4, 5, 6))


def test_that_a_skip_connection_does_not_hide_that_nothing_runs_beside(make_graph: MakeGraph) -> None:
    assert cut_vertices(make_graph({"a": "", "b": "a", "c": "a b"})) == [0, 1, 2]


def test_that_disconnected_parts_are_one_block(make_graph: MakeGraph) -> None:
    graph = make_graph({"a": "", "b": "a", "x": "", "y": "x"})
    assert find_blocks(graph) == ((0, 1, 2, 3),)


def test_that_two_outputs_stay_in_the_last_block(make_graph: MakeGraph) -> None:
    graph = make_graph({"a": "", "b": "a", "c": "b", "d": "b"})
    assert find_blocks(graph) == ((0, 1, 2, 3),)
    assert cut_vertices(graph) == [0, 1]


def test_that_a_long_chain_is_cut_in_linear_time() -> None:
    chain = graph_of_dependencies("chain", [(f"n{i}", [f"n{i - 1}"] if i else []) for i in range(5000)])
    start = time.process_time()
    blocks = find_blocks(chain)
    assert time.process_time() - start < 1
    assert max(map(len, blocks)) <= 32


def cells(count: int, branches: int = 5) -> Graph:
    """Like NASNet: each cell reads the two before it, in branches of two operators that it joins."""
    edges: list[tuple[str, list[str]]] = [("c0", []), ("c1", ["c0"])]
    for cell in range(2, count):
        for branch in range(branches):
            edges.append((f"c{cell}.{branch}.0", [f"c{cell - 1 - branch % 2}"]))
            edges.append((f"c{cell}.{branch}.1", [f"c{cell}.{branch}.0"]))
        edges.append((f"c{cell}", [f"c{cell}.{branch}.1" for branch in range(branches)]))
    return graph_of_dependencies("cells", edges)


def test_that_cells_reading_the_two_before_them_are_cut_apart_at_their_waists() -> None:
    graph = cells(20)
    assert max(map(len, find_blocks(graph))) > 150  # one block, as the paper counts it
    pieces = cut_into_pieces(graph, 20_000)
    assert sorted(position for piece in pieces for position in piece.positions) == list(range(len(graph.operators)))
    assert all(piece.crossing <= 2 for piece in pieces)
    for piece in pieces:
        assert enumerate_states(Part.of(graph, piece.positions), 20_000) is not None
        assert any("." not in graph.operators[position].name for position in piece.positions), "holds a whole cell"


@settings(deadline=None)
@given(graphs(most=20), st.integers(4, 60))
def test_that_pieces_follow_each_other_without_dependencies_backwards(graph: Graph, max_states: int) -> None:
    pieces = cut_into_pieces(graph, max_states)
    piece_of = {position: i for i, piece in enumerate(pieces) for position in piece.positions}
    assert len(piece_of) == len(graph.operators)
    for position, before in enumerate(graph.predecessors):
        assert all(piece_of[earlier] <= piece_of[position] for earlier in before)
    assert all(first.block <= second.block for first, second in pairwise(pieces))


def test_that_a_wide_fan_stays_whole() -> None:
    edges = [("root", []), *((f"b{i}.{j}", [f"b{i}.{j - 1}" if j else "root"]) for i in range(60) for j in range(5))]
    fan = graph_of_dependencies("fan", [*edges, ("end", [f"b{i}.4" for i in range(60)])])
    assert max(len(piece.positions) for piece in cut_into_pieces(fan, 20_000)) >= 300
