from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from warploom.cost.table import OperatorFigures, TableCost, graph_of_dependencies, read_problem
from warploom.errors import ScheduleError
from warploom.schedule import Group, Stage

FIGURES = {"a": OperatorFigures(10, 0.5), "b": OperatorFigures(20, 0.25), "c": OperatorFigures(30, 1.0)}


def cost(*groups: str) -> float:
    stage = Stage(tuple(Group(tuple(group)) for group in groups))
    return TableCost(FIGURES, 2.0).stage_costs([stage])[0].median_us


def test_that_one_group_costs_the_sum_of_its_operators() -> None:
    assert cost("ab") == 30


def test_that_groups_cost_the_longest_of_them_when_they_fit() -> None:
    assert cost("a", "b") == 20 + 2


def test_that_groups_cost_their_area_when_they_do_not_fit() -> None:
    assert cost("ab", "c") == 10 * 0.5 + 20 * 0.25 + 30 + 2


def test_that_merging_is_impossible_in_a_table() -> None:
    assert TableCost(FIGURES, 2.0).stage_costs([Stage((Group(("a", "b"), merged=True),))])[0].median_us == math.inf


def test_that_a_problem_is_read_with_its_dependencies(tmp_path: Path) -> None:
    path = tmp_path / "problem.json"
    operator = {"op": "conv", "preds": [], "cost_ms": 0.5, "occupancy": 0.5}
    parts = [[operator, {**operator, "preds": [0]}], [operator]]
    path.write_text(json.dumps({"network": "tiny", "expected": {}, "parts": parts}))
    problem = read_problem(path)
    problem.graph.verify()
    assert problem.parts == ((0, 1), (2,))
    assert problem.graph.predecessors == ((), (0,), ())
    assert problem.cost_model.stage_costs([Stage((Group(("p0.0",)),))])[0].median_us == 500


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"network": "x", "parts": [[{"preds": [3]}]], "expected": {}}'])
def test_that_other_files_are_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(ScheduleError, match=r"broken\.json"):
        read_problem(path)


def test_that_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ScheduleError, match=r"missing\.json"):
        read_problem(tmp_path / "missing.json")


def test_that_a_graph_of_dependencies_is_whole() -> None:
    graph = graph_of_dependencies("g", [("a", []), ("b", ["a"]), ("c", ["a"])])
    graph.verify()
    assert graph.outputs == ("b:0", "c:0")
