"""On a GPU: every plan that is kept for a step computes it, in the precision asked for, and can be restored."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from library_steps import conv_step, matmul_step, transposed_step
from warploom.cost.database import CostDatabase
from warploom.device.cuda.layout import Layout
from warploom.device.cuda.library.ahead import SWITCH, Builders, Built
from warploom.device.cuda.library.images import conv_tensors
from warploom.device.cuda.library.library_plans import LibraryPlans
from warploom.device.cuda.library.plan import ChosenPlan
from warploom.device.cuda.library.selection import Limits
from warploom.device.cuda.library.signature import LibraryStep, regions_by_role, signature
from warploom.device.cuda.loading import environment
from warploom.device.cuda.steps import ConvStep, MatmulStep
from warploom.errors import UnsupportedOperatorError
from warploom.graph import DType, Precision

cupy = pytest.importorskip("cupy", reason="CuPy is not installed")
pytest.importorskip("cudnn", reason="the cuDNN frontend is not installed")

Array = np.ndarray[Any, np.dtype[Any]]

_STORAGE = {
    Precision.FP32: DType.FLOAT32,
    Precision.TF32: DType.FLOAT32,
    Precision.FP16: DType.FLOAT16,
    Precision.BF16: DType.BFLOAT16,
}
# Relative L2 error of one product. TF32 rounds inputs to 11 bits (about 3e-4): in strict fp32 that would be seen.
_TOLERANCE = {Precision.FP32: 2e-6, Precision.TF32: 1e-3, Precision.FP16: 1e-3, Precision.BF16: 6e-3}


@pytest.fixture(scope="module")
def plans() -> Iterator[LibraryPlans]:
    # Few kernels each: compiling them is what takes the time, and three are kept and checked anyway.
    with pytest.MonkeyPatch.context() as patch, LibraryPlans() as made:
        few = Limits(compiled=3, run_time=2, new=2)
        patch.setattr("warploom.device.cuda.library.library_plans.limits_for", lambda *_: few)
        yield made


def _round(values: Array, dtype: DType) -> Array:
    """Values as the type holds them, in float32."""
    if dtype is DType.BFLOAT16:
        bits = values.astype(np.float32).view(np.uint32)
        return ((bits + 0x7FFF + (bits >> 16 & 1)) & np.uint32(0xFFFF0000)).view(np.float32)
    return values.astype(dtype.to_numpy()).astype(np.float32)


def _bytes(values: Array, dtype: DType) -> Array:
    if dtype is DType.BFLOAT16:
        return (_round(values, dtype).view(np.uint32) >> 16).astype(np.uint16).reshape(-1).view(np.uint8)
    return np.ascontiguousarray(values.astype(dtype.to_numpy())).reshape(-1).view(np.uint8)


def _values(data: Array, dtype: DType) -> Array:
    if dtype is DType.BFLOAT16:
        return (data.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    return data.view(dtype.to_numpy()).astype(np.float32)


class _Tensor:
    """A region's values on both sides: dense in logical order on the host, strided in a poisoned buffer on the GPU."""

    def __init__(self, sizes: tuple[int, ...], strides: tuple[int, ...], dtype: DType, offset: int = 0) -> None:
        self.dtype, self.offset = dtype, offset
        span = 1 + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
        self.places = (
            offset
            + sum(
                (np.arange(size) * stride).reshape([-1 if i == axis else 1 for i in range(len(sizes))])
                for axis, (size, stride) in enumerate(zip(sizes, strides, strict=True))
            )
            + np.zeros(sizes, np.int64)
        )
        self.whole = np.full(offset + span + 64, np.nan, np.float32)
        self.buffer: Any = None

    def fill(self, values: Array) -> None:
        self.whole[self.places] = values

    def upload(self) -> int:
        self.buffer = cupy.asarray(_bytes(self.whole, self.dtype))
        return int(self.buffer.data.ptr) + self.offset * self.dtype.itemsize

    def download(self) -> tuple[Array, Array]:
        """The region's values, and those of the rest of the buffer."""
        whole = _values(cupy.asnumpy(self.buffer), self.dtype)
        rest = np.ones(whole.shape, bool)
        rest[self.places] = False
        return whole[self.places], whole[rest]


def _tensors(step: LibraryStep) -> dict[str, _Tensor]:
    if isinstance(step, ConvStep):
        physical = conv_tensors(step)
        regions = regions_by_role(step)
        return {
            role: _Tensor(t.dims, t.strides, t.dtype, regions[role].offset if role not in ("bias",) else 0)
            for role, t in physical.items()
        }
    return {
        role: _Tensor(region.layout.shape, region.layout.strides, region.layout.dtype, region.offset)
        for role, region in regions_by_role(step).items()
    }


def _activated(y: Array, activation: tuple[str | float, ...]) -> Array:
    name, parameters = (activation[0], activation[1:]) if activation else ("", ())
    sigmoid = 1 / (1 + np.exp(-y))
    if name == "Gelu":
        from math import erf

        if parameters and parameters[0] == "tanh":
            return y / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (y + 0.044715 * y**3)))
        return y / 2 * (1 + np.vectorize(erf)(y / np.sqrt(2)))
    number = [float(p) for p in parameters]
    table: Mapping[str, Any] = {
        "": lambda: y,
        "Relu": lambda: np.maximum(y, 0),
        "LeakyRelu": lambda: np.where(y < 0, number[0] * y, y),
        "Clip": lambda: np.clip(y, *number),
        "Elu": lambda: np.where(y < 0, np.expm1(y), y),
        "Sigmoid": lambda: sigmoid,
        "Tanh": lambda: np.tanh(y),
        "Swish": lambda: y / (1 + np.exp(-number[0] * y)),
    }
    result: Array = table[str(name)]()
    return result


def _conv(x: Array, w: Array, step: ConvStep, out: tuple[int, ...]) -> Array:
    """In float64; x (N, C, H, W), w (K, C / groups, kh, kw)."""
    top, left, bottom, right = step.pads
    padded = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (top, bottom), (left, right)))
    groups, k = step.groups, w.shape[0]
    y = np.zeros(out)
    for i, j in itertools.product(range(w.shape[2]), range(w.shape[3])):
        rows = slice(i * step.dilations[0], i * step.dilations[0] + (out[2] - 1) * step.strides[0] + 1, step.strides[0])
        cols = slice(j * step.dilations[1], j * step.dilations[1] + (out[3] - 1) * step.strides[1] + 1, step.strides[1])
        part = padded[:, :, rows, cols]
        split = part.reshape(part.shape[0], groups, -1, *part.shape[2:])
        taps = w[:, :, i, j].astype(np.float64).reshape(groups, k // groups, -1)
        y += np.einsum("ngchw,gkc->ngkhw", split, taps).reshape(out)
    return y


def _transposed(x: Array, w: Array, step: ConvStep, out: tuple[int, ...]) -> Array:
    """In float64; x (N, C, H, W), w (C, K / groups, kh, kw)."""
    top, left, bottom, right = step.pads
    whole = np.zeros((out[0], out[1], out[2] + top + bottom, out[3] + left + right))
    groups = step.groups
    split = x.astype(np.float64).reshape(x.shape[0], groups, -1, *x.shape[2:])
    for i, j in itertools.product(range(w.shape[2]), range(w.shape[3])):
        taps = w[:, :, i, j].astype(np.float64).reshape(groups, -1, w.shape[1])
        part = np.einsum("ngchw,gck->ngkhw", split, taps).reshape(x.shape[0], -1, *x.shape[2:])
        whole[
            :,
            :,
            i : i + (x.shape[2] - 1) * step.strides[0] + 1 : step.strides[0],
            j : j + (x.shape[3] - 1) * step.strides[1] + 1 : step.strides[1],
        ] += part
    return whole[:, :, top : top + out[2], left : left + out[3]]


def _expected(step: LibraryStep, values: Mapping[str, Array], out: tuple[int, ...]) -> Array:
    if isinstance(step, MatmulStep):
        y = values["a"].astype(np.float64) @ values["b"].astype(np.float64)
    else:
        y = (_transposed if step.transposed else _conv)(values["x"], values["w"], step, out)
    if "bias" in values:
        y = y + values["bias"].astype(np.float64)
    if "residual" in values:
        y = y + values["residual"]
    return _activated(y, step.activation)


def _inputs(step: LibraryStep, tensors: Mapping[str, _Tensor]) -> dict[str, Array]:
    random = np.random.default_rng(1)
    fan_in = np.prod(step.w.layout.shape[1:]) if isinstance(step, ConvStep) else step.a.layout.shape[-1]
    values: dict[str, Array] = {}
    for role, tensor in tensors.items():
        if role != "y":
            scale = 1 / np.sqrt(fan_in) if role in ("w", "b") else 1.0
            drawn = random.standard_normal(tensor.places.shape).astype(np.float32) * np.float32(scale)
            values[role] = _round(drawn, tensor.dtype)
            tensor.fill(values[role])
    return values


def _check(plans: LibraryPlans, step: LibraryStep, plan: ChosenPlan) -> float:
    """Runs a plan from inside a captured graph into poisoned memory; the relative L2 error."""
    tensors = _tensors(step)
    values = _inputs(step, tensors)
    if plan.bias_dtype is not None:
        tensors["bias"].dtype = plan.bias_dtype
    pointers = {role: tensor.upload() for role, tensor in tensors.items()}
    workspace = cupy.full(max(plan.workspace_bytes, 1), 0xFF, cupy.uint8)
    plans.kernel(step, plan)
    stream = cupy.cuda.Stream(non_blocking=True)
    cupy.cuda.runtime.deviceSynchronize()
    with stream:
        stream.begin_capture()
        plans.enqueue(step, plan, pointers, int(workspace.data.ptr), stream.ptr)
        graph = stream.end_capture()
    results = []
    for _ in range(3):
        graph.launch(stream)
        stream.synchronize()
        results.append(tensors["y"].download())
    y, rest = results[0]
    assert all(np.array_equal(y, again) for again, _ in results[1:]), "replays differ"
    assert np.isnan(rest).all(), "memory beside the output was written"
    expected = _expected(step, values, tensors["y"].places.shape)
    assert np.isfinite(y).all()
    return float(np.linalg.norm(y - expected) / np.linalg.norm(expected))


_CONVS = {
    "1x1": {"x": (1, 64, 17, 17), "k": 48, "kernel": (1, 1)},
    "1x1 odd channels": {"x": (2, 30, 9, 7), "k": 21, "kernel": (1, 1), "activation": ()},
    "3x3": {"x": (1, 48, 15, 13), "k": 40, "kernel": (3, 3), "pads": (1, 1, 1, 1)},
    "3x3 no bias": {"x": (1, 48, 15, 13), "k": 40, "kernel": (3, 3), "pads": (1, 1, 1, 1), "bias": False},
    "stem": {"x": (1, 3, 63, 63), "k": 32, "kernel": (3, 3), "strides": (2, 2)},
    "uneven pads": {"x": (2, 16, 20, 20), "k": 24, "kernel": (3, 3), "pads": (0, 0, 1, 1), "strides": (2, 2)},
    "1x7": {"x": (1, 32, 17, 17), "k": 32, "kernel": (1, 7), "pads": (0, 3, 0, 3)},
    "dilated": {"x": (1, 16, 20, 20), "k": 16, "kernel": (3, 3), "pads": (2, 2, 2, 2), "dilations": (2, 2)},
    "grouped": {"x": (1, 64, 14, 14), "k": 64, "kernel": (3, 3), "pads": (1, 1, 1, 1), "groups": 8},
    "residual": {"x": (1, 32, 14, 14), "k": 32, "kernel": (3, 3), "pads": (1, 1, 1, 1), "residual": True},
    "1x1 residual": {"x": (1, 64, 14, 14), "k": 32, "kernel": (1, 1), "residual": True},
    "slice": {"x": (1, 32, 14, 14), "k": 32, "kernel": (3, 3), "pads": (1, 1, 1, 1), "wide": 96, "offset": 32},
    "1x1 slice": {"x": (1, 32, 14, 14), "k": 32, "kernel": (1, 1), "wide": 96, "offset": 64},
    **{
        str(activation[0]): {"x": (1, 32, 14, 14), "k": 32, "kernel": (3, 3), "activation": activation}
        for activation in (
            ("LeakyRelu", 0.1),
            ("Clip", 0.0, 1.0),
            ("Elu", 1.0),
            ("Sigmoid",),
            ("Tanh",),
            ("Swish", 1.0),
            ("Gelu", "none"),
        )
    },
    "Gelu tanh": {"x": (1, 32, 14, 14), "k": 32, "kernel": (1, 1), "activation": ("Gelu", "tanh")},
    "Swish residual": {"x": (1, 32, 9, 9), "k": 32, "kernel": (1, 1), "activation": ("Swish", 1.0), "residual": True},
}
_TRANSPOSED = {
    "2x2": {"x": (1, 16, 7, 9), "k": 24, "kernel": (2, 2), "strides": (2, 2)},
    "4x4": {"x": (2, 16, 7, 7), "k": 8, "kernel": (4, 4), "strides": (2, 2), "pads": (1, 1, 1, 1)},
    "output padding": {
        "x": (1, 16, 7, 7),
        "k": 8,
        "kernel": (3, 3),
        "strides": (2, 2),
        "pads": (1, 1, 1, 1),
        "output_padding": (1, 1),
    },
}
_MATMULS = {
    "row": {"a": (1, 256), "b": (256, 1000), "transposed": True, "bias": True},
    "gemm": {"a": (64, 128), "b": (128, 96), "bias": True, "activation": ("Relu",)},
    "gelu": {"a": (2, 64, 128), "b": (128, 256), "bias": True, "activation": ("Gelu", "none")},
    "tanh": {"a": (64, 128), "b": (128, 256), "bias": True, "activation": ("Tanh",)},
    "residual": {"a": (64, 128), "b": (128, 64), "bias": True, "residual": True},
    "heads": {"a": (1, 4, 33, 64), "b": (1, 4, 64, 33), "transposed": True},
    "batches": {"a": (3, 1, 24, 32), "b": (2, 32, 40)},
    "odd": {"a": (5, 7), "b": (7, 3), "bias": True},
    "column": {"a": (50, 60), "b": (60, 1)},
}


def _may_be_missing(step: LibraryStep, precision: Precision) -> bool:
    """Forms for which lowering offers another way, too."""
    simple = step.residual is None and step.activation in ((), ("Relu",))
    return not simple and (precision is Precision.FP32 or isinstance(step, MatmulStep))


def _checked(plans: LibraryPlans, step: LibraryStep, precision: Precision) -> None:
    found = plans.prepare([step], precision, required=not _may_be_missing(step, precision))
    if not found:
        pytest.skip(f"in {precision} no library runs this step whole")
    (plan,) = found.values()
    for kept in (plan, *plan.alternatives):
        error = _check(plans, step, kept)
        assert error <= _TOLERANCE[precision], f"{kept.source} {kept.name}"


@pytest.mark.parametrize("name", _CONVS)
def test_that_convolutions_are_computed(plans: LibraryPlans, name: str, precision: Precision) -> None:
    _checked(plans, conv_step(**_CONVS[name], dtype=_STORAGE[precision]), precision)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", _TRANSPOSED)
def test_that_transposed_convolutions_are_computed(plans: LibraryPlans, name: str, precision: Precision) -> None:
    _checked(plans, transposed_step(**_TRANSPOSED[name], dtype=_STORAGE[precision]), precision)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", _MATMULS)
def test_that_products_are_computed(plans: LibraryPlans, name: str, precision: Precision) -> None:
    _checked(plans, matmul_step(**_MATMULS[name], dtype=_STORAGE[precision]), precision)  # type: ignore[arg-type]


def test_that_a_product_of_permuted_heads_over_a_batch_is_computed(plans: LibraryPlans) -> None:
    # (batch, position, head, channel) read as (batch, head, position, channel): two batch dimensions that do not fold.
    step = matmul_step((2, 4, 32, 16), (2, 4, 16, 32), dtype=DType.FLOAT32)
    layout = Layout((2, 4, 32, 16), (32 * 64, 16, 64, 1), DType.FLOAT32)
    step = MatmulStep(
        type(step.a)("a", 0, layout),
        type(step.b)("b", 0, Layout((2, 4, 16, 32), (32 * 64, 16, 1, 64), DType.FLOAT32)),
        *(step.y, None, None),
    )
    _checked(plans, step, Precision.FP32)


def test_that_kernels_built_by_other_processes_compute_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "3")
    built: list[Built] = []
    ask = Builders.built

    def asked(self: Builders, step: LibraryStep, precision: Precision) -> Built:
        built.append(ask(self, step, precision))
        return built[-1]

    monkeypatch.setattr(Builders, "built", asked)
    names = ("1x1", "3x3", "3x3 no bias", "uneven pads", "grouped", "residual", "slice")
    steps: list[LibraryStep] = [conv_step(**_CONVS[name]) for name in names]  # type: ignore[arg-type]
    with LibraryPlans() as plans:
        found = plans.prepare(steps, Precision.FP16)
        assert len(built) == len(names)
        assert all(built)
        for step in steps:
            plan = found[signature(step, Precision.FP16)]
            for kept in (plan, *plan.alternatives):
                error = _check(plans, step, kept)
                assert error <= _TOLERANCE[Precision.FP16], f"{kept.source} {kept.name}"


def test_that_plans_are_restored_from_the_database_without_timing(plans: LibraryPlans, tmp_path: Path) -> None:
    steps: list[LibraryStep] = [
        conv_step((1, 96, 17, 17), 96, (3, 3), pads=(1, 1, 1, 1)),
        conv_step((1, 96, 17, 17), 96, (1, 1), activation=("Swish", 1.0)),
        matmul_step((64, 96), (96, 128), bias=True),
    ]
    log: list[str] = []
    timed: list[str] = []
    with CostDatabase(tmp_path / "costs.db", environment(0), log.append) as database:
        first = plans.prepare(steps, Precision.FP16, database)
        with LibraryPlans() as fresh:
            second = fresh.prepare(steps, Precision.FP16, database, lambda _, __, text: timed.append(text))
            assert timed == []
            assert second == first
            for step in steps:
                plan = second[signature(step, Precision.FP16)]
                for kept in (plan, *plan.alternatives):
                    assert _check(fresh, step, kept) <= _TOLERANCE[Precision.FP16]
    assert log == []


def test_that_what_no_library_can_do_is_remembered(plans: LibraryPlans, tmp_path: Path) -> None:
    step = conv_step((1, 64, 14, 14), 64, (3, 3), groups=8, residual=True)
    step = replace(step, activation=("Nothing",))
    with CostDatabase(tmp_path / "costs.db", environment(0), lambda text: pytest.fail(text)) as database:
        assert plans.prepare([step], Precision.FP16, database, required=False) == {}
        asked: list[str] = []
        assert plans.prepare([step], Precision.FP16, database, lambda *_: asked.append(""), required=False) == {}
        assert asked == []
        with pytest.raises(UnsupportedOperatorError, match="No library has a kernel for fp16 conv"):
            plans.prepare([step], Precision.FP16, database)
