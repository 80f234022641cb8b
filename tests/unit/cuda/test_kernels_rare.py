"""Forms of operators that the grid of the GPU tests leaves out: interpolation, gathers, statistics, quantization."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from cuda_host import compiler
from cuda_host_device import HostDevice
from gpu_checks.batch import run_cases
from gpu_checks.cases import Case, CaseBuilder
from warploom.graph import Precision

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C++ compiler that runs kernels' text on the CPU")


def _check(cases: list[Case], precision: Precision = Precision.FP32) -> None:
    outcomes = run_cases(HostDevice(), cases, precision)
    wrong = [f"{one.case}: {one.status} {one.message}" for one in outcomes if one.status != "passed"]
    assert not wrong, "\n".join(wrong)


def _image(b: CaseBuilder, *shape: int, kind: str = "normal") -> str:
    """A tensor that lies channels-last, since a pooling wrote it."""
    result: str = b.op("MaxPool", b.input(*shape, kind=kind), kernel_shape=[1, 1])
    return result


def _grid_sample(b: CaseBuilder, kind: str, **how: Any) -> str:
    x = _image(b, 2, 12, 6, 7)
    grid = b.op("Mul", b.input(2, 5, 4, 2, kind=kind), b.constant(1.7, "float32"))
    result: str = b.op("GridSample", x, grid, **how)
    return result


def test_that_grid_samples_are_as_in_onnxruntime() -> None:
    cases = [
        Case(
            f"{mode}_{padding}_{corners}",
            partial(_grid_sample, kind="unit", mode=mode, padding_mode=padding, align_corners=corners),
            slack=4.0,
        )
        for mode, padding, corners in itertools.product(
            ("linear", "nearest", "cubic"), ("zeros", "border", "reflection"), (0, 1)
        )
    ]
    _check(cases)


def _resize(b: CaseBuilder, sizes: tuple[int, ...], *, image: bool, **how: Any) -> str:
    x = _image(b, 2, 10, 6, 9) if image else b.input(2, 10, 6, 9)
    result: str = b.op("Resize", x, None, None, b.constant(sizes), **how)
    return result


def test_that_resizes_are_as_in_onnxruntime() -> None:
    modes = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric")
    sizes = ((2, 10, 12, 18), (2, 10, 4, 5), (2, 10, 1, 1), (2, 10, 6, 13))
    cases = []
    for coordinates, mode, (i, size) in itertools.product(modes, ("linear", "cubic", "nearest"), enumerate(sizes)):
        how = {"mode": mode, "coordinate_transformation_mode": coordinates}
        cases.append(Case(f"{coordinates}_{mode}_{i}", partial(_resize, sizes=size, image=i % 2 == 0, **how)))
    for mode, (i, size) in itertools.product(("linear", "cubic"), enumerate(sizes)):
        cases.append(
            Case(f"antialias_{mode}_{i}", partial(_resize, sizes=size, image=i % 2 == 0, mode=mode, antialias=1))
        )
    for nearest, (i, size) in itertools.product(
        ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil"), enumerate(sizes)
    ):
        cases.append(Case(f"{nearest}_{i}", partial(_resize, sizes=size, image=True, nearest_mode=nearest)))
    _check(cases)


def _cropped(b: CaseBuilder, mode: str) -> str:
    roi = b.constant([0.0, 0.0, 0.2, -0.1, 1.0, 1.0, 0.8, 1.2], "float32")
    result: str = b.op(
        "Resize",
        _image(b, 1, 10, 6, 9),
        roi,
        None,
        b.constant([1, 10, 7, 8]),
        mode=mode,
        coordinate_transformation_mode="tf_crop_and_resize",
        extrapolation_value=2.5,
    )
    return result


def test_that_what_lies_outside_a_cropped_image_is_filled() -> None:
    _check([Case(mode, partial(_cropped, mode=mode)) for mode in ("linear", "nearest")])


def _layer_statistics(b: CaseBuilder) -> tuple[str, ...]:
    outputs: tuple[str, ...] = b.op(
        "LayerNormalization", b.input(3, 5, 40), b.weight(40), b.weight(40), results=3, axis=-1
    )
    return outputs


def _many_reads(b: CaseBuilder) -> str:
    result: str = b.op("Sum", *(b.input(2, 3, 5) for _ in range(5)))
    return result


def _statistics_of_padded_channels(b: CaseBuilder, op: str, axes: tuple[int, ...]) -> str:
    result: str = b.op(op, _image(b, 2, 19, 5, 6), b.constant(axes), keepdims=1)
    return b.op("MaxPool", result, kernel_shape=[1, 1])  # type: ignore[no-any-return]


def test_that_reductions_of_images_write_images() -> None:
    cases = [
        Case(f"{op}_{'_'.join(map(str, axes))}", partial(_statistics_of_padded_channels, op=op, axes=axes))
        for op in ("ReduceMean", "ReduceMax")
        for axes in ((1,), (2, 3), (0,), (1, 3), (2,))
    ]
    for precision in (Precision.FP32, Precision.FP16):
        _check(cases, precision)


def test_that_normalizations_hand_out_their_statistics() -> None:
    _check([Case("layer", _layer_statistics), Case("sum_of_five", _many_reads)])


def _softmax_of_channels(b: CaseBuilder, channels: int) -> str:
    result: str = b.op("Softmax", _image(b, 2, channels, 3, 4), axis=1)
    return result


def test_that_softmax_over_padded_channels_counts_no_padding() -> None:
    cases = [Case(f"channels_{n}", partial(_softmax_of_channels, channels=n)) for n in (2, 3, 19, 21, 130)]
    _check(cases, Precision.FP16)


def _quantized(b: CaseBuilder, dtype: str, per_channel: bool) -> str:
    x = _image(b, 2, 6, 4, 5)
    scale = b.constant(np.linspace(0.02, 0.1, 6) if per_channel else 0.05, "float32")
    zero = b.constant(np.full(6, 3) if per_channel else 3, dtype)
    stored = b.op("QuantizeLinear", x, scale, zero, gives=dtype, axis=1)
    result: str = b.op("DequantizeLinear", stored, scale, zero, axis=1)
    return result


def test_that_quantization_rounds_and_saturates() -> None:
    cases = [
        Case(f"{dtype}_{per_channel}", partial(_quantized, dtype=dtype, per_channel=per_channel))
        for dtype in ("int8", "uint8")
        for per_channel in (False, True)
    ]
    _check(cases)


def _top(b: CaseBuilder, length: int, k: int, largest: int, kind: str) -> tuple[str, ...]:
    values, indices = b.op(
        "TopK", b.input(3, length, kind=kind), b.constant([k]), results=2, largest=largest, axis=-1, sorted=1
    )
    b.types[indices] = "int64"
    return values, indices


def test_that_equal_elements_keep_their_order_in_a_ranking() -> None:
    _check(
        [
            Case(f"top_{length}_{k}_{largest}_{kind}", partial(_top, length=length, k=k, largest=largest, kind=kind))
            for length, k in ((7, 7), (300, 5), (1, 1))
            for largest in (0, 1)
            for kind in ("grid", "distinct")
        ]
    )


def _long_reduction(b: CaseBuilder, op: str, shape: tuple[int, ...], axes: tuple[int, ...], *, image: bool) -> str:
    kind = "positive" if op in ("ReduceMean", "ReduceSum", "ReduceLogSum") else "normal"
    x = _image(b, *shape, kind=kind) if image else b.input(*shape, kind=kind)
    result: str = b.op(op, x, b.constant(axes), keepdims=len(axes) % 2)
    return result


def _long_norm(b: CaseBuilder, op: str, shape: tuple[int, ...], *, image: bool, **how: Any) -> str:
    x = _image(b, *shape) if image else b.input(*shape)
    shifted = b.op("Add", x, b.constant(5.0, "float32"))
    parameters = shape[-1:] if op == "LayerNormalization" else shape[1:2]
    result: str = b.op(op, shifted, b.weight(*parameters, kind="positive"), b.weight(*parameters), **how)
    return result


def test_that_long_rows_are_cut_into_chunks() -> None:
    ops = ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceL2", "ReduceL1", "ReduceLogSum")
    cases = [
        # ONNX Runtime adds up the squares one by one, which is where the difference comes from.
        Case(
            f"{op}_{i}",
            partial(_long_reduction, op=op, shape=shape, axes=axes, image=image),
            slack=10.0 if op == "ReduceL2" else 1.0,
        )
        for op in ops
        for i, (shape, axes, image) in enumerate(
            (((2, 65536), (1,), False), ((1, 19, 96, 110), (2, 3), True), ((1, 3, 250, 250), (1, 2, 3), False))
        )
    ]
    _check(cases)


def test_that_normalizations_of_large_images_are_cut_into_chunks() -> None:
    cases = [
        Case("instance", partial(_long_norm, op="InstanceNormalization", shape=(2, 19, 96, 110), image=True)),
        Case("rows", partial(_long_norm, op="LayerNormalization", shape=(2, 65536), image=False, axis=-1)),
    ]
    _check(cases)
    _check([replace(case, slack=2.0) for case in cases], Precision.FP16)


def _integer_product(b: CaseBuilder) -> str:
    """Sums far beyond what 16-bit floats hold."""
    scale, zero = b.constant(0.01, "float32"), b.constant(3, "uint8")
    data = b.op("QuantizeLinear", b.op("Abs", b.input(4, 600)), scale, zero, gives="uint8")
    weight = b.constant(np.arange(600 * 8).reshape(600, 8) % 251 - 100, "int8")
    product = b.op("Cast", b.op("MatMulInteger", data, weight, zero, gives="int32"), to=1)
    result: str = b.op("Mul", product, b.constant(1e-4, "float32"))
    return result


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.FP16])
def test_that_products_of_integers_do_not_overflow(precision: Precision) -> None:
    _check([Case("matmul", _integer_product, slack=4.0)], precision)
