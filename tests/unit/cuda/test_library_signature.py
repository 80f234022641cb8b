"""Signatures tell apart what a plan depends on, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from library_steps import conv_step, matmul_step, transposed_step
from warploom.device.cuda.layout import Layout, channels_last
from warploom.device.cuda.library.images import conv_tensors
from warploom.device.cuda.library.signature import precision_of, regions_by_role, signature
from warploom.device.cuda.steps import Region
from warploom.graph import DType, Precision

_BASE: dict[str, Any] = {"x": (1, 32, 14, 14), "k": 32, "kernel": (3, 3), "pads": (1, 1, 1, 1)}


@pytest.mark.parametrize(
    "changed",
    [
        {"x": (2, 32, 14, 14)},
        {"x": (1, 40, 14, 14)},
        {"x": (1, 32, 14, 15)},
        {"k": 40},
        {"kernel": (3, 1)},
        {"pads": (1, 1, 0, 0)},
        {"strides": (2, 1)},
        {"dilations": (2, 2)},
        {"groups": 2},
        {"bias": False},
        {"residual": True},
        {"activation": ()},
        {"activation": ("Clip", 0.0, 6.0)},
        {"wide": 64},
        {"dtype": DType.BFLOAT16},
    ],
)
def test_that_steps_that_differ_in_what_a_plan_depends_on_differ(changed: dict[str, Any]) -> None:
    dtype = changed.get("dtype", DType.FLOAT16)
    precision = Precision.BF16 if dtype is DType.BFLOAT16 else Precision.FP16
    other = signature(conv_step(**_BASE | changed), precision)
    assert other != signature(conv_step(**_BASE), Precision.FP16)


def test_that_parameters_of_activations_count() -> None:
    keys = {signature(conv_step(**_BASE, activation=("Clip", 0.0, high)), Precision.FP16) for high in (1.0, 6.0)}
    assert len(keys) == 2


def test_that_precisions_of_one_storage_type_differ_and_can_be_read_back() -> None:
    step = conv_step(**_BASE, dtype=DType.FLOAT32)
    keys = {precision: signature(step, precision) for precision in (Precision.FP32, Precision.TF32)}
    assert len(set(keys.values())) == 2
    assert all(precision_of(key) is precision for precision, key in keys.items())


def test_that_names_and_aligned_offsets_do_not_count() -> None:
    step = conv_step(**_BASE)
    moved = replace(step, x=replace(step.x, buffer="elsewhere", offset=64), w=replace(step.w, buffer="weight/other"))
    assert signature(moved, Precision.FP16) == signature(step, Precision.FP16)
    unaligned = replace(step, x=replace(step.x, offset=3))
    assert signature(unaligned, Precision.FP16) != signature(step, Precision.FP16)


def test_that_a_gradient_is_no_convolution() -> None:
    forward = conv_step((1, 16, 8, 8), 16, (1, 1), bias=False, activation=())
    backward = transposed_step((1, 16, 8, 8), 16, (1, 1))
    assert signature(forward, Precision.FP16) != signature(backward, Precision.FP16)


def test_that_products_differ_by_shape_transposition_bias_and_batch() -> None:
    steps = [
        matmul_step((8, 16), (16, 24)),
        matmul_step((8, 16), (16, 32)),
        matmul_step((8, 16), (16, 24), transposed=True),
        matmul_step((8, 16), (16, 24), bias=True),
        matmul_step((8, 16), (16, 24), residual=True),
        matmul_step((2, 8, 16), (2, 16, 24)),
        matmul_step((8, 16), (16, 24), activation=("Relu",)),
    ]
    assert len({signature(step, Precision.FP16) for step in steps}) == len(steps)


def test_that_sizes_of_one_have_the_strides_of_a_dense_image() -> None:
    # A row of pixels out of a larger image: the stride from row to row means nothing, and would look like a crop.
    layout = Layout((1, 32, 1, 14), (9999, 1, 7777, 32), DType.FLOAT16, 32)
    step = replace(conv_step((1, 32, 1, 14), 8, (1, 1)), x=Region("x", 0, layout))
    assert conv_tensors(step)["x"].strides == channels_last((1, 32, 1, 14), DType.FLOAT16).strides


def test_that_channels_are_those_of_the_prepared_weight() -> None:
    tensors = conv_tensors(conv_step((1, 30, 9, 9), 21, (3, 3), residual=True))
    assert tensors["x"].dims == (1, 32, 9, 9)
    assert tensors["w"].dims == (24, 32, 3, 3)
    assert tensors["w"].strides == (3 * 3 * 32, 1, 3 * 32, 32)
    assert tensors["y"].dims == tensors["residual"].dims == (1, 24, 7, 7)
    assert tensors["bias"].dims == (1, 24, 1, 1)
    grouped = conv_tensors(transposed_step((1, 32, 5, 5), 16, (2, 2), strides=(2, 2), groups=2))
    assert (grouped["x"].dims, grouped["w"].dims) == ((1, 32, 5, 5), (32, 8, 2, 2))
    assert grouped["y"].dims == (1, 16, 10, 10)


def test_that_every_region_has_its_role() -> None:
    assert list(regions_by_role(conv_step(**_BASE, residual=True))) == ["x", "w", "y", "bias", "residual"]
    assert list(regions_by_role(matmul_step((2, 3), (3, 4)))) == ["a", "b", "y"]
