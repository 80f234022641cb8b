"""Gemm and MatMul as MatmulSteps."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from warploom.device.cuda.kernels.direct import direct_product
from warploom.device.cuda.layout import Layout, row_major, vector_lanes
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.products.fusion import Fusion, fusions
from warploom.device.cuda.lowering.products.integer import lower_integers, without_prologue
from warploom.device.cuda.lowering.products.remainder import alternatives
from warploom.device.cuda.lowering.products.weights import bias_regions, matrix_region
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import MatmulStep, PlainStep, Region, Step
from warploom.graph import DType, Graph, Precision, Primitive


def matmul_obstacle(primitive: Primitive, graph: Graph, precision: Precision) -> str | None:  # noqa: ARG001
    """Which matrix products have no kernel here."""
    left = graph.tensors[primitive.inputs[0]]
    if primitive.op == "MatMul":
        return None
    if not left.dtype.is_float:
        return f"multiplies matrices of {left.dtype.value}"
    depth = left.shape[0] if primitive.integer("transA", 0) else left.shape[-1]
    return None if depth else "multiplies matrices without any elements"


def lower_matmul(segment: Segment, context: LoweringContext) -> tuple[Step, ...]:
    """Gemm and MatMul: the library's product with what it fuses of the epilogue, and own kernels for the rest."""
    integers = lower_integers(segment, context)
    if integers is not None:
        return integers
    segment, context, before = without_prologue(segment, context)
    if not _is_for_library(segment.main, context):
        return (*before, *_direct(segment, context))
    return (*before, *_Work(segment, context).steps())


def _is_for_library(main: Primitive, context: LoweringContext) -> bool:
    """Whether it multiplies floats, at least one of the factors is a matrix, and there is something to sum."""
    left, right = (context.tensor(name) for name in main.inputs[:2])
    return main.op == "Gemm" or (left.dtype.is_float and left.shape[-1] > 0 and len(left.shape) + len(right.shape) > 2)


def _direct(segment: Segment, context: LoweringContext) -> tuple[Step, ...]:
    """An own kernel for the product alone."""
    left, right = (context.region(name) for name in segment.main.inputs[:2])
    row, column = len(left.layout.shape) == 1, len(right.layout.shape) == 1
    a, b = (_with_row(left) if row else left), (_with_column(right) if column else right)
    rank = max(len(a.layout.shape), len(b.layout.shape))

    def product(_: Fusion, y: Region) -> tuple[PlainStep, ...]:
        rows = _with_column(y) if column else y
        return (direct_product(_led(a, rank), _led(b, rank), _led(_with_row(rows) if row else rows, rank)),)

    def scratch() -> Region:
        result = segment.main.outputs[0]
        return context.temporary("product", row_major(context.tensor(result).shape, context.storage(result)))

    alone = (Fusion(0, segment.main.outputs[0]),)
    return alternatives(segment, context, alone, (product,), scratch, writable=lambda _: True)


def _led(region: Region, rank: int) -> Region:
    """With leading dimensions of size 1."""
    old = region.layout
    missing = rank - len(old.shape)
    layout = Layout((1,) * missing + old.shape, (0,) * missing + old.strides, old.dtype)
    return dataclasses.replace(region, layout=layout)


def _with_column(region: Region) -> Region:
    """A vector (or vectors) as a matrix of one column."""
    old = region.layout
    return dataclasses.replace(region, layout=Layout((*old.shape, 1), (*old.strides, 0), old.dtype))


class _Work:
    """One product being lowered."""

    def __init__(self, segment: Segment, context: LoweringContext) -> None:
        self.before: list[PlainStep] = []
        self._segment = segment
        self._context = context
        self._main = segment.main
        self._gemm = self._main.op == "Gemm"
        self._dtype = context.storage(self._main.outputs[0])
        left, right = self._main.inputs[:2]
        # A product with a vector on the right is the transposed product with a row on the left.
        self._swapped = len(context.tensor(right).shape) == 1
        a = self._operand(left, transposed=self._gemm and bool(self._main.integer("transA", 0)))
        b = self._operand(right, transposed=self._gemm and bool(self._main.integer("transB", 0)))
        if self._swapped:
            a, b = b, _transposed(a)
        rank = max(3, len(a.layout.shape), len(b.layout.shape))
        self._rank = rank
        self._a, self._b = _ranked(a, rank), _ranked(b, rank)

    def steps(self) -> tuple[Step, ...]:
        context, segment = self._context, self._segment
        target = context.region(segment.writes[0])
        own = self._main.inputs[2:3] if self._gemm and self._main.inputs[2:3] != ("",) else ()
        result = context.tensor(self._main.outputs[0])
        splits = fusions(
            segment,
            context,
            biases=own,
            # A column of results has one bias for all, which the library has no form for.
            channel_axis=-1 if self._swapped else len(result.shape) - 1,
            is_residual=lambda name: self._is_addable(context.region(name), target),
        )
        return alternatives(segment, context, splits, (self._step,), self._scratch, writable=self._is_writable)

    def _operand(self, name: str, *, transposed: bool) -> Region:
        """A factor with two dimensions at least, as the library can read it."""
        context = self._context
        lanes = vector_lanes(self._dtype)
        if context.constant(name) is not None and name not in context.placements:
            columns = context.tensor(name).shape[-1]
            factor = self._main.number("alpha", 1.0) if self._gemm and name == self._main.inputs[1] else 1.0
            region = matrix_region(name, self._dtype, -(-columns // lanes) * lanes, context, factor=factor)
        else:
            region, stored = context.region(name), context.storage(name)
            # What lies as the caller gave it may be of another type.
            if region.layout.dtype is not stored or not is_library_matrix(_ranked(_matrix(region), 2)):
                region = self._copied(region, stored)
        region = _matrix(region)
        return _transposed(region) if transposed else region

    def _copied(self, region: Region, dtype: DType) -> Region:
        layout = _padded_rows(region.layout.shape, dtype)
        copy = self._context.temporary("factor", layout)
        copy = Region(copy.buffer, 0, dataclasses.replace(layout, shape=region.layout.shape))
        self.before.extend(self._context.copy((region, copy)))
        return copy

    def _step(self, fusion: Fusion, y: Region) -> tuple[PlainStep, ...]:
        rows = self._rows(y)
        factor = self._main.number("beta", 1.0) if self._gemm else 1.0
        columns = rows.layout.shape[-1]
        padded = -(-columns // vector_lanes(self._dtype)) * vector_lanes(self._dtype)
        bias, bias_stored = bias_regions(fusion.biases, columns, padded, self._dtype, self._context, factor=factor)
        residual = self._rows(self._context.region(fusion.residual)) if fusion.residual else None
        return (*self.before, MatmulStep(self._a, self._b, rows, bias, residual, fusion.activation, bias_stored))

    def _rows(self, region: Region) -> Region:
        """A result as (..., M, N) of the step's rank."""
        left = self._context.tensor(self._main.inputs[0])
        vector = len(left.shape) == 1 or self._swapped
        return _ranked(_with_row(region) if vector else region, self._rank)

    def _is_writable(self, region: Region) -> bool:
        return region.layout.dtype is self._dtype and _has_dense_rows(self._rows(region))

    def _is_addable(self, region: Region, target: Region) -> bool:
        repeats = any(
            size > 1 and not step for size, step in zip(region.layout.shape, region.layout.strides, strict=True)
        )
        return region.layout.shape == target.layout.shape and not repeats and self._is_writable(region)

    def _scratch(self) -> Region:
        shape = self._context.tensor(self._main.outputs[0]).shape
        layout = _padded_rows(shape, self._dtype)
        region = self._context.temporary("product", layout)
        return Region(region.buffer, 0, dataclasses.replace(layout, shape=shape))


def is_library_matrix(region: Region) -> bool:
    """Whether the library can read (..., rows, columns): one of the last two is dense, all else in whole vectors."""
    lanes = vector_lanes(region.layout.dtype)
    layout = region.layout
    *batch, down, along = _steps(layout)
    down = down or lanes * (layout.shape[-2] == 1)  # a single row may have any distance to the next one
    if region.offset % lanes or any(step % lanes for step in batch) or min(down, along) <= 0:
        return False
    return (along == 1 and down % lanes == 0) or (down == 1 and along % lanes == 0)


def _has_dense_rows(region: Region) -> bool:
    lanes = vector_lanes(region.layout.dtype)
    *rest, along = _steps(region.layout)
    return along == 1 and not region.offset % lanes and not any(step % lanes for step in rest)


def _steps(layout: Layout) -> list[int]:
    """Strides where they mean something: a dimension of size 1 may have any, so it has a fitting one."""
    steps = [stride if size != 1 else 0 for size, stride in zip(layout.shape, layout.strides, strict=True)]
    if layout.shape[-1] == 1 and (len(steps) < 2 or steps[-2] != 1):
        steps[-1] = 1
    elif len(steps) > 1 and layout.shape[-2] == 1 and steps[-1] != 1:
        steps[-2] = 1
    return steps


def _padded_rows(shape: Sequence[int], dtype: DType) -> Layout:
    """Row-major with rows of whole vectors; its shape includes the padding."""
    lanes = vector_lanes(dtype)
    return row_major((*shape[:-1], -(-shape[-1] // lanes) * lanes), dtype)


def _matrix(region: Region) -> Region:
    """A vector as a matrix of one row."""
    return _with_row(region) if len(region.layout.shape) == 1 else region


def _with_row(region: Region) -> Region:
    old = region.layout
    stride = old.strides[-1] * old.shape[-1]
    stride = -(-stride // vector_lanes(old.dtype)) * vector_lanes(old.dtype)
    layout = Layout((*old.shape[:-1], 1, old.shape[-1]), (*old.strides[:-1], stride, old.strides[-1]), old.dtype)
    return dataclasses.replace(region, layout=layout)


def _transposed(region: Region) -> Region:
    old = region.layout
    layout = Layout(
        (*old.shape[:-2], old.shape[-1], old.shape[-2]),
        (*old.strides[:-2], old.strides[-1], old.strides[-2]),
        old.dtype,
    )
    return dataclasses.replace(region, layout=layout)


def _ranked(region: Region, rank: int) -> Region:
    """With leading dimensions of size 1; dimensions that repeat (stride 0) become of size 1, too. Strides in order."""
    old = region.layout
    missing = rank - len(old.shape)
    last = len(old.shape) - 2
    shape = [
        1 if stride == 0 and axis < last else size
        for axis, (size, stride) in enumerate(zip(old.shape, old.strides, strict=True))
    ]
    steps = _steps(dataclasses.replace(old, shape=tuple(shape)))
    whole = _whole_vectors(math.prod(shape), old)
    strides = [step or whole if size == 1 else step for size, step in zip(shape, steps, strict=True)]
    return dataclasses.replace(
        region,
        layout=Layout((*(1,) * missing, *shape), (*(whole,) * missing, *strides), old.dtype),
    )


def _whole_vectors(elements: int, layout: Layout) -> int:
    lanes = vector_lanes(layout.dtype)
    return -(-elements // lanes) * lanes
