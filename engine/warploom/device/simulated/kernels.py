"""Operators to kernels: what the simulated GPU launches for each Operator."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping

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
    parts = segments(operator, own.tensors)
    following = dataclasses.replace(own, leads=False)
    return (
        *(kernel for i, segment in enumerate(parts) for kernel in _segment_kernels(segment, following if i else own)),
        *(elementwise.conversion(name, name, own) for segment in parts for name in _handed_out(segment, own)),
    )


def entry_kernels(inputs: Iterable[str], lowering: Lowering) -> tuple[Kernel, ...]:
    """What brings a graph's inputs into the form that the kernels read."""
    kept = (lowering.tensors[name] for name in inputs)
    return tuple(
        elementwise.conversion(tensor.name, tensor.name, lowering)
        for tensor in kept
        if tensor.elements and (len(tensor.shape) >= elementwise.IMAGE_RANK or _is_narrowed(tensor.name, lowering))
    )


def _handed_out(segment: Segment, lowering: Lowering) -> Iterator[str]:
    """The caller's tensors that the segment's kernel cannot write as the caller wants them."""
    family = None if segment.anchor is None else FAMILIES[segment.anchor.op]
    wanted = [name for name in segment.writes if name in lowering.outputs and lowering.tensors[name].elements]
    if segment.anchor is not None and segment.anchor.op == "Concat":
        return  # its copies are the conversion
    for name in wanted:
        if elementwise.is_transposed(name, lowering) or (family in _PRODUCTS and _is_narrowed(name, lowering)):
            yield name


def _is_narrowed(name: str, lowering: Lowering) -> bool:
    return lowering.itemsize(name) != lowering.tensors[name].dtype.itemsize


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
    Family.POOL: elementwise.window,
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
