"""The device under test, and what the tests ask of a CUDA executable beyond the protocol."""

from __future__ import annotations

import functools
import os
import tempfile
from pathlib import Path
from typing import Any

from warploom.device.protocol import Device, Executable
from warploom.device.registry import open_device
from warploom.errors import DeviceError
from warploom.graph import Graph, Precision
from warploom.schedule import StreamPlan


def device_name() -> str:
    """The id of the device under test: WARPLOOM_TEST_DEVICE, or the first GPU."""
    return os.environ.get("WARPLOOM_TEST_DEVICE", "cuda:0")


@functools.cache
def opened_device() -> Device:
    """The device under test, opened once per process.

    Raises:
        DeviceError: Where it is not there.
    """
    if not device_name().startswith("sim:"):
        os.environ["XDG_CACHE_HOME"] = os.environ.get("WARPLOOM_TEST_CACHE") or _cache_of_this_run()
    return open_device(device_name())


def _cache_of_this_run() -> str:
    """One folder for all processes of a test run: kernels chosen while others keep the GPU busy are not for users."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
    return os.fspath(Path(tempfile.gettempdir()) / f"warploom-gpu-tests-{run}")


@functools.cache
def why_missing() -> str:
    """Why the device under test cannot be used; empty where it can."""
    try:
        opened_device()
    except DeviceError as error:
        return str(error)
    return ""


def compile_plan(
    device: Device, graph: Graph, plan: StreamPlan, precision: Precision, *, perturb: int | None = None
) -> Executable:
    """Compiles a plan; with `perturb` a CUDA device puts kernels of random length before random launches."""
    if perturb is None or device.info.simulated:
        return device.compile(graph, plan, precision)
    compiler: Any = device
    executable: Executable = compiler.compile(graph, plan, precision, perturb=perturb)
    return executable


def poison(executable: Executable) -> None:
    """Fills all memory that a run writes with NaN, so that what a run fails to write cannot look right."""
    if (fill := getattr(executable, "poison", None)) is not None:
        fill()
    elif not type(executable).__name__.startswith("Simulated"):
        raise AssertionError(f"{type(executable).__name__} cannot be poisoned, so a check of it proves little")


def is_lost(error: BaseException) -> bool:
    """Whether the process can no longer use its GPU after this error."""
    return bool(getattr(error, "sticky", False))
