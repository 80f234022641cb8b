"""Binds steps to addresses: what remains is to enqueue them on a stream, with nothing left to decide or allocate."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from warploom.device.cuda.library.plan import Kernel, Pointers
from warploom.device.cuda.loading import load_cupy
from warploom.device.cuda.lowering.lowered import WEIGHT_PREFIX
from warploom.device.cuda.steps import ConvStep, KernelStep, MatmulStep, PlainStep, Region

Address = Callable[[str], int]
"""Address of a buffer by its name."""

Enqueue = Callable[[int], None]
"""Starts something on the stream of that address."""


def bind_kernel(step: KernelStep, function: Any, address: Address) -> Enqueue:
    """One launch of an own kernel: its arguments are the pointers of `writes`, of `reads`, then the scalars."""
    pointers = [pointer(region, address) for region in (*step.writes, *step.reads)]
    return bind_launch(function, (step.grid, step.block, step.shared_bytes), pointers, step.scalars)


Dim3 = tuple[int, int, int]


def bind_launch(
    function: Any, configuration: tuple[Dim3, Dim3, int], pointers: Sequence[int], scalars: Sequence[int | float]
) -> Enqueue:
    """One launch of a kernel with a configuration (grid, block, bytes of shared memory) and its arguments."""
    cells: list[Any] = [ctypes.c_void_p(one) for one in pointers]
    cells += [ctypes.c_int(value) if isinstance(value, int) else ctypes.c_float(value) for value in scalars]
    arguments = (ctypes.c_void_p * len(cells))(*map(ctypes.addressof, cells))
    launch = load_cupy().cuda.driver.launchKernel
    handle, (grid, block, shared) = function.ptr, configuration
    parameters = ctypes.addressof(arguments)

    # `cells`, `arguments` and `function` are defaults so that they live as long as what refers to them.
    def enqueue(stream: int, _alive: tuple[Any, ...] = (cells, arguments, function)) -> None:
        launch(handle, *grid, *block, shared, stream, parameters, 0)

    return enqueue


@dataclass(frozen=True, slots=True)
class LibraryCall:
    """One launch of a library's kernel (an Enqueue).

    Attributes:
        kernel: The kernel.
        pointers: Addresses by role.
        workspace: Address of its workspace.
        overtakes: Whether it may read what another kernel computes before that one has ended, unless the graph that it
            is captured into keeps it from starting early.
    """

    kernel: Kernel
    pointers: Pointers
    workspace: int
    overtakes: bool

    def __call__(self, stream: int) -> None:
        """Starts it."""
        self.kernel.enqueue(self.pointers, self.workspace, stream)


def bind_library(step: ConvStep | MatmulStep, kernel: Kernel, workspace: int, address: Address) -> LibraryCall:
    """One launch of a library's kernel."""
    regions = library_regions(step, kernel)
    pointers = {role: pointer(region, address) for role, region in regions.items()}
    early = (regions[role].buffer for role in kernel.plan.early if role in regions)
    return LibraryCall(kernel, pointers, workspace, any(not buffer.startswith(WEIGHT_PREFIX) for buffer in early))


def library_regions(step: ConvStep | MatmulStep, kernel: Kernel) -> Mapping[str, Region]:
    """The regions that a library's kernel is given, by role; the bias in the type that it wants."""
    if isinstance(step, ConvStep):
        regions = {"x": step.x, "w": step.w, "y": step.y}
    else:
        regions = {"a": step.a, "b": step.b, "y": step.y}
    if step.residual is not None:
        regions["residual"] = step.residual
    if step.bias is not None:
        wanted = kernel.plan.bias_dtype
        stored = step.bias_stored
        regions["bias"] = stored if stored is not None and stored.layout.dtype is wanted else step.bias
    return regions


def pointer(region: Region, address: Address) -> int:
    """Address of a region's first element."""
    return address(region.buffer) + region.offset * region.layout.dtype.itemsize


@dataclass(frozen=True, slots=True)
class BoundWork:
    """What one launch enqueues, bound.

    Attributes:
        name: Of the launch.
        steps: In stream order.
        enqueue: Of each step.
    """

    name: str
    steps: tuple[PlainStep, ...]
    enqueue: Sequence[Enqueue]
