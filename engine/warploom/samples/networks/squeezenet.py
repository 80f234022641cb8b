"""SqueezeNet with complex bypass, as in the IOS paper: 50 operators."""

from __future__ import annotations

from warploom.samples.builder import NetworkBuilder, Value


def squeezenet(b: NetworkBuilder, size: int = 224) -> None:
    """SqueezeNet 1.0; where a fire module changes the channels, its bypass is a 1x1 convolution."""
    x = b.input("input", 3, size, size)
    x = b.relu(b.conv(x, 96, 7, stride=2, pad=3))
    x = b.max_pool(x, 3, stride=2)
    for number, squeeze in enumerate((16, 16, 32, 32, 48, 48, 64, 64), start=2):
        if number in (5, 9):
            x = b.max_pool(x, 3, stride=2)
        with b.scope(f"fire{number}"):
            x = _fire(b, x, squeeze, 4 * squeeze)
    x = b.relu(b.conv(x, 1000))
    b.output(b.global_pool(x), "output")


def _fire(b: NetworkBuilder, x: Value, squeeze: int, expand: int) -> Value:
    squeezed = b.relu(b.conv(x, squeeze))
    wide = b.relu(b.conv(squeezed, expand, 3, pad=1))
    narrow = b.relu(b.conv(squeezed, expand))
    expanded = b.concat(wide, narrow)
    bypass = x if x.channels == expanded.channels else b.relu(b.conv(x, 2 * expand))
    return b.add(expanded, bypass)
