"""Cases of what the passes fuse into one Operator, and of merged launches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from gpu_checks.cases import Case, CaseBuilder
from gpu_checks.grid_conv import conv

_ACTIVATIONS = ("Relu", "Sigmoid", "Tanh", "HardSwish", "HardSigmoid", "Elu", "LeakyRelu", "Softplus", "Gelu", "Mish")
_SHAPE = (2, 42, 9, 10)


def _norm(b: CaseBuilder, x: str, channels: int) -> str:
    names = [b.weight(channels, kind=kind) for kind in ("positive", "normal", "normal", "positive")]
    result: str = b.op("BatchNormalization", x, *names, epsilon=1e-3)
    return result


def _activated(
    b: CaseBuilder, act: str, channels: int, *, residual: str = "", bias: bool = True, group: int = 1
) -> str:
    """Conv, then an activation, with a residual before or after it."""
    pads = (1, 1, 1, 1)
    x = conv(b, _SHAPE, channels, (3, 3), pads=pads, bias=bias, group=group)
    other = b.input(2, channels, 9, 10) if residual else ""
    if residual == "before":
        x = b.op("Add", x, other)
    x = b.op("Clip", x, b.constant(0.0, "float32"), b.constant(6.0, "float32")) if act == "Clip" else b.op(act, x)
    return b.op("Add", other, x) if residual == "after" else x


def epilogues() -> list[Case]:
    """Convolution + bias + activation + residual."""
    cases = [Case(f"conv_{act}", partial(_activated, act=act, channels=24)) for act in (*_ACTIVATIONS, "Clip")]
    for act in ("Relu", "Sigmoid", "Clip"):
        for residual in ("before", "after"):
            build = partial(_activated, act=act, channels=42, residual=residual)
            cases.append(Case(f"conv_{act}_residual_{residual}", build))
    depthwise = partial(_activated, channels=42, group=42)
    return [
        *cases,
        Case("without_bias", partial(_activated, act="Relu", channels=375, bias=False)),
        *(Case(f"depthwise_{act}", partial(depthwise, act=act)) for act in ("Relu", "HardSwish", "Clip", "Gelu")),
        Case("depthwise_residual", partial(depthwise, act="Relu", residual="before")),
        Case("grouped_relu", partial(_activated, act="Relu", channels=42, group=3)),
        Case("batch_norm", _conv_norm_relu),
        Case("silu", _conv_silu),
        Case("prelu", _conv_prelu),
        Case("residual_only", _residual_only),
        Case("bottleneck", _bottleneck),
        Case("pad_folded", _pad_folded),
        Case("transposed_relu", _transposed_relu),
    ]


def _conv_norm_relu(b: CaseBuilder) -> str:
    x = conv(b, _SHAPE, 375, (3, 3), pads=(1, 0, 0, 1), bias=False)
    result: str = b.op("Relu", _norm(b, x, 375))
    return result


def _conv_silu(b: CaseBuilder) -> str:
    x = conv(b, _SHAPE, 64, (1, 1))
    result: str = b.op("Mul", x, b.op("Sigmoid", x))
    return result


def _conv_prelu(b: CaseBuilder) -> str:
    result: str = b.op("PRelu", conv(b, _SHAPE, 42, (1, 1)), b.weight(42, 1, 1))
    return result


def _residual_only(b: CaseBuilder) -> str:
    result: str = b.op("Add", conv(b, _SHAPE, 42, (3, 3), pads=(1,) * 4), b.input(*_SHAPE))
    return result


def _bottleneck(b: CaseBuilder) -> str:
    """A block of ResNet; its input is read twice."""
    x = b.input(2, 64, 7, 7)
    y = b.op("Relu", conv(b, (2, 64, 7, 7), 16, (1, 1), x=x))
    y = b.op("Relu", conv(b, (2, 16, 7, 7), 16, (3, 3), pads=(1,) * 4, x=y))
    result: str = b.op("Relu", b.op("Add", conv(b, (2, 16, 7, 7), 64, (1, 1), x=y), x))
    return result


def _pad_folded(b: CaseBuilder) -> str:
    padded = b.op("Pad", b.input(2, 12, 9, 10), b.constant([0, 0, 0, 1, 0, 0, 1, 0]))
    return conv(b, (2, 12, 10, 11), 20, (3, 3), strides=(2, 2), x=padded)


def _transposed_relu(b: CaseBuilder) -> str:
    weight = b.filter(16, 10, 2, 2, fan_in=64)
    x = b.op("ConvTranspose", b.input(1, 16, 5, 6), weight, b.weight(10), kernel_shape=[2, 2], strides=[2, 2])
    result: str = b.op("Relu", x)
    return result


def separables() -> list[Case]:
    """Depthwise and pointwise convolution as one unit, with what goes before."""
    cases = []
    for channels, outer, kernel, stride in (
        (42, 42, 5, 1),
        (84, 168, 3, 2),
        (375, 42, 3, 1),
        (16, 24, 7, 2),
        (33, 33, 3, 1),
    ):
        for prologue in ("", "Relu", "sum"):
            how = {"channels": channels, "outer": outer, "kernel": kernel, "stride": stride, "prologue": prologue}
            cases.append(Case(f"sep_{channels}_{kernel}_s{stride}_{prologue or 'bare'}", partial(_separable, **how)))
    return [
        *cases,
        Case("twice", _separable_twice),
        Case("relu6_between", _relu6_between),
        Case("inverted_residual", _inverted_residual),
        Case("gated", _gated),
    ]


def _separable(b: CaseBuilder, channels: int, outer: int, kernel: int, stride: int, prologue: str) -> Sequence[str]:
    shape = (2, channels, 13, 12)
    x = b.input(*shape)
    if prologue == "sum":
        x = b.op("Relu", b.op("Sum", x, b.input(*shape), b.input(*shape)))
    elif prologue:
        x = b.op(prologue, x)
    pads = (kernel // 2,) * 4
    y = conv(b, shape, channels, (kernel, kernel), pads=pads, strides=(stride,) * 2, group=channels, bias=False, x=x)
    size = tuple(-(-side // stride) for side in shape[2:])
    y = conv(b, (2, channels, *size), outer, (1, 1), bias=False, x=y)
    return [_norm(b, y, outer)]


def _separable_twice(b: CaseBuilder) -> str:
    """The unit of NASNet: relu, separable, norm, twice, then a sum with another branch."""
    shape = (1, 42, 11, 11)
    x = b.input(*shape)
    y = x
    for kernel in (5, 5):
        y = b.op("Relu", y)
        y = conv(b, shape, 42, (kernel, kernel), pads=(kernel // 2,) * 4, group=42, bias=False, x=y)
        y = _norm(b, conv(b, shape, 42, (1, 1), bias=False, x=y), 42)
    pooled = b.op("AveragePool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=0)
    result: str = b.op("Add", y, pooled)
    return result


def _relu6(b: CaseBuilder, x: str) -> str:
    result: str = b.op("Clip", x, b.constant(0.0, "float32"), b.constant(6.0, "float32"))
    return result


def _relu6_between(b: CaseBuilder) -> str:
    shape = (2, 24, 14, 13)
    y = _relu6(b, _norm(b, conv(b, shape, 24, (3, 3), pads=(1,) * 4, group=24, bias=False), 24))
    return _relu6(b, _norm(b, conv(b, shape, 40, (1, 1), bias=False, x=y), 40))


def _inverted_residual(b: CaseBuilder) -> str:
    x = b.input(2, 24, 10, 9)
    y = _relu6(b, conv(b, (2, 24, 10, 9), 144, (1, 1), x=x))
    y = _relu6(b, conv(b, (2, 144, 10, 9), 144, (3, 3), pads=(1,) * 4, group=144, x=y))
    result: str = b.op("Add", x, conv(b, (2, 144, 10, 9), 24, (1, 1), x=y))
    return result


def _gated(b: CaseBuilder) -> str:
    """Squeeze and excite."""
    x = b.op("HardSwish", conv(b, (2, 16, 10, 9), 48, (1, 1)))
    squeezed = b.op("Relu", conv(b, (2, 48, 1, 1), 12, (1, 1), x=b.op("GlobalAveragePool", x)))
    gate = b.op("HardSigmoid", conv(b, (2, 12, 1, 1), 48, (1, 1), x=squeezed))
    return conv(b, (2, 48, 10, 9), 24, (1, 1), x=b.op("Mul", x, gate))


def absorbed() -> list[Case]:
    """Concats that take sums into their slices, as in NASNet."""
    return [
        Case("sums", partial(_absorbing, channels=(42, 42, 42))),
        Case("odd_sums", partial(_absorbing, channels=(3, 42, 13))),
        Case("sums_and_convs", partial(_absorbing, channels=(16, 24, 40), convs=True)),
        Case("activated_sums", partial(_absorbing, channels=(16, 8, 42), act=True)),
        Case("shared_sum", _shared_sum),
        Case("pool_into_slice", _pool_into_slice),
        Case("branches", _branches),
    ]


def _absorbing(b: CaseBuilder, channels: Sequence[int], *, convs: bool = False, act: bool = False) -> str:
    parts = []
    for count in channels:
        left = conv(b, (1, 8, 7, 9), count, (1, 1)) if convs else b.input(1, count, 7, 9)
        total = b.op("Add", left, b.op("MaxPool", b.input(1, count, 7, 9), kernel_shape=[3, 3], pads=[1] * 4))
        parts.append(b.op("Relu", total) if act else total)
    result: str = b.op("Concat", *parts, conv(b, (1, 8, 7, 9), 21, (1, 1)), axis=1)
    return result


def _shared_sum(b: CaseBuilder) -> Sequence[str]:
    """The sum is read outside too."""
    total = b.op("Add", b.input(1, 42, 7, 9), b.input(1, 42, 7, 9))
    joined = b.op("Concat", total, conv(b, (1, 42, 7, 9), 24, (1, 1), x=total), axis=1)
    return joined, b.op("MaxPool", total, kernel_shape=[2, 2])


def _pool_into_slice(b: CaseBuilder) -> str:
    x = b.input(1, 40, 9, 9)
    parts = [
        b.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4),
        b.op("AveragePool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4),
        conv(b, (1, 40, 9, 9), 42, (3, 3), pads=(1,) * 4, strides=(2, 2), group=1, x=x),
        conv(b, (1, 40, 9, 9), 40, (3, 3), pads=(1,) * 4, strides=(2, 2), group=40, x=x),
    ]
    result: str = b.op("Concat", *parts, axis=1)
    return result


def _branches(b: CaseBuilder) -> str:
    """A block of Inception."""
    shape = (2, 48, 12, 12)
    x = b.input(*shape)
    one = b.op("Relu", conv(b, shape, 16, (1, 1), x=x))
    two = b.op(
        "Relu", conv(b, (2, 12, 12, 12), 24, (5, 5), pads=(2,) * 4, x=b.op("Relu", conv(b, shape, 12, (1, 1), x=x)))
    )
    pooled = b.op("AveragePool", x, kernel_shape=[3, 3], pads=[1] * 4, count_include_pad=1)
    three = b.op("Relu", conv(b, shape, 10, (1, 1), x=pooled))
    result: str = b.op("Concat", one, two, three, axis=1)
    return result


def merges() -> list[Case]:
    """Several operators of one input in one launch."""

    def members(
        *kernels: tuple[int, int], channels: Sequence[int], stride: int = 1, act: str = "Relu"
    ) -> partial[Sequence[str]]:
        return partial(_merged_convs, kernels=kernels, channels=channels, stride=stride, act=act)

    return [
        Case("pointwise", members((1, 1), (1, 1), channels=(64, 48)), merges=((0, 1),)),
        Case("three", members((1, 1), (1, 1), (1, 1), channels=(42, 3, 375)), merges=((0, 1, 2),)),
        Case("sizes", members((1, 1), (3, 3), channels=(16, 24)), merges=((0, 1),)),
        Case("shapes", members((1, 3), (3, 1), channels=(40, 42)), merges=((0, 1),)),
        Case("strided", members((3, 3), (3, 3), channels=(16, 42), stride=2), merges=((0, 1),)),
        Case("without_act", members((1, 1), (5, 5), channels=(13, 8), act=""), merges=((0, 1),)),
        Case("hard_swish", members((1, 1), (1, 1), channels=(24, 24), act="HardSwish"), merges=((0, 1),)),
        Case("into_concat", _merged_concat, merges=((0, 1),)),
        Case("qkv", partial(_qkv, width=64), merges=((0, 1, 2),)),
        Case("qkv_odd", partial(_qkv, width=42), merges=((0, 1, 2),)),
        Case("gemms", _merged_gemms, merges=((0, 1),)),
    ]


def _merged_convs(
    b: CaseBuilder, kernels: Sequence[tuple[int, int]], channels: Sequence[int], stride: int, act: str
) -> Sequence[str]:
    shape = (2, 42, 11, 12)
    x = b.input(*shape)
    outputs = []
    for kernel, count in zip(kernels, channels, strict=True):
        pads = (kernel[0] // 2, kernel[1] // 2) * 2
        y = conv(b, shape, count, kernel, pads=pads, strides=(stride, stride), x=x)
        outputs.append(b.op(act, y) if act else y)
    return outputs


def _merged_concat(b: CaseBuilder) -> str:
    outputs = _merged_convs(b, ((1, 1), (3, 3)), (24, 16), 1, "Relu")
    result: str = b.op("Concat", *outputs[::-1], axis=1)
    return result


def _qkv(b: CaseBuilder, width: int) -> Sequence[str]:
    x = b.input(2, 17, width)
    return [b.op("Add", b.op("MatMul", x, b.filter(width, width, fan_in=width)), b.weight(width)) for _ in range(3)]


def _merged_gemms(b: CaseBuilder) -> Sequence[str]:
    x = b.input(4, 100)
    return [b.op("Gemm", x, b.filter(n, 100), b.weight(n), transB=1) for n in (10, 31)]
