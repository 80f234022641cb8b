"""Opens a frozen plan: its machine code loaded, its library kernels restored, its weights on the device."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any

import numpy as np

from warploom.device.cuda.binding import Enqueue, LibraryCall, bind_launch
from warploom.device.cuda.capture import StreamPool
from warploom.device.cuda.errors import CudaError, cuda_call
from warploom.device.cuda.library.library_plans import LibraryPlans
from warploom.device.cuda.library.plan import Kernel
from warploom.device.cuda.loading import load_cupy
from warploom.device.cuda.memory import DeviceMemory
from warploom.device.cuda.modules import allow_shared_memory
from warploom.device.cuda.serving.document import WEIGHT, FrozenDocument, KernelLaunch, LibraryLaunch, Place
from warploom.device.protocol import Array, DeviceInfo
from warploom.errors import PlanError
from warploom.schedule import StreamPlan

AddressOf = Callable[[Place], int]


def upload_weights(block: Array) -> DeviceMemory:
    """Copies a block of weights to the device.

    Raises:
        CudaError: If there is not enough memory, or copying fails.
    """
    memory = DeviceMemory(len(block), "uploading the weights", fill=None)
    if len(block):
        memory.put(np.ascontiguousarray(block))
    return memory


@dataclass(frozen=True, slots=True)
class ServingTools:
    """What serving takes from the device.

    Attributes:
        library: Restores library kernels.
        streams: To capture on.
        lock: Held while kernels are restored and graphs captured: one capture at a time, whatever the thread.
        use: Makes the GPU the one that the calling thread works with.
        info: The device.
    """

    library: LibraryPlans
    streams: StreamPool
    lock: RLock
    use: Callable[[], None]
    info: DeviceInfo


class CudaServing:
    """A plan opened for requests (a ServedPlan).

    Args:
        document: What was frozen.
        weights: On the device.
        offsets: Of each weight.
        plan: The plan.
        tools: The device's.

    Raises:
        PlanError: If the libraries cannot make a kernel any more that they made when the plan was frozen.
        CudaError: If the GPU fails.
    """

    def __init__(
        self,
        document: FrozenDocument,
        weights: DeviceMemory,
        offsets: Mapping[str, int],
        plan: StreamPlan,
        tools: ServingTools,
    ) -> None:
        self.document = document
        self.plan = plan
        self.tools = tools
        self._weights = weights
        self._offsets = offsets
        with tools.lock:
            tools.use()
            self._functions = _load_modules(document)
            self._kernels: Sequence[Kernel] = [
                _restore(document, i, tools.library) for i in range(len(document.library))
            ]

    def context(self, depth: int = 1) -> Any:
        from warploom.device.cuda.serving.context import CudaContext

        return CudaContext(self, depth)

    def weight_address(self, place: Place) -> int:
        """Where a weight lies."""
        return self._weights.address + self._offsets[place.name] + place.offset

    def bind(self, work: int, address: AddressOf) -> list[Enqueue]:
        """What one work starts, bound to addresses."""
        return [self._bind(step, address) for step in self.document.works[work].steps]

    def close(self) -> None:
        """Forgets the kernels; contexts that were opened go on."""
        self._functions = {}
        self._kernels = ()

    def _bind(self, step: KernelLaunch | LibraryLaunch, address: AddressOf) -> Enqueue:
        if isinstance(step, KernelLaunch):
            function = self._functions[step.kernel]
            allow_shared_memory(function, step.shared_bytes)
            configuration = (step.grid, step.block, step.shared_bytes)
            return bind_launch(function, configuration, [address(place) for place in step.pointers], step.scalars)
        pointers = {role: address(place) for role, place in step.pointers.items()}
        workspace = 0 if step.workspace is None else address(step.workspace)
        kernel, frozen = self._kernels[step.kernel], self.document.library[step.kernel].plan
        early = (step.pointers[role] for role in frozen.early if role in step.pointers)
        return LibraryCall(kernel, pointers, workspace, any(place.area != WEIGHT for place in early))


def _load_modules(document: FrozenDocument) -> dict[str, Any]:
    functions: dict[str, Any] = {}
    with cuda_call("loading the plan's kernels"):
        for compiled in document.modules:
            module = load_cupy().cuda.function.Module()
            module.load(compiled.code)
            functions.update({name: module.get_function(name) for name in compiled.names})
    return functions


def _restore(document: FrozenDocument, index: int, library: LibraryPlans) -> Kernel:
    frozen = document.library[index]
    step = frozen.conv if frozen.conv is not None else frozen.matmul
    if step is None:
        raise PlanError("The frozen plan is damaged: a library kernel has no step.")
    try:
        return library.kernel(step, frozen.plan)
    except CudaError as error:
        if error.sticky:
            raise
        raise PlanError(
            f"The plan's kernel {frozen.plan.name} cannot be made here any more ({error}): choose kernels anew "
            "with --retune."
        ) from error
