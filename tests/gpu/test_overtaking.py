"""On a GPU: no operand is read before it is written, whatever libraries allow their kernels."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest

from library_steps import conv_step, matmul_step
from warploom.device.cuda.binding import LibraryCall
from warploom.device.cuda.capture import ORIGIN, Branch, StreamPool, capture
from warploom.device.cuda.library.gpu_libraries import GpuLibraries
from warploom.device.cuda.library.library_plans import LibraryPlans
from warploom.device.cuda.library.operands import allocated, span_bytes
from warploom.device.cuda.library.overtaking import LATE_WRITER
from warploom.device.cuda.library.signature import LibraryStep, operand_roles, signature
from warploom.device.cuda.modules import KernelModules
from warploom.device.protocol import Device
from warploom.graph import Precision

cupy = pytest.importorskip("cupy", reason="CuPy is not installed")

_STEPS: dict[str, LibraryStep] = {
    "residual": conv_step((1, 64, 56, 56), 256, (1, 1), residual=True),
    "residual_deep": conv_step((1, 512, 7, 7), 2048, (1, 1), residual=True),
    "plain": conv_step((1, 192, 17, 17), 192, (1, 7), pads=(0, 3, 0, 3)),
    "attention": matmul_step((4, 128, 64), (4, 64, 128)),
    "product_residual": matmul_step((1, 128, 256), (1, 256, 256), bias=True, residual=True),
}
_DELAY_NS = 30_000
_TRIES = 4


@pytest.mark.parametrize("name", _STEPS)
def test_that_captured_kernels_wait_for_what_they_read(device: Device, name: str) -> None:
    """Each operand in turn is written late by a kernel that lets its successor start at once."""
    if device.info.simulated:
        pytest.skip("launches kernels by themselves")
    gpu: Any = device
    modules = KernelModules(device.info.compute_capability, gpu.database)
    modules.load([LATE_WRITER])
    step = _STEPS[name]
    with LibraryPlans(GpuLibraries(modules)) as plans:
        chosen = plans.prepare([step], Precision.FP16)[signature(step, Precision.FP16)]
        for plan in (chosen, *chosen.alternatives):
            for role in operand_roles(step):
                _check(step, plans.kernel(step, plan), modules, role)


def _check(step: LibraryStep, kernel: Any, modules: KernelModules, late: str) -> None:
    sizes = {role: -(-span_bytes(step, role) // 16) * 16 for role in operand_roles(step)}
    values = {role: allocated(size, step.y.layout.dtype) for role, size in sizes.items()}
    places = {role: allocated(size, None) for role, size in sizes.items()}
    result = cupy.empty(span_bytes(step, "y"), cupy.uint8)
    workspace = allocated(max(1, kernel.plan.workspace_bytes), None)
    pointers = {role: place.data.ptr for role, place in places.items()} | {"y": result.data.ptr}
    if step.bias is not None and kernel.plan.bias_dtype is not None:
        bias = allocated(span_bytes(step, "bias"), kernel.plan.bias_dtype)
        pointers["bias"] = bias.data.ptr
    streams = StreamPool()
    stream = streams.stream(ORIGIN)
    call = LibraryCall(kernel, pointers, workspace.data.ptr, late in kernel.plan.early)
    graph = capture([Branch(ORIGIN, (), [_late(places[late], values[late], sizes[late], modules), call])], streams)
    expected = None
    for attempt in range(1 + _TRIES):
        for role, place in places.items():
            if role == late and attempt:
                place.fill(0xFF)
            else:
                place[: sizes[role]] = values[role][: sizes[role]]
        result.fill(0xFF)
        cupy.cuda.runtime.deviceSynchronize()
        if attempt:
            graph.launch(stream)
        else:
            call(stream.ptr)
        stream.synchronize()
        found = cupy.asnumpy(result)
        expected = found if expected is None else expected
        wrong = int(np.count_nonzero(found != expected))
        assert not wrong, f"{kernel.plan.source} {kernel.plan.name} reads {late} early: {wrong} bytes differ"
    graph.close()


def _late(place: Any, values: Any, size: int, modules: KernelModules) -> Any:
    cells = (
        ctypes.c_void_p(place.data.ptr),
        ctypes.c_void_p(values.data.ptr),
        ctypes.c_longlong(size // 16),
        ctypes.c_int(_DELAY_NS),
    )
    arguments = (ctypes.c_void_p * len(cells))(*map(ctypes.addressof, cells))
    function = modules.function(LATE_WRITER)

    def enqueue(stream: int, _alive: Any = (cells, arguments)) -> None:
        launch = cupy.cuda.driver.launchKernel
        launch(function.ptr, 32, 1, 1, 512, 1, 1, 0, stream, ctypes.addressof(arguments), 0)

    return enqueue


def test_that_some_kernel_would_overtake(device: Device) -> None:
    """Otherwise the test above proves little: cuDNN's fused residuals are read early on Hopper."""
    if device.info.simulated or device.info.compute_capability != (9, 0):
        pytest.skip("seen on Hopper only")
    gpu: Any = device
    modules = KernelModules(device.info.compute_capability, gpu.database)
    step = _STEPS["residual"]
    with LibraryPlans(GpuLibraries(modules)) as plans:
        chosen = plans.prepare([step], Precision.FP16)[signature(step, Precision.FP16)]
    early = {plan.name: plan.early for plan in (chosen, *chosen.alternatives)}
    assert any("residual" in roles for roles in early.values()), early
