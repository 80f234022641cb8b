from __future__ import annotations

from collections.abc import Callable

import pytest

from warploom.errors import ScheduleError
from warploom.graph import Graph
from warploom.passes.merge import lower_merges
from warploom.schedule import Group, Launch, Schedule, Stage
from warploom.schedule.lowering import lower_schedule

MakeGraph = Callable[[dict[str, str]], Graph]


def stages(*written: str) -> tuple[Stage, ...]:
    """Each stage as groups separated by spaces; a group as its operators' one-letter names."""
    return tuple(Stage(tuple(Group(tuple(group)) for group in stage.split())) for stage in written)


def test_that_each_group_starts_behind_every_group_of_the_stage_before(make_graph: MakeGraph) -> None:
    graph = make_graph({"a": "", "b": "", "c": "a", "d": "b", "e": "b", "f": "c d e"})
    plan = lower_schedule(Schedule("s", stages("a b", "c d e", "f")), graph)
    assert plan.launches == (
        Launch(("a",), 0, (), 0),
        Launch(("b",), 1, (), 0),
        Launch(("c",), 0, (1,), 1),
        Launch(("d",), 1, (0,), 1),
        Launch(("e",), 2, (0, 1), 1),
        Launch(("f",), 0, (3, 4), 2),
    )
    plan.verify(graph)


def test_that_only_the_first_launch_of_a_group_waits(make_graph: MakeGraph) -> None:
    graph = make_graph({"a": "", "b": "", "c": "a", "d": "c", "e": "b"})
    plan = lower_schedule(Schedule("s", stages("a b", "cd e")), graph)
    assert [launch.waits for launch in plan.launches] == [(), (), (1,), (), (0,)]


def test_that_a_group_continues_on_the_stream_of_what_it_reads(make_graph: MakeGraph) -> None:
    graph = make_graph({"a": "", "b": "", "c": "b", "d": "a"})
    plan = lower_schedule(Schedule("s", stages("a b", "c d")), graph)
    assert {launch.name: launch.stream for launch in plan.launches} == {"a": 0, "b": 1, "c": 1, "d": 0}


def test_that_a_sequence_runs_on_one_stream_without_waits(make_graph: MakeGraph) -> None:
    graph = make_graph({"a": "", "b": "", "c": "a b"})
    plan = lower_schedule(Schedule("s", stages("a", "b", "c")), graph)
    assert plan.streams == 1
    assert not any(launch.waits for launch in plan.launches)


def test_that_a_merged_group_is_one_launch_that_the_merged_graph_names(fork: Graph) -> None:
    schedule = Schedule("s", (Stage((Group(("left", "right"), merged=True), Group(("middle",)))), *stages_of("join")))
    plan = lower_schedule(schedule, fork)
    assert [launch.operators for launch in plan.launches] == [("left", "right"), ("middle",), ("join",)]
    lowered = lower_merges(fork, plan)
    lowered.verify()
    assert [operator.name for operator in lowered.operators] == [launch.name for launch in plan.launches]
    assert lowered.operators[0].members == ("left", "right")


def stages_of(*names: str) -> tuple[Stage, ...]:
    return tuple(Stage((Group((name,)),)) for name in names)


def test_that_a_schedule_that_does_not_fit_is_refused(make_graph: MakeGraph) -> None:
    graph = make_graph({"a": "", "b": "a"})
    with pytest.raises(ScheduleError, match="'b'"):
        lower_schedule(Schedule("s", stages("a")), graph)
