"""Steps: what an Operator becomes on the GPU, described as values before any GPU memory exists.

Lowering (pure Python, tested without a GPU) turns every Operator into Steps over named Regions. The compiler then plans
the arena, compiles the kernels, builds the library plans and captures the steps in stream order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
        needs: The only architecture that it compiles for ("90a"); empty for any.
    """

    name: str
    code: str
    needs: str = ""


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
        x: Channels-last input (N, C, H, W); its padded channels take part (their weights are zero).
        w: Prepared weight, dense and row-major with the shape (K padded, kh, kw, C padded / groups), where K padded and
            C padded are `channels` of y and x. For the gradient form it is (C padded, kh, kw, K padded / groups): the
            filter of the convolution that it reverses.
        y: Channels-last output; its padded channels are written (zero weights, zero bias).
        bias: Prepared bias (K padded,) in float32, or None.
        residual: Added before the activation, or None; same logical shape as y, at least as many physical channels.
        pads: (top, left, bottom, right).
        strides: (vertical, horizontal).
        dilations: (vertical, horizontal).
        groups: Number of groups.
        activation: Name and parameters; () for none: ("Relu",), ("Clip", low, high), ("LeakyRelu", slope),
            ("Elu", alpha), ("Sigmoid",), ("Tanh",), ("Swish", beta), ("Gelu", "none" or "tanh"), ("Softplus",).
        transposed: Whether it is the gradient form (ConvTranspose).
        bias_stored: The same bias in the type of x, for library kernels that want it so; None where bias is, and where
            x is float32 already.
        kernel: Which of the kernels known for its signature runs it; empty for the one that is fastest alone.
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
    bias_stored: Region | None = None
    kernel: str = ""

    @property
    def writes(self) -> tuple[Region, ...]:
        """Regions written."""
        return (self.y,)

    @property
    def reads(self) -> tuple[Region, ...]:
        """Regions read."""
        maybe = (self.x, self.w, self.bias, self.bias_stored, self.residual)
        return tuple(region for region in maybe if region is not None)


@dataclass(frozen=True, slots=True)
class MatmulStep:
    """A batched matrix product by a library: y = activation(a @ b + bias + residual); strides give transposition.

    All have the same rank, three or more. A batch dimension of a or b is 1 where it is broadcast. One of the last two
    strides of each is 1, the other strides and the offset are multiples of 16 bytes.

    Attributes:
        a: (..., M, K).
        b: (..., K, N).
        y: (..., M, N).
        bias: (N,) in float32 or None.
        residual: Same logical shape as y, or None.
        activation: As in ConvStep.
        bias_stored: As in ConvStep.
        kernel: As in ConvStep.
    """

    a: Region
    b: Region
    y: Region
    bias: Region | None
    residual: Region | None
    activation: tuple[str | float, ...] = ()
    bias_stored: Region | None = None
    kernel: str = ""

    @property
    def writes(self) -> tuple[Region, ...]:
        """Regions written."""
        return (self.y,)

    @property
    def reads(self) -> tuple[Region, ...]:
        """Regions read."""
        maybe = (self.a, self.b, self.bias, self.bias_stored, self.residual)
        return tuple(region for region in maybe if region is not None)


PlainStep = KernelStep | ConvStep | MatmulStep


@dataclass(frozen=True, slots=True)
class Choice:
    """Sequences of steps that compute the same: the compiler takes the fastest of those that the library can build.

    Attributes:
        alternatives: Most fused first. The last asks least of the library (bias and ReLU at most beside the product).
    """

    alternatives: tuple[tuple[PlainStep, ...], ...]

    @property
    def writes(self) -> tuple[Region, ...]:
        """Regions that any alternative writes, scratch included."""
        return tuple(dict.fromkeys(r for steps in self.alternatives for step in steps for r in step.writes))

    @property
    def reads(self) -> tuple[Region, ...]:
        """Regions that any alternative reads, scratch included."""
        return tuple(dict.fromkeys(r for steps in self.alternatives for step in steps for r in step.reads))


Step = PlainStep | Choice


@dataclass(frozen=True, slots=True)
class Program:
    """An Operator lowered.

    Attributes:
        operator: The Operator's name.
        steps: In stream order.
        temporaries: Bytes of scratch buffers that live only inside this Operator, by name.
    """

    operator: str
    steps: tuple[Step, ...]
    temporaries: Mapping[str, int]
