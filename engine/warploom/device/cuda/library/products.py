"""Matrix products in cuBLASLt's terms: matrices by their two strides, and batches folded as far as they go. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from warploom.device.cuda.library.images import conv_tensors, pointwise_rows
from warploom.device.cuda.steps import ConvStep, MatmulStep, Region


@dataclass(frozen=True, slots=True)
class Matrix:
    """One operand.

    Attributes:
        down: Elements from a row to the next.
        along: Elements from a column to the next; one of the two is 1.
        batches: Elements from a matrix to the next, per batch dimension; 0 where all batches share it.
    """

    down: int
    along: int
    batches: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Product:
    """y = a @ b for each batch.

    Attributes:
        m: Rows of a and y.
        n: Columns of b and y.
        k: Columns of a, rows of b.
        batches: Sizes of the batch dimensions that could not be folded, outermost first.
        a: (m, k).
        b: (k, n).
        y: (m, n), rows dense.
        residual: As y, or None.
        alignment: Bytes that the address of every row is a multiple of (16 at most).
    """

    m: int
    n: int
    k: int
    batches: tuple[int, ...]
    a: Matrix
    b: Matrix
    y: Matrix
    residual: Matrix | None
    alignment: int


def conv_product(step: ConvStep) -> Product | None:
    """A convolution with a kernel of one pixel as pixels by channels; None for any other."""
    k, kh, kw, c = step.w.layout.shape
    if (kh, kw, *step.strides, *step.pads, step.groups) != (1, 1, 1, 1, 0, 0, 0, 0, 1) or step.transposed:
        return None
    tensors = conv_tensors(step)
    rows = [pointwise_rows(tensors[role]) for role in ("x", "y", "residual") if role in tensors]
    matrices = [Matrix(row[1], 1) for row in rows if row is not None]
    if len(matrices) < len(rows):
        return None
    n, _, h, w = tensors["x"].dims
    regions = [region for region in (step.x, step.y, step.residual) if region is not None]
    steps = [(region, [matrix.down]) for region, matrix in zip(regions, matrices, strict=True)]
    return Product(
        m=n * h * w,
        n=k,
        k=c,
        batches=(),
        a=matrices[0],
        b=Matrix(1, c),
        y=matrices[1],
        residual=matrices[2] if len(matrices) > 2 else None,
        alignment=_alignment([*steps, (step.w, [c])]),
    )


def matmul_product(step: MatmulStep) -> Product:
    """A product with its batches folded: into one another, and into rows where all of them share b."""
    shape = step.y.layout.shape
    m, n, k = shape[-2], shape[-1], step.a.layout.shape[-1]
    regions = [region for region in (step.a, step.b, step.y, step.residual) if region is not None]
    sizes, columns = _folded(shape[:-2], [_leading_strides(region, shape[:-2]) for region in regions])
    pairs = [_pair(region, size) for region, size in zip(regions, ((m, k), (k, n), (m, n), (m, n)), strict=False)]
    rows = [i for i in range(len(regions)) if i != 1]
    while sizes and columns[1][-1] == 0 and all(columns[i][-1] == m * pairs[i][0] and pairs[i][1] == 1 for i in rows):
        m *= sizes.pop()
        for column in columns:
            column.pop()
    matrices = [Matrix(*pair, tuple(column)) for pair, column in zip(pairs, columns, strict=True)]
    steps = [(r, [max(x.down, x.along), *x.batches]) for r, x in zip(regions, matrices, strict=True)]
    return Product(
        m=m,
        n=n,
        k=k,
        batches=tuple(sizes),
        a=matrices[0],
        b=matrices[1],
        y=matrices[2],
        residual=matrices[3] if len(matrices) > 3 else None,
        alignment=_alignment(steps),
    )


def _pair(region: Region, sizes: tuple[int, int]) -> tuple[int, int]:
    """Strides of the last two dimensions, made plausible where a size of 1 leaves them open."""
    rows, columns = sizes
    down, along = region.layout.strides[-2:]
    if columns == 1:
        return max(down, 1), 1
    if rows == 1:
        return (max(down, columns), 1) if along == 1 else (1, along)
    return down, along


def _leading_strides(region: Region, leading: Sequence[int]) -> list[int]:
    """Strides of the batch dimensions, 0 where the region repeats."""
    shape, strides = region.layout.shape[:-2], region.layout.strides[:-2]
    missing = len(leading) - len(shape)
    return [0] * missing + [0 if size == 1 else stride for size, stride in zip(shape, strides, strict=True)]


def _folded(sizes: Sequence[int], columns: list[list[int]]) -> tuple[list[int], list[list[int]]]:
    """Batch dimensions without those of size 1, neighbours made one where every operand steps evenly over both."""
    kept = [i for i, size in enumerate(sizes) if size > 1]
    folded: list[int] = []
    strides: list[list[int]] = [[] for _ in columns]
    for i in kept:
        inner = [column[i] for column in columns]
        if folded and all(s[-1] == sizes[i] * step for s, step in zip(strides, inner, strict=True)):
            folded[-1] *= sizes[i]
            for s, step in zip(strides, inner, strict=True):
                s[-1] = step
        else:
            folded.append(sizes[i])
            for s, step in zip(strides, inner, strict=True):
                s.append(step)
    return folded, strides


def _alignment(regions: Sequence[tuple[Region, Sequence[int]]]) -> int:
    """The largest power of two up to 16 that divides all addresses of rows, in bytes."""
    common = 16
    for region, steps in regions:
        for elements in (region.offset, *steps):
            common = math.gcd(common, elements * region.layout.dtype.itemsize)
    return common
