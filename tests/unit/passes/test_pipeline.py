from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from warploom.errors import GraphError
from warploom.graph import Graph
from warploom.passes import pipeline
from warploom.passes.pipeline import optimize_graph
from warploom.passes.result import PassResult


def broken(graph: Graph) -> PassResult:
    """A pass that loses an operator."""
    return PassResult(dataclasses.replace(graph, operators=graph.operators[1:]), changed=True)


@pytest.fixture
def graph(maker: Any) -> Graph:
    maker.add("Relu", "a", [maker.input("x", 1, 4)])
    maker.add("Softmax", "b", ["a"], axis=1)
    return maker.graph("b")


def test_that_debug_mode_finds_a_pass_that_breaks_the_graph(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "PASSES", (broken,))
    monkeypatch.setenv("WARPLOOM_DEBUG", "1")
    with pytest.raises(GraphError):
        optimize_graph(graph)
    monkeypatch.setenv("WARPLOOM_DEBUG", "0")
    assert optimize_graph(graph).changed


def test_that_a_graph_with_nothing_to_do_comes_back_itself(graph: Graph) -> None:
    result = optimize_graph(graph, verify=True)
    assert result.graph is graph
    assert not result.changed


def test_that_every_pass_says_its_name_in_the_log(maker: Any) -> None:
    x = maker.input("x", 1, 4, 6, 6)
    maker.conv("c", x, 4)
    maker.batch_norm("n", "c")
    maker.add("Relu", "r", ["n"])
    maker.add("Identity", "i", ["r"])
    maker.concat("cat", "i", x)
    log = optimize_graph(maker.graph("cat"), verify=True).log
    assert [entry.step for entry in log] == ["remove_no_ops", "fold_batch_norm", "fuse_epilogue"]
    assert all(entry.reason and entry.subject for entry in log)


def test_that_a_chain_of_many_operators_takes_time_in_proportion(maker: Any) -> None:
    """A rescan per rewrite would take minutes here, and recursion would not get through."""
    last = maker.input("x", 1, 2, 4, 4)
    for i in range(3000):
        last = maker.conv(f"c{i}", last, 2, fill=0.1, bias=False)
        last = maker.add("Relu", f"r{i}", [last])
    assert len(optimize_graph(maker.graph(last)).graph.operators) == 3000
