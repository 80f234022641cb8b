"""Turns what CUDA libraries report into DeviceErrors that name the call, say what happened and what helps.

Recognizes errors by name, so that it needs none of the libraries itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from warploom.errors import DeviceError

_HINTS: Mapping[str, str] = {
    "cudaErrorInsufficientDriver": "The NVIDIA driver is too old for this CUDA version: update the driver.",
    "cudaErrorNoDevice": "No NVIDIA GPU is visible: check `nvidia-smi` and CUDA_VISIBLE_DEVICES.",
    "cudaErrorInvalidDevice": "There is no GPU of that number: list them with `warploom devices`.",
    "cudaErrorNoKernelImageForDevice": "This GPU is too old or too new for the installed libraries.",
    "cudaErrorDevicesUnavailable": "Another process uses the GPU exclusively: end it or pick another GPU.",
    "cudaErrorSystemDriverMismatch": "Driver and CUDA libraries do not fit together: reboot or update the driver.",
    "cudaErrorStreamCaptureUnsupported": "A step cannot be captured into a CUDA graph; this is a defect of Warploom.",
    "cudaErrorECCUncorrectable": "The memory of the GPU is faulty: see `nvidia-smi -q -d ECC`.",
}

# After these the context is lost: every later call fails the same way, only a new process helps.
_STICKY = frozenset(
    (
        *("ILLEGALADDRESS", "LAUNCHFAILURE", "LAUNCHFAILED", "LAUNCHTIMEOUT", "ILLEGALINSTRUCTION", "ASSERT"),
        *("MISALIGNEDADDRESS", "INVALIDADDRESSSPACE", "INVALIDPC", "HARDWARESTACKERROR", "ECCUNCORRECTABLE"),
        *("CONTAINED", "MPSCLIENTTERMINATED", "NVLINKUNCORRECTABLE", "EXTERNALDEVICE", "TENSORMEMORYLEAK", "UNKNOWN"),
    )
)
_NAME = re.compile(r"\b(cudaError\w+|CUDA_ERROR_\w+|CUDNN_STATUS_\w+|CUBLAS_STATUS_\w+|NVRTC_ERROR_\w+)")
_LIBRARIES = ("cupy", "cupy_backends", "cudnn", "cupti", "cuda")

_CUBLAS_STATUS: Mapping[int, str] = {
    1: "CUBLAS_STATUS_NOT_INITIALIZED",
    3: "CUBLAS_STATUS_ALLOC_FAILED",
    7: "CUBLAS_STATUS_INVALID_VALUE",
    8: "CUBLAS_STATUS_ARCH_MISMATCH",
    11: "CUBLAS_STATUS_MAPPING_ERROR",
    13: "CUBLAS_STATUS_EXECUTION_FAILED",
    14: "CUBLAS_STATUS_INTERNAL_ERROR",
    15: "CUBLAS_STATUS_NOT_SUPPORTED",
}


class CudaError(DeviceError):
    """A call into a CUDA library failed.

    Attributes:
        call: What was called, in words or by name.
        name: Name of the error, as "cudaErrorIllegalAddress"; empty where the library gave none.
        sticky: Whether the process can no longer use the GPU and has to be restarted.
    """

    code = "cuda"

    def __init__(self, message: str, *, call: str, name: str = "", sticky: bool = False) -> None:
        super().__init__(message)
        self.call = call
        self.name = name
        self.sticky = sticky


class DeviceMemoryError(CudaError):
    """The GPU has less free memory than the work needs.

    Attributes:
        needed_bytes: What was asked for, 0 if unknown.
        free_bytes: What was free, -1 if unknown.
    """

    code = "out-of-memory"

    def __init__(self, call: str, needed_bytes: int, free_bytes: int) -> None:
        needed = f"{_mebibytes(needed_bytes)} needed" if needed_bytes else "too little left"
        free = f", {_mebibytes(free_bytes)} free" if free_bytes >= 0 else ""
        super().__init__(
            f"The GPU is out of memory in {call}: {needed}{free}. "
            "End other programs that use it, or choose a smaller batch.",
            call=call,
            name="cudaErrorMemoryAllocation",
        )
        self.needed_bytes = needed_bytes
        self.free_bytes = free_bytes


@contextmanager
def cuda_call(call: str, needed_bytes: int = 0, free_bytes: int = -1) -> Iterator[None]:
    """Raises what CUDA libraries raise inside as CudaError.

    Args:
        call: What is being done, for the message.
        needed_bytes: What is being allocated, for the message of an allocation that fails.
        free_bytes: What was free before, -1 if unknown.

    Raises:
        DeviceMemoryError: Where memory was missing.
        CudaError: Whatever else a CUDA library raised.
    """
    try:
        yield
    except DeviceError:
        raise
    except Exception as error:
        translated = translate(error, call, needed_bytes, free_bytes)
        if translated is None:
            raise
        raise translated from error


def translate(error: Exception, call: str, needed_bytes: int = 0, free_bytes: int = -1) -> CudaError | None:
    """The CudaError for what a CUDA library raised, or None for an error that comes from elsewhere."""
    text = str(error).strip() or type(error).__name__
    found = _NAME.search(text)
    if found is None and not _is_from_library(error):
        return None
    name = found.group(1) if found else ""
    if type(error).__name__ == "OutOfMemoryError" or "MemoryAllocation" in name or "OUT_OF_MEMORY" in name:
        return DeviceMemoryError(call, needed_bytes or int(getattr(error, "_size", 0) or 0), free_bytes)
    return _error(call, name, text)


def check(status: int, call: str) -> None:
    """Raises what a cuBLASLt call returned, unless it succeeded."""
    if status:
        name = _CUBLAS_STATUS.get(status, f"CUBLAS_STATUS_{status}")
        if name == "CUBLAS_STATUS_ALLOC_FAILED":
            raise DeviceMemoryError(call, 0, -1)
        raise _error(call, name, name)


def is_sticky(name: str) -> bool:
    """Whether a process that got the error of this name can no longer use the GPU."""
    bare = name.upper().replace("_", "")
    return bare.startswith("CUDAERROR") and bare.removeprefix("CUDAERROR") in _STICKY


def _error(call: str, name: str, text: str) -> CudaError:
    sticky = is_sticky(name)
    hint = _HINTS.get(name, "The GPU cannot be used by this process any more: start again." if sticky else "")
    first = " ".join(text.split())[:400].rstrip(".")
    return CudaError(f"{call} failed: {first}.{' ' if hint else ''}{hint}", call=call, name=name, sticky=sticky)


def _is_from_library(error: Exception) -> bool:
    # Of the cuDNN frontend's errors some are its own, others plain RuntimeErrors that name it.
    named = isinstance(error, RuntimeError) and "cudnn" in str(error).lower()
    return named or type(error).__module__.split(".")[0] in _LIBRARIES


def _mebibytes(count: int) -> str:
    return f"{count / 2**20:,.1f} MiB"
