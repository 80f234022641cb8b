"""Makes the contents of a plan file: schedules frozen for a device, and the proof that rows may be filled up."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from warploom.device.protocol import Array
from warploom.device.serving import ServingDevice
from warploom.errors import PlanError
from warploom.graph import Graph, LogEntry, Precision
from warploom.recording.recording import ModelFingerprint
from warploom.schedule import StreamPlan
from warploom.serving.contents import PlanContents, PlanFacts, ShapeFacts, contents_of, ports

Run = Callable[[dict[str, Array]], dict[str, Array]]

_SEEDS = (11, 12)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One shape of a model with the schedule that won.

    Attributes:
        graph: The fused Graph, weights included.
        plan: What is executed.
        latency_us: Median latency when it was measured; None where nobody did.
    """

    graph: Graph
    plan: StreamPlan
    latency_us: float | None = None


def build_contents(
    model: ModelFingerprint,
    scheduled: Sequence[Scheduled],
    device: ServingDevice,
    precision: Precision,
    *,
    workspace_mb: int | None = None,
    prove_rows: bool = True,
) -> tuple[PlanContents, tuple[LogEntry, ...]]:
    """Freezes every shape for a device.

    Args:
        model: Which model.
        scheduled: Its shapes.
        device: What runs it.
        precision: Arithmetic of float operators.
        workspace_mb: The limit of workspaces that the device was opened with.
        prove_rows: Whether to find out, by running, that the rows of a batch do not depend on each other.

    Returns:
        The contents, and what was decided.

    Raises:
        UnsupportedOperatorError: Naming the operators that the device cannot run.
        PlanError: If two shapes are the same, or inputs and outputs are not called alike in all of them.
    """
    frozen = [device.freeze(one.graph, one.plan, precision) for one in scheduled]
    shapes = tuple(
        ShapeFacts(ports(one.graph, one.graph.inputs), ports(one.graph, one.graph.outputs), one.plan, one.latency_us)
        for one in scheduled
    )
    _check_alike(shapes)
    facts = PlanFacts(model, precision, device.info, device.stamp(), shapes, workspace_mb)
    contents = contents_of(facts, [one.graph for one in scheduled], frozen, model.name)
    if not prove_rows:
        return contents, ()
    return _with_proofs(contents, device)


def _check_alike(shapes: Sequence[ShapeFacts]) -> None:
    names = {(tuple(p.name for p in shape.inputs), tuple(p.name for p in shape.outputs)) for shape in shapes}
    if len(names) > 1:
        raise PlanError("The shapes have inputs or outputs of different names: a plan answers one model.")
    sizes = [tuple(port.shape for port in shape.inputs) for shape in shapes]
    if len(set(sizes)) < len(sizes):
        raise PlanError("A shape was asked for twice.")


def _with_proofs(contents: PlanContents, device: ServingDevice) -> tuple[PlanContents, tuple[LogEntry, ...]]:
    """Marks the shapes whose rows are independent of each other."""
    from warploom.serving.plan import Plan

    shapes: list[ShapeFacts] = []
    log: list[LogEntry] = []
    with Plan(contents, device, check_nan=False) as plan, plan.context() as context:
        for i, (shape, parts) in enumerate(zip(contents.facts.shapes, contents.shapes, strict=True)):
            batch = _batch(shape)
            if batch is not None:
                serving = context.serving(i)
                reason = _dependence(serving.run, parts.graph(), batch)
                shape = dataclasses.replace(shape, paddable=not reason)
                decision = "kept exact" if reason else "may be filled up"
                why = reason or "other rows, NaN among them, left the outputs of a row as they were, to the bit"
                log.append(LogEntry("plan", (f"batch {batch}",), decision, why))
            shapes.append(shape)
    facts = dataclasses.replace(contents.facts, shapes=tuple(shapes))
    return dataclasses.replace(contents, facts=facts), tuple(log)


def _batch(shape: ShapeFacts) -> int | None:
    """The batch that all inputs and outputs lead with; None where there is none, or one row only."""
    sizes = {port.shape[0] if port.shape else 0 for port in (*shape.inputs, *shape.outputs)}
    size = sizes.pop() if len(sizes) == 1 else 0
    return size if size > 1 else None


def _dependence(run: Run, graph: Graph, batch: int) -> str:
    """Why the first rows of the outputs depend on the last rows of the inputs; empty if they do not.

    The same first rows are run with random last rows, other random ones, and NaN, which spreads through any arithmetic.
    """
    from warploom.importer.reference import random_inputs

    kept = max(1, batch // 2)
    first, second = (random_inputs(graph, seed) for seed in _SEEDS)
    expected = run(first)
    for other in (_with_rows(first, second, kept), _with_nan(first, kept)):
        for name, array in run(other).items():
            if not np.array_equal(array[:kept], expected[name][:kept], equal_nan=True):
                return f"rows of the output {name!r} change with other rows of the inputs"
    return ""


def _with_rows(inputs: dict[str, Array], others: dict[str, Array], kept: int) -> dict[str, Array]:
    return {name: np.concatenate((array[:kept], others[name][kept:])) for name, array in inputs.items()}


def _with_nan(inputs: dict[str, Array], kept: int) -> dict[str, Array]:
    changed: dict[str, Array] = {}
    for name, array in inputs.items():
        changed[name] = array.copy()
        if array.dtype.kind == "f":
            changed[name][kept:] = np.nan
    return changed
