"""Weights of products as the library wants them: filters with channels innermost, padded; biases as vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from warploom.device.cuda.layout import Layout, row_major
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.steps import Region
from warploom.graph import Constant, DType
from warploom.graph.constant import Array


@dataclass(frozen=True, slots=True)
class Filter:
    """How a filter of shape (first, second / groups, *window) is prepared.

    Attributes:
        first: Padded size of its first dimension.
        second: Padded size of its second dimension, of all groups together.
        groups: Groups of the prepared filter: as many as the convolution has, or 1 (then blocks on the diagonal).
    """

    first: int
    second: int
    groups: int


def filter_region(name: str, groups: int, form: Filter, dtype: DType, context: LoweringContext) -> Region:
    """A convolution's weight as (first, rows, columns, second / groups).

    Args:
        name: The constant, of shape (first, second / groups, *window); a window of one dimension gets a row of 1.
        groups: The convolution's groups.
        form: Padding and groups of the result.
        dtype: Storage type.
        context: The context.
    """
    constant = context.graph.constants[name]
    window = (1,) * (4 - len(constant.shape)) + constant.shape[2:]
    layout = row_major((form.first, *window, form.second // form.groups), dtype)
    kind = "filter" if form.groups == groups else f"filter of {groups} groups side by side"
    return context.prepared(name, kind, layout, lambda: _filter(constant, groups, form))


def _filter(constant: Constant, groups: int, form: Filter) -> Array:
    values = constant.numpy()
    values = values.reshape(*values.shape[:2], *(1,) * (4 - values.ndim), *values.shape[2:]).transpose(0, 2, 3, 1)
    shape = (form.first, *values.shape[1:3], form.second // form.groups)
    if values.shape == shape:
        return values
    padded = np.zeros(shape, values.dtype)
    if form.groups == groups:
        padded[: values.shape[0], ..., : values.shape[3]] = values
        return padded
    rows, depth = values.shape[0] // groups, values.shape[3]
    for group in range(groups):
        part = slice(group * rows, (group + 1) * rows)
        padded[part, ..., group * depth : (group + 1) * depth] = values[part]
    return padded


def direct_filter(name: str, dtype: DType, context: LoweringContext) -> Region:
    """A convolution's weight as an own kernel reads it, in ONNX order by its strides.

    A constant one lies with the filters innermost: neighbouring threads read neighbouring elements.
    """
    constant = context.constant(name)
    if constant is None:
        return context.region(name)
    order = (*range(2, len(constant.shape)), 1, 0)
    dense = row_major([constant.shape[axis] for axis in order], dtype)
    region = context.prepared(name, "filters innermost", dense, lambda: constant.numpy().transpose(order))
    strides = dict(zip(order, dense.strides, strict=True))
    return Region(region.buffer, 0, Layout(constant.shape, tuple(strides[i] for i in range(len(order))), dtype))


def bias_regions(
    names: Sequence[str], size: int, padded: int, dtype: DType, context: LoweringContext, *, factor: float = 1.0
) -> tuple[Region | None, Region | None]:
    """A bias in float32, and in the product's storage type where that is another one.

    Args:
        names: Constants to add up: one value each, or `size` values along one dimension.
        size: Channels.
        padded: Physical channels.
        dtype: Storage type of the product.
        context: The context.
        factor: Multiplies the first.
    """
    if not names:
        return None, None
    constants = [context.graph.constants[name] for name in names]

    def make() -> Array:
        vector = np.zeros(padded, np.float32)
        for i, constant in enumerate(constants):
            vector[:size] += constant.numpy().reshape(-1).astype(np.float32) * np.float32(1.0 if i else factor)
        return vector

    form = "bias" if factor == 1.0 else f"bias times {factor}"
    exact = context.prepared("+".join(names), f"{form} of {size}", row_major((padded,), DType.FLOAT32), make)
    if dtype is DType.FLOAT32:
        return exact, None
    return exact, context.prepared("+".join(names), f"{form} of {size}", row_major((padded,), dtype), make)


def matrix_region(name: str, dtype: DType, padded: int, context: LoweringContext, *, factor: float = 1.0) -> Region:
    """A constant matrix (or several) as it is, its rows padded to `padded` columns."""
    constant = context.graph.constants[name]
    columns = constant.shape[-1]
    dense = row_major((*constant.shape[:-1], padded), dtype)

    def make() -> Array:
        values = constant.numpy()
        if factor != 1.0:
            values = values * np.asarray(factor, values.dtype)
        return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, padded - columns)]) if padded > columns else values

    region = context.prepared(name, "matrix" if factor == 1.0 else f"matrix times {factor}", dense, make)
    layout = row_major(constant.shape, dtype)
    return Region(region.buffer, 0, type(layout)(layout.shape, dense.strides, dtype))
