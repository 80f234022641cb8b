"""Execution: computes a plan on the CPU, launch by launch, in an order that only streams and waits constrain.

Of all launches that streams and waits allow next, the one on the highest stream goes first: a plan that lacks a wait
is not saved by having been written down in a good order. A launch sees only values that were ordered before it.
Floats are rounded as the precision stores them (products themselves are made in float32, as tensor cores with fp32
accumulation do).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from warploom.device.protocol import Array
from warploom.device.simulated.rounding import rounded
from warploom.device.simulated.sessions import SessionCache
from warploom.errors import DeviceError, ScheduleError
from warploom.graph import Graph, Operator, Precision, Tensor
from warploom.schedule import StreamPlan


def execute(
    graph: Graph, plan: StreamPlan, precision: Precision, inputs: Mapping[str, Array], sessions: SessionCache
) -> dict[str, Array]:
    """Runs a plan once.

    Args:
        graph: One Operator per launch of the plan, in its order (`warploom.passes.merge.lower_merges`).
        plan: The plan.
        precision: What floats are rounded to.
        inputs: By graph input name.
        sessions: Where CPU sessions are kept.

    Returns:
        The graph's outputs by name.

    Raises:
        DeviceError: If an input is missing or has another shape or type.
        ScheduleError: If a launch reads a value that no stream or wait orders before it.
    """
    values = {name: stored(array, graph.tensors[name], precision) for name, array in _checked(graph, inputs).items()}
    before = plan.ancestors()
    uses = _count_uses(graph)
    for i in _execution_order(plan):
        operator = graph.operators[i]
        _check_ordered(graph, operator, i, before)
        values |= run_operator(graph, operator, precision, values, sessions)
        for name in operator.inputs:
            uses[name] -= 1
            if not uses[name]:
                del values[name]
    return {
        name: _handed_out(values[name], graph.tensors[name]) if name in values else graph.constants[name].numpy()
        for name in graph.outputs
    }


def run_operator(
    graph: Graph, operator: Operator, precision: Precision, values: Mapping[str, Array], sessions: SessionCache
) -> dict[str, Array]:
    """Computes one Operator from values as they are stored; returns its outputs as they are stored.

    Args:
        graph: Where it comes from.
        operator: The Operator.
        precision: What floats are rounded to. Scales of quantized tensors are not: kernels keep them in 32 bits.
        values: What it reads, by name; constants are found in the Graph.
        sessions: Where CPU sessions are kept.

    Raises:
        DeviceError: If onnxruntime refuses the values.
        UnsupportedOperatorError: If onnxruntime has no kernel for it.
    """
    session, structure = sessions.session(graph, operator, widened=precision is Precision.MIXED)
    exact = {name for primitive in operator.body if primitive.op in _QUANTIZING for name in primitive.inputs[1:]}
    arrays = []
    for number in session.inputs:
        name = structure.names[number]
        constant = graph.constants.get(name)
        if constant is None:
            arrays.append(values[name])
        elif name in exact:
            arrays.append(np.asarray(constant.numpy(), order="C"))
        else:
            arrays.append(stored(np.asarray(constant.numpy(), order="C"), graph.tensors[name], precision))
    results = zip(operator.outputs, session.run(arrays, operator), strict=True)
    return {name: stored(array, graph.tensors[name], precision) for name, array in results}


_QUANTIZING = ("QuantizeLinear", "DequantizeLinear")


def stored(array: Array, tensor: Tensor, precision: Precision) -> Array:
    """A value as it reads back after it was stored in this precision; with MIXED, floats are held in float32."""
    if precision is Precision.MIXED and array.dtype == np.float16:
        array = array.astype(np.float32)
    return rounded(array, precision.of_floats(tensor.dtype))


def _handed_out(array: Array, tensor: Tensor) -> Array:
    """An output in its own type, where it was held in another."""
    wanted = tensor.dtype.to_numpy()
    return array.astype(wanted) if array.dtype.kind == "f" and array.dtype != wanted else array


def _checked(graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
    for name in graph.inputs:
        tensor = graph.tensors[name]
        if name not in inputs:
            raise DeviceError(f"The input {name!r} of {graph.name!r} is missing.")
        array = inputs[name]
        if array.shape != tensor.shape or array.dtype != tensor.dtype.to_numpy():
            raise DeviceError(
                f"The input {name!r} of {graph.name!r} must be {tensor.dtype} {list(tensor.shape)}, "
                f"not {array.dtype} {list(array.shape)}."
            )
    return {name: inputs[name] for name in graph.inputs}


def _count_uses(graph: Graph) -> dict[str, int]:
    """How often each value is read; outputs count once more, so that they are never freed."""
    uses: dict[str, int] = dict.fromkeys(graph.outputs, 1)
    for operator in graph.operators:
        for name in operator.inputs:
            uses[name] = uses.get(name, 0) + 1
    return uses


def _check_ordered(graph: Graph, operator: Operator, launch: int, before: Sequence[int]) -> None:
    for name in operator.inputs:
        producer = graph.producer.get(name)
        if producer is not None and not before[launch] >> producer & 1:
            raise ScheduleError(
                f"The launch {operator.name!r} reads {name!r}, but nothing orders it after "
                f"{graph.operators[producer].name!r}, which writes it."
            )


def _execution_order(plan: StreamPlan) -> Iterator[int]:
    dependencies = plan.dependencies()
    missing = [len(after) for after in dependencies]
    followers: list[list[int]] = [[] for _ in dependencies]
    for i, after in enumerate(dependencies):
        for j in after:
            followers[j].append(i)
    ready = [(-plan.launches[i].stream, i) for i, count in enumerate(missing) if not count]
    heapq.heapify(ready)
    while ready:
        _, i = heapq.heappop(ready)
        yield i
        for follower in followers[i]:
            missing[follower] -= 1
            if not missing[follower]:
                heapq.heappush(ready, (-plan.launches[follower].stream, follower))
