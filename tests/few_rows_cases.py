"""Products of a few rows in every share of the work, for whatever runs kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from cuda_host import Array, Memory, from_storage, to_storage
from kernel_cases import Kernels
from warploom.device.cuda.kernels.codegen.few_rows import FewRows, Share
from warploom.device.cuda.kernels.codegen.window import NOTHING
from warploom.device.cuda.kernels.few_rows import few_rows_step
from warploom.device.cuda.layout import Layout, row_major
from warploom.device.cuda.steps import KernelSource, KernelStep, Region
from warploom.graph import DType

_SIZES = ((1, 1000, 37, 37), (3, 259, 10, 16), (4, 8, 64, 64), (8, 520, 20, 24))
_SHARES = (Share(1, 1), Share(2, 1), Share(1, 2), Share(1, 4), Share(4, 4), Share(8, 2))
_TOLERANCES = {DType.FLOAT16: 5e-4, DType.BFLOAT16: 4e-3, DType.FLOAT32: 1e-6}


def layer_of(rows: int, depth: int, columns: int, padded: int, dtype: DType) -> FewRows:
    """A product of float32 rows with gaps between them."""
    pitch = -(-depth // 8) * 8
    return FewRows(
        x=Region("x", 0, Layout((rows, depth), (pitch, 1), DType.FLOAT32)),
        w=Region("w", 0, row_major((columns, pitch), dtype)),
        y=Region("y", 0, Layout((rows, columns), (padded, 1), dtype)),
        bias=Region("b", 0, row_major((columns,), DType.FLOAT32)),
        padded=padded,
        after=NOTHING,
    )


def steps(dtype: DType) -> list[tuple[FewRows, KernelStep]]:
    """All layers in all shares that suit them."""
    layers = [layer_of(*size, dtype) for size in _SIZES]
    return [(one, few_rows_step(one, share)) for one in layers for share in _SHARES if share.columns * one.rows <= 32]


def check_few_rows(dtype: DType, compile_kernels: Callable[[Iterable[KernelSource]], Kernels]) -> None:
    """Runs them on random values, each buffer between guards, and compares with NumPy."""
    cases = steps(dtype)
    kernels = compile_kernels(step.kernel for _, step in cases)
    random = np.random.default_rng(0)
    for layer, step in cases:
        x = random.standard_normal((layer.rows, layer.depth)).astype(np.float32)
        w = random.standard_normal((layer.columns, layer.depth)).astype(np.float32)
        bias = random.standard_normal(layer.columns).astype(np.float32)
        memory = _memory(layer, x, to_storage(w, dtype), bias)
        kernels.run([step], memory)
        for one in memory.values():
            one.check_guards()
        whole = row_major((layer.rows, layer.padded), dtype)
        found = from_storage(memory["y"].view(whole).copy(), dtype)
        expected = x @ from_storage(to_storage(w, dtype), dtype).T + bias
        error = np.linalg.norm(found[:, : layer.columns] - expected) / np.linalg.norm(expected)
        assert error < _TOLERANCES[dtype], f"{error} {step.kernel.name}"
        assert not found[:, layer.columns :].any()


def _memory(layer: FewRows, x: Array, w: Array, bias: Array) -> dict[str, Memory]:
    """Filled buffers; what lies between rows stays NaN."""
    pitch = layer.w.layout.strides[0]
    memory = {"x": Memory(layer.rows * pitch * 4), "b": Memory(bias.nbytes), "w": Memory(layer.w.layout.size_bytes)}
    memory["y"] = Memory(layer.rows * layer.padded * layer.y.layout.dtype.itemsize)
    memory["x"].view(layer.x.layout)[...] = x
    memory["w"].fill(np.pad(w, ((0, 0), (0, pitch - layer.depth))))
    memory["b"].fill(bias)
    return memory
