from __future__ import annotations

import dataclasses

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warploom.cost.table import graph_of_dependencies
from warploom.errors import ScheduleError
from warploom.graph import Graph
from warploom.schedule import Group, Launch, Schedule, Stage, StreamPlan
from warploom.schedule.greedy import greedy_stages
from warploom.schedule.lowering import lower_schedule
from warploom.schedule.stream_plan import ByteRange
from warploom.schedule.verify import verify_plan, verify_schedule

DIAMOND = graph_of_dependencies("diamond", [("a", ()), ("b", ("a",)), ("c", ("a",)), ("d", ("b", "c"))])
PLAN = StreamPlan(
    "plan", (Launch(("a",), 0), Launch(("b",), 0), Launch(("c",), 1, waits=(0,)), Launch(("d",), 0, waits=(2,)))
)


def schedule(*stages: tuple[str, ...]) -> Schedule:
    """Stages of groups; a group is written as its operators' one-letter names."""
    return Schedule("test", tuple(Stage(tuple(Group(tuple(group)) for group in stage)) for stage in stages))


def launches(**changes: Launch) -> StreamPlan:
    """PLAN with launches replaced by operator name."""
    return StreamPlan("plan", tuple(changes.get(launch.name, launch) for launch in PLAN.launches))


@pytest.mark.parametrize(
    "good",
    [
        schedule(("a",), ("b", "c"), ("d",)),
        schedule(("ab",), ("cd",)),
        schedule(("acbd",)),
        schedule(("a",), ("c",), ("bd",)),
    ],
)
def test_that_a_schedule_in_order_of_dependencies_is_accepted(good: Schedule) -> None:
    verify_schedule(good, DIAMOND)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (schedule(("a",), ("b", "c")), "never executes the operator 'd'"),
        (schedule(("a",), ("b", "c"), ("d",), ("x",)), "'x', which the graph"),
        (schedule(("a",), ("b", "c"), ("b",), ("d",)), "'b' twice"),
        (schedule(("a",), ("b", "d"), ("c",)), "runs 'd' in stage 1 before 'b'"),
        (schedule(("ba",), ("c",), ("d",)), "runs 'b' in stage 0 before 'a'"),
        (schedule(("a",), (), ("b", "c"), ("d",)), "empty"),
    ],
)
def test_that_a_broken_schedule_is_refused_by_the_operator_at_fault(bad: Schedule, message: str) -> None:
    with pytest.raises(ScheduleError, match=message):
        verify_schedule(bad, DIAMOND)


def test_that_members_of_a_merged_group_must_not_depend_on_each_other() -> None:
    merged = Schedule("test", (Stage((Group(("a", "b"), merged=True),)), *schedule(("c",), ("d",)).stages))
    with pytest.raises(ScheduleError, match="runs 'b' in stage 0 before 'a'"):
        verify_schedule(merged, DIAMOND)


def test_that_block_numbers_must_match_the_stages() -> None:
    with pytest.raises(ScheduleError, match="block numbers"):
        verify_schedule(dataclasses.replace(schedule(("abcd",)), blocks=(0, 1)), DIAMOND)


def test_that_a_plan_with_all_waits_is_accepted() -> None:
    PLAN.verify(DIAMOND)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (launches(c=Launch(("c",), 1)), r"'c' \(launch 2\) reads 'a:0'.*'a' \(launch 0\)"),
        (launches(d=Launch(("d",), 0)), r"'d' \(launch 3\) reads 'c:0'.*'c' \(launch 2\)"),
        (launches(c=Launch(("c",), 1, waits=(3,))), r"Launch 2 \('c'\).* waits for launch 3"),
        (launches(c=Launch(("c",), 1, waits=(-1,))), "waits for launch -1"),
        (launches(c=Launch(("c",), -1, waits=(0,))), "stream -1"),
        (launches(c=Launch((), 1, waits=(0,))), "never executes the operator 'c'"),
        (launches(c=Launch(("b",), 1, waits=(0,))), "'b' twice"),
        (launches(c=Launch(("x",), 1, waits=(0,))), "'x'"),
        (StreamPlan("plan", PLAN.launches[:3]), "never executes the operator 'd'"),
        (StreamPlan("plan", (*PLAN.launches, Launch((), 0))), "Launch 4 .*executes nothing"),
        (launches(b=Launch(("b", "c"), 0), c=Launch(("d",), 0), d=Launch((), 0)), "Launch 3 .*executes nothing"),
    ],
)
def test_that_a_fault_in_a_plan_is_found_and_its_launches_named(bad: StreamPlan, message: str) -> None:
    with pytest.raises(ScheduleError, match=message):
        verify_plan(bad, DIAMOND)


def test_that_the_order_of_a_stream_and_waits_are_followed_transitively() -> None:
    plan = StreamPlan("plan", (Launch(("a",), 0), Launch(("b",), 1, (0,)), Launch(("c",), 2, (1,)), Launch(("d",), 2)))
    verify_plan(plan, DIAMOND)


def arena(**offsets: int) -> dict[str, ByteRange]:
    """Ten bytes per tensor."""
    return {f"{name}:0" if name != "input" else name: ByteRange(offset, 10) for name, offset in offsets.items()}


def test_that_an_arena_without_sharing_is_accepted() -> None:
    verify_plan(PLAN, DIAMOND, arena(a=0, b=10, c=20, d=30))


def test_that_bytes_may_be_used_again_after_their_last_reader() -> None:
    verify_plan(PLAN, DIAMOND, arena(a=0, b=10, c=20, d=0))


def test_that_in_place_writing_is_left_to_the_kernel() -> None:
    verify_plan(PLAN, DIAMOND, arena(a=0, b=10, c=20, d=10))


def test_that_two_outputs_of_one_launch_must_not_share_bytes(fork: Graph) -> None:
    plan = StreamPlan("plan", (Launch(("left", "right"), 0), Launch(("middle",), 0), Launch(("join",), 0)))
    verify_plan(plan, fork, arena(left=0, right=10, middle=20))
    with pytest.raises(ScheduleError, match="'left & right' \\(launch 0\\) writes"):
        verify_plan(plan, fork, arena(left=0, right=5, middle=20))


def test_that_two_unordered_writes_to_shared_bytes_are_found() -> None:
    with pytest.raises(ScheduleError, match=r"'[bc]' \(launch [12]\) writes '[bc]:0' over bytes of '[bc]:0'"):
        verify_plan(PLAN, DIAMOND, arena(a=0, b=10, c=19, d=30))


def test_that_a_write_beside_an_unordered_read_is_found() -> None:
    with pytest.raises(
        ScheduleError, match=r"'b' \(launch 1\) writes 'b:0' over bytes of 'a:0', which 'c' \(launch 2\)"
    ):
        verify_plan(PLAN, DIAMOND, arena(a=0, b=5, c=20, d=30))


def test_that_a_value_overwritten_in_good_order_before_it_is_read_is_found() -> None:
    one_stream = StreamPlan("plan", tuple(Launch((name,), 0) for name in "abcd"))
    verify_plan(one_stream, DIAMOND, arena(a=0, b=10, c=20, d=30))
    with pytest.raises(ScheduleError, match="writes 'c:0' over bytes of 'b:0'"):
        verify_plan(one_stream, DIAMOND, arena(a=0, b=10, c=15, d=30))


def test_that_outputs_of_the_graph_are_kept_until_the_end() -> None:
    two_outputs = graph_of_dependencies("two", [("a", ()), ("b", ())])
    plan = StreamPlan("plan", (Launch(("a",), 0), Launch(("b",), 0)))
    verify_plan(plan, two_outputs, arena(a=0, b=10))
    with pytest.raises(ScheduleError, match="the caller"):
        verify_plan(plan, two_outputs, arena(a=0, b=5))


def test_that_inputs_are_not_overwritten_before_their_last_reader() -> None:
    late = graph_of_dependencies("late", [("a", ()), ("b", ()), ("c", ("a", "b"))])
    plan = StreamPlan("plan", tuple(Launch((name,), 0) for name in "abc"))
    verify_plan(plan, late, arena(input=0, a=10, b=20, c=0))
    with pytest.raises(ScheduleError, match="writes 'a:0' over bytes of 'input'"):
        verify_plan(plan, late, arena(input=0, a=0, b=20, c=30))


@settings(deadline=None)
@given(st.data())
def test_that_dropping_any_wait_that_orders_a_dependency_is_found(data: st.DataObject) -> None:
    count = data.draw(st.integers(3, 9))
    edges = [(f"n{i}", [f"n{j}" for j in range(i) if data.draw(st.booleans())]) for i in range(count)]
    graph = graph_of_dependencies("random", edges)
    plan = lower_schedule(Schedule("greedy", greedy_stages(graph)), graph)
    verify_plan(plan, graph)
    waiting = [i for i, launch in enumerate(plan.launches) if launch.waits]
    if not waiting:
        return
    victim = data.draw(st.sampled_from(waiting))
    faulty = list(plan.launches)
    faulty[victim] = dataclasses.replace(faulty[victim], waits=())
    still_ordered = _ordered_reads(StreamPlan("faulty", tuple(faulty)), graph)
    if still_ordered:
        verify_plan(StreamPlan("faulty", tuple(faulty)), graph)
    else:
        with pytest.raises(ScheduleError, match="not ordered after"):
            verify_plan(StreamPlan("faulty", tuple(faulty)), graph)


def _ordered_reads(plan: StreamPlan, graph: Graph) -> bool:
    """The same question asked of networkx."""
    order: nx.DiGraph[int] = nx.DiGraph()
    order.add_nodes_from(range(len(plan.launches)))
    order.add_edges_from((j, i) for i, before in enumerate(plan.dependencies()) for j in before)
    at = {launch.name: i for i, launch in enumerate(plan.launches)}
    return all(
        nx.has_path(order, at[graph.operators[before].name], at[operator.name])
        for position, operator in enumerate(graph.operators)
        for before in graph.predecessors[position]
    )
