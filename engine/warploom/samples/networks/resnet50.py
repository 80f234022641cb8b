"""ResNet-50: a control with little to run side by side."""

from __future__ import annotations

from warploom.samples.builder import NetworkBuilder, Value


def resnet50(b: NetworkBuilder, size: int = 224) -> None:
    """Sixteen bottlenecks (stride in the 3x3 convolution) and a classifier."""
    x = b.input("input", 3, size, size)
    x = b.max_pool(b.relu(_conv(b, x, 64, 7, stride=2)), 3, stride=2, pad=1)
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for block in range(blocks):
            with b.scope(f"stage{stage + 1}/block{block}"):
                x = _bottleneck(b, x, 64 << stage, stride=2 if stage and not block else 1)
    b.output(b.classifier(b.global_pool(x)), "output")


def _conv(b: NetworkBuilder, x: Value, channels: int, kernel: int = 1, *, stride: int = 1) -> Value:
    return b.norm(b.conv(x, channels, kernel, stride=stride, pad=kernel // 2, bias=False))


def _bottleneck(b: NetworkBuilder, x: Value, inner: int, *, stride: int) -> Value:
    y = b.relu(_conv(b, x, inner))
    y = b.relu(_conv(b, y, inner, 3, stride=stride))
    y = _conv(b, y, 4 * inner)
    shortcut = x if x.shape == y.shape else _conv(b, x, 4 * inner, stride=stride)
    return b.relu(b.add(y, shortcut))
