from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from warploom.errors import ScheduleError
from warploom.graph import Graph
from warploom.schedule import Group, Launch, Schedule, Stage, StreamPlan
from warploom.schedule.json_format import schedule_to_json
from warploom.schedule.plan_format import plan_from_json, plan_to_json
from warploom.schedule.saved import read_saved

MakeGraph = Callable[[dict[str, str]], Graph]

PLAN = StreamPlan(
    "local",
    (Launch(("left", "right"), 0), Launch(("middle",), 1), Launch(("join",), 0, (1,))),
)


def node(name: str, kind: str, channels: int, inputs: list[Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "output_shape": [channels, 6, 6], "inputs": inputs, "hint_name": name, **more}


def convolution(name: str, channels: int) -> dict[str, Any]:
    return node(name, "conv", channels, [[["0", 0, 4]]], kernel=[1, 1], stride=[1, 1], act="identity")


def ios_file(nodes: list[dict[str, Any]], exit_node: dict[str, Any], stages: list[Any]) -> dict[str, Any]:
    placeholder = {"type": "placeholder", "name": "0", "output_shape": [4, 6, 6]}
    block = {"enter_name": "0", "inner_nodes": nodes, "exit_node": exit_node, "stages": stages}
    return {"name": "theirs", "input": placeholder, "blocks": [block]}


def merged_file() -> dict[str, Any]:
    """All three convolutions of the fork merged; the last node's name says that there were three."""
    join = node("4", "identity", 6, [[["1", 3, 6]], [["1", 0, 1]], [["1", 1, 3]]])
    return ios_file([convolution("1", 6)], join, [[["1"]], [["4"]]])


def plain_file() -> dict[str, Any]:
    nodes = [convolution("1", 3), convolution("2", 1), convolution("3", 2)]
    join = node("4", "identity", 6, [[["2", 0, 1]], [["3", 0, 2]], [["1", 0, 3]]])
    return ios_file(nodes, join, [[["3"], ["2"]], [["1"]], [["4"]]])


def written(folder: Path, content: Any) -> Path:
    path = folder / "schedule.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def test_that_a_plan_survives_its_file(fork: Graph, tmp_path: Path) -> None:
    data = plan_to_json(PLAN, fork)
    assert plan_from_json(data, fork) == PLAN
    saved = read_saved(written(tmp_path, data), fork, "saved")
    assert (saved.plan.launches, saved.plan.name, saved.schedule) == (PLAN.launches, "saved", None)


def test_that_a_schedule_is_read_with_its_stages(fork: Graph, tmp_path: Path) -> None:
    stages = (Stage((Group(("left", "middle"), merged=True), Group(("right",)))), Stage((Group(("join",)),)))
    saved = read_saved(written(tmp_path, schedule_to_json(Schedule("s", stages), fork)), fork, "saved")
    assert saved.schedule is not None
    assert saved.schedule.stages == stages
    assert [launch.operators for launch in saved.plan.launches] == [("left", "middle"), ("right",), ("join",)]


@pytest.mark.parametrize(
    ("launches", "named"),
    [
        ([("left", 0, ())], "never executes the operator 'middle'"),
        ([("left", 0, ()), ("left", 0, ())], "'left' twice"),
        ([("nothing", 0, ())], "'nothing'"),
        ([("join", 0, ()), ("left", 0, ()), ("middle", 0, ()), ("right", 0, ())], "'join'"),
        ([("left", 0, ()), ("middle", 1, ()), ("right", 0, ()), ("join", 0, ())], "'middle'"),
        ([("left", 0, (5,)), ("middle", 0, ()), ("right", 0, ()), ("join", 0, ())], "'left'"),
    ],
)
def test_that_a_plan_that_does_not_fit_is_refused_with_the_operator(
    fork: Graph, tmp_path: Path, launches: list[Any], named: str
) -> None:
    document = {
        "format": "warploom-plan",
        "version": 1,
        "name": "p",
        "model": "m",
        "launches": [{"operators": [name], "stream": stream, "waits": waits} for name, stream, waits in launches],
    }
    with pytest.raises(ScheduleError, match=named) as caught:
        read_saved(written(tmp_path, document), fork, "saved")
    assert "schedule.json" in str(caught.value)


def test_that_a_plan_that_merges_what_cannot_be_merged_is_refused(make_graph: MakeGraph, tmp_path: Path) -> None:
    graph = make_graph({"a": "", "b": ""})
    with pytest.raises(ScheduleError, match="'a & b'"):
        read_saved(written(tmp_path, plan_to_json(StreamPlan("p", (Launch(("a", "b"), 0),)), graph)), graph, "saved")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"format": "other", "version": 1}', b'{"blocks": [1]}', b"\xff"]
)
def test_that_other_files_are_refused_with_their_name(fork: Graph, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ScheduleError, match=r"schedule\.json"):
        read_saved(written(tmp_path, content), fork, "saved")


def test_that_a_file_that_is_not_there_is_refused(fork: Graph, tmp_path: Path) -> None:
    with pytest.raises(ScheduleError, match="cannot be read: No such file"):
        read_saved(tmp_path / "none.json", fork, "saved")


def test_that_nodes_of_ios_are_found_by_structure(fork: Graph, tmp_path: Path) -> None:
    saved = read_saved(written(tmp_path, plain_file()), fork, "saved")
    assert saved.schedule is not None
    assert saved.schedule.stages == (
        Stage((Group(("middle",)), Group(("left",)))),
        Stage((Group(("right",)),)),
        Stage((Group(("join",)),)),
    )
    assert "of the original IOS" in saved.origin


def test_that_merged_nodes_of_ios_become_merged_groups(fork: Graph, tmp_path: Path) -> None:
    saved = read_saved(written(tmp_path, merged_file()), fork, "saved")
    assert [launch.operators for launch in saved.plan.launches] == [("left", "middle", "right"), ("join",)]


def change(document: dict[str, Any], what: str) -> dict[str, Any]:
    block = document["blocks"][0]
    if what == "shape":
        block["inner_nodes"][1]["output_shape"] = [1, 5, 5]
    elif what == "window":
        block["inner_nodes"][1]["kernel"] = [3, 3]
    elif what == "kind":
        block["inner_nodes"][1]["type"] = "transformer"
    elif what == "missing":
        block["stages"] = [[["3"]], [["1"]], [["4"]]]
    elif what == "repeated":
        block["stages"] = [[["3"], ["2"]], [["1"], ["2"]], [["4"]]]
    elif what == "early":
        block["stages"] = [[["4"]], [["3"], ["2"]], [["1"]]]
    elif what == "unknown":
        block["stages"] = [[["3"], ["2"]], [["1"]], [["4"], ["9"]]]
    elif what == "source":
        block["inner_nodes"][1]["inputs"] = [[["8", 0, 4]]]
    elif what == "channels":
        block["exit_node"]["inputs"][0] = [["2", 0, 7]]
    elif what == "cycle":
        block["inner_nodes"][1]["inputs"] = [[["4", 0, 6]]]
    return document


@pytest.mark.parametrize(
    ("what", "named"),
    [
        ("shape", "node 2 "),
        ("window", "node 2 "),
        ("kind", "'2'.*'transformer'"),
        ("missing", "'left'"),
        ("repeated", "'left'"),
        ("early", "'join'"),
        ("unknown", "'9'"),
        ("source", "'2'.*'8'"),
        ("channels", "'4'.*'2'"),
        ("cycle", "own result"),
    ],
)
def test_that_a_file_of_ios_that_does_not_fit_is_refused_with_the_node(
    fork: Graph, tmp_path: Path, what: str, named: str
) -> None:
    with pytest.raises(ScheduleError, match=named):
        read_saved(written(tmp_path, change(plain_file(), what)), fork, "saved")


def test_that_a_graph_with_other_operators_in_between_is_refused(make_graph: MakeGraph, tmp_path: Path) -> None:
    with pytest.raises(ScheduleError, match="made for another network"):
        read_saved(written(tmp_path, plain_file()), make_graph({"a": "", "b": "a"}), "saved")


@pytest.mark.parametrize(("file", "stages", "merged"), [("v100", 55, 9), ("k80", 46, 5), ("32", 45, 4)])
def test_that_the_files_of_the_original_repository_fit_our_inception(
    shared_path: Path, repository: Path, file: str, stages: int, merged: int
) -> None:
    from warploom.importer.load import import_model
    from warploom.passes.pipeline import optimize_graph

    graph = optimize_graph(import_model(repository / "sample_models" / "inception_v3_light.onnx").graph).graph
    saved = read_saved(shared_path / "reference" / "ios_schedules" / f"{file}.json", graph, "saved")
    saved.plan.verify(graph)
    assert saved.schedule is not None
    assert len(saved.schedule.stages) == stages
    assert sum(group.merged for stage in saved.schedule.stages for group in stage.groups) == merged
