"""Prepared weights on the device: uploaded once per Graph and precision, shared by every executable."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from warploom.device.cuda.lowering.lowered import PreparedWeight
from warploom.device.cuda.memory import DeviceMemory, spread


class WeightStore:
    """The weights of one Graph in one precision; grows as plans ask for further forms."""

    def __init__(self) -> None:
        self._addresses: dict[str, int] = {}
        self._blocks: list[DeviceMemory] = []

    @property
    def size_bytes(self) -> int:
        """Bytes on the device, alignment included."""
        return sum(block.size for block in self._blocks)

    def upload(self, weights: Mapping[str, PreparedWeight]) -> None:
        """Makes sure that all of these are on the device.

        Raises:
            CudaError: If there is not enough memory, or copying fails.
        """
        missing = {name: weight for name, weight in weights.items() if name not in self._addresses}
        if not missing:
            return
        offsets, size = spread({name: weight.layout.size_bytes for name, weight in missing.items()})
        staged = np.zeros(size, np.uint8)
        for name, weight in missing.items():
            values = weight.values().view(np.uint8)
            staged[offsets[name] : offsets[name] + values.size] = values
        block = DeviceMemory(size, "uploading the weights", fill=None)
        block.put(staged)
        self._blocks.append(block)
        self._addresses.update({name: block.address + offset for name, offset in offsets.items()})

    def address(self, name: str) -> int:
        """Where an uploaded weight lies."""
        return self._addresses[name]

    def __contains__(self, name: object) -> bool:
        return name in self._addresses
