"""Loads CUPTI, NVIDIA's profiling library, and says in words why it cannot do something."""

from __future__ import annotations

import ctypes
import importlib
from dataclasses import dataclass
from typing import Any

from warploom.device.cuda.loading import INSTALL, wheel_libraries
from warploom.errors import ProfileError

LIBRARY = "libcupti.so.13"
PERMISSION_COMMAND = (
    "echo 'options nvidia NVreg_RestrictProfilingToAdminUsers=0' | sudo tee /etc/modprobe.d/warploom.conf, then reboot"
)

_BUSY = ("HARDWARE_BUSY", "MULTIPLE_SUBSCRIBERS", "INVALID_OPERATION", "already enabled", "EXTERNAL")
_FORBIDDEN = ("INSUFFICIENT_PRIVILEGES", "NVGPUCTRPERM", "privileges")
_UNSUPPORTED = ("NOT_SUPPORTED", "NOT_COMPATIBLE", "CHIP_NAME", "INVALID_CHIP", "NO_DEVICE", "INVALID_DEVICE")


@dataclass(frozen=True, slots=True)
class Cupti:
    """The modules of its Python bindings.

    Attributes:
        api: cupti.cupti.
        sampling: cupti.pm_sampling.
        host: cupti.profiler_host.
    """

    api: Any
    sampling: Any
    host: Any


def load_cupti() -> Cupti:
    """CUPTI, with the very library that its bindings were made for: another one that is found first fails later.

    Raises:
        ProfileError: If it is not installed or does not load.
    """
    for path in wheel_libraries(LIBRARY):
        try:
            ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
            break
        except OSError:
            continue
    try:
        names = ("cupti.cupti", "cupti.pm_sampling", "cupti.profiler_host")
        return Cupti(*(importlib.import_module(name) for name in names))
    except ModuleNotFoundError as error:
        missing = "CUPTI is not installed" if error.name == "cupti" else f"CUPTI lacks the package {error.name}"
        raise ProfileError(f"{missing}: {INSTALL}.") from error
    except Exception as error:  # bindings of compiled code raise whatever they like
        raise ProfileError(f"CUPTI does not load ({_first_line(error)}): {INSTALL}.") from error


def why_not(error: Exception, what: str) -> str:
    """One sentence on why CUPTI could not do something, and what helps.

    Args:
        error: What it raised.
        what: What was wanted, as in "hardware counters cannot be read".
    """
    text = f"{type(error).__name__} {error}"
    if isinstance(error, PermissionError) or _names(text, _FORBIDDEN):
        return f"{what}: the driver lets administrators only (ERR_NVGPUCTRPERM); to allow it: {PERMISSION_COMMAND}"
    if isinstance(error, MemoryError):
        return f"{what}: the sample buffer was full; choose a longer interval with --sample-interval-ns"
    if _names(text, _BUSY):
        return f"{what}: another program profiles this GPU; end it (Nsight, DCGM) and run again"
    if _names(text, _UNSUPPORTED):
        return f"{what}: this GPU or its driver cannot sample ({_first_line(error)})"
    return f"{what} ({_first_line(error)})"


def _names(text: str, words: tuple[str, ...]) -> bool:
    return any(word.lower() in text.lower() for word in words)


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:160].rstrip(".") or type(error).__name__
