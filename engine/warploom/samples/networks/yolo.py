"""A YOLO-style detector: cross-stage blocks, spatial pyramid pooling, two-way feature pyramid, three heads."""

from __future__ import annotations

from warploom.samples.builder import NetworkBuilder, Value


def yolo(b: NetworkBuilder, size: int = 640) -> None:
    """The smallest width of the family; three outputs, boxes and 80 classes at strides 8, 16 and 32."""
    x = _conv(b, b.input("images", 3, size, size), 16, 3, stride=2)
    levels = []
    for number, (channels, repeats) in enumerate(((32, 1), (64, 2), (128, 2), (256, 1))):
        with b.scope(f"backbone{number}"):
            x = _cross_stage(b, _conv(b, x, channels, 3, stride=2), channels, repeats, shortcut=True)
        levels.append(x)
    with b.scope("pooling"):
        top = _pooling_pyramid(b, x, 256)
    fine, middle, coarse = _two_way_pyramid(b, levels[1], levels[2], top)
    for scale, level in ((8, fine), (16, middle), (32, coarse)):
        with b.scope(f"head{scale}"):
            b.output(_head(b, level), f"detections_{scale}")


def _conv(b: NetworkBuilder, x: Value, channels: int, kernel: int = 1, *, stride: int = 1) -> Value:
    return b.silu(b.conv(x, channels, kernel, stride=stride, pad=kernel // 2))


def _cross_stage(b: NetworkBuilder, x: Value, channels: int, repeats: int, *, shortcut: bool) -> Value:
    """Splits the channels; one half goes through bottlenecks; all intermediate results are concatenated."""
    parts = list(b.split(_conv(b, x, channels)))
    for number in range(repeats):
        with b.scope(f"bottleneck{number}"):
            y = _conv(b, _conv(b, parts[-1], channels // 2, 3), channels // 2, 3)
            parts.append(b.add(parts[-1], y) if shortcut else y)
    return _conv(b, b.concat(*parts), channels)


def _pooling_pyramid(b: NetworkBuilder, x: Value, channels: int) -> Value:
    parts = [_conv(b, x, channels // 2)]
    for _ in range(3):
        parts.append(b.max_pool(parts[-1], 5, pad=2))
    return _conv(b, b.concat(*parts), channels)


def _two_way_pyramid(b: NetworkBuilder, fine: Value, middle: Value, top: Value) -> tuple[Value, Value, Value]:
    with b.scope("down"):
        middle = _cross_stage(b, b.concat(b.enlarge(top, middle), middle), 128, 1, shortcut=False)
        fine = _cross_stage(b, b.concat(b.enlarge(middle, fine), fine), 64, 1, shortcut=False)
    with b.scope("up"):
        middle = _cross_stage(b, b.concat(_conv(b, fine, 64, 3, stride=2), middle), 128, 1, shortcut=False)
        coarse = _cross_stage(b, b.concat(_conv(b, middle, 128, 3, stride=2), top), 256, 1, shortcut=False)
    return fine, middle, coarse


def _head(b: NetworkBuilder, x: Value) -> Value:
    boxes = b.conv(_conv(b, _conv(b, x, 64, 3), 64, 3), 64)
    classes = b.conv(_conv(b, _conv(b, x, 80, 3), 80, 3), 80)
    return b.concat(boxes, b.activation("Sigmoid", classes))
