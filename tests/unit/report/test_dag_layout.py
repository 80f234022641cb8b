"""The layered picture of the graph: nothing overlaps, edges go down, nothing drifts."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warploom.recording.recording import Recording
from warploom.report import dag_layout
from warploom.report.dag_layout import NODE_GAP, NODE_HEIGHT, NODE_WIDTH, DagLayout, layout_dag

Dag = list[list[int]]


@st.composite
def dags(draw: st.DrawFn) -> Dag:
    count = draw(st.integers(1, 18))
    return [sorted(draw(st.sets(st.integers(0, node - 1), max_size=3))) if node else [] for node in range(count)]


def assert_readable(layout: DagLayout, dag: Dag) -> None:
    for (x, y), (u, v) in itertools.combinations(layout.centres, 2):
        assert abs(y - v) >= NODE_HEIGHT or abs(x - u) >= NODE_WIDTH + NODE_GAP - 1e-6
    for x, y in layout.centres:
        assert NODE_WIDTH / 2 - 1e-6 <= x <= layout.width - NODE_WIDTH / 2 + 1e-6
        assert NODE_HEIGHT / 2 <= y <= layout.height - NODE_HEIGHT / 2
    assert {(start, end) for start, end, _ in layout.edges} == {(b, i) for i, before in enumerate(dag) for b in before}
    for start, end, points in layout.edges:
        heights = [y for _, y in points]
        assert heights == sorted(heights)
        assert points[0] == (layout.centres[start][0], layout.centres[start][1] + NODE_HEIGHT / 2)
        assert points[-1] == (layout.centres[end][0], layout.centres[end][1] - NODE_HEIGHT / 2)


@given(dag=dags())
def test_that_any_dag_is_laid_out_readably(dag: Dag) -> None:
    assert_readable(layout_dag(dag), dag)


@given(dag=dags())
def test_that_the_picture_does_not_depend_on_chance(dag: Dag) -> None:
    assert layout_dag(dag) == layout_dag(dag)


def test_that_nothing_gives_an_empty_picture() -> None:
    assert layout_dag([]) == DagLayout((), (), 0.0, 0.0)


def test_that_a_chain_is_straight() -> None:
    layout = layout_dag([[], [0], [1], [2]])
    assert len({x for x, _ in layout.centres}) == 1
    assert layout.width == NODE_WIDTH


def test_that_a_long_network_does_not_drift_sideways(make_recording: Callable[..., Recording]) -> None:
    layout = layout_dag(make_recording(100).graph.predecessors)
    assert layout.width <= 4 * (NODE_WIDTH + NODE_GAP)


def test_that_too_many_bends_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    dag = [[], [0], [1], [2], [0, 3]]
    bent = layout_dag(dag)
    monkeypatch.setattr(dag_layout, "MOST_BENDS", 1)
    straight = layout_dag(dag)
    assert max(len(points) for _, _, points in bent.edges) == 5
    assert max(len(points) for _, _, points in straight.edges) == 2
