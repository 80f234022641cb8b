"""Table costs: stage costs computed from given figures per operator, for tests and the reference search problems."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from warploom.cost.protocol import Cost
from warploom.errors import ScheduleError
from warploom.graph import DType, Graph, Operator, OperatorKind, Primitive, Tensor
from warploom.schedule import Group, Stage


@dataclass(frozen=True, slots=True)
class OperatorFigures:
    """What a table says about one operator.

    Attributes:
        latency_us: Its latency alone.
        occupancy: The share of the device that it fills alone, in (0, 1].
    """

    latency_us: float
    occupancy: float


class TableCost:
    """A CostModel over a table of figures.

    One group costs the sum of its operators' latencies. Several groups run at once: they take as long as the longest
    of them, and at least as long as the device needs for the latency-weighted occupancy of all; and one barrier.
    """

    def __init__(self, figures: Mapping[str, OperatorFigures], barrier_us: float) -> None:
        self._figures = figures
        self._barrier_us = barrier_us
        self._groups: dict[tuple[str, ...], tuple[float, float]] = {}

    def stage_costs(self, stages: Sequence[Stage]) -> list[Cost]:
        """Costs without spread; a merged group costs infinity, for the table knows none."""
        return [Cost.exactly(self._latency(stage.groups)) for stage in stages]

    def _latency(self, groups: tuple[Group, ...]) -> float:
        longest = area = 0.0
        for group in groups:
            if group.merged:
                return float("inf")
            sums = self._groups.get(group.operators) or self._sums(group.operators)
            longest = max(longest, sums[0])
            area += sums[1]
        return longest if len(groups) == 1 else max(longest, area) + self._barrier_us

    def _sums(self, names: tuple[str, ...]) -> tuple[float, float]:
        figures = [self._figures[name] for name in names]
        latency = sum(entry.latency_us for entry in figures)
        sums = (latency, sum(entry.latency_us * entry.occupancy for entry in figures))
        self._groups[names] = sums
        return sums


@dataclass(frozen=True, slots=True)
class TableProblem:
    """A search problem with a table cost.

    Attributes:
        graph: Operators that have names and dependencies and compute nothing worthwhile.
        parts: Positions of the operators of each part, searched one after another.
        cost_model: The table.
        expected: By limits ("r=3,s=8") what the original search found.
    """

    graph: Graph
    parts: tuple[tuple[int, ...], ...]
    cost_model: TableCost
    expected: Mapping[str, Mapping[str, float]]


_REFERENCE_BARRIER_US = 10.0


def read_problem(path: Path) -> TableProblem:
    """Reads a reference problem (JSON with `network`, `parts` and `expected`; costs in milliseconds).

    Raises:
        ScheduleError: If the file cannot be read or is not such a problem.
    """
    try:
        document = json.loads(path.read_bytes())
        parts = [[(o["preds"], float(o["cost_ms"]), float(o["occupancy"])) for o in part] for part in document["parts"]]
        names = [[f"p{p}.{i}" for i in range(len(part))] for p, part in enumerate(parts)]
        figures = {
            names[p][i]: OperatorFigures(cost_ms * 1000, occupancy)
            for p, part in enumerate(parts)
            for i, (_, cost_ms, occupancy) in enumerate(part)
        }
        edges = [
            (names[p][i], [names[p][before] for before in predecessors])
            for p, part in enumerate(parts)
            for i, (predecessors, _, _) in enumerate(part)
        ]
        graph = graph_of_dependencies(str(document["network"]), edges)
        expected = document["expected"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ScheduleError(f"{path} is not a search problem: {error}.") from error
    positions = tuple(tuple(graph.index[name] for name in part) for part in names)
    return TableProblem(graph, positions, TableCost(figures, _REFERENCE_BARRIER_US), expected)


def graph_of_dependencies(name: str, edges: Iterable[tuple[str, Sequence[str]]]) -> Graph:
    """A Graph of operators that only have dependencies: each adds up the scalars of those named before it.

    Args:
        name: Of the graph.
        edges: Per operator, in topological order, its name and the names of those that it reads.
    """
    scalar = DType.FLOAT32
    operators: list[Operator] = []
    read: set[str] = set()
    for operator, before in edges:
        inputs = tuple(f"{earlier}:0" for earlier in before) or ("input",)
        body = Primitive("Sum", inputs, (f"{operator}:0",), source=operator)
        operators.append(Operator(operator, OperatorKind.POINTWISE, (body,), inputs, (), body.outputs, (operator,)))
        read.update(inputs)
    outputs = tuple(o.outputs[0] for o in operators if o.outputs[0] not in read)
    tensors = {t: Tensor(t, (), scalar) for o in operators for t in (*o.inputs, *o.outputs)} | {
        "input": Tensor("input", (), scalar)
    }
    return Graph(name, tuple(operators), tensors, {}, ("input",), outputs)
