"""Steps: what an Operator becomes on the GPU, described as values before any GPU memory exists.

Lowering (pure Python, tested without a GPU) turns every Operator into Steps over named Regions. The compiler then plans
the arena, compiles the kernels, builds the library plans and captures the steps in stream order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from warploom.device.cuda.layout import Layout


@dataclass(frozen=True, slots=True)
class Region:
    """Elements of a buffer that a step reads or writes.

    Attributes:
        buffer: Name of the buffer: a tensor of the Graph that owns memory, a temporary of one Operator
            ("operator/temporary"), a prepared weight ("weight/...") or a graph input or output at the boundary.
        offset: Elements from the buffer's start.
        layout: Shape, strides and type of the elements.
    """

    buffer: str
    offset: int
    layout: Layout


@dataclass(frozen=True, slots=True)
class KernelSource:
    """CUDA C++ of one kernel, specialized for its shapes by constants in the text.

    Attributes:
        name: Entry point: unique for the code (a stem and a hash of the code), as profilers will show it.
        code: The kernel without includes; `extern "C" __global__`.
    """

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class KernelStep:
    """One launch of an own kernel. Its arguments are the pointers of `writes`, then of `reads`, then `scalars`.

    Attributes:
        kernel: What to launch.
        grid: Thread blocks.
        block: Threads per block.
        writes: Regions that it writes, wholly; a pointer addresses the region's first element.
        reads: Regions that it reads.
        scalars: Further arguments, int (passed as 32-bit) or float.
        shared_bytes: Dynamic shared memory.
    """

    kernel: KernelSource
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    writes: tuple[Region, ...]
    reads: tuple[Region, ...]
    scalars: tuple[int | float, ...] = ()
    shared_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ConvStep:
    """A convolution by cuDNN: y = activation(conv(x, w) + bias + residual).

    Attributes:
        x: Channels-last input; its padded channels take part (their weights are zero).
        w: Prepared weight (K padded, kh, kw, C padded / groups), channels innermost.
        y: Channels-last output; its padded channels are written (zero weights, zero bias).
        bias: Prepared bias in float32 (K padded) or None.
        residual: Added before the activation, or None; same logical shape as y.
        pads: (top, left, bottom, right).
        strides: (vertical, horizontal).
        dilations: (vertical, horizontal).
        groups: Number of groups.
        activation: Name and parameters, as ("Relu",) or ("Clip", 0.0, 6.0); () for none.
        transposed: Whether it is the gradient form (ConvTranspose).
    """

    x: Region
    w: Region
    y: Region
    bias: Region | None
    residual: Region | None
    pads: tuple[int, int, int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    groups: int
    activation: tuple[str | float, ...] = ()
    transposed: bool = False

    @property
    def writes(self) -> tuple[Region, ...]:
        """Regions written."""
        return (self.y,)

    @property
    def reads(self) -> tuple[Region, ...]:
        """Regions read."""
        return tuple(region for region in (self.x, self.w, self.bias, self.residual) if region is not None)


@dataclass(frozen=True, slots=True)
class MatmulStep:
    """A batched matrix product by a library: y = activation(a @ b + bias + residual); strides give transposition.

    Attributes:
        a: (..., M, K).
        b: (..., K, N).
        y: (..., M, N).
        bias: (N,) in float32 or None.
        residual: Same logical shape as y, or None.
        activation: As in ConvStep.
    """

    a: Region
    b: Region
    y: Region
    bias: Region | None
    residual: Region | None
    activation: tuple[str | float, ...] = ()

    @property
    def writes(self) -> tuple[Region, ...]:
        """Regions written."""
        return (self.y,)

    @property
    def reads(self) -> tuple[Region, ...]:
        """Regions read."""
        return tuple(region for region in (self.a, self.b, self.bias, self.residual) if region is not None)


Step = KernelStep | ConvStep | MatmulStep


class WeightRecipe(Protocol):
    """How a prepared weight is made from constants of the Graph, on the host, once."""

    @property
    def layout(self) -> Layout:
        """Layout of the prepared weight."""
        ...

    def values(self) -> object:
        """A NumPy array of the physical shape in the storage type (bfloat16 as uint16 bits)."""
        ...


@dataclass(frozen=True, slots=True)
class Program:
    """An Operator lowered.

    Attributes:
        operator: The Operator's name.
        steps: In stream order.
        temporaries: Bytes of the buffers that live only inside this Operator, by name.
    """

    operator: str
    steps: tuple[Step, ...]
    temporaries: Mapping[str, int]
