from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from warploom.cost.table import graph_of_dependencies
from warploom.errors import ScheduleError
from warploom.graph import Graph
from warploom.schedule import Group, Schedule, Stage
from warploom.schedule.json_format import schedule_from_json, schedule_to_json

DIAMOND = graph_of_dependencies("diamond", [("a", []), ("b", ["a"]), ("c", ["a"]), ("d", ["b", "c"])])
SCHEDULE = Schedule(
    "ios-both",
    (Stage((Group(("a",)),)), Stage((Group(("b",)), Group(("c",)))), Stage((Group(("d",)),))),
    (0, 1, 1),
)


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads(schedule_to_json(SCHEDULE, DIAMOND))
    change(document)
    return json.dumps(document).encode()


def test_that_a_schedule_comes_back_as_it_was() -> None:
    assert schedule_from_json(schedule_to_json(SCHEDULE, DIAMOND), DIAMOND) == SCHEDULE


def test_that_merged_groups_and_missing_blocks_come_back(fork: Graph) -> None:
    merged = Stage((Group(("left", "right"), merged=True), Group(("middle",))))
    schedule = Schedule("s", (merged, Stage((Group(("join",)),))))
    assert schedule_from_json(schedule_to_json(schedule, fork), fork) == schedule


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["stages"][1]["groups"][0].update(operators=["x"]), "'x'"),
        (lambda d: d["stages"].pop(), "never executes the operator 'd'"),
        (lambda d: d["stages"].append(d["stages"][1]), "'b' twice"),
        (lambda d: d["stages"].reverse(), "runs 'd' in stage 0 before 'b'"),
        (lambda d: d["stages"][1]["groups"].clear(), "never executes the operator 'b'"),
        (lambda d: d["stages"][0].pop("block"), "with and without a block"),
        (lambda d: d["operators"].append("other"), "operator 'other' the model 'diamond' does not have"),
        (lambda d: d["operators"].remove("c"), "lacks the operator 'c'"),
        (lambda d: d.update(version=2), "version 2, newer than 1"),
        (lambda d: d.update(version="one"), "not a schedule file"),
        (lambda d: d.update(format="tune"), "'tune'"),
        (lambda d: d.pop("stages"), "stages"),
        (lambda d: d.update(stage=[]), "stage"),
    ],
)
def test_that_a_file_that_does_not_fit_is_refused_with_the_reason(change: Any, message: str) -> None:
    with pytest.raises(ScheduleError, match=message):
        schedule_from_json(changed(change), DIAMOND)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_that_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(ScheduleError, match="not a schedule file"):
        schedule_from_json(data, DIAMOND)


def test_that_a_merge_that_cannot_be_made_is_refused() -> None:
    data = changed(lambda d: d["stages"][1].update(groups=[{"operators": ["b", "c"], "merged": True}]))
    with pytest.raises(ScheduleError, match="merges 'b', 'c', but"):
        schedule_from_json(data, DIAMOND)


def test_that_an_invalid_schedule_is_not_written() -> None:
    with pytest.raises(ScheduleError, match="never executes"):
        schedule_to_json(Schedule("s", SCHEDULE.stages[:2]), DIAMOND)
