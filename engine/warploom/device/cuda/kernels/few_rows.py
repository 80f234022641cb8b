"""Products of a few rows with a constant matrix: classifiers at small batches, gates made of a pooled image."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from warploom.device.cuda.kernels.codegen.few_rows import WARPS, FewRows, Share, blocks_of, body, operands
from warploom.device.cuda.kernels.codegen.kernel import kernel_step
from warploom.device.cuda.kernels.codegen.types import SHORT
from warploom.device.cuda.kernels.fusing import fused_after
from warploom.device.cuda.layout import Layout, row_major, vector_lanes
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.products.weights import bias_regions
from warploom.device.cuda.lowering.registry import OwnProducts
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import DType, Graph, Precision, Primitive
from warploom.graph.constant import Array

_MOST_ROWS = 8
_SHARES = (Share(1, 1), Share(2, 1), Share(1, 2), Share(1, 4), Share(4, 4))
_FLOATS = (DType.FLOAT16, DType.BFLOAT16, DType.FLOAT32)


def few_rows_step(layer: FewRows, share: Share) -> KernelStep:
    """The kernel of a product, each warp with its share."""
    parts = [f"product_{layer.rows}_rows", f"{share.columns}x{share.split}", layer.after.chain.label]
    name = "_".join(part for part in (*parts, SHORT[layer.w.layout.dtype]) if part)
    grid = (blocks_of(layer, share), 1, 1)
    return kernel_step(name, body(layer, share), (layer.y,), operands(layer), grid=grid, block=(32 * WARPS, 1, 1))


def has_few_rows(main: Primitive, graph: Graph, precision: Precision) -> bool:  # noqa: ARG001 - an OwnProducts test
    """Whether it multiplies at most a few rows with a constant matrix: a product, or a convolution of single pixels."""
    tensors = graph.tensors
    if main.op not in ("Gemm", "MatMul", "Conv") or main.inputs[1] not in graph.constants:
        return False
    left, right, result = (tensors[name] for name in (*main.inputs[:2], main.outputs[0]))
    if not (left.dtype.is_float and right.dtype.is_float and left.shape and 0 not in result.shape):
        return False
    if main.op == "Conv":
        single = all(size == 1 for tensor in (left, right, result) for size in tensor.shape[2:])
        padded = any(main.integers("pads", (0,)))
        return single and not padded and main.integer("group", 1) == 1 and left.shape[0] <= _MOST_ROWS
    plain = len(right.shape) == 2 and not main.integer("transA", 0) and right.shape[0] * right.shape[1] > 0
    return plain and math.prod(left.shape[:-1]) <= _MOST_ROWS and _adds_a_vector(main, graph)


def _adds_a_vector(main: Primitive, graph: Graph) -> bool:
    """Whether a Gemm adds nothing, or a constant with one value per column."""
    if main.op != "Gemm" or len(main.inputs) < 3 or not main.inputs[2]:
        return True
    shape, columns = graph.tensors[main.inputs[2]].shape, graph.tensors[main.outputs[0]].shape[-1]
    return (
        main.inputs[2] in graph.constants and math.prod(shape) in (1, columns) and shape[-1:] in ((), (1,), (columns,))
    )


def ways(segment: Segment, context: LoweringContext) -> tuple[tuple[KernelStep, ...], ...]:
    """The whole segment as one kernel, in each share that is worth timing."""
    main = segment.main
    if segment.prologue or not has_few_rows(main, context.graph, context.precision):
        return ()
    layer = _layer(segment, context)
    if layer is None:
        return ()
    return tuple((few_rows_step(layer, share),) for share in _shares(layer))


def _shares(layer: FewRows) -> Iterator[Share]:
    step = 32 * vector_lanes(layer.w.layout.dtype)
    for share in _SHARES:
        if share.columns * layer.rows <= 32 and (share.split == 1 or layer.depth > step * (share.split // 2)):
            yield share


def _layer(segment: Segment, context: LoweringContext) -> FewRows | None:
    """The product as matrices; None where an operand's rows do not lie at equal distances."""
    main = segment.main
    dtype = context.storage(main.outputs[0])
    given, target = context.region(main.inputs[0]), context.region(segment.writes[0])
    axis = 1 if main.op == "Conv" else -1
    after = fused_after(segment, context)
    others = [(name, _matrix(region, axis)) for name, region in after.reads]
    x, y = _matrix(given, axis), _matrix(target, axis)
    if x is None or y is None or dtype not in _FLOATS or target.layout.dtype not in _FLOATS or not _is_vector(x):
        return None
    reads = tuple((name, region) for name, region in others if region is not None)
    if len(reads) < len(others):
        return None
    columns = y.layout.shape[1]
    own = tuple(name for name in main.inputs[2:3] if name)
    beta = main.number("beta", 1.0) if main.op == "Gemm" else 1.0
    bias, _ = bias_regions(own, columns, columns, DType.FLOAT32, context, factor=beta)
    padded = max(target.layout.channels, columns) if axis == 1 and target.layout.channels_last else columns
    return FewRows(x, _weights(main, dtype, context), y, bias, padded, replace(after, reads=reads))


def _matrix(region: Region, axis: int) -> Region | None:
    """A tensor as (rows, columns), the columns along one axis; None where the rows are not at equal distances."""
    layout = region.layout
    column = axis % len(layout.shape)
    rows = [
        (size, step) for i, (size, step) in enumerate(zip(layout.shape, layout.strides, strict=True)) if i != column
    ]
    rows = [(size, step) for size, step in rows if size > 1]
    if any(outer[1] != inner[0] * inner[1] for outer, inner in itertools.pairwise(rows)):
        return None
    count, step = math.prod(size for size, _ in rows), rows[-1][1] if rows else 0
    matrix = Layout((count, layout.shape[column]), (step, layout.strides[column]), layout.dtype)
    return Region(region.buffer, region.offset, matrix)


def _is_vector(x: Region) -> bool:
    """Whether rows can be read 16 bytes at a time, or more where elements are wider than the matrix's."""
    lanes = vector_lanes(x.layout.dtype)
    down, along = x.layout.strides
    return (
        x.layout.dtype in _FLOATS and (along == 1 or x.layout.shape[1] == 1) and not (x.offset % lanes or down % lanes)
    )


def _weights(main: Primitive, dtype: DType, context: LoweringContext) -> Region:
    """The matrix with a row per column of the result, padded to whole vectors."""
    constant = context.graph.constants[main.inputs[1]]
    turned = main.op == "MatMul" or (main.op == "Gemm" and not main.integer("transB", 0))
    alpha = main.number("alpha", 1.0) if main.op == "Gemm" else 1.0
    columns, depth = constant.shape[:2][::-1] if turned else constant.shape[:2]
    lanes = vector_lanes(dtype)
    pitch = -(-depth // lanes) * lanes

    def make() -> Array:
        values = constant.numpy().reshape(constant.shape[:2])
        rows = (values.T if turned else values) * np.asarray(alpha, values.dtype)
        return np.ascontiguousarray(np.pad(rows, ((0, 0), (0, pitch - depth))))

    form = f"row per column{' turned' if turned else ''}{f' times {alpha}' if alpha != 1.0 else ''}"
    return context.prepared(main.inputs[1], form, row_major((columns, pitch), dtype), make)


OWN_PRODUCTS = OwnProducts(ways, reads_anything=has_few_rows, writes_anything=has_few_rows)
