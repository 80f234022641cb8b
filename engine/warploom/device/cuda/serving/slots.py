"""A slot: the inputs and outputs of one request, on the device and in page-locked host memory at the same offsets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from warploom.device.cuda.binding import Enqueue
from warploom.device.cuda.loading import load_cupy
from warploom.device.cuda.memory import DeviceMemory, pinned_array, spread
from warploom.device.cuda.serving.document import FrozenDocument, Port
from warploom.device.protocol import Array


class Slot:
    """Memory of one request. All inputs lie together, and all outputs, so that each way takes one copy.

    Args:
        document: Says which inputs and outputs there are.

    Attributes:
        inputs: Page-locked arrays by name.
        outputs: Page-locked arrays by name.
        copy_in: Copies all inputs to the device at once.
        copy_out: Copies all outputs to the host at once.
    """

    def __init__(self, document: FrozenDocument) -> None:
        into = _Block(document.inputs, "allocating the inputs")
        out = _Block(document.outputs, "allocating the outputs")
        self._into, self._out = into, out
        self.inputs: Mapping[str, Array] = into.host
        self.outputs: Mapping[str, Array] = out.host
        self.copy_in: Enqueue = _copy(into.device.address, into.pinned, into.size, to_device=True)
        self.copy_out: Enqueue = _copy(out.pinned, out.device.address, out.size, to_device=False)

    @property
    def size_bytes(self) -> int:
        """Bytes on the device."""
        return self._into.device.size + self._out.device.size

    @property
    def bytes_in(self) -> int:
        """Bytes of all inputs, gaps included."""
        return self._into.size

    @property
    def bytes_out(self) -> int:
        """Bytes of all outputs, gaps included."""
        return self._out.size

    def input_address(self, name: str) -> int:
        """Where an input lies on the device."""
        return self._into.address(name)

    def output_address(self, name: str) -> int:
        """Where an output lies on the device."""
        return self._out.address(name)

    def copies_out(self, names: Sequence[str]) -> list[Enqueue]:
        """Copies of some outputs to the host, those that lie side by side together."""
        runs: list[list[int]] = []
        for start, end in sorted(self._out.extent(name) for name in names):
            if runs and start <= runs[-1][1]:
                runs[-1][1] = max(end, runs[-1][1])
            else:
                runs.append([start, end])
        base, pinned = self._out.device.address, self._out.pinned
        return [_copy(pinned + start, base + start, end - start, to_device=False) for start, end in runs]


class _Block:
    """Ports side by side, on the device and pinned."""

    def __init__(self, ports: Sequence[Port], purpose: str) -> None:
        sizes = {port.name: _size(port) for port in ports}
        self._offsets, self.size = spread(sizes)
        self._sizes = sizes
        self.device = DeviceMemory(self.size, purpose)
        self._bytes = pinned_array((max(self.size, 1),), np.dtype(np.uint8))
        self._bytes[:] = 0
        self.pinned = int(self._bytes.ctypes.data)
        self.host = {port.name: self._view(port) for port in ports}

    def address(self, name: str) -> int:
        return self.device.address + self._offsets[name]

    def extent(self, name: str) -> tuple[int, int]:
        """Bytes of a port, the gap behind it included: what is rounded up belongs to nobody else."""
        size = self._sizes[name]
        following = [offset for offset in self._offsets.values() if offset > self._offsets[name]]
        return self._offsets[name], min(following, default=self._offsets[name] + size)

    def _view(self, port: Port) -> Array:
        start = self._offsets[port.name]
        array: Array = (
            self._bytes[start : start + self._sizes[port.name]].view(np.dtype(port.dtype)).reshape(port.shape)
        )
        return array


def _size(port: Port) -> int:
    return int(np.prod(port.shape, dtype=np.int64)) * np.dtype(port.dtype).itemsize


def _copy(target: int, source: int, size: int, *, to_device: bool) -> Enqueue:
    runtime: Any = load_cupy().cuda.runtime
    kind = runtime.memcpyHostToDevice if to_device else runtime.memcpyDeviceToHost
    copy: Callable[[int, int, int, int, int], None] = runtime.memcpyAsync
    return partial(_enqueue, copy, target, source, size, kind)


def _enqueue(
    copy: Callable[[int, int, int, int, int], None], target: int, source: int, size: int, kind: int, stream: int
) -> None:
    if size:
        copy(target, source, size, kind, stream)
