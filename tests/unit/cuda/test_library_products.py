"""Steps described as matrix products: reading the described strides gives the product that the step means."""

from __future__ import annotations

from itertools import product as indices
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from library_steps import conv_step, matmul_step
from warploom.device.cuda.layout import Layout, row_major
from warploom.device.cuda.library.cublaslt_source import lt_problem
from warploom.device.cuda.library.products import Matrix, Product, conv_product, matmul_product
from warploom.device.cuda.steps import MatmulStep, Region
from warploom.graph import DType

Array = np.ndarray[Any, np.dtype[Any]]


def _read(memory: Array, matrix: Matrix, rows: int, columns: int, batch: tuple[int, ...]) -> Array:
    start = sum(i * step for i, step in zip(batch, matrix.batches, strict=True))
    down, along = np.arange(rows)[:, None] * matrix.down, np.arange(columns) * matrix.along
    return memory[start + down + along]


def _multiply(product: Product, a: Array, b: Array, size: int) -> Array:
    """Memory of y after the product; what it does not write is NaN."""
    y = np.full(size, np.nan)
    for batch in indices(*map(range, product.batches)):
        values = _read(a, product.a, product.m, product.k, batch) @ _read(b, product.b, product.k, product.n, batch)
        start = sum(i * step for i, step in zip(batch, product.y.batches, strict=True))
        y[start + np.arange(product.m)[:, None] * product.y.down + np.arange(product.n)] = values
    return y


def _multiply_lt(product: Product, a: Array, b: Array, size: int) -> Array:
    """The same as cuBLASLt reads it: column-major, A is b."""
    problem = lt_problem(product)
    y = np.full(size, np.nan)

    def read(memory: Array, operand: int, start: int) -> Array:
        rows, columns, leading = problem.sizes[operand]
        assert leading >= rows, "cuBLASLt refuses overlapping columns"
        values = memory[start + np.arange(rows)[:, None] + np.arange(columns) * leading]
        return values.T if operand < 2 and problem.transpose[operand] else values

    for offsets in problem.launches:
        for i in range(problem.batch_count):
            starts = [offset + i * step for offset, step in zip(offsets, problem.batch_offsets, strict=True)]
            rows, columns, leading = problem.sizes[3]
            place = starts[3] + np.arange(rows)[:, None] + np.arange(columns) * leading
            y[place] = read(b, 0, starts[0]) @ read(a, 1, starts[1])
    return y


def _dense(layout: Layout, memory: Array) -> Array:
    return np.lib.stride_tricks.as_strided(memory, layout.shape, [s * 8 for s in layout.strides])


def _broadcast(layout: Layout) -> Layout:
    strides = tuple(0 if size == 1 else stride for size, stride in zip(layout.shape, layout.strides, strict=True))
    return Layout(layout.shape, strides, layout.dtype)


def _check(step: MatmulStep) -> Product:
    product = matmul_product(step)
    a, b = (np.random.default_rng(i).integers(-4, 5, 20000).astype(float) for i in (0, 1))
    expected = _dense(_broadcast(step.a.layout), a) @ _dense(_broadcast(step.b.layout), b)
    size = step.y.layout.elements
    for multiply in (_multiply, _multiply_lt):
        y = multiply(product, a, b, size)
        assert np.array_equal(y.reshape(step.y.layout.shape), expected), multiply.__name__
    return product


@st.composite
def _matmuls(draw: st.DrawFn) -> MatmulStep:
    size = st.integers(1, 4)
    leading = draw(st.lists(size, max_size=3))
    m, n, k = draw(size), draw(size), draw(size)

    def operand(name: str, rows: int, columns: int) -> Region:
        sizes = [draw(st.sampled_from([1, whole])) for whole in leading]
        order = draw(st.permutations(range(len(leading) + 1)))
        transposed = draw(st.booleans())
        # The matrix's own two dimensions are stored innermost, or its rows among the batches (as heads are).
        inner = rows if transposed else columns
        outer = [*sizes, columns if transposed else rows]
        strides, step = [0] * len(outer), inner
        for axis in order:
            strides[axis] = step
            step *= outer[axis]
        matrix = (1, strides[-1]) if transposed else (strides[-1], 1)
        return Region(name, 0, Layout((*sizes, rows, columns), (*strides[:-1], *matrix), DType.FLOAT32))

    a, b = operand("a", m, k), operand("b", k, n)
    shape = [max(p, q) for p, q in zip(a.layout.shape[:-2], b.layout.shape[:-2], strict=True)]
    return MatmulStep(a, b, Region("y", 0, row_major((*shape, m, n), DType.FLOAT32)), None, None)


@settings(deadline=None, max_examples=300)
@given(_matmuls())
def test_that_strides_and_batches_describe_the_product(step: MatmulStep) -> None:
    _check(step)


def test_that_batches_that_share_the_right_operand_become_rows() -> None:
    product = _check(matmul_step((4, 3, 5, 7), (7, 6), dtype=DType.FLOAT32))
    assert (product.m, product.n, product.k, product.batches) == (60, 6, 7, ())


def test_that_dense_batches_become_one_dimension() -> None:
    product = _check(matmul_step((2, 3, 5, 7), (2, 3, 7, 4), dtype=DType.FLOAT32, transposed=True))
    assert product.batches == (6,)


def test_that_heads_over_a_batch_keep_two_dimensions_and_one_launch_per_batch() -> None:
    heads = Layout((2, 4, 8, 16), (8 * 64, 16, 64, 1), DType.FLOAT32)
    keys = Layout((2, 4, 16, 8), (8 * 64, 16, 1, 64), DType.FLOAT32)
    y = Region("y", 0, row_major((2, 4, 8, 8), DType.FLOAT32))
    product = _check(MatmulStep(Region("a", 0, heads), Region("b", 0, keys), y, None, None))
    assert product.batches == (2, 4)
    assert len(lt_problem(product).launches) == 2


@pytest.mark.parametrize(
    ("offset", "columns", "alignment"), [(0, 64, 16), (8, 64, 16), (4, 64, 8), (1, 64, 2), (0, 63, 2), (0, 4, 8)]
)
def test_that_alignment_is_what_all_rows_have_in_common(offset: int, columns: int, alignment: int) -> None:
    step = matmul_step((16, 64), (64, columns))
    moved = MatmulStep(step.a, Region("b", offset, step.b.layout), step.y, None, None)
    assert matmul_product(moved).alignment == alignment


def test_that_a_convolution_of_single_pixels_is_a_product() -> None:
    product = conv_product(conv_step((2, 30, 5, 7), 20, (1, 1), residual=True))
    assert product is not None
    assert (product.m, product.n, product.k) == (70, 24, 32)
    assert (product.a, product.b, product.y) == (Matrix(32, 1), Matrix(1, 32), Matrix(24, 1))
    assert product.residual == Matrix(24, 1)


def test_that_a_convolution_into_a_slice_is_a_product_with_wider_rows() -> None:
    product = conv_product(conv_step((1, 32, 5, 7), 16, (1, 1), wide=96, offset=16))
    assert product is not None
    assert product.y == Matrix(96, 1)


@pytest.mark.parametrize(
    "changed",
    [
        {"kernel": (3, 1)},
        {"kernel": (1, 1), "strides": (2, 2)},
        {"kernel": (1, 1), "pads": (0, 0, 0, 1)},
        {"kernel": (1, 1), "groups": 2},
    ],
)
def test_that_other_convolutions_are_no_products(changed: dict[str, Any]) -> None:
    assert conv_product(conv_step((1, 32, 8, 8), 32, **changed)) is None


def test_that_rows_of_an_image_with_gaps_are_no_product() -> None:
    step = conv_step((1, 32, 5, 7), 16, (1, 1))
    layout = step.x.layout
    gaps = Layout(layout.shape, (5 * 16 * 32, 1, 16 * 32, 32), layout.dtype, layout.channels)
    cropped = type(step)(
        Region("x", 0, gaps), *(step.w, step.y, None, None, step.pads, step.strides, step.dilations, 1)
    )
    assert conv_product(cropped) is None
