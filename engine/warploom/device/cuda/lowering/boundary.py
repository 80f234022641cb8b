"""The boundary of a Graph: row-major inputs and outputs in ONNX element types, and what converts them."""

from __future__ import annotations

from warploom.device.cuda.layout import Layout, row_major
from warploom.device.cuda.lowering.lowered import INPUT_PREFIX, OUTPUT_PREFIX
from warploom.device.cuda.steps import Region
from warploom.graph import DType, Graph


def input_region(graph: Graph, name: str) -> Region:
    """Where the caller's input lies: row-major, in its ONNX type (bfloat16, which NumPy lacks, as float32)."""
    tensor = graph.tensors[name]
    dtype = DType.FLOAT32 if tensor.dtype is DType.BFLOAT16 else tensor.dtype
    return Region(f"{INPUT_PREFIX}{name}", 0, row_major(tensor.shape, dtype))


def output_region(graph: Graph, name: str) -> Region:
    """Where the caller's output lies: row-major, every float as float32."""
    tensor = graph.tensors[name]
    dtype = DType.FLOAT32 if tensor.dtype.is_float else tensor.dtype
    return Region(f"{OUTPUT_PREFIX}{name}", 0, row_major(tensor.shape, dtype))


def fits_boundary(layout: Layout, boundary: Layout) -> bool:
    """Whether a tensor of that layout has the bytes that the boundary wants, so that nothing needs converting."""
    if layout.channels_last and layout.channels != layout.shape[1]:
        return False
    return layout.dtype is boundary.dtype and _significant(layout) == _significant(boundary)


def same_place(first: Region, second: Region) -> bool:
    """Whether two Regions of one shape are the same elements of the same buffer."""
    return (
        first.buffer == second.buffer
        and first.offset == second.offset
        and first.layout.dtype is second.layout.dtype
        and _significant(first.layout) == _significant(second.layout)
    )


def _significant(layout: Layout) -> tuple[tuple[int, int], ...]:
    """Sizes and strides; the stride of a dimension of size 1 means nothing."""
    return tuple((size, stride if size != 1 else 0) for size, stride in zip(layout.shape, layout.strides, strict=True))
