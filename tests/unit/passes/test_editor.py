from __future__ import annotations

from typing import Any

import pytest

from warploom.passes.editor import GraphEditor


@pytest.fixture
def editor(maker: Any) -> GraphEditor:
    x = maker.input("x", 1, 4, 5, 5)
    a = maker.add("Relu", "a", [x])
    b = maker.add("Neg", "b", [a])
    maker.add("Add", "c", [a, b])
    return GraphEditor(maker.graph("c"), "test")


def test_that_an_untouched_graph_is_returned_as_it_is(editor: GraphEditor) -> None:
    result = editor.finish()
    assert result.graph is editor.graph
    assert not result.changed


def test_that_readers_and_writers_follow_a_replacement(editor: GraphEditor) -> None:
    neg, add = editor["b"], editor["c"]
    fused = editor.make("fused", [*neg.body, *add.body], outputs=["c"], sources=[*neg.sources, *add.sources])
    editor.replace(["b", "c"], fused)
    assert editor.sole_reader("a") is fused
    assert editor.writer("c") is fused
    assert editor.writer("b") is None
    graph = editor.finish().graph
    graph.verify()
    assert [operator.name for operator in graph.operators] == ["a", "fused"]
    assert graph.operators[1].sources == ("node_b", "node_c")


def test_that_a_tensor_the_caller_reads_has_no_sole_reader(maker: Any) -> None:
    a = maker.add("Relu", "a", [maker.input("x", 1, 4)])
    maker.add("Neg", "b", [a])
    assert GraphEditor(maker.graph("a", "b"), "test").sole_reader("a") is None


def test_that_redirecting_leaves_no_reader_behind(editor: GraphEditor) -> None:
    editor.redirect("b", "a")
    assert not editor.readers["b"]
    assert editor["c"].inputs == ("a",)
    assert editor["c"].body[0].inputs == ("a", "a")


def test_that_new_names_never_collide(editor: GraphEditor) -> None:
    names = {editor.add_tensor("a", editor.tensors["a"]) for _ in range(3)}
    assert len(names) == 3
    assert "a" not in names


def test_that_operators_removed_on_the_way_are_skipped(editor: GraphEditor) -> None:
    seen = []
    for operator in editor.operators():
        seen.append(operator.name)
        if operator.name == "a":
            editor.redirect("b", "a")
            editor.remove("b")
    assert seen == ["a", "c"]
