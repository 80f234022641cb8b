"""Runs cases on a device, many in one compiled plan, and finds the guilty ones when that plan fails."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from gpu_checks.cases import OPSET, Case, CaseModel, combine
from gpu_checks.compare import fault_of, tolerance_of
from gpu_checks.devices import compile_plan, is_lost, poison
from gpu_checks.plans import sequential_plan
from warploom.device.protocol import Device
from warploom.graph import Graph, Precision
from warploom.importer.load import import_model
from warploom.importer.options import ImportOptions
from warploom.importer.reference import reference_outputs
from warploom.passes.pipeline import optimize_graph
from warploom.schedule import StreamPlan

Array = npt.NDArray[Any]
Planner = Callable[[Graph, Sequence[Sequence[str]]], StreamPlan]

SEED = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one case.

    Attributes:
        case: Its name.
        status: "passed", "failed" or "unsupported".
        error: Largest relative L2 error of its outputs; infinite where there is none to give.
        message: What is wrong, or why the device does not run it.
        tolerance: What the error may be.
    """

    case: str
    status: str
    error: float
    message: str = ""
    tolerance: float = float("inf")


class DeviceLostError(Exception):
    """The GPU cannot be used by this process any more."""


def run_cases(
    device: Device,
    cases: Sequence[Case],
    precision: Precision,
    *,
    opset: int = OPSET,
    planner: Planner = sequential_plan,
    poisoned: bool = True,
) -> list[Outcome]:
    """Outcomes of cases, in their order.

    All are compiled and run together. Where that raises, each half is tried by itself, down to single cases.

    Args:
        device: Where.
        cases: With different names.
        precision: In which.
        opset: Of the models.
        planner: Makes the plan from the graph and the operators to merge.
        poisoned: Fill memory with NaN before the run (a sanitizer looks for unwritten memory itself).

    Raises:
        DeviceLostError: When the GPU is lost, with the cases that were running.
    """
    try:
        return _run_together(device, cases, precision, opset, planner, poisoned)
    except Exception as error:
        if is_lost(error):
            names = ", ".join(case.name for case in cases)
            raise DeviceLostError(f"{error} It was lost by one of: {names}") from error
        if len(cases) == 1:
            return [Outcome(cases[0].name, "failed", float("inf"), f"{type(error).__name__}: {error}")]
    middle = len(cases) // 2
    halves = (cases[:middle], cases[middle:])
    return [
        outcome
        for half in halves
        for outcome in run_cases(device, half, precision, opset=opset, planner=planner, poisoned=poisoned)
    ]


def _run_together(
    device: Device, cases: Sequence[Case], precision: Precision, opset: int, planner: Planner, poisoned: bool
) -> list[Outcome]:
    model = combine(cases, opset)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.onnx"
        path.write_bytes(model.proto.SerializeToString())
        graph = optimize_graph(import_model(path).graph, verify=True).graph
        values = model.values(SEED)
        expected = reference_outputs(path, ImportOptions(), values)
    refused = unsupported_cases(device, graph, precision)
    part = restrict(graph, {case.name for case in cases} - refused.keys())
    actual: dict[str, Array] = {}
    if part.operators:
        plan = planner(part, merged_operators(part, cases))
        with compile_plan(device, part, plan, precision) as executable:
            if poisoned:
                poison(executable)
            actual = executable.run({name: values[name] for name in part.inputs})
    tolerance = tolerance_of(precision)
    return [_outcome(case, model, refused, actual, expected, max(tolerance * case.slack, case.least)) for case in cases]


def _outcome(
    case: Case,
    model: CaseModel,
    refused: Mapping[str, str],
    actual: Mapping[str, Array],
    expected: Mapping[str, Array],
    tolerance: float,
) -> Outcome:
    if case.name in refused:
        return Outcome(case.name, "unsupported", float("inf"), refused[case.name])
    largest = 0.0
    for name in model.outputs[case.name]:
        fault, error = fault_of(actual.get(name), expected[name], tolerance)
        if fault:
            return Outcome(case.name, "failed", error, f"{name}: {fault}")
        largest = max(largest, error)
    return Outcome(case.name, "passed", largest, tolerance=tolerance)


def case_of(name: str) -> str:
    """The case that a tensor or operator belongs to."""
    return name.partition("/")[0]


def unsupported_cases(device: Device, graph: Graph, precision: Precision) -> dict[str, str]:
    """Reasons by case, for those with an operator that the device does not run."""
    refused: dict[str, str] = {}
    for operator in graph.operators:
        support = device.supports(graph, operator, precision)
        if not support.supported:
            refused[case_of(operator.outputs[0])] = f"{operator.label}: {support.reason}"
    return refused


def restrict(graph: Graph, cases: Collection[str]) -> Graph:
    """The part of a combined Graph that belongs to some of its cases."""

    def kept(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if case_of(name) in cases)

    part = Graph(
        name=graph.name,
        operators=tuple(operator for operator in graph.operators if case_of(operator.outputs[0]) in cases),
        tensors=graph.tensors,
        constants=graph.constants,
        inputs=kept(graph.inputs),
        outputs=kept(graph.outputs),
    )
    return part.replace()


def merged_operators(graph: Graph, cases: Sequence[Case]) -> list[tuple[str, ...]]:
    """Names of the operators that cases want merged into one launch."""
    groups: list[tuple[str, ...]] = []
    for case in cases:
        own = [operator.name for operator in graph.operators if case_of(operator.outputs[0]) == case.name]
        groups += [tuple(own[i] for i in positions) for positions in case.merges if own]
    return groups
