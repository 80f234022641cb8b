"""What `warploom doctor` finds: driver, GPUs, libraries, permissions and clocks, each with the command that mends it.

Nothing here changes anything, and nothing raises: what is missing is a finding.
"""

from __future__ import annotations

import enum
import importlib.util
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from warploom.device.cuda.device import DATABASE_NAME
from warploom.device.cuda.driver import DriverFacts, GpuFacts, driver_facts
from warploom.device.cuda.loading import (
    INSTALL,
    driver_release,
    load_cublaslt,
    load_cudnn,
    load_cupy,
    version_text,
    wheel_libraries,
)
from warploom.device.cuda.nvml import driver_version, read_clocks
from warploom.device.cuda.profiler.cupti_library import LIBRARY, PERMISSION_COMMAND
from warploom.errors import WarploomError
from warploom.paths import cache_folder

_DRIVER_COMMAND = "sudo apt install nvidia-driver-580 (or your distribution's newest driver), then reboot"
_NEEDED_CUDA = 13000
_CUPTI_NEEDS = ("elftools", "cuda")  # looked for, not loaded: CUPTI in a process slows down its every replay
_NEWEST_FRONTEND = (1, 29)
_PROFILING = Path("/proc/driver/nvidia/params")


class State(enum.StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    WARNING = "warning"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        subject: What was looked at.
        state: Whether it is as it should be.
        text: What was found.
        remedy: The command that mends or improves it; empty where there is nothing to do.
    """

    subject: str
    state: State
    text: str
    remedy: str = ""


def examine() -> tuple[Finding, ...]:
    """Looks at everything that a CUDA device needs."""
    facts = driver_facts()
    return (
        _driver(facts),
        *(_gpu(gpu) for gpu in facts.gpus),
        *_libraries(),
        *((_profiling(),) if facts.gpus else ()),
        *(_clocks(gpu) for gpu in facts.gpus),
        _database(),
    )


def _driver(facts: DriverFacts) -> Finding:
    if not facts.cuda_version:
        return Finding("driver", State.MISSING, facts.problem, _DRIVER_COMMAND)
    release = driver_version() or driver_release()
    text = f"{release or 'release unknown'}, runs CUDA {version_text(facts.cuda_version, 1000)}"
    if facts.cuda_version < _NEEDED_CUDA:
        return Finding("driver", State.WARNING, f"{text}; CUDA 13.0 is needed", _DRIVER_COMMAND)
    if facts.problem:
        return Finding("driver", State.WARNING, f"{text}; {facts.problem}", "nvidia-smi")
    return Finding("driver", State.OK, text)


def _gpu(gpu: GpuFacts) -> Finding:
    major, minor = gpu.compute_capability
    memory = gpu.memory_bytes / 2**30
    text = f"{gpu.name}, compute capability {major}.{minor}, {gpu.sm_count} SMs, {memory:.0f} GiB"
    return Finding(f"cuda:{gpu.index}", State.OK, text)


def _libraries() -> Iterator[Finding]:
    yield _library("CuPy", lambda: str(load_cupy().__version__))
    yield _library("NVRTC", lambda: ".".join(map(str, load_cupy().cuda.nvrtc.getVersion())))
    yield _frontend()
    yield _library("cuDNN", lambda: version_text(int(load_cudnn().backend_version())))
    lt = load_cublaslt()
    if lt is None:
        yield Finding("cuBLASLt", State.WARNING, "not found; cuDNN does the matrix products that it can", INSTALL)
    else:
        yield Finding("cuBLASLt", State.OK, str(lt.cublasLtGetVersion()))
    yield _cupti()


def _library(subject: str, version: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, State.OK, version())
    except WarploomError as error:
        text = str(error).removesuffix(f": {INSTALL}.").rstrip(".")
        return Finding(subject, State.MISSING, text, INSTALL)
    except Exception as error:  # a broken library may raise anything at all
        return Finding(subject, State.MISSING, f"does not load ({error})", INSTALL)


def _frontend() -> Finding:
    found = _library("cuDNN frontend", lambda: str(load_cudnn().__version__))
    if found.state is not State.OK:
        return found
    version = tuple(int(part) for part in found.text.split(".")[:2] if part.isdigit())
    if version >= _NEWEST_FRONTEND:
        remedy = "pip install 'nvidia-cudnn-frontend<1.29'"
        return Finding(found.subject, State.WARNING, f"{found.text} was not tried", remedy)
    return found


def _cupti() -> Finding:
    """The profiler's library must be the one that its bindings were made for."""
    try:
        bindings = metadata.version("cupti-python")
    except metadata.PackageNotFoundError:
        return Finding("CUPTI", State.WARNING, "not installed: profiles have times of launches alone", INSTALL)
    try:
        library = metadata.version("nvidia-cuda-cupti")
    except metadata.PackageNotFoundError:
        library = ""
    if not any(wheel_libraries(LIBRARY)) or library.split(".")[:2] != bindings.split(".")[:2]:
        text = f"bindings {bindings}, library {library or 'not from a package'}: they do not match"
        return Finding("CUPTI", State.WARNING, text, f"pip install 'nvidia-cuda-cupti=={bindings.rsplit('.', 1)[0]}.*'")
    lacking = [name for name in _CUPTI_NEEDS if importlib.util.find_spec(name) is None]
    if lacking:
        return Finding("CUPTI", State.WARNING, f"its bindings lack the package {lacking[0]}", INSTALL)
    return Finding("CUPTI", State.OK, f"bindings {bindings}, library {library}")


def _profiling(parameters: Path = _PROFILING) -> Finding:
    if os.geteuid() == 0:
        return Finding("profiling", State.OK, "allowed: you are root")
    try:
        text = parameters.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return Finding("profiling", State.WARNING, "the driver does not say whether users may read hardware counters")
    restricted = any(line.replace(" ", "") == "RmProfilingAdminOnly:1" for line in text.splitlines())
    if restricted:
        text = "hardware counters are for administrators only (ERR_NVGPUCTRPERM): active warps will be modelled"
        return Finding("profiling", State.WARNING, text, PERMISSION_COMMAND)
    return Finding("profiling", State.OK, "allowed for all users")


def _clocks(gpu: GpuFacts) -> Finding:
    clocks = read_clocks(gpu.pci_bus_id)
    subject = f"clocks of cuda:{gpu.index}"
    if clocks is None:
        return Finding(subject, State.WARNING, "not told by the driver: figures may vary with them")
    command = f"sudo nvidia-smi -i {gpu.index} --lock-gpu-clocks={clocks.highest:.0f} (undo: --reset-gpu-clocks)"
    return Finding(
        subject, State.OK, f"{clocks.current:.0f} MHz now, up to {clocks.highest:.0f}; to lock them:", command
    )


def _database() -> Finding:
    path = cache_folder() / DATABASE_NAME
    size = path.stat().st_size if path.exists() else 0
    return Finding("cost database", State.OK, f"{path}, {size / 2**20:.1f} MiB")
