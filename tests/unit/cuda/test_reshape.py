"""Reshaping by strides agrees with NumPy, and says no only where elements would move."""

from __future__ import annotations

import itertools
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import as_strided

from warploom.device.cuda.layout import Layout
from warploom.device.cuda.lowering.reshape import reshaped
from warploom.graph import DType


@st.composite
def reshapes(draw: st.DrawFn) -> tuple[np.ndarray, tuple[int, ...]]:
    """A strided array, and another shape of as many elements."""
    primes = draw(st.lists(st.sampled_from([1, 2, 2, 3]), min_size=1, max_size=6))
    cuts = draw(st.lists(st.integers(0, len(primes)), max_size=4))
    shape, other = _grouped(primes, cuts), _grouped(primes, draw(st.lists(st.integers(0, len(primes)), max_size=4)))
    order = draw(st.permutations(range(len(shape))))
    gaps = [draw(st.sampled_from([0, 0, 0, 1])) for _ in shape]
    dense = np.arange(math.prod(size + gap for size, gap in zip((shape[i] for i in order), gaps, strict=True)))
    array = dense.reshape([shape[i] + gap for i, gap in zip(order, gaps, strict=True)])
    array = array[tuple(slice(0, shape[i]) for i in order)].transpose(np.argsort(order))
    return array, other


def _grouped(factors: list[int], cuts: list[int]) -> tuple[int, ...]:
    edges = sorted({0, len(factors), *cuts})
    return tuple(math.prod(factors[a:b]) for a, b in itertools.pairwise(edges)) or (1,)


@given(reshapes())
def test_that_a_reshape_reads_the_same_elements_in_the_same_order(case: tuple[np.ndarray, tuple[int, ...]]) -> None:
    array, shape = case
    strides = tuple(stride // array.itemsize for stride in array.strides)
    layout = reshaped(Layout(array.shape, strides, DType.INT64), shape)
    view = array.view()
    try:
        view.shape = shape
    except AttributeError:
        assert layout is None
        return
    assert layout is not None
    seen = as_strided(array, layout.shape, [stride * array.itemsize for stride in layout.strides])
    assert np.array_equal(seen, view)


def test_that_a_reshape_to_the_same_shape_keeps_padded_channels() -> None:
    layout = Layout((1, 3, 2, 2), (16, 1, 8, 4), DType.FLOAT32, 4)
    assert reshaped(layout, (1, 3, 2, 2)) is layout
