"""What holds for every layout, quick or refined."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warploom_app.layout import LayoutRequest, LayoutResult, quick_layout, refined_layout

Layout = Callable[[LayoutRequest], LayoutResult]
both = pytest.mark.parametrize("layout", [quick_layout, refined_layout])


def _request(nodes: int, edges: list[tuple[int, int]], widths: list[float] | None = None) -> LayoutRequest:
    return LayoutRequest(widths or [100.0 + 10 * (i % 5) for i in range(nodes)], [50.0] * nodes, edges)


@st.composite
def requests(draw: st.DrawFn) -> LayoutRequest:
    nodes = draw(st.integers(0, 24))
    pairs = st.tuples(st.integers(0, max(0, nodes - 1)), st.integers(0, max(0, nodes - 1)))
    edges = draw(st.sets(pairs.map(lambda pair: (min(pair), max(pair))).filter(lambda e: e[0] != e[1]), max_size=48))
    widths = draw(st.lists(st.floats(20, 300), min_size=nodes, max_size=nodes))
    return _request(nodes, sorted(edges) if nodes > 1 else [], widths)


def _boxes(request: LayoutRequest, result: LayoutResult) -> list[tuple[float, float, float, float]]:
    sizes = zip(request.widths, request.heights, strict=True)
    return [
        (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        for x, y, (width, height) in zip(result.x, result.y, sizes, strict=True)
    ]


def _check(request: LayoutRequest, result: LayoutResult) -> None:
    boxes = _boxes(request, result)
    for i, (left, top, right, bottom) in enumerate(boxes):
        assert left >= -0.01
        assert top >= -0.01
        assert right <= result.width + 0.01
        assert bottom <= result.height + 0.01
        for other_left, other_top, other_right, other_bottom in boxes[:i]:
            apart = right < other_left or other_right < left or bottom < other_top or other_bottom < top
            assert apart, "two operators overlap"
    routes = result.routes()
    assert len(routes) == len(request.edges)
    for (source, target), route in zip(request.edges, routes, strict=True):
        _check_route(boxes, source, target, route)


def _check_route(
    boxes: list[tuple[float, float, float, float]], source: int, target: int, route: list[tuple[float, float]]
) -> None:
    assert len(route) >= 2
    assert len(route) % 2 == 0
    assert route[0][1] == pytest.approx(boxes[source][3])
    assert route[-1][1] == pytest.approx(boxes[target][1])
    assert boxes[source][0] <= route[0][0] <= boxes[source][2]
    assert boxes[target][0] <= route[-1][0] <= boxes[target][2]
    heights = [y for _, y in route]
    assert heights == sorted(heights), "an edge goes up"
    assert heights[0] < heights[-1]
    for (x, top), (end_x, bottom) in zip(route[1:-1:2], route[2:-1:2], strict=True):
        assert x == end_x
        for left, box_top, right, box_bottom in boxes:
            assert not (left < x < right and top < box_bottom and bottom > box_top), "an edge runs through an operator"


@both
@settings(max_examples=60, deadline=None)
@given(request_=requests())
def test_that_edges_go_down_and_nothing_overlaps(layout: Layout, request_: LayoutRequest) -> None:
    _check(request_, layout(request_))


@both
def test_that_an_empty_graph_has_an_empty_picture(layout: Layout) -> None:
    result = layout(_request(0, []))
    assert (result.x, result.y, result.width, result.height) == ([], [], 0.0, 0.0)


@both
def test_that_one_operator_stands_in_the_corner(layout: Layout) -> None:
    result = layout(_request(1, []))
    assert (result.x, result.y, result.width, result.height) == ([50.0], [25.0], 100.0, 50.0)


@both
def test_that_a_chain_is_a_straight_line(layout: Layout) -> None:
    result = layout(_request(30, [(i, i + 1) for i in range(29)]))
    assert max(result.x) - min(result.x) < 0.01


@both
def test_that_sixty_branches_stand_side_by_side_and_do_not_cross(layout: Layout) -> None:
    edges = [(0, i) for i in range(1, 61)] + [(i, 61) for i in range(1, 61)]
    request = _request(62, edges)
    result = layout(request)
    _check(request, result)
    assert len(set(result.y[1:61])) == 1
    assert _crossings(result) == 0


@both
def test_that_parts_without_connection_are_packed_about_as_wide_as_high(layout: Layout) -> None:
    request = _request(400, [(2 * i, 2 * i + 1) for i in range(100)])
    result = layout(request)
    _check(request, result)
    assert 0.3 < result.width / result.height < 3.0


@both
def test_that_a_chain_of_five_thousand_is_laid_out_in_seconds(layout: Layout) -> None:
    result = layout(_request(5000, [(i, i + 1) for i in range(4999)]))
    assert result.y == sorted(result.y)
    assert result.seconds < 6.0


@both
def test_that_many_edges_across_the_whole_graph_do_not_explode(layout: Layout) -> None:
    nodes = 1500
    edges = sorted({(i, i + 1) for i in range(nodes - 1)} | {(i, nodes - 1) for i in range(nodes - 1)})
    result = layout(_request(nodes, edges))
    assert result.seconds < 6.0
    assert all(len(route) >= 2 for route in result.routes())


def test_that_edges_from_one_operator_share_their_trunk() -> None:
    chain = [(i, i + 1) for i in range(5)]
    request = _request(6, [*chain, (0, 4), (0, 5)])
    shorter, longer = quick_layout(request).routes()[-2:]
    assert shorter[1][0] == longer[1][0]


@both
def test_that_a_long_edge_past_a_chain_is_straight(layout: Layout) -> None:
    request = _request(12, [*((i, i + 1) for i in range(11)), (0, 11)])
    route = layout(request).routes()[-1]
    assert len(route) == 4


@both
def test_that_the_same_request_gives_the_same_picture(layout: Layout) -> None:
    request = _request(40, sorted({(i // 2, i) for i in range(1, 40)} | {(i, i + 3) for i in range(0, 37, 4)}))
    first, second = layout(request), layout(request)
    assert (first.x, first.y, first.route_points) == (second.x, second.y, second.route_points)


def test_that_the_refined_layout_does_not_cross_more_than_the_quick_one() -> None:
    edges = [(0, 1), (0, 2), (0, 3), (1, 6), (2, 4), (3, 5), (4, 7), (5, 7), (6, 7), (1, 7)]
    request = _request(8, edges)
    assert _crossings(refined_layout(request)) <= _crossings(quick_layout(request)) == 0


def _crossings(result: LayoutResult) -> int:
    curves = [(*a, *b) for route in result.routes() for a, b in zip(route[::2], route[1::2], strict=True)]
    crossings = 0
    for i, (x0, y0, x1, y1) in enumerate(curves):
        for other_x0, other_y0, other_x1, other_y1 in curves[:i]:
            same_gap = abs(y0 - other_y0) < 1 and abs(y1 - other_y1) < 1
            crossings += same_gap and (x0 - other_x0) * (x1 - other_x1) < 0
    return crossings
