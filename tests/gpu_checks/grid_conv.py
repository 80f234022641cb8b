"""Cases of convolutions: dense, grouped, depthwise, transposed, of other ranks."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Sequence
from functools import partial

from gpu_checks.cases import Case, CaseBuilder

Pair = tuple[int, int]
Pads = tuple[int, int, int, int]

NO_PADS: Pads = (0, 0, 0, 0)
UNEVEN: Pads = (1, 0, 2, 1)


def conv(
    b: CaseBuilder,
    shape: Sequence[int],
    channels: int,
    kernel: Sequence[int],
    *,
    pads: Sequence[int] | None = None,
    strides: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
    bias: bool = True,
    x: str | None = None,
) -> str:
    """A convolution with constant weights, of a new input unless `x` is given."""
    x = x or b.input(*shape)
    inputs = [x, b.filter(channels, shape[1] // group, *kernel), *([b.weight(channels)] if bias else [])]
    rank = len(kernel)
    result: str = b.op(
        "Conv",
        *inputs,
        kernel_shape=list(kernel),
        pads=list(pads or (0,) * (2 * rank)),
        strides=list(strides or (1,) * rank),
        dilations=list(dilations or (1,) * rank),
        group=group,
    )
    return result


def conv_transpose(
    b: CaseBuilder,
    shape: Sequence[int],
    channels: int,
    kernel: Sequence[int],
    *,
    group: int = 1,
    bias: bool = True,
    **how: object,
) -> str:
    """A transposed convolution with constant weights."""
    weight = b.filter(shape[1], channels // group, *kernel, fan_in=shape[1] // group * math.prod(kernel))
    inputs = [b.input(*shape), weight, *([b.weight(channels)] if bias else [])]
    result: str = b.op("ConvTranspose", *inputs, kernel_shape=list(kernel), group=group, **how)
    return result


def _sampled_convs(count: int) -> list[Case]:
    """A random cover of channels, kernels, strides, pads, dilations, batches and biases; the same every time."""
    chance = random.Random(1)
    cases = []
    pairs = [(3, 42), (42, 375), (375, 42), (64, 64), (8, 16), (1, 8), (16, 1), (42, 42), (96, 128)]
    kernels = [(1, 1), (3, 3), (5, 5), (1, 7), (7, 1), (3, 2), (7, 7)]
    options = itertools.cycle(itertools.product(pairs, kernels))
    for i in range(count):
        (inner, outer), kernel = next(options)
        strides = chance.choice([(1, 1), (1, 1), (2, 2), (2, 1), (3, 3)])
        pads = chance.choice([NO_PADS, "same", UNEVEN, (0, 1, 1, 0)])
        dilations = chance.choice([(1, 1), (1, 1), (1, 1), (2, 2), (1, 2)])
        batch = (1, 2, 8)[i % 3]
        size = chance.choice([(15, 15), (17, 14), (16, 17)])  # wide enough for the largest window, 13
        if pads == "same":
            pads = tuple((k - 1) // 2 * d for k, d in zip(kernel, dilations, strict=True)) * 2
        build = partial(
            conv,
            shape=(batch, inner, *size),
            channels=outer,
            kernel=kernel,
            pads=pads,
            strides=strides,
            dilations=dilations,
            bias=chance.random() < 0.7,
        )
        cases.append(Case(f"conv{i}_{inner}to{outer}_{kernel[0]}x{kernel[1]}_n{batch}", build))
    return cases


def dense() -> list[Case]:
    """Convolutions with one group."""
    named = [
        Case("one_pixel", partial(conv, shape=(1, 64, 1, 1), channels=10, kernel=(1, 1))),
        Case("pad_beyond_input", partial(conv, shape=(1, 8, 2, 2), channels=8, kernel=(3, 3), pads=(2, 2, 2, 2))),
        Case("kernel_is_input", partial(conv, shape=(2, 32, 6, 6), channels=17, kernel=(6, 6))),
        Case("stem", partial(conv, shape=(1, 3, 64, 65), channels=32, kernel=(3, 3), strides=(2, 2))),
        Case(
            "stem_7x7", partial(conv, shape=(2, 3, 56, 56), channels=64, kernel=(7, 7), strides=(2, 2), pads=(3,) * 4)
        ),
        Case("stem_gray", partial(conv, shape=(3, 1, 28, 28), channels=20, kernel=(5, 5), bias=False)),
        Case("stem_batch", partial(conv, shape=(8, 3, 96, 97), channels=48, kernel=(3, 3), strides=(2, 2))),
        Case(
            "stem_four", partial(conv, shape=(1, 4, 33, 40), channels=24, kernel=(6, 5), pads=UNEVEN, dilations=(2, 1))
        ),
        Case("stem_row", partial(conv, shape=(1, 2, 1, 4000), channels=64, kernel=(1, 10), strides=(1, 5))),
        Case("patches", partial(conv, shape=(2, 3, 64, 65), channels=96, kernel=(4, 4), strides=(4, 4))),
        Case("patches_14", partial(conv, shape=(1, 3, 56, 56), channels=192, kernel=(14, 14), strides=(14, 14))),
        Case("paper", partial(conv, shape=(1, 375, 15, 15), channels=750, kernel=(3, 3), pads=(1,) * 4)),
        Case("deep", partial(conv, shape=(1, 768, 17, 17), channels=192, kernel=(1, 1))),
        Case("wide_row", partial(conv, shape=(1, 5, 1, 200), channels=7, kernel=(1, 9), pads=(0, 4, 0, 4))),
    ]
    return named + _sampled_convs(42)


def grouped() -> list[Case]:
    """Convolutions with several groups of several channels."""
    shapes = [
        (2, 6, 4),
        (3, 42, 42),
        (3, 42, 84),
        (4, 32, 64),
        (32, 128, 128),
        (2, 10, 14),
        (5, 375, 15),
        (2, 64, 48),
        (7, 21, 14),
    ]
    cases = []
    for (groups, inner, outer), (kernel, pads, strides) in itertools.product(
        shapes, [((3, 3), (1, 1, 1, 1), (1, 1)), ((3, 2), UNEVEN, (2, 1)), ((1, 1), NO_PADS, (1, 1))]
    ):
        batch = 1 + len(cases) % 3
        build = partial(
            conv,
            shape=(batch, inner, 9, 10),
            channels=outer,
            kernel=kernel,
            pads=pads,
            strides=strides,
            group=groups,
            bias=len(cases) % 2 == 0,
        )
        cases.append(Case(f"group{groups}_{inner}to{outer}_{kernel[0]}x{kernel[1]}_n{batch}", build))
    wide = partial(conv, channels=384, kernel=(3, 3), pads=(1,) * 4, group=2)
    dilated = partial(conv, kernel=(3, 3), dilations=(2, 3), pads=(2, 3, 2, 3))
    return [
        *cases,
        Case("alexnet", partial(_with_relu, partial(wide, shape=(1, 384, 12, 12)))),
        Case("alexnet_batch", partial(_with_relu, partial(wide, shape=(4, 384, 13, 13)))),
        *(
            Case(f"dilated{groups}", partial(dilated, shape=(1, channels, 9, 10), channels=channels, group=groups))
            for groups, channels in ((2, 32), (3, 33), (4, 12), (16, 64))
        ),
    ]


def _with_relu(build: Callable[[CaseBuilder], str], b: CaseBuilder) -> str:
    result: str = b.op("Relu", build(b))
    return result


def _depthwise(b: CaseBuilder, shape: Sequence[int], multiplier: int = 1, **how: object) -> str:
    return conv(b, shape, shape[1] * multiplier, group=shape[1], **how)  # type: ignore[arg-type]


def depthwise() -> list[Case]:
    """One group per channel: own kernels, so every border and remainder is tried."""
    cases = []
    for channels, batch in ((3, 1), (42, 2), (375, 1), (336, 1), (32, 8), (16, 1), (9, 2)):
        for kernel, pads, strides, dilations in (
            ((3, 3), (1, 1, 1, 1), (1, 1), (1, 1)),
            ((3, 3), (1, 1, 1, 1), (2, 2), (1, 1)),
            ((5, 5), (2, 2, 2, 2), (1, 1), (1, 1)),
            ((5, 5), (1, 1, 2, 2), (2, 2), (1, 1)),
            ((7, 7), (3, 3, 3, 3), (2, 2), (1, 1)),
            ((3, 2), UNEVEN, (2, 1), (1, 1)),
            ((3, 3), (2, 2, 2, 2), (1, 1), (2, 2)),
            ((1, 7), (0, 3, 0, 3), (1, 1), (1, 1)),
        ):
            size = ((13, 10), (17, 16), (8, 21), (11, 11))[len(cases) % 4]
            build = partial(
                _depthwise,
                shape=(batch, channels, *size),
                kernel=kernel,
                pads=pads,
                strides=strides,
                dilations=dilations,
                bias=len(cases) % 2 == 0,
            )
            cases.append(Case(f"dw{len(cases)}_{channels}_{kernel[0]}x{kernel[1]}_s{strides[0]}_n{batch}", build))
    large = (((1, 336, 42, 42), 5), ((1, 672, 21, 21), 5), ((1, 1344, 11, 11), 3), ((1, 96, 83, 83), 7))
    for shape, kernel in large:
        how = {"kernel": (kernel, kernel), "pads": (kernel // 2,) * 4}
        cases.append(Case(f"nasnet_{shape[1]}", partial(_depthwise, shape=shape, **how)))  # type: ignore[arg-type]
    one = partial(_depthwise, shape=(1, 24, 1, 1), kernel=(3, 3), pads=(1, 1, 1, 1))
    whole = partial(_depthwise, shape=(2, 24, 5, 7), kernel=(5, 7))
    multiplied = [
        Case(f"multiplier{m}", partial(_depthwise, shape=(2, 6, 9, 8), multiplier=m, kernel=(3, 3), pads=(1,) * 4))
        for m in (2, 3)
    ]
    return [*cases, Case("one_pixel", one), Case("kernel_is_input", whole), *multiplied]


def transposed() -> list[Case]:
    """Transposed convolutions."""
    cases = []
    for (inner, outer), batch in (((4, 6), 1), ((42, 3), 2), ((375, 16), 1), ((64, 42), 8)):
        for kernel, how in (
            ((2, 2), {"strides": [2, 2]}),
            ((3, 3), {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]}),
            ((4, 4), {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
            ((3, 2), {"strides": [1, 3], "pads": [1, 0, 0, 1]}),
            ((3, 3), {"dilations": [2, 2]}),
        ):
            build = partial(conv_transpose, shape=(batch, inner, 6, 7), channels=outer, kernel=kernel, **how)
            cases.append(Case(f"t{len(cases)}_{inner}to{outer}_{kernel[0]}x{kernel[1]}_n{batch}", build))
    groups = partial(conv_transpose, shape=(1, 12, 6, 7), channels=8, kernel=(3, 3), group=4, strides=[2, 2])
    wide = partial(conv_transpose, shape=(1, 64, 6, 7), channels=32, kernel=(3, 3), group=2, strides=[2, 2])
    bare = partial(conv_transpose, shape=(1, 12, 6, 7), channels=8, kernel=(3, 3), bias=False)
    return [*cases, Case("groups", groups), Case("wide_groups", wide), Case("without_bias", bare)]


def _computed(
    b: CaseBuilder,
    shape: Sequence[int],
    weight: Sequence[int],
    *,
    op: str = "Conv",
    bias: int = 0,
    relu: bool = False,
    **how: object,
) -> str:
    """A convolution whose weight, and bias if it has one, are inputs."""
    inputs = [b.input(*shape), b.input(*weight), *([b.input(bias)] if bias else [])]
    result: str = b.op(op, *inputs, kernel_shape=list(weight[2:]), **how)
    return b.op("Relu", result) if relu else result  # type: ignore[no-any-return]


def _volume_block(b: CaseBuilder) -> str:
    """Convolution, bias, Relu, residual and a pooling over three dimensions."""
    x = conv(b, (2, 6, 5, 6, 7), 10, (3, 3, 3), pads=(1,) * 6)
    y = conv(b, (2, 10, 5, 6, 7), 10, (1, 1, 1), x=b.op("Relu", x))
    total = b.op("Relu", b.op("Add", x, y))
    result: str = b.op("MaxPool", total, kernel_shape=[2, 2, 2], strides=[2, 2, 2])
    return result


def other_ranks() -> list[Case]:
    """Convolutions along one or three axes, and with computed weights."""
    lines = {
        "line": partial(conv, shape=(2, 42, 31), channels=16, kernel=(5,), pads=(2, 1), strides=(2,)),
        "line_grouped": partial(conv, shape=(2, 12, 31), channels=8, kernel=(5,), pads=(4, 4), dilations=(2,), group=4),
        "line_depthwise": partial(conv, shape=(1, 24, 30), channels=24, kernel=(3,), pads=(1, 1), group=24),
        "line_transposed": partial(conv_transpose, shape=(2, 9, 13), channels=6, kernel=(4,), strides=[2], pads=[1, 1]),
    }
    volumes = {
        "volume": partial(conv, shape=(1, 8, 5, 6, 7), channels=12, kernel=(3, 3, 1), pads=(1, 1, 0, 1, 1, 0)),
        "volume_strided": partial(
            conv, shape=(2, 3, 9, 8, 7), channels=5, kernel=(3, 2, 3), strides=(2, 1, 2), pads=(1, 0, 1, 0, 1, 1)
        ),
        "volume_dilated_groups": partial(
            conv, shape=(1, 12, 8, 8, 9), channels=18, kernel=(2, 3, 2), dilations=(2, 1, 3), group=3, bias=False
        ),
        "volume_depthwise": partial(conv, shape=(1, 9, 5, 6, 7), channels=9, kernel=(3, 3, 3), pads=(1,) * 6, group=9),
        "volume_transposed": partial(
            conv_transpose, shape=(1, 6, 4, 3, 5), channels=4, kernel=(3, 2, 3), strides=[2, 2, 1], group=2
        ),
        "volume_block": _volume_block,
    }
    computed = {
        "computed_weight": partial(_computed, shape=(1, 4, 9, 10), weight=(6, 4, 3, 3)),
        "computed_weight_relu": partial(
            _computed, shape=(2, 16, 9, 10), weight=(24, 16, 3, 2), bias=24, relu=True, pads=[1, 1, 0, 2]
        ),
        "computed_weight_groups": partial(_computed, shape=(2, 9, 8, 7), weight=(6, 3, 3, 3), group=3, strides=[2, 1]),
        "computed_depthwise": partial(_computed, shape=(1, 12, 8, 7), weight=(12, 1, 3, 3), group=12, bias=12),
        "computed_line": partial(_computed, shape=(2, 5, 20), weight=(7, 5, 4), dilations=[2]),
        "computed_transposed": partial(
            _computed, shape=(1, 6, 5, 4), weight=(6, 4, 3, 3), op="ConvTranspose", group=2, strides=[2, 3], bias=8
        ),
    }
    return [Case(name, build) for name, build in (lines | volumes | computed).items()]
