"""GoogLeNet (Inception V1) with batch normalization, as common frameworks build it."""

from __future__ import annotations

from warploom.samples.builder import NetworkBuilder, Value

_MODULES = (
    ("3a", 64, 96, 128, 16, 32, 32),
    ("3b", 128, 128, 192, 32, 96, 64),
    ("4a", 192, 96, 208, 16, 48, 64),
    ("4b", 160, 112, 224, 24, 64, 64),
    ("4c", 128, 128, 256, 24, 64, 64),
    ("4d", 112, 144, 288, 32, 64, 64),
    ("4e", 256, 160, 320, 32, 128, 128),
    ("5a", 256, 160, 320, 32, 128, 128),
    ("5b", 384, 192, 384, 48, 128, 128),
)
"""Name; channels of the 1x1 branch; of the 3x3 branch, inside and out; of the 5x5 branch; of the pooled branch."""


def googlenet(b: NetworkBuilder, size: int = 224) -> None:
    """Nine inception modules and a classifier."""
    x = b.input("input", 3, size, size)
    x = b.max_pool(_conv(b, x, 64, 7, stride=2), 3, stride=2, ceil=True)
    x = _conv(b, _conv(b, x, 64), 192, 3)
    x = b.max_pool(x, 3, stride=2, ceil=True)
    for name, *channels in _MODULES:
        if name in ("4a", "5a"):
            x = b.max_pool(x, 3, stride=2, ceil=True)
        with b.scope(f"inception{name}"):
            x = _module(b, x, channels)
    b.output(b.classifier(b.global_pool(x)), "output")


def _conv(b: NetworkBuilder, x: Value, channels: int, kernel: int = 1, *, stride: int = 1) -> Value:
    return b.relu(b.norm(b.conv(x, channels, kernel, stride=stride, pad=kernel // 2, bias=False)))


def _module(b: NetworkBuilder, x: Value, channels: list[int]) -> Value:
    narrow, inner3, outer3, inner5, outer5, pooled = channels
    return b.concat(
        _conv(b, x, narrow),
        _conv(b, _conv(b, x, inner3), outer3, 3),
        _conv(b, _conv(b, x, inner5), outer5, 5),
        _conv(b, b.max_pool(x, 3, pad=1), pooled),
    )
