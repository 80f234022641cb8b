"""A MobileNet with multi-scale detection heads on wide video frames: nine outputs."""

from __future__ import annotations

from warploom.samples.builder import NetworkBuilder, Value

_STAGES = (
    # expansion, channels, blocks, stride, kernel
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 3, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
)
_SCALES = (2, 4, 5)
"""Stages (by position) that the heads look at: strides 8, 16 and 32."""


def mobilenet_heads(b: NetworkBuilder, size: int = 720) -> None:
    """Inverted bottlenecks, a top-down pyramid, and per scale a class, a box and a quality head."""
    x = b.input("input", 3, size, size * 16 // 9)
    x = b.hard_swish(_conv(b, x, 32, 3, stride=2))
    levels = []
    for number, (expansion, channels, blocks, stride, kernel) in enumerate(_STAGES):
        for block in range(blocks):
            with b.scope(f"stage{number}/block{block}"):
                x = _bottleneck(b, x, expansion, channels, stride if block == 0 else 1, kernel)
        if number in _SCALES:
            levels.append(x)
    for scale, level in zip((8, 16, 32), _pyramid(b, levels), strict=True):
        _heads(b, level, scale)


def _conv(b: NetworkBuilder, x: Value, channels: int, kernel: int = 1, *, stride: int = 1) -> Value:
    return b.norm(b.conv(x, channels, kernel, stride=stride, pad=kernel // 2, bias=False))


def _bottleneck(b: NetworkBuilder, x: Value, expansion: int, channels: int, stride: int, kernel: int) -> Value:
    """Expand, depthwise, gate (behind 5x5 windows), project; added to its input where the shapes agree."""
    activate = b.hard_swish if channels > 100 else b.relu6
    y = activate(b.norm(b.expand(x, expansion))) if expansion > 1 else x
    y = activate(b.norm(b.depthwise(y, kernel, stride=stride, bias=False)))
    if kernel == 5:
        y = _gate(b, y)
    y = _conv(b, y, channels)
    return b.add(y, x) if x.shape == y.shape else y


def _gate(b: NetworkBuilder, x: Value) -> Value:
    """Squeeze and excite."""
    squeezed = b.relu(b.conv(b.global_pool(x), max(8, x.channels // 4)))
    return b.multiply(x, b.activation("HardSigmoid", b.conv(squeezed, x), alpha=1 / 6, beta=0.5))


def _pyramid(b: NetworkBuilder, levels: list[Value]) -> list[Value]:
    """Adds the enlarged coarser level to each, finest first."""
    merged: list[Value] = []
    for number, level in enumerate(reversed(levels)):
        with b.scope(f"pyramid{number}"):
            x = _conv(b, level, 96)
            merged.append(b.add(x, b.enlarge(merged[-1], x)) if merged else x)
    return merged[::-1]


def _heads(b: NetworkBuilder, x: Value, scale: int) -> None:
    for name, channels in (("class", 80), ("box", 4), ("quality", 1)):
        with b.scope(f"head{scale}/{name}"):
            y = x
            for _ in range(2):
                y = b.relu(_conv(b, b.relu(b.norm(b.depthwise(y, bias=False))), 96))
            y = b.conv(y, channels)
            b.output(y if name == "box" else b.activation("Sigmoid", y), f"{name}_{scale}")
