"""Asks the NVIDIA driver which GPUs there are, by its own library alone: lists and doctors need no CUDA package.

`libcuda` comes with the driver. It honours CUDA_VISIBLE_DEVICES, so the numbers are those of "cuda:N".
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache

_LIBRARY = "libcuda.so.1"
_NO_DEVICE = 100
_NAME_BYTES = 256
_PCI_BYTES = 32

# CUdevice_attribute
_WARP_SIZE = 10
_CLOCK_KHZ = 13
_SM_COUNT = 16
_MEMORY_CLOCK_KHZ = 36
_MEMORY_BUS_BITS = 37
_THREADS_PER_SM = 39
_MAJOR = 75
_MINOR = 76


@dataclass(frozen=True, slots=True)
class GpuFacts:
    """One GPU as the driver describes it.

    Attributes:
        index: N of "cuda:N".
        name: The product's name.
        compute_capability: (major, minor).
        sm_count: Streaming multiprocessors.
        warps_per_sm: Resident warps that one SM can hold.
        clock_mhz: Highest SM clock.
        memory_bytes: Device memory.
        memory_bandwidth_gb_s: Peak, from clock and bus width, in 1e9 bytes per second.
        pci_bus_id: As "0000:3B:00.0".
    """

    index: int
    name: str
    compute_capability: tuple[int, int]
    sm_count: int
    warps_per_sm: int
    clock_mhz: float
    memory_bytes: int
    memory_bandwidth_gb_s: float
    pci_bus_id: str


@dataclass(frozen=True, slots=True)
class DriverFacts:
    """What the driver says.

    Attributes:
        cuda_version: The newest CUDA that it runs, as 13000; 0 without a driver.
        gpus: The visible GPUs.
        problem: Why there are none; empty where there are.
    """

    cuda_version: int
    gpus: tuple[GpuFacts, ...]
    problem: str = ""


@cache
def driver_facts() -> DriverFacts:
    """Asks the driver, once per process; never raises."""
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError:
        return DriverFacts(0, (), "no NVIDIA driver is installed")
    version = ctypes.c_int()
    library.cuDriverGetVersion(ctypes.byref(version))
    status = library.cuInit(0)
    if status:
        return DriverFacts(version.value, (), _why_no_start(library, status))
    count = ctypes.c_int()
    library.cuDeviceGetCount(ctypes.byref(count))
    gpus = tuple(_gpu(library, index) for index in range(count.value))
    return DriverFacts(version.value, gpus, "" if gpus else "the driver shows no GPU")


def _why_no_start(library: ctypes.CDLL, status: int) -> str:
    if status == _NO_DEVICE:
        return "the driver shows no GPU (see `nvidia-smi` and CUDA_VISIBLE_DEVICES)"
    name = ctypes.c_char_p()
    library.cuGetErrorName(status, ctypes.byref(name))
    text = name.value.decode() if name.value else f"error {status}"
    return f"the driver does not start ({text})"


def _gpu(library: ctypes.CDLL, index: int) -> GpuFacts:
    device = ctypes.c_int()
    library.cuDeviceGet(ctypes.byref(device), index)
    name = ctypes.create_string_buffer(_NAME_BYTES)
    library.cuDeviceGetName(name, _NAME_BYTES, device)
    memory = ctypes.c_size_t()
    library.cuDeviceTotalMem_v2(ctypes.byref(memory), device)
    bus = ctypes.create_string_buffer(_PCI_BYTES)
    library.cuDeviceGetPCIBusId(bus, _PCI_BYTES, device)

    def attribute(which: int) -> int:
        value = ctypes.c_int()
        library.cuDeviceGetAttribute(ctypes.byref(value), which, device)
        return value.value

    return GpuFacts(
        index=index,
        name=name.value.decode(errors="replace"),
        compute_capability=(attribute(_MAJOR), attribute(_MINOR)),
        sm_count=attribute(_SM_COUNT),
        warps_per_sm=attribute(_THREADS_PER_SM) // max(1, attribute(_WARP_SIZE)),
        clock_mhz=attribute(_CLOCK_KHZ) / 1e3,
        memory_bytes=memory.value,
        memory_bandwidth_gb_s=2 * attribute(_MEMORY_CLOCK_KHZ) * attribute(_MEMORY_BUS_BITS) / 8 / 1e6,
        pci_bus_id=bus.value.decode(errors="replace"),
    )
