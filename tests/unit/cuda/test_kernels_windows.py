"""Depthwise and pooling kernels in every form that a thread's work may take, against NumPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cuda_host import HostKernels, Memory, compiler
from kernel_cases import check_depthwise, depthwise_forms, depthwise_layer, image
from warploom.device.cuda.kernels.codegen.chain import Chain
from warploom.device.cuda.kernels.codegen.window import NOTHING, Cell, Fused, Sliding, Walk, Window, channel_lanes
from warploom.device.cuda.kernels.depthwise import depthwise_step
from warploom.device.cuda.kernels.pool import Pool, pool_step
from warploom.device.cuda.layout import row_major
from warploom.device.cuda.steps import Region
from warploom.graph import DType, Primitive, attributes

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler that runs kernels' text on the CPU")
_TYPES = dict.fromkeys("xqy", DType.FLOAT32)


@needs_compiler
def test_that_every_form_of_a_depthwise_kernel_computes_the_same() -> None:
    check_depthwise(list(depthwise_forms()), HostKernels)


@needs_compiler
def test_that_wide_windows_are_loops() -> None:
    layer = depthwise_layer(8, 20, 17, 1)
    step = depthwise_step(layer)
    assert "for (int column" in step.kernel.code
    check_depthwise([(layer, step)], HostKernels)


@needs_compiler
@pytest.mark.parametrize("op", ["Relu", "Exp"])
def test_that_padding_is_zero_behind_a_prologue(op: str) -> None:
    """Exp makes 1 of 0: what lies outside must not go through it."""
    chain = Chain((Primitive(op, ("x",), ("q",)),), _TYPES)
    cases = []
    for lines in (1, 2):
        layer = depthwise_layer(12, 7, 3, 1, before=Fused(chain, "x", "q"))
        cases.append((layer, depthwise_step(layer, lines=lines)))
    check_depthwise(cases, HostKernels, np.exp if op == "Exp" else lambda values: np.maximum(values, 0))


@needs_compiler
@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
def test_that_every_form_of_a_pooling_kernel_computes_the_same(op: str) -> None:
    primitive = Primitive(op, ("x",), ("y",), attributes(kernel_shape=(3, 3), pads=(1, 1, 1, 1)))
    x, y = image("x", 12, 9), image("y", 12, 9)
    layer = Pool(primitive, Window((3, 3), (1, 1), (1, 1), (1, 1)), x, y)
    forms = itertools.product((1, 2, 4), (1, 2), (1, 2))
    steps = [pool_step(layer, lanes=lanes, pixels=pixels, lines=lines) for lanes, pixels, lines in forms]
    kernels = HostKernels(step.kernel for step in steps)
    values = np.random.default_rng(1).standard_normal(x.layout.shape).astype(np.float32)
    memory = {region.buffer: Memory(region.layout.size_bytes) for region in (x, y)}
    memory["x"].view(x.layout)[...] = values
    results = []
    for step in steps:
        memory["y"] = Memory(y.layout.size_bytes)
        kernels.run([step], memory)
        memory["y"].check_guards()
        results.append(memory["y"].view(y.layout).copy())
    fill = -np.inf if op == "MaxPool" else np.nan
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(values, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=fill), (3, 3), axis=(2, 3)
    )
    expected = windows.max((-2, -1)) if op == "MaxPool" else np.nanmean(windows, (-2, -1))
    for result in results:
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


def test_that_threads_share_reads_only_while_there_are_enough_of_them() -> None:
    small, large = depthwise_layer(16, 8, 3, 1), depthwise_layer(336, 42, 5, 1)
    assert small.y.layout.shape[-1] == 8
    one, many = depthwise_step(small), depthwise_step(large)
    assert one.grid[0] * 128 >= 2 * 8 * 8 * 8
    assert many.grid[0] * 128 < 2 * 168 * 42 * 42 // 3


def test_that_channels_are_vectors_only_where_they_are_innermost_and_aligned() -> None:
    x = image("x", 64, 5, DType.FLOAT16)
    assert channel_lanes(x, x, []) == 8
    assert channel_lanes(x, Region("y", 4, x.layout), []) == 4
    rows = Region("x", 0, row_major(x.layout.shape, DType.FLOAT16))
    assert channel_lanes(rows, rows, []) == 1


def test_that_each_input_element_is_read_once_per_thread() -> None:
    layer = depthwise_layer(16, 8, 3, 1)
    shape = Sliding(layer.window, layer.x, layer.y, 2, 2, 2)
    seen: list[str] = []

    def use(cell: Cell) -> list[str]:
        seen.append(cell.variable)
        return []

    Walk(shape, NOTHING, ["x0"], use).lines()
    assert len(seen) == len(set(seen)) == 16
