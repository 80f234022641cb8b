"""The critical-path floor: the longest path, not the widest level, and nothing where a latency is missing."""

from __future__ import annotations

from collections.abc import Callable

from warploom.graph import Graph
from warploom.schedule.floor import critical_path

MakeGraph = Callable[[dict[str, str]], Graph]


def test_that_the_floor_is_the_longest_path_by_latency(make_graph: MakeGraph) -> None:
    graph = make_graph({"a": "", "b": "a", "c": "a", "d": "b", "e": "c d", "f": ""})
    solo = {"a": 1.0, "b": 2.0, "c": 9.0, "d": 3.0, "e": 1.0, "f": 10.5}
    assert critical_path(graph, solo) == (11.0, ("a", "c", "e"))
    assert critical_path(graph, solo | {"f": 12.0}) == (12.0, ("f",))


def test_that_there_is_no_floor_where_a_latency_is_missing(make_graph: MakeGraph) -> None:
    assert critical_path(make_graph({"a": "", "b": "a"}), {"a": 1.0}) == (0.0, ())
