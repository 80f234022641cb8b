"""Compares what each candidate computes with the original model on onnxruntime, before one of them may be chosen."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warploom.errors import DeviceError
from warploom.graph import FillConstant, Graph, LogEntry, Precision
from warploom.worker.context import JobContext
from warploom.worker.errors_of_outputs import TOLERANCES, Array, largest_error
from warploom.worker.load import LoadedModel

if TYPE_CHECKING:
    from warploom.device import Device
    from warploom.importer.random_weights import Replacement
    from warploom.schedule import Launch, StreamPlan

SEED = 1
"""Of the inputs, and of weights that the file leaves out."""


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
    """Executes every distinct plan once and compares it with the reference.

    Args:
        plans: Candidates by name. Plans with the same launches are executed once.
        model: The model that they were made for.
        device: Executes them.
        precision: Decides the tolerance.
        context: Of the job. When the user cancels, plans that were not reached are left out of the result.

    Raises:
        WarploomError: If the reference itself cannot be computed.
    """
    from warploom.importer.reference import random_inputs, reference_outputs

    started = time.perf_counter()
    graph, replacements = _with_weights(model, context)
    if context.cancelled():
        return {}
    inputs = random_inputs(graph, SEED)
    reference = reference_outputs(model.imported.path, model.options, inputs, replacements=replacements)
    tolerance = TOLERANCES[precision]
    known: dict[tuple[Launch, ...], float] = {}
    checks: dict[str, OutputCheck] = {}
    for name, plan in plans.items():
        if context.cancelled():
            break
        if plan.launches not in known:
            known[plan.launches] = _error_of(plan, graph, device, precision, inputs, reference)
        checks[name] = OutputCheck(known[plan.launches], tolerance)
    context.note(_entries(checks, len(known), time.perf_counter() - started))
    return checks


def _error_of(
    plan: StreamPlan,
    graph: Graph,
    device: Device,
    precision: Precision,
    inputs: Mapping[str, Array],
    reference: Mapping[str, Array],
) -> float:
    with device.compile(graph, plan, precision) as executable:
        return largest_error(executable.run(inputs), reference)


def _with_weights(model: LoadedModel, context: JobContext) -> tuple[Graph, tuple[Replacement, ...]]:
    """The graph with weights that make a comparison mean something, and what the reference needs to have the same."""
    if not has_symbolic_weights(model.graph):
        return model.graph, ()
    from warploom.importer.random_weights import apply_replacements, find_replacements
    from warploom.passes.pipeline import optimize_graph

    context.note([_random_weights_entry(model)])
    replacements = find_replacements(model.imported.graph, SEED)
    graph = optimize_graph(apply_replacements(model.imported.graph, replacements)).graph
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


def _entries(checks: Mapping[str, OutputCheck], executed: int, seconds: float) -> Sequence[LogEntry]:
    entries = [
        LogEntry(
            "verify",
            (name,),
            "verified" if check.passed else "rejected",
            f"relative error {check.error:.1e} of the outputs against onnxruntime, {check.tolerance:.1e} allowed",
        )
        for name, check in checks.items()
    ]
    summary = f"{executed} distinct plans executed in {seconds:.1f} s"
    return [*entries, LogEntry("verify", tuple(checks), "compared", summary)]
