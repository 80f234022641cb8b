"""Compares the outputs of two executions: one number per pair of output sets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from warploom.graph import DType, Graph, Precision
from warploom.graph.quantized import is_quantized

Array = npt.NDArray[Any]

TOLERANCES: Mapping[Precision, float] = {
    Precision.FP32: 1e-5,
    Precision.TF32: 2e-3,
    Precision.FP16: 2e-3,
    Precision.BF16: 1.5e-2,
    Precision.MIXED: 2e-3,
    Precision.INT8: 1e-1,
}
"""Largest relative L2 error of an output that counts as the same result, for a short chain of operators."""

_ROUNDING: Mapping[Precision, float] = {
    Precision.FP32: 2.0**-23,
    Precision.TF32: 2.0**-11,
    Precision.FP16: 2.0**-11,
    Precision.BF16: 2.0**-8,
    Precision.MIXED: 2.0**-11,
    Precision.INT8: 2.0**-11,
}

SHORT_CHAIN = 16
"""Operators in a row for which `TOLERANCES` hold as they are."""


def tolerance_for(graph: Graph, precision: Precision) -> float:
    """What an output of this Graph may differ by; errors pile up along its longest chain of operators.

    Float32 results differ in the order of their sums, and the same order is used again and again: linear growth. The
    other precisions round what they store, each operator independently: growth with the square root. (A MobileNet of
    90 operators in a row drifts by 2.4e-5 in fp32 and 3.8e-3 in fp16, every operator alone by less than 3e-6 in fp32.)
    Where values are rounded to 8-bit integers, sums in another order end in another integer now and then, and that in
    others: after a hundred operators results differ as much as any two roundings do, whatever the floats between are.
    A model that computes 16-bit floats is rounded by ONNX Runtime too, where its own kernels begin and end.
    """
    length = max(1.0, longest_chain(graph) / SHORT_CHAIN)
    precision = deciding_precision(graph, precision)
    return TOLERANCES[precision] * (length if precision is Precision.FP32 else math.sqrt(length))


def deciding_precision(graph: Graph, precision: Precision) -> Precision:
    """The coarsest arithmetic that a Graph computes in, which may be the model's own."""
    computed = {graph.tensors[name].dtype for operator in graph.operators for name in operator.outputs}
    if DType.BFLOAT16 in computed:
        precision = Precision.BF16
    elif DType.FLOAT16 in computed and precision is Precision.FP32:
        precision = Precision.FP16
    rounds = any(primitive.op == "QuantizeLinear" for operator in graph.operators for primitive in operator.body)
    return Precision.INT8 if rounds or any(map(is_quantized, graph.operators)) else precision


def rounded_inputs(inputs: Mapping[str, Array], precision: Precision) -> dict[str, Array]:
    """Float inputs changed by one rounding each, up or down: what no arithmetic of that precision can tell apart."""
    generator = np.random.default_rng(0)
    return {
        name: _rounded(array, _ROUNDING[precision], generator) if array.dtype.kind == "f" else array
        for name, array in inputs.items()
    }


def _rounded(array: Array, unit: float, generator: np.random.Generator) -> Array:
    unit = max(unit, float(np.finfo(array.dtype).eps))
    changed: Array = (array * (1 + unit * generator.choice((-1.0, 1.0), array.shape))).astype(array.dtype)
    return changed


def longest_chain(graph: Graph) -> int:
    """Operators on the longest path through a Graph."""
    length: list[int] = []
    for before in graph.predecessors:
        length.append(1 + max((length[i] for i in before), default=0))
    return max(length, default=0)


def largest_error(outputs: Mapping[str, Array], reference: Mapping[str, Array]) -> float:
    """The largest error of any output; infinity where one is missing, misshapen or not finite where it should be."""
    return max((_error(outputs.get(name), expected) for name, expected in reference.items()), default=0.0)


def _error(output: Array | None, expected: Array) -> float:
    if output is None or output.shape != expected.shape:
        return float("inf")
    if expected.dtype.kind != "f":
        return _share_that_differs(output, expected)
    return relative_l2(output.astype(np.float64), expected.astype(np.float64))


def relative_l2(output: Array, expected: Array) -> float:
    """|output - expected| / |expected|; values that are not finite have to be the same ones."""
    finite = np.isfinite(expected)
    if not np.array_equal(finite, np.isfinite(output)) or not np.array_equal(
        output[~finite], expected[~finite], equal_nan=True
    ):
        return float("inf")
    difference = float(np.linalg.norm(output[finite] - expected[finite]))
    norm = float(np.linalg.norm(expected[finite]))
    return difference / norm if norm > 0 else difference


def _share_that_differs(output: Array, expected: Array) -> float:
    """For indices, counts and masks: the share of elements that are not the same."""
    return float(np.mean(output != expected)) if expected.size else 0.0
