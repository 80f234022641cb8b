"""Loads the CUDA libraries when a CUDA device is asked for, and says which ones there are.

Nothing here is imported before that: `import warploom` works on machines without any of them.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from warploom.cost.database import Environment
from warploom.device.cuda.errors import CudaError, cuda_call
from warploom.errors import DeviceError
from warploom.paths import install_command

OLDEST_CUDNN = 91000
"""The oldest cuDNN that was tried, as `cudnnGetVersion` counts."""

INSTALL = install_command("cuda13")
"""The command that installs everything that a CUDA device needs."""


@cache
def load_cupy() -> Any:
    """The module cupy.

    Raises:
        DeviceError: If it is not installed or cannot be loaded.
    """
    return _module("cupy", "CuPy")


@cache
def load_cudnn() -> Any:
    """The module of the cuDNN frontend, with the cuDNN library found and loaded.

    Raises:
        DeviceError: If either is missing, cannot be loaded or is too old.
    """
    load_shared_library("cudnn", "9")
    with _hidden("torch"):
        cudnn = _module("cudnn", "The cuDNN frontend")
    try:
        version = int(cudnn.backend_version())
    except Exception as error:
        raise DeviceError(f"The cuDNN library is missing or cannot be loaded ({error}): {INSTALL}.") from error
    if version < OLDEST_CUDNN:
        raise DeviceError(f"cuDNN {version_text(version)} is too old, 9.10 or newer is needed: {INSTALL}.")
    return cudnn


@cache
def load_cublaslt() -> ctypes.CDLL | None:
    """The library cuBLASLt, or None where it is not installed (cuDNN then does all products that it can)."""
    return load_shared_library("cublasLt", "13") or load_shared_library("cublasLt", "12")


def load_shared_library(stem: str, major: str) -> ctypes.CDLL | None:
    """A library by its path inside NVIDIA's wheels, or else as the loader finds it; None where neither has it.

    It is loaded for all to see: the Python bindings that need it find this very file, not another one.
    """
    name = f"lib{stem}.so.{major}"
    for candidate in (*map(str, wheel_libraries(name)), name):
        try:
            return ctypes.CDLL(candidate, mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue
    return None


def wheel_libraries(name: str) -> Iterator[Path]:
    """Files of that name in the wheels under the package `nvidia`."""
    spec = importlib.util.find_spec("nvidia")
    for root in (spec.submodule_search_locations or ()) if spec else ():
        yield from sorted(Path(root).glob(f"*/lib/{name}"))


def library_versions() -> dict[str, str]:
    """Versions of the libraries that choose and run kernels, by name; only of those that can be loaded."""
    versions: dict[str, str] = {}
    for name, package in (("cudnn-frontend", "nvidia-cudnn-frontend"), ("cupy", "cupy-cuda13x")):
        try:
            versions[name] = metadata.version(package)
        except metadata.PackageNotFoundError:
            module = {"cudnn-frontend": load_cudnn, "cupy": load_cupy}[name]
            versions[name] = str(getattr(module(), "__version__", "unknown"))
    versions["cudnn"] = version_text(int(load_cudnn().backend_version()))
    cublas = load_cublaslt()
    if cublas is not None:
        cublas.cublasLtGetVersion.restype = ctypes.c_size_t
        versions["cublaslt"] = str(cublas.cublasLtGetVersion())
    return versions


def environment(device: int) -> Environment:
    """What measurements on that GPU depend on.

    Raises:
        CudaError: If there is no such GPU or its driver does not work.
    """
    runtime = load_cupy().cuda.runtime
    with cuda_call("reading the properties of the GPU"):
        properties = runtime.getDeviceProperties(device)
        driver = driver_release() or version_text(runtime.driverGetVersion(), 1000)
    return Environment(
        properties["name"].decode(),
        int(properties["multiProcessorCount"]),
        driver,
        tuple(sorted(library_versions().items())),
    )


def driver_release() -> str:
    """The release of the kernel driver, as "580.65.06", or nothing where the system does not tell."""
    try:
        return Path("/sys/module/nvidia/version").read_text().strip()
    except OSError:
        return ""


def version_text(version: int, major: int = 10000) -> str:
    """A version counted as libraries do, as text: 91900 is 9.19.0, and 13000 with major=1000 is 13.0."""
    if major == 1000:
        return f"{version // 1000}.{version % 1000 // 10}"
    return f"{version // major}.{version % major // 100}.{version % 100}"


@contextmanager
def _hidden(name: str) -> Iterator[None]:
    """Makes a module seem not installed: the cuDNN frontend imports PyTorch where it is, which takes seconds."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]


def _module(name: str, title: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != name:
            raise DeviceError(f"{title} cannot be loaded, it lacks {error.name}: {INSTALL}.") from error
        raise DeviceError(f"{title} is not installed: {INSTALL}.") from error
    except Exception as error:
        raise CudaError(f"{title} cannot be loaded ({error}): {INSTALL}.", call=f"import {name}") from error
