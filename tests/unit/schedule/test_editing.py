from __future__ import annotations

import dataclasses
from collections.abc import Callable

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warploom.cost.table import graph_of_dependencies
from warploom.errors import ScheduleError
from warploom.graph import Graph
from warploom.schedule import Group, Launch, Schedule, Stage, StreamPlan
from warploom.schedule.editing import stages, streams
from warploom.schedule.editing.history import Draft, History
from warploom.schedule.greedy import greedy_stages
from warploom.schedule.lowering import lower_schedule
from warploom.schedule.verify import verify_schedule

DIAMOND = graph_of_dependencies("diamond", [("a", ()), ("b", ("a",)), ("c", ("a",)), ("d", ("b", "c"))])


def schedule(*parts: tuple[str, ...], merged: str = "") -> Schedule:
    """Stages of groups; a group is written as its operators' one-letter names."""
    return Schedule(
        "test", tuple(Stage(tuple(Group(tuple(group), group == merged) for group in stage)) for stage in parts)
    )


def shape(result: Schedule) -> list[list[str]]:
    """The reverse of `schedule`, groups sorted."""
    return [sorted("".join(group.operators) for group in stage.groups) for stage in result.stages]


WIDE = schedule(("a",), ("b", "c"), ("d",))


def test_that_an_operator_moves_into_another_group_and_its_empty_stage_disappears() -> None:
    assert shape(stages.move_to_group(WIDE, DIAMOND, ["b"], 1, 1)) == [["a"], ["bc"], ["d"]]
    assert shape(stages.move_to_group(schedule(("a",), ("b",), ("cd",)), DIAMOND, ["b"], 2, 0)) == [["a"], ["bcd"]]


def test_that_operators_that_depend_on_each_other_are_never_put_side_by_side() -> None:
    with pytest.raises(ScheduleError, match="'c' reads what 'a' computes, so the two cannot run side by side in stage"):
        stages.move_to_group(WIDE, DIAMOND, ["a"], 1, 0)
    with pytest.raises(ScheduleError, match=r"'d' reads what 'b' computes.*side by side in stage 2"):
        stages.move_to_group(WIDE, DIAMOND, ["d"], 1)


def test_that_an_operator_never_moves_before_what_it_reads() -> None:
    with pytest.raises(ScheduleError, match="'b' reads what 'a' computes, so it cannot run in stage 1, before stage 2"):
        stages.move_to_new_stage(WIDE, DIAMOND, ["b"], 0)


def test_that_a_new_stage_holds_what_moves_in_groups_of_what_depends_on_each_other() -> None:
    apart = stages.move_to_new_stage(WIDE, DIAMOND, ["c"], 2)
    assert shape(apart) == [["a"], ["b"], ["c"], ["d"]]
    assert shape(stages.move_to_new_stage(apart, DIAMOND, ["c", "d"], 4)) == [["a"], ["b"], ["cd"]]


def test_that_neighbouring_stages_merge_and_what_depends_becomes_one_group() -> None:
    assert shape(stages.merge_stages(WIDE, DIAMOND, 0)) == [["abc"], ["d"]]
    with pytest.raises(ScheduleError, match="Stage 3 is the last one"):
        stages.merge_stages(WIDE, DIAMOND, 2)


def test_that_a_stage_splits_with_what_reads_the_later_part() -> None:
    one = schedule(("abcd",))
    assert shape(stages.split_stage(one, DIAMOND, 0, ["b"])) == [["ac"], ["bd"]]
    with pytest.raises(ScheduleError, match="nothing would stay"):
        stages.split_stage(one, DIAMOND, 0, ["a"])
    with pytest.raises(ScheduleError, match="'d' is not in stage 1"):
        stages.split_stage(WIDE, DIAMOND, 0, ["d"])


def test_that_block_numbers_follow_their_stages() -> None:
    numbered = Schedule("test", WIDE.stages, (0, 1, 2))
    assert stages.split_stage(numbered, DIAMOND, 1, ["c"]).blocks == (0, 1, 1, 2)
    assert stages.merge_stages(numbered, DIAMOND, 0).blocks == (0, 2)
    assert stages.move_to_new_stage(numbered, DIAMOND, ["c"], 1).blocks == (0, 1, 1, 2)


def test_that_convolutions_merge_and_part_and_others_say_why_not(fork: Graph) -> None:
    side_by_side = Schedule(
        "test", (Stage((Group(("left",)), Group(("middle",)), Group(("right",)))), Stage((Group(("join",)),)))
    )
    verify_schedule(side_by_side, fork)
    merged = stages.merge_operators(side_by_side, fork, ["right", "left"])
    assert merged.stages[0].groups == (Group(("middle",)), Group(("left", "right"), merged=True))
    assert stages.part_merged(merged, fork, 0, 1).stages[0].groups[1:] == (Group(("left",)), Group(("right",)))
    with pytest.raises(ScheduleError, match="cannot join: part them first"):
        stages.move_to_group(merged, fork, ["middle"], 0, 1)
    with pytest.raises(ScheduleError, match="'left', 'join' cannot be merged: 'join'"):
        stages.merge_operators(side_by_side, fork, ["left", "join"])
    left_alone = stages.move_to_group(merged, fork, ["right"], 0)
    assert left_alone.stages[0].groups[1] == Group(("left",)), "one operator is not merged with anything"


def test_that_streams_are_free_and_an_order_is_not() -> None:
    plan = lower_schedule(WIDE, DIAMOND)
    moved = streams.move_to_stream(plan, DIAMOND, ["d"], 2)
    assert [launch.stream for launch in moved.launches] == [0, 0, 1, 2]
    assert moved.launches[3].waits == (1, 2)
    earlier = streams.move_to_stream(plan, DIAMOND, ["c"], 0, before="b")
    assert [launch.name for launch in earlier.launches] == ["a", "c", "b", "d"]
    assert earlier.streams == 1
    with pytest.raises(ScheduleError, match="'d' reads what 'c' computes, so it cannot be launched before it"):
        streams.move_to_stream(plan, DIAMOND, ["d"], 0, before="c")
    with pytest.raises(ScheduleError, match="There is no stream 7"):
        streams.move_to_stream(plan, DIAMOND, ["d"], 7)


def test_that_a_moved_launch_keeps_its_kernel() -> None:
    plan = lower_schedule(WIDE, DIAMOND)
    chosen = dataclasses.replace(
        plan, launches=(*plan.launches[:-1], dataclasses.replace(plan.launches[-1], kernel="k"))
    )
    assert streams.move_to_stream(chosen, DIAMOND, ["d"], 2).launches[-1].kernel == "k"


def test_that_launches_merge_and_part(fork: Graph) -> None:
    plan = StreamPlan(
        "test",
        (Launch(("left",), 0), Launch(("middle",), 1), Launch(("right",), 2), Launch(("join",), 0, waits=(1, 2))),
    )
    merged = streams.merge_launches(plan, fork, ["left", "right"])
    assert [launch.name for launch in merged.launches] == ["left & right", "middle", "join"]
    parted = streams.part_launch(merged, fork, "right")
    assert [launch.name for launch in parted.launches] == ["left", "right", "middle", "join"]
    with pytest.raises(ScheduleError, match="'middle' is not merged"):
        streams.part_launch(merged, fork, "middle")


def test_that_undo_and_redo_walk_the_history_and_an_edit_forgets_what_was_undone() -> None:
    first = Draft.of(WIDE, DIAMOND)
    second = Draft.of(stages.merge_stages(WIDE, DIAMOND, 0), DIAMOND)
    history = History(first).edited("merge stages", second)
    assert (history.current, history.undo_label, history.redo_label) == (second, "merge stages", None)
    assert history.edited("nothing", second) is history
    undone = history.undone()
    assert (undone.current, undone.redo_label) == (first, "merge stages")
    assert undone.undone() == undone
    assert undone.redone().redone() == history
    third = Draft(streams.without_barriers(first.plan, DIAMOND))
    assert undone.edited("drop barriers", third).steps[0].label == "drop barriers"


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    count = draw(st.integers(2, 8))
    edges = [(f"n{i}", tuple(f"n{j}" for j in range(i) if draw(st.integers(0, 2)) == 0)) for i in range(count)]
    return graph_of_dependencies("random", edges)


def _accepted(edit: Callable[[], Schedule]) -> Schedule | None:
    try:
        return edit()
    except ScheduleError:
        return None


@settings(max_examples=150, deadline=None)
@given(graphs(), st.data())
def test_that_edits_yield_schedules_that_verify_and_refuse_only_what_does_not(
    graph: Graph, data: st.DataObject
) -> None:
    current = Schedule("random", tuple(greedy_stages(graph)))
    names = list(graph.index)
    for _ in range(4):
        count = len(current.stages)
        stage = data.draw(st.integers(0, count - 1))
        moving = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
        kind = data.draw(st.sampled_from(["group", "stage", "merge", "split"]))
        edit = {
            "group": lambda: stages.move_to_group(current, graph, moving, stage, 0),  # noqa: B023
            "stage": lambda: stages.move_to_new_stage(current, graph, moving, stage),  # noqa: B023
            "merge": lambda: stages.merge_stages(current, graph, stage),  # noqa: B023
            "split": lambda: stages.split_stage(current, graph, stage, current.stages[stage].operators[-1:]),  # noqa: B023
        }[kind]
        edited = _accepted(edit)
        if edited is None:
            if kind == "stage":
                assert not _fits(graph, current, moving, stage)
            continue
        verify_schedule(edited, graph)
        lower_schedule(edited, graph).verify(graph)
        current = edited


def _fits(graph: Graph, current: Schedule, moving: list[str], before: int) -> bool:
    """Whether operators may run between two stages: what they read is before, what reads them is after."""
    stage_of = {name: i for i, stage in enumerate(current.stages) for name in stage.operators}
    digraph = nx.DiGraph(
        (graph.operators[p].name, operator.name)
        for i, operator in enumerate(graph.operators)
        for p in graph.predecessors[i]
    )
    digraph.add_nodes_from(stage_of)
    return all(
        all(stage_of[p] < before for p in digraph.predecessors(name) if p not in moving)
        and all(stage_of[s] >= before for s in digraph.successors(name) if s not in moving)
        for name in moving
    )
