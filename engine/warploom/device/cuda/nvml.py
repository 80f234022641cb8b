"""Clocks of a GPU as the management library (NVML) reports them; everything is None where it is missing.

NVML comes with the driver. Its four calls used here have been stable for ten years, so no package stands between.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache

_LIBRARY = "libnvidia-ml.so.1"
_SM_CLOCK = 1
_VERSION_BYTES = 96


@dataclass(frozen=True, slots=True)
class Clocks:
    """SM clocks in MHz.

    Attributes:
        current: Now.
        highest: What the GPU may reach.
    """

    current: float
    highest: float


def read_clocks(pci_bus_id: str) -> Clocks | None:
    """The SM clocks of a GPU; None where NVML is missing or does not tell."""
    library = _load()
    if library is None:
        return None
    handle = ctypes.c_void_p()
    if library.nvmlDeviceGetHandleByPciBusId_v2(pci_bus_id.encode(), ctypes.byref(handle)):
        return None
    values = []
    for call in (library.nvmlDeviceGetClockInfo, library.nvmlDeviceGetMaxClockInfo):
        value = ctypes.c_uint()
        if call(handle, _SM_CLOCK, ctypes.byref(value)):
            return None
        values.append(float(value.value))
    return Clocks(*values)


def driver_version() -> str:
    """Version of the driver as NVML tells it, as "580.65.06"; empty where it does not."""
    library = _load()
    if library is None:
        return ""
    text = ctypes.create_string_buffer(_VERSION_BYTES)
    if library.nvmlSystemGetDriverVersion(text, _VERSION_BYTES):
        return ""
    return text.value.decode(errors="replace")


@cache
def _load() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError:
        return None
    return None if library.nvmlInit_v2() else library
