"""NASNet-A large as in the IOS paper: 374 operators, up to the global pool."""

from __future__ import annotations

from warploom.samples.builder import NetworkBuilder, Value


def nasnet_large(b: NetworkBuilder, size: int = 331) -> None:
    """Two stem cells, then three times five normal cells, each group led by an adjusting cell, with reductions between.

    As the paper's experiments have it, a normal cell concatenates five sums (not its input as a sixth part). The
    second sum of a reducing cell is read twice, by the concatenation and by its third sum.
    """
    filters = 168
    image = b.input("input", 3, size, size)
    first = b.conv(image, 96, 3, stride=2)
    with b.scope("stem0"):
        before = _stem0(b, first, filters // 4)
    with b.scope("stem1"):
        current = _reducing(b, *_stem1_inputs(b, before, first, filters // 2), filters // 2)
    for group, factor in enumerate((1, 2, 4)):
        width = filters * factor
        if group:
            with b.scope(f"reduction{group}"):
                skipped = before
                left, right = _relu_conv(b, before, width), _relu_conv(b, current, width)
                before, current = skipped, _reducing(b, right, left, width)
        with b.scope(f"adjust{group}"):
            before, current = current, _adjusting(b, current, before, width // 2, width)
        for number in range(5):
            with b.scope(f"cell{group}_{number}"):
                before, current = current, _normal(b, current, before, width)
    b.output(b.global_pool(b.relu(current)), "output")


def _relu_conv(b: NetworkBuilder, x: Value, channels: int, *, stride: int = 1) -> Value:
    return b.conv(b.relu(x), channels, stride=stride)


def _separable(b: NetworkBuilder, x: Value, channels: int, kernel: int, *, stride: int = 1) -> Value:
    return b.conv(b.depthwise(b.relu(x), kernel, stride=stride), channels)


def _branch(b: NetworkBuilder, x: Value, channels: int, kernel: int, *, stride: int = 1) -> Value:
    """Two separable convolutions; the first one keeps the channels."""
    x = b.conv(b.depthwise(b.relu(x), kernel, stride=stride), x)
    return _separable(b, x, channels, kernel)


def _stem_branch(b: NetworkBuilder, x: Value, channels: int, kernel: int) -> Value:
    """Two separable convolutions; the first one already changes the channels."""
    return _separable(b, _separable(b, x, channels, kernel, stride=2), channels, kernel)


def _stem0(b: NetworkBuilder, x: Value, channels: int) -> Value:
    left = _relu_conv(b, x, channels)
    sum0 = b.add(_branch(b, left, channels, 5, stride=2), _stem_branch(b, x, channels, 7))
    sum1 = b.add(b.max_pool(left, 3, stride=2, pad=1), _stem_branch(b, x, channels, 7))
    sum2 = b.add(b.avg_pool(left, 3, stride=2, pad=1), _stem_branch(b, x, channels, 5))
    sum3 = b.add(b.avg_pool(sum0, 3, pad=1), sum1)
    sum4 = b.add(_branch(b, sum0, channels, 3), b.max_pool(left, 3, stride=2, pad=1))
    return b.concat(sum1, sum2, sum3, sum4)


def _stem1_inputs(b: NetworkBuilder, x: Value, before: Value, channels: int) -> tuple[Value, Value]:
    left = _relu_conv(b, x, channels)
    halves = [_relu_conv(b, before, channels // 2, stride=2) for _ in range(2)]
    return left, b.add(*halves)


def _reducing(b: NetworkBuilder, left: Value, right: Value, channels: int) -> Value:
    """The second stem cell and the reduction cells: everything at half the size."""
    sum0 = b.add(_branch(b, left, channels, 5, stride=2), _branch(b, right, channels, 7, stride=2))
    sum1 = b.add(b.max_pool(left, 3, stride=2, pad=1), _branch(b, right, channels, 7, stride=2))
    sum2 = b.add(b.avg_pool(left, 3, stride=2, pad=1), _branch(b, right, channels, 5, stride=2))
    sum3 = b.add(b.avg_pool(sum0, 3, pad=1), sum1)
    sum4 = b.add(_branch(b, sum0, channels, 3), b.max_pool(left, 3, stride=2, pad=1))
    return b.concat(sum1, sum2, sum3, sum4)


def _adjusting(b: NetworkBuilder, x: Value, before: Value, half: int, channels: int) -> Value:
    """The first cell after a reduction: its older input is twice as large."""
    left = b.concat(*(_relu_conv(b, before, half, stride=2) for _ in range(2)))
    right = _relu_conv(b, x, channels)
    sums = [
        b.add(_branch(b, right, channels, 5), _branch(b, right, channels, 3)),
        b.add(_branch(b, left, channels, 5), _branch(b, left, channels, 3)),
        b.add(b.avg_pool(right, 3, pad=1), left),
        b.add(b.avg_pool(left, 3, pad=1), b.avg_pool(left, 3, pad=1)),
        b.add(_branch(b, right, channels, 3), right),
    ]
    return b.concat(left, *sums)


def _normal(b: NetworkBuilder, x: Value, before: Value, channels: int) -> Value:
    left, right = _relu_conv(b, before, channels), _relu_conv(b, x, channels)
    sums = [
        b.add(_branch(b, right, channels, 5), _branch(b, left, channels, 3)),
        b.add(_branch(b, left, channels, 5), _branch(b, left, channels, 3)),
        b.add(b.avg_pool(right, 3, pad=1), left),
        b.add(b.avg_pool(left, 3, pad=1), b.avg_pool(left, 3, pad=1)),
        b.add(_branch(b, right, channels, 3), right),
    ]
    return b.concat(*sums)
