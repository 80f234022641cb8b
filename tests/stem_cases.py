"""Cases of convolutions of few channels in several forms, for whatever runs kernels."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from cuda_host import Array, Memory, from_storage, to_storage
from kernel_cases import Kernels
from warploom.device.cuda.kernels.codegen.chain import Chain
from warploom.device.cuda.kernels.codegen.stem_layer import FewChannels, Form, grid_of
from warploom.device.cuda.kernels.codegen.window import NOTHING, Fused
from warploom.device.cuda.kernels.stem import arranged, stem_step
from warploom.device.cuda.layout import Layout, channels_last, row_major
from warploom.device.cuda.steps import KernelSource, KernelStep, Region
from warploom.graph import DType, Primitive

RELU = Fused(Chain((Primitive("Relu", ("q",), ("r",)),), dict.fromkeys("qr", DType.FLOAT32)), "q", "r")


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """One convolution, and where its input lies."""

    shape: tuple[int, int, int, int]
    filters: int
    window: tuple[int, int] = (3, 3)
    strides: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilations: tuple[int, int] = (1, 1)
    dtype: DType = DType.FLOAT16
    given: DType = DType.FLOAT32
    last: bool = False
    bias: bool = True
    after: Fused = NOTHING

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the output."""
        both = zip(self.shape[2:], self.window, self.strides, self.dilations, self.pads[:2], self.pads[2:], strict=True)
        rows, columns = ((n + before + after - d * (k - 1) - 1) // s + 1 for n, k, s, d, before, after in both)
        return rows, columns

    def layer(self) -> FewChannels:
        """What the kernel is told."""
        x = channels_last(self.shape, self.given) if self.last else row_major(self.shape, self.given)
        y = channels_last((self.shape[0], self.filters, *self.size), self.dtype)
        bias = Region("b", 0, row_major((y.channels,), DType.FLOAT32)) if self.bias else None
        return FewChannels(
            Region("x", 0, x), Region("y", 0, y), bias, self.window, self.pads[:2], self.strides, self.dilations,
            self.after, self.dtype,
        )  # fmt: skip


def stem_cases() -> Iterator[tuple[Case, Form]]:
    """Windows, strides, pads, dilations, types and orders of the input, in forms that cut them unevenly."""
    square = Case((1, 3, 19, 21), 32, (3, 3), (2, 2), (1, 1, 1, 1), after=RELU)
    form = Form((4, 16), (2, 1), 2, 4)
    for dtype in (DType.FLOAT16, DType.BFLOAT16, DType.FLOAT32):
        yield dataclasses.replace(square, dtype=dtype), form
        yield dataclasses.replace(square, dtype=dtype, given=dtype, last=True), form
    yield dataclasses.replace(square, given=DType.FLOAT16), form
    seven = Case((2, 3, 20, 18), 96, (7, 7), (2, 2), (3, 3, 3, 3))
    yield seven, Form((8, 8), (2, 2), 2, 6)
    yield seven, Form((8, 8), (2, 1), 2, 6, passes=2)
    yield dataclasses.replace(seven, dtype=DType.FLOAT32), Form((8, 8), (4, 2), 1, 3)
    yield Case((1, 1, 12, 13), 20, (5, 5), bias=False), Form((3, 11), (1, 1), 3, 4)
    yield Case((1, 4, 9, 30), 24, (3, 2), (1, 3), (1, 0, 2, 1), (2, 1)), Form((4, 8), (2, 2), 1, 2)
    yield Case((1, 2, 9, 30), 24, (1, 1), (3, 1), dtype=DType.FLOAT32), Form((4, 8), (2, 1), 1, 3)
    yield Case((2, 1, 1, 70), 40, (1, 10), (1, 5), bias=False), Form((1, 16), (1, 1), 1, 6, passes=3)
    yield Case((1, 7, 10, 10), 16, (3, 3), last=True, given=DType.FLOAT16), Form((8, 8), (4, 1), 1, 2)
    yield Case((1, 6, 10, 10), 16, (3, 3)), Form((8, 8), (2, 1), 2, 2)


def step_of(case: Case, form: Form) -> tuple[FewChannels, Region, KernelStep]:
    """The kernel, and its weights."""
    layer = case.layer()
    blocks = grid_of(layer, form)[1]
    size = blocks * form.filters * layer.steps * 16
    weights = Region("w", 0, row_major((size,), layer.dtype))
    return layer, weights, stem_step(layer, form, weights)


def check_stems(cases: list[tuple[Case, Form]], compile_kernels: Callable[[Iterable[KernelSource]], Kernels]) -> None:
    """Runs cases on random values, each between guards, and compares with NumPy."""
    made = [(case, form, *step_of(case, form)) for case, form in cases]
    kernels = compile_kernels(step.kernel for *_, step in made)
    random = np.random.default_rng(0)
    for case, form, layer, weights, step in made:
        x = random.standard_normal(case.shape).astype(np.float32)
        w = random.standard_normal((case.filters, case.shape[1], *case.window)).astype(np.float32)
        b = random.standard_normal(case.filters).astype(np.float32)
        memory = {region.buffer: Memory(region.layout.size_bytes) for region in (layer.x, layer.y, weights)}
        _put(memory["x"], layer.x.layout, x)
        memory["w"].fill(to_storage(arranged(w, layer, form), layer.dtype))
        if layer.bias is not None:
            memory["b"] = Memory(layer.bias.layout.size_bytes)
            memory["b"].fill(np.pad(b, (0, layer.bias.layout.shape[0] - len(b))))
        kernels.run([step], memory)
        for one in memory.values():
            one.check_guards()
        found = from_storage(memory["y"].view(layer.y.layout, lanes=True).copy(), layer.dtype)
        expected = _expected(case, x, w, b if case.bias else np.zeros_like(b))
        name = f"{case} {form}"
        assert (found[:, case.filters :] == 0).all(), name
        error = np.linalg.norm(found[:, : case.filters] - expected) / np.linalg.norm(expected)
        assert error < {DType.FLOAT16: 8e-4, DType.BFLOAT16: 6e-3}.get(layer.dtype, 6e-4), f"{error} {name}"


def _put(memory: Memory, layout: Layout, values: Array) -> None:
    if layout.channels_last:
        memory.view(layout, lanes=True)[...] = 0
    memory.view(layout)[...] = to_storage(values, layout.dtype)


def _expected(case: Case, x: Array, w: Array, b: Array) -> Array:
    top, left, bottom, right = case.pads
    wide = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right))).astype(np.float64)
    rows, columns = case.size
    total: Any = np.zeros((case.shape[0], case.filters, rows, columns)) + b[:, None, None]
    for i in range(case.window[0]):
        for j in range(case.window[1]):
            first, second = i * case.dilations[0], j * case.dilations[1]
            part = wide[
                :,
                :,
                first : first + (rows - 1) * case.strides[0] + 1 : case.strides[0],
                second : second + (columns - 1) * case.strides[1] + 1 : case.strides[1],
            ]
            total += np.einsum("nchw,kc->nkhw", part, w[:, :, i, j])
    return np.asarray(np.maximum(total, 0) if case.after is RELU else total)
