"""Convolutions and matrix products as GEMMs (implicit GEMM over NHWC tensors), or as depthwise kernels."""

from __future__ import annotations

import math

from warploom.device.simulated.kernel import Kernel
from warploom.device.simulated.lowering.context import Lowering
from warploom.device.simulated.lowering.elementwise import window
from warploom.device.simulated.lowering.gemm import Gemm, gemm_kernels
from warploom.device.simulated.lowering.segments import Segment, is_depthwise
from warploom.device.simulated.lowering.traffic import traffic_of
from warploom.graph import Primitive

# A few input channels (an image's three) are padded to whole vectors of this many bytes.
_CHANNEL_VECTOR_BYTES = 16


def convolution(segment: Segment, anchor: Primitive, lowering: Lowering) -> tuple[Kernel, ...]:
    """An implicit GEMM: pixels x output channels x (taps * input channels); depthwise ones by a kernel of our own."""
    weight = lowering.tensors[anchor.inputs[1]].shape
    output = lowering.tensors[anchor.outputs[0]].shape
    groups = anchor.integer("group", 1)
    if is_depthwise(anchor, lowering.tensors):
        return window(segment, lowering)
    gemm = Gemm(
        name="implicit_gemm",
        rows=output[0] * math.prod(output[2:]),
        columns=weight[0] // groups,
        run=_padded(weight[1], lowering),
        taps=math.prod(weight[2:]),
        batch=groups,
        gathers=weight[1] * lowering.operand_bytes < _CHANNEL_VECTOR_BYTES,
    )
    return gemm_kernels(gemm, traffic_of(segment, lowering), lowering)


def transposed_convolution(segment: Segment, anchor: Primitive, lowering: Lowering) -> tuple[Kernel, ...]:
    """As the gradient of a convolution: only the taps that hit an input pixel are computed."""
    weight = lowering.tensors[anchor.inputs[1]].shape
    output = lowering.tensors[anchor.outputs[0]].shape
    groups = anchor.integer("group", 1)
    taps = math.prod(weight[2:])
    hits = max(1, -(-taps // math.prod(anchor.integers("strides", (1,)))))
    gemm = Gemm(
        name="implicit_gemm_transposed",
        rows=output[0] * math.prod(output[2:]),
        columns=weight[1],
        run=_padded(weight[0] // groups, lowering),
        taps=hits,
        batch=groups,
    )
    return gemm_kernels(gemm, traffic_of(segment, lowering), lowering)


def matrix_product(segment: Segment, anchor: Primitive, lowering: Lowering) -> tuple[Kernel, ...]:
    """Gemm and MatMul; leading dimensions of a right-hand matrix make a batch, of a left-hand one more rows."""
    left = lowering.tensors[anchor.inputs[0]].shape
    right = lowering.tensors[anchor.inputs[1]].shape
    output = lowering.tensors[anchor.outputs[0]]
    transposed = anchor.op == "Gemm" and anchor.integer("transA", 0)
    depth = left[0] if transposed else left[-1]
    vector = len(right) == 1
    columns = 1 if vector else output.shape[-1]
    batch = math.prod(right[:-2])
    gemm = Gemm(
        name="gemm",
        rows=max(1, output.elements // max(1, columns * batch)),
        columns=columns,
        run=max(1, depth),
        taps=1,
        batch=batch,
    )
    return gemm_kernels(gemm, traffic_of(segment, lowering), lowering)


def _padded(channels: int, lowering: Lowering) -> int:
    vector = _CHANNEL_VECTOR_BYTES // lowering.operand_bytes
    return -(-channels // vector) * vector
