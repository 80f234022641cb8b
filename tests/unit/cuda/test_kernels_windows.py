"""Depthwise and pooling kernels in every form that a thread's work may take, against NumPy."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from cuda_host import Array, HostKernels, Memory, compiler
from warploom.device.cuda.kernels.codegen.chain import Chain
from warploom.device.cuda.kernels.codegen.window import NOTHING, Fused, Sliding, Window, channel_lanes
from warploom.device.cuda.kernels.depthwise import Depthwise, depthwise_step
from warploom.device.cuda.kernels.pool import Pool, pool_step
from warploom.device.cuda.layout import channels_last, row_major
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import DType, Primitive, attributes

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler that runs kernels' text on the CPU")
_TYPES = dict.fromkeys("xqy", DType.FLOAT32)
_BATCH = 2


def _image(name: str, channels: int, side: int, dtype: DType = DType.FLOAT32) -> Region:
    return Region(name, 0, channels_last((_BATCH, channels, side, side), dtype))


def _layer(channels: int, side: int, kernel: int, stride: int, dilation: int = 1, before: Fused = NOTHING) -> Depthwise:
    pad = kernel // 2 * dilation
    out = (side + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1
    x, y = _image("x", channels, side), _image("y", channels, out)
    padded = x.layout.channels
    return Depthwise(
        Window((kernel,) * 2, (stride,) * 2, (dilation,) * 2, (pad,) * 2),
        x,
        y,
        Region("w", 0, row_major((kernel * kernel, padded), DType.FLOAT32)),
        Region("b", 0, row_major((padded,), DType.FLOAT32)),
        before,
    )


def _expected(layer: Depthwise, x: Array, w: Array, b: Array) -> Array:
    window = layer.window
    pad, stride, dilation, kernel = window.begins[0], window.strides[0], window.dilations[0], window.kernel[0]
    out = layer.y.layout.shape[-1]
    wide = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    total = np.zeros(layer.y.layout.shape, np.float32) + b[:, None, None]
    for row, column in itertools.product(range(kernel), repeat=2):
        top, left, reach = row * dilation, column * dilation, (out - 1) * stride + 1
        part = wide[:, :, top : top + reach : stride, left : left + reach : stride]
        total += part * w[row * kernel + column][:, None, None]
    return total


def _check(
    cases: list[tuple[Depthwise, KernelStep]], through: Callable[[Array], Array] = lambda values: values
) -> None:
    kernels = HostKernels(step.kernel for _, step in cases)
    random = np.random.default_rng(0)
    for layer, step in cases:
        assert layer.bias is not None
        channels = layer.x.layout.shape[1]
        regions = (layer.x, layer.y, layer.w, layer.bias)
        memory = {region.buffer: Memory(region.layout.size_bytes) for region in regions}
        x = random.standard_normal(layer.x.layout.shape).astype(np.float32)
        w = random.standard_normal((layer.window.taps, channels)).astype(np.float32)
        b = random.standard_normal(channels).astype(np.float32)
        for region in (layer.x, layer.w, layer.bias):
            memory[region.buffer].view(region.layout, lanes=True)[...] = 0
        memory["x"].view(layer.x.layout)[...] = x
        memory["w"].view(layer.w.layout)[:, :channels] = w
        memory["b"].view(layer.bias.layout)[:channels] = b
        kernels.run([step], memory)
        for one in memory.values():
            one.check_guards()
        found = memory["y"].view(layer.y.layout)
        expected = _expected(layer, through(x), w, b)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4, err_msg=step.kernel.name)


@needs_compiler
def test_that_every_form_of_a_depthwise_kernel_computes_the_same() -> None:
    shapes = ((19, 11, 5, 1, 1), (16, 9, 3, 2, 1), (8, 13, 3, 1, 2), (8, 12, 7, 2, 1))
    forms = itertools.product((2, 4), (1, 2, 3), (1, 2, 3), (0, 1, 2))
    cases = []
    for shape, (lanes, pixels, lines, unroll) in itertools.product(shapes, forms):
        if shape[-1] == 1 or lines == 1:  # several lines of a dilated window are not made
            layer = _layer(*shape)
            step = depthwise_step(layer, lanes=lanes, pixels=pixels, lines=lines, unroll=unroll)
            cases.append((layer, step))
    _check(cases)


@needs_compiler
def test_that_wide_windows_are_loops() -> None:
    layer = _layer(8, 20, 17, 1)
    step = depthwise_step(layer)
    assert "for (int column" in step.kernel.code
    _check([(layer, step)])


@needs_compiler
@pytest.mark.parametrize("op", ["Relu", "Exp"])
def test_that_padding_is_zero_behind_a_prologue(op: str) -> None:
    """Exp makes 1 of 0: what lies outside must not go through it."""
    chain = Chain((Primitive(op, ("x",), ("q",)),), _TYPES)
    cases = []
    for lines in (1, 2):
        layer = _layer(12, 7, 3, 1, before=Fused(chain, "x", "q"))
        cases.append((layer, depthwise_step(layer, lines=lines)))
    _check(cases, np.exp if op == "Exp" else lambda values: np.maximum(values, 0))


@needs_compiler
@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
def test_that_every_form_of_a_pooling_kernel_computes_the_same(op: str) -> None:
    primitive = Primitive(op, ("x",), ("y",), attributes(kernel_shape=(3, 3), pads=(1, 1, 1, 1)))
    x, y = _image("x", 12, 9), _image("y", 12, 9)
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
    small, large = _layer(16, 8, 3, 1), _layer(336, 42, 5, 1)
    assert small.y.layout.shape[-1] == 8
    one, many = depthwise_step(small), depthwise_step(large)
    assert one.grid[0] * 128 >= 2 * 8 * 8 * 8
    assert many.grid[0] * 128 < 2 * 168 * 42 * 42 // 3


def test_that_channels_are_vectors_only_where_they_are_innermost_and_aligned() -> None:
    x = _image("x", 64, 5, DType.FLOAT16)
    assert channel_lanes(x, x, []) == 8
    assert channel_lanes(x, Region("y", 4, x.layout), []) == 4
    rows = Region("x", 0, row_major(x.layout.shape, DType.FLOAT16))
    assert channel_lanes(rows, rows, []) == 1


def test_that_each_input_element_is_read_once_per_thread() -> None:
    layer = _layer(16, 8, 3, 1)
    shape = Sliding(layer.window, layer.x, layer.y, 2, 2, 2)
    seen: list[tuple[str, ...]] = []

    def use(cell: object) -> list[str]:
        seen.append(getattr(cell, "variable", ""))
        return []

    shape.walk(NOTHING, ["x0"], use)
    assert len(seen) == len(set(seen)) == 16
