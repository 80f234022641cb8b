"""Softmax, LogSoftmax and Hardmax along one axis."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.device.cuda.kernels.codegen.rows import Pass, Rows, covers_padding, rows_step
from warploom.device.cuda.kernels.padding import zero_padding
from warploom.device.cuda.kernels.totals import extreme, position, sum_of
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.registry import Family
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep
from warploom.graph import DType, Graph, Precision, Primitive


def lower_softmax(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """One kernel; the row stays in registers where it is short."""
    primitive = segment.main
    x, y = context.region(primitive.inputs[0]), context.region(segment.writes[0])
    rank = len(x.layout.shape)
    axes = frozenset({primitive.integer("axis") % rank}) if rank else frozenset()
    passes, element = _formula(primitive, x.layout.dtype)
    rows = Rows(primitive.op.lower(), x, axes, passes, elements=((element, y),))
    padding = () if covers_padding(rows, y) else zero_padding(y)
    return (rows_step(rows), *padding)


def _formula(primitive: Primitive, dtype: DType) -> tuple[tuple[Pass, ...], str]:
    if primitive.op == "Hardmax":
        return (position(dtype, largest=True, last=False),), "({index} == {place} ? 1.0f : 0.0f)"
    largest = extreme(dtype, largest=True)
    exponentials = sum_of("expf({x} - {extreme})")
    if primitive.op == "LogSoftmax":
        logarithm = sum_of("expf({x} - {extreme})", finish=(("log_sum", "float", "logf({sum})"),))
        return (largest, logarithm), "({x} - {extreme} - {log_sum})"
    return (largest, exponentials), "(expf({x} - {extreme}) / {sum})"


def _obstacle(primitive: Primitive, graph: Graph, precision: Precision) -> str | None:  # noqa: ARG001 - an Obstacle
    dtype = graph.tensors[primitive.inputs[0]].dtype
    return None if dtype.is_float else f"of {dtype} has no kernel"


_FAMILY = Family("own kernel: softmax", lower_softmax, _obstacle)
FAMILIES: Mapping[str, Family] = dict.fromkeys(("Softmax", "LogSoftmax", "Hardmax"), _FAMILY)
