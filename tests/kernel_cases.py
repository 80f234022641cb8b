"""Cases of depthwise convolution in every form that a thread's work may take, for whatever runs kernels."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

import numpy as np

from cuda_host import Array, Memory
from warploom.device.cuda.kernels.codegen.window import NOTHING, Fused, Window
from warploom.device.cuda.kernels.depthwise import Depthwise, depthwise_step
from warploom.device.cuda.layout import channels_last, row_major
from warploom.device.cuda.steps import KernelSource, KernelStep, Region
from warploom.graph import DType

_BATCH = 2


class Kernels(Protocol):
    """Compiled kernels."""

    def run(self, steps: Iterable[KernelStep], memory: Mapping[str, Memory]) -> None:
        """Runs steps in order on buffers by name."""
        ...


def image(name: str, channels: int, side: int, dtype: DType = DType.FLOAT32) -> Region:
    """A region of its own for a square image."""
    return Region(name, 0, channels_last((_BATCH, channels, side, side), dtype))


def depthwise_layer(
    channels: int, side: int, kernel: int, stride: int, dilation: int = 1, before: Fused = NOTHING
) -> Depthwise:
    """A layer that keeps the size of its input, up to the stride."""
    pad = kernel // 2 * dilation
    out = (side + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1
    x, y = image("x", channels, side), image("y", channels, out)
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


def check_depthwise(
    cases: list[tuple[Depthwise, KernelStep]],
    compile_kernels: Callable[[Iterable[KernelSource]], Kernels],
    through: Callable[[Array], Array] = lambda values: values,
) -> None:
    """Runs cases on random values, each between guards, and compares with NumPy."""
    kernels = compile_kernels(step.kernel for _, step in cases)
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


def depthwise_forms() -> Iterator[tuple[Depthwise, KernelStep]]:
    """Strided, dilated, padded layers, in every form."""
    shapes = ((19, 11, 5, 1, 1), (16, 9, 3, 2, 1), (8, 13, 3, 1, 2), (8, 12, 7, 2, 1))
    forms = itertools.product((2, 4), (1, 2, 3), (1, 2, 3), (0, 1, 2))
    for shape, (lanes, pixels, lines, unroll) in itertools.product(shapes, forms):
        if shape[-1] == 1 or lines == 1:  # several lines of a dilated window are not made
            layer = depthwise_layer(*shape)
            yield layer, depthwise_step(layer, lanes=lanes, pixels=pixels, lines=lines, unroll=unroll)
