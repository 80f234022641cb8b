"""Operators to kernels: what the simulated GPU launches for each Operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from warploom.device.simulated.description import GpuDescription
from warploom.device.simulated.kernel import Kernel
from warploom.device.simulated.lowering import elementwise
from warploom.device.simulated.lowering.context import Lowering, lowering_for
from warploom.device.simulated.lowering.families import FAMILIES, Family, support_of
from warploom.device.simulated.lowering.products import convolution, matrix_product, transposed_convolution
from warploom.device.simulated.lowering.segments import Segment, segments
from warploom.errors import UnsupportedOperatorError
from warploom.graph import Graph, Operator, Precision, Primitive


def operator_kernels(graph: Graph, operator: Operator, precision: Precision, gpu: GpuDescription) -> tuple[Kernel, ...]:
    """The kernels of one Operator, in launch order; none for a pure view.

    Raises:
        UnsupportedOperatorError: If one of its primitives has no kernel.
    """
    return lowered_kernels(operator, lowering_for(graph, precision, gpu))


def lowered_kernels(operator: Operator, lowering: Lowering) -> tuple[Kernel, ...]:
    """As `operator_kernels`, in a context made once for a whole Graph."""
    for primitive in operator.body:
        support = support_of(primitive.op)
        if not support.supported:
            raise UnsupportedOperatorError(f"{operator.name!r} cannot run: {support.reason}.")
    own = lowering.of_operator(operator)
    return tuple(kernel for segment in segments(operator) for kernel in _segment_kernels(segment, own))


def _segment_kernels(segment: Segment, lowering: Lowering) -> tuple[Kernel, ...]:
    if not any(lowering.tensors[name].elements for name in segment.writes):
        return ()
    if segment.anchor is None:
        return elementwise.pointwise(segment, lowering)
    family = FAMILIES[segment.anchor.op]
    product = _PRODUCTS.get(family)
    return product(segment, segment.anchor, lowering) if product else _OTHERS[family](segment, lowering)


_PRODUCTS: Mapping[Family, Callable[[Segment, Primitive, Lowering], tuple[Kernel, ...]]] = {
    Family.CONVOLUTION: convolution,
    Family.TRANSPOSED: transposed_convolution,
    Family.MATRIX: matrix_product,
}
_OTHERS: Mapping[Family, Callable[[Segment, Lowering], tuple[Kernel, ...]]] = {
    Family.POOL: partial(elementwise.window, taps_in_flight=3),
    Family.REDUCE: elementwise.reduction,
    Family.ROWS: elementwise.rows,
    Family.LOCAL: elementwise.local_response,
    Family.COPY: elementwise.copy,
    Family.TRANSPOSE: elementwise.transpose,
    Family.GATHER: elementwise.gather,
    Family.RESIZE: elementwise.resize,
    Family.SORT: elementwise.sort,
    Family.SCAN: elementwise.scan,
}
