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
from warploom.worker.errors_of_outputs import Array, largest_error, tolerance_for
from warploom.worker.load import LoadedModel

if TYPE_CHECKING:
    from warploom.device import Device
    from warploom.importer.random_weights import Replacement
    from warploom.schedule import Launch, StreamPlan

SEED = 1
"""Of the inputs, and of weights that the file leaves out."""

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
        graph, inputs, reference = _reference(model, context)
        tolerance = tolerance_for(graph, precision)
        errors = _errors(plans, graph, device, precision, inputs, reference, tolerance, context)
    except (ModelImportError, UnsupportedOperatorError) as error:
        context.note([LogEntry("verify", (model.imported.name,), NO_REFERENCE, str(error))])
        return {}
    checks = {name: OutputCheck(error, tolerance) for name, error in errors.items()}
    context.note(_entries(checks, plans, time.perf_counter() - started))
    return checks


def _reference(model: LoadedModel, context: JobContext) -> tuple[Graph, dict[str, Array], dict[str, Array]]:
    """The graph to execute, its inputs, and the outputs of the original model for them."""
    from warploom.importer.reference import random_inputs, reference_outputs

    graph, replacements = graph_with_weights(model, context)
    inputs = random_inputs(graph, SEED)
    if context.cancelled():
        return graph, inputs, {}
    return graph, inputs, reference_outputs(model.imported.path, model.options, inputs, replacements=replacements)


def _errors(
    plans: Mapping[str, StreamPlan],
    graph: Graph,
    device: Device,
    precision: Precision,
    inputs: Mapping[str, Array],
    reference: Mapping[str, Array],
    tolerance: float,
    context: JobContext,
) -> dict[str, float]:
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
            known[plan.launches] = _error_of(plan, graph, device, precision, inputs, reference)
        errors[name] = known[plan.launches]
    return errors


def _error_of(
    plan: StreamPlan,
    graph: Graph,
    device: Device,
    precision: Precision,
    inputs: Mapping[str, Array],
    reference: Mapping[str, Array],
) -> float:
    """Error of one plan; infinite when it has a race, which is the plan's own fault."""
    try:
        with device.compile(graph, plan, precision) as executable:
            return largest_error(executable.run(inputs), reference)
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
