"""Compares what each candidate computes with the original model on onnxruntime, before one of them may be chosen."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warploom.errors import DeviceError, ModelImportError, ScheduleError, UnsupportedOperatorError
from warploom.graph import FillConstant, Graph, LogEntry, Precision
from warploom.graph.work import operator_work
from warploom.report.remarks import NO_REFERENCE
from warploom.worker.context import JobContext
from warploom.worker.errors_of_outputs import (
    Array,
    deciding_precision,
    largest_error,
    rounded_inputs,
    tolerance_for,
)
from warploom.worker.load import LoadedModel

if TYPE_CHECKING:
    from warploom.device import Device
    from warploom.importer.random_weights import Replacement
    from warploom.schedule import Launch, StreamPlan

SEED = 1
"""Of the inputs, and of weights that the file leaves out."""

ROUNDINGS = 8
"""How many times the change that rounded inputs cause outputs may differ: every operator's results are rounded, too."""

MOST_TOLERATED = 0.1
"""No tolerance is widened beyond this: outputs that differ more are no evidence of anything."""

FLOPS_FOR_ALL = 200_000_000_000
"""All plans are executed on the CPU when that takes no more floating-point operations together (5 s on two cores)."""


@dataclass(frozen=True, slots=True)
class OutputCheck:
    """How far one candidate's outputs are from the reference.

    Attributes:
        error: Largest relative L2 error of any output.
        tolerance: What counts as the same.
    """

    error: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether the outputs are the same."""
        return self.error <= self.tolerance


def check_outputs(
    plans: Mapping[str, StreamPlan], model: LoadedModel, device: Device, precision: Precision, context: JobContext
) -> dict[str, OutputCheck]:
    """Executes distinct plans once each and compares them with the reference.

    Where that takes long on the CPU (`FLOPS_FOR_ALL`), it ends with the first plan that passes: the slower ones
    after it cannot win any more.

    Args:
        plans: Candidates by name, the fastest first. Plans with the same launches are executed once.
        model: The model that they were made for.
        device: Executes them.
        precision: Decides the tolerance.
        context: Of the job.

    Returns:
        Checks by name, of the plans that were reached before the user cancelled; empty where nothing can be compared
        because onnxruntime does not run the model (the build log says so).
    """
    started = time.perf_counter()
    try:
        reference = _reference(model, context)
        tolerance = tolerance_for(reference.graph, precision)
        errors = _errors(plans, reference, device, precision, tolerance, context)
    except (ModelImportError, UnsupportedOperatorError) as error:
        context.note([LogEntry("verify", (model.imported.name,), NO_REFERENCE, str(error))])
        return {}
    if any(tolerance < error <= MOST_TOLERATED for error in errors.values()) and not context.cancelled():
        tolerance = _widened(tolerance, reference, model, precision, context)
    checks = {name: OutputCheck(error, tolerance) for name, error in errors.items()}
    context.note(_entries(checks, plans, time.perf_counter() - started))
    return checks


@dataclass(frozen=True, slots=True)
class _Reference:
    """The graph to execute, what both sides have instead of its symbolic weights, inputs, and the right outputs."""

    graph: Graph
    replacements: tuple[Replacement, ...]
    inputs: dict[str, Array]
    outputs: dict[str, Array]


def _reference(model: LoadedModel, context: JobContext) -> _Reference:
    from warploom.importer.reference import random_inputs

    graph, replacements = graph_with_weights(model, context)
    inputs = random_inputs(graph, SEED)
    outputs = {} if context.cancelled() else _original(model, inputs, replacements)
    return _Reference(graph, replacements, inputs, outputs)


def _original(
    model: LoadedModel, inputs: Mapping[str, Array], replacements: tuple[Replacement, ...]
) -> dict[str, Array]:
    """Outputs of the original model."""
    from warploom.importer.reference import reference_outputs

    return reference_outputs(model.imported.path, model.options, inputs, replacements=replacements)


def _widened(
    tolerance: float, reference: _Reference, model: LoadedModel, precision: Precision, context: JobContext
) -> float:
    """The tolerance for a model that blows roundings up (as networks without training do), else the same.

    Inputs that differ by one rounding are the same inputs to any arithmetic of that precision. What this changes in the
    original model's outputs, nobody can compute better, and every operator on the way rounds again.
    """
    context.phase("verify", "how much the original model makes of roundings")
    inputs = rounded_inputs(reference.inputs, deciding_precision(reference.graph, precision))
    change = largest_error(_original(model, inputs, reference.replacements), reference.outputs)
    allowed = min(ROUNDINGS * change, MOST_TOLERATED)
    if allowed <= tolerance:
        return tolerance
    reason = (
        f"rounding its inputs changes the original model's own outputs by {change:.1e}; {allowed:.1e} is allowed "
        f"instead of {tolerance:.1e}"
    )
    context.note([LogEntry("verify", (model.imported.name,), "sensitive", reason)])
    return allowed


def _errors(
    plans: Mapping[str, StreamPlan],
    reference: _Reference,
    device: Device,
    precision: Precision,
    tolerance: float,
    context: JobContext,
) -> dict[str, float]:
    graph = reference.graph
    distinct = len({plan.launches for plan in plans.values()})
    check_all = distinct * sum(operator_work(graph, operator).flops for operator in graph.operators) <= FLOPS_FOR_ALL
    known: dict[tuple[Launch, ...], float] = {}
    errors: dict[str, float] = {}
    for name, plan in plans.items():
        if context.cancelled():
            break
        if plan.launches not in known:
            if not check_all and min(known.values(), default=math.inf) <= tolerance:
                continue
            context.phase("verify", f"{name} against onnxruntime on the original model")
            known[plan.launches] = _error_of(plan, reference, device, precision)
        errors[name] = known[plan.launches]
    return errors


def _error_of(plan: StreamPlan, reference: _Reference, device: Device, precision: Precision) -> float:
    """Error of one plan; infinite when it has a race, which is the plan's own fault."""
    try:
        with device.compile(reference.graph, plan, precision) as executable:
            return largest_error(executable.run(reference.inputs), reference.outputs)
    except ScheduleError:
        return math.inf


def graph_with_weights(model: LoadedModel, context: JobContext) -> tuple[Graph, tuple[Replacement, ...]]:
    """The graph with weights that make a comparison mean something, and what the reference needs to have the same."""
    if not has_symbolic_weights(model.imported.graph):
        return model.graph, ()
    from warploom.importer.random_weights import apply_replacements, find_replacements
    from warploom.passes.apply_precision import apply_precision
    from warploom.passes.pipeline import optimize_graph

    context.note([_random_weights_entry(model)])
    replacements = find_replacements(model.imported.graph, SEED)
    fused = optimize_graph(apply_replacements(model.imported.graph, replacements)).graph
    graph = apply_precision(fused, model.plan)
    if tuple(graph.index) != tuple(model.graph.index):
        raise DeviceError(
            f"The graph of {model.imported.name!r} with random weights differs from the one that was scheduled, so its "
            "outputs cannot be checked; --no-verify goes on without."
        )
    return graph, replacements


def has_symbolic_weights(graph: Graph) -> bool:
    """Whether some weight matrix is one value repeated, as in files that leave the weights out."""
    return any(isinstance(value, FillConstant) and len(value.shape) > 1 for value in graph.constants.values())


def _random_weights_entry(model: LoadedModel) -> LogEntry:
    return LogEntry(
        "verify",
        (model.imported.name,),
        "random weights",
        f"the file holds fills instead of weights; both sides of the comparison get the same random ones (seed {SEED})",
    )


def _entries(checks: Mapping[str, OutputCheck], plans: Mapping[str, StreamPlan], seconds: float) -> Sequence[LogEntry]:
    entries = [
        LogEntry(
            "verify",
            (name,),
            "verified" if check.passed else "rejected",
            f"relative error {check.error:.1e} of the outputs against onnxruntime, {check.tolerance:.1e} allowed",
        )
        for name, check in checks.items()
    ]
    if left_out := tuple(name for name in plans if name not in checks):
        reason = "the model is large, or the job was cancelled, and a slower schedule than a verified one cannot win"
        entries.append(LogEntry("verify", left_out, "not compared", reason))
    return [*entries, LogEntry("verify", tuple(checks), "compared", f"in {seconds:.1f} s")]
