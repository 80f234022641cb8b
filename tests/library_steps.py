"""Builds steps for tests of the library plans, as lowering would."""

from __future__ import annotations

from warploom.device.cuda.layout import Layout, channels_last, padded_channels, row_major
from warploom.device.cuda.steps import ConvStep, MatmulStep, Region
from warploom.graph import DType


def conv_step(
    x: tuple[int, int, int, int],
    k: int,
    kernel: tuple[int, int],
    *,
    dtype: DType = DType.FLOAT16,
    pads: tuple[int, int, int, int] = (0, 0, 0, 0),
    strides: tuple[int, int] = (1, 1),
    dilations: tuple[int, int] = (1, 1),
    groups: int = 1,
    bias: bool = True,
    residual: bool = False,
    activation: tuple[str | float, ...] = ("Relu",),
    wide: int = 0,
    offset: int = 0,
) -> ConvStep:
    """A convolution; `wide` makes its output a slice, from channel `offset`, of a tensor of that many channels."""
    n, c, h, w = x
    out = [
        (size + before + after - dilation * (extent - 1) - 1) // stride + 1
        for size, before, after, dilation, extent, stride in zip(
            (h, w), pads[:2], pads[2:], dilations, kernel, strides, strict=True
        )
    ]
    y = channels_last((n, k, *out), dtype)
    if wide:
        whole = channels_last((n, wide, *out), dtype)
        y = Layout(y.shape, whole.strides, dtype, y.channels)
    weight = row_major((padded_channels(k, dtype), *kernel, padded_channels(c, dtype) // groups), dtype)
    bias_layout = row_major((padded_channels(k, dtype),), DType.FLOAT32)
    return ConvStep(
        x=Region("x", 0, channels_last(x, dtype)),
        w=Region("weight/w", 0, weight),
        y=Region("y", offset, y),
        bias=Region("weight/bias", 0, bias_layout) if bias else None,
        residual=Region("residual", 0, channels_last((n, k, *out), dtype)) if residual else None,
        pads=pads,
        strides=strides,
        dilations=dilations,
        groups=groups,
        activation=activation,
    )


def transposed_step(
    x: tuple[int, int, int, int],
    k: int,
    kernel: tuple[int, int],
    *,
    dtype: DType = DType.FLOAT16,
    pads: tuple[int, int, int, int] = (0, 0, 0, 0),
    strides: tuple[int, int] = (1, 1),
    output_padding: tuple[int, int] = (0, 0),
    groups: int = 1,
) -> ConvStep:
    """A transposed convolution without epilogue."""
    n, c, h, w = x
    out = [
        (size - 1) * stride + extent - before - after + more
        for size, stride, extent, before, after, more in zip(
            (h, w), strides, kernel, pads[:2], pads[2:], output_padding, strict=True
        )
    ]
    weight = row_major((padded_channels(c, dtype), *kernel, padded_channels(k, dtype) // groups), dtype)
    return ConvStep(
        x=Region("x", 0, channels_last(x, dtype)),
        w=Region("weight/w", 0, weight),
        y=Region("y", 0, channels_last((n, k, *out), dtype)),
        bias=None,
        residual=None,
        pads=pads,
        strides=strides,
        dilations=(1, 1),
        groups=groups,
        transposed=True,
    )


def matmul_step(
    a: tuple[int, ...],
    b: tuple[int, ...],
    *,
    dtype: DType = DType.FLOAT16,
    transposed: bool = False,
    bias: bool = False,
    residual: bool = False,
    activation: tuple[str | float, ...] = (),
) -> MatmulStep:
    """A product of dense operands; `transposed` stores b with its last two dimensions swapped."""
    b_layout = row_major(b, dtype)
    if transposed:
        stored = row_major((*b[:-2], b[-1], b[-2]), dtype)
        b_layout = Layout(b, (*stored.strides[:-2], stored.strides[-1], stored.strides[-2]), dtype)
    rank = max(len(a), len(b))
    wide_a, wide_b = ((1,) * (rank - len(shape)) + shape for shape in (a, b))
    leading = tuple(max(p, q) for p, q in zip(wide_a[:-2], wide_b[:-2], strict=True))
    y = row_major((*leading, a[-2], b[-1]), dtype)
    return MatmulStep(
        a=Region("a", 0, row_major(a, dtype)),
        b=Region("b", 0, b_layout),
        y=Region("y", 0, y),
        bias=Region("weight/bias", 0, row_major((b[-1],), DType.FLOAT32)) if bias else None,
        residual=Region("residual", 0, y) if residual else None,
        activation=activation,
    )
