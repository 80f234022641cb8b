"""The form of a kernel over rows: which dimensions rows span and which tell them apart, and what a vector may hold.

There are two forms:

- along: neighbouring elements belong to one row; a group of threads (part of a warp, a warp or a block) shares a row;
- across: neighbouring elements belong to neighbouring rows; a thread takes a few rows, threads of a column share them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.nest import VECTOR_BYTES, Axis, merged
from warploom.device.cuda.kernels.codegen.rows.passes import Rows
from warploom.device.cuda.steps import Region


@dataclass(frozen=True, slots=True)
class Form:
    """Dimensions of the kept and the reduced part, each outermost first; operands are x, results, elements, reads."""

    kept: tuple[Axis, ...]
    reduced: tuple[Axis, ...]
    operands: tuple[Region, ...]
    along: bool
    lanes: int

    @staticmethod
    def of(rows: Rows) -> Form:
        operands = (rows.x, *(region for _, region in (*rows.results, *rows.elements, *rows.reads)))
        layout = rows.x.layout
        kept: list[Axis] = []
        reduced: list[Axis] = []
        for d, size in enumerate(layout.shape):
            full = layout.channels if d == 1 and layout.channels_last else size
            if full > 1:
                axis = Axis(full, size, tuple(region.layout.strides[d] for region in operands))
                (reduced if d in rows.reduced else kept).append(axis)
        none = Axis(1, 1, (0,) * len(operands))
        parts = [tuple(merged(sorted(axes, key=_distance, reverse=True))) or (none,) for axes in (kept, reduced)]
        along = _distance(parts[1][-1]) < _distance(parts[0][-1])
        inner = parts[1][-1] if along else parts[0][-1]
        return Form(parts[0], parts[1], operands, along, _vector(inner, (*parts[0], *parts[1]), operands))


def _distance(axis: Axis) -> float:
    """How far neighbours lie apart in x; repeated elements count as far."""
    return abs(axis.strides[0]) or math.inf


def _vector(inner: Axis, axes: Sequence[Axis], operands: Sequence[Region]) -> int:
    contiguous = [i for i in range(len(operands)) if inner.strides[i] == 1]
    if 0 not in contiguous:
        return 1
    lanes = VECTOR_BYTES // max(operands[i].layout.dtype.itemsize for i in contiguous)
    while lanes > 1 and (inner.size % lanes or not all(_aligned(i, lanes, inner, axes, operands) for i in contiguous)):
        lanes //= 2
    return lanes


def _aligned(operand: int, lanes: int, inner: Axis, axes: Sequence[Axis], operands: Sequence[Region]) -> bool:
    region = operands[operand]
    unit = min(lanes, VECTOR_BYTES // region.layout.dtype.itemsize)
    others = (axis.strides[operand] for axis in axes if axis is not inner and axis.size > 1)
    return region.offset % unit == 0 and all(stride % unit == 0 for stride in others)
