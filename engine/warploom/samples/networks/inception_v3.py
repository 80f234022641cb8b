"""Inception V3 as in the IOS paper: 119 operators, up to the global pool."""

from __future__ import annotations

from warploom.samples.builder import NetworkBuilder, Value


def inception_v3(b: NetworkBuilder, size: int = 299) -> None:
    """Stem, modules A, A, A, B, C, C, C, C, D, E, E, and the global pool."""
    x = b.input("input", 3, size, size)
    with b.scope("stem"):
        x = _stem(b, x)
    for number, features in enumerate((32, 64, 64)):
        with b.scope(f"a{number}"):
            x = _module_a(b, x, features)
    with b.scope("b0"):
        x = _module_b(b, x)
    for number, inner in enumerate((128, 160, 160, 192)):
        with b.scope(f"c{number}"):
            x = _module_c(b, x, inner)
    with b.scope("d0"):
        x = _module_d(b, x)
    for number in range(2):
        with b.scope(f"e{number}"):
            x = _module_e(b, x)
    b.output(b.global_pool(x), "output")


def _conv(b: NetworkBuilder, x: Value, channels: int, height: int = 1, width: int = 1, *, stride: int = 1) -> Value:
    """Convolution and Relu; padded to keep the size unless it strides."""
    pad = (0, 0) if stride > 1 else (height // 2, width // 2)
    return b.relu(b.conv(x, channels, (height, width), stride=stride, pad=pad))


def _stem(b: NetworkBuilder, x: Value) -> Value:
    x = _conv(b, x, 32, 3, 3, stride=2)
    x = b.relu(b.conv(x, 32, 3))
    x = _conv(b, x, 64, 3, 3)
    x = b.max_pool(x, 3, stride=2)
    x = _conv(b, x, 80)
    x = b.relu(b.conv(x, 192, 3))
    return b.max_pool(x, 3, stride=2)


def _module_a(b: NetworkBuilder, x: Value, features: int) -> Value:
    narrow = _conv(b, x, 64)
    five = _conv(b, _conv(b, x, 48), 64, 5, 5)
    double = _conv(b, _conv(b, _conv(b, x, 64), 96, 3, 3), 96, 3, 3)
    pooled = _conv(b, b.avg_pool(x, 3, pad=1), features)
    return b.concat(narrow, five, double, pooled)


def _module_b(b: NetworkBuilder, x: Value) -> Value:
    three = _conv(b, x, 384, 3, 3, stride=2)
    double = _conv(b, _conv(b, _conv(b, x, 64), 96, 3, 3), 96, 3, 3, stride=2)
    return b.concat(three, double, b.max_pool(x, 3, stride=2))


def _module_c(b: NetworkBuilder, x: Value, inner: int) -> Value:
    narrow = _conv(b, x, 192)
    seven = _conv(b, _conv(b, _conv(b, x, inner), inner, 1, 7), 192, 7, 1)
    double = _conv(b, x, inner)
    for channels, height, width in ((inner, 7, 1), (inner, 1, 7), (inner, 7, 1), (192, 1, 7)):
        double = _conv(b, double, channels, height, width)
    pooled = _conv(b, b.avg_pool(x, 3, pad=1), 192)
    return b.concat(narrow, seven, double, pooled)


def _module_d(b: NetworkBuilder, x: Value) -> Value:
    three = _conv(b, _conv(b, x, 192), 320, 3, 3, stride=2)
    seven = _conv(b, _conv(b, _conv(b, x, 192), 192, 1, 7), 192, 7, 1)
    seven = _conv(b, seven, 192, 3, 3, stride=2)
    return b.concat(three, seven, b.max_pool(x, 3, stride=2))


def _module_e(b: NetworkBuilder, x: Value) -> Value:
    narrow = _conv(b, x, 320)
    three = _conv(b, x, 384)
    wide, tall = _conv(b, three, 384, 1, 3), _conv(b, three, 384, 3, 1)
    double = _conv(b, _conv(b, x, 448), 384, 3, 3)
    double_wide, double_tall = _conv(b, double, 384, 1, 3), _conv(b, double, 384, 3, 1)
    pooled = _conv(b, b.avg_pool(x, 3, pad=1), 192)
    return b.concat(narrow, wide, tall, double_wide, double_tall, pooled)
