"""The sample network of the IOS paper: four convolutions that fill a GPU badly one by one."""

from __future__ import annotations

from warploom.samples.builder import NetworkBuilder


def sample_network(b: NetworkBuilder, size: int = 15) -> None:
    """Three branches of 3x3 convolutions (375 -> 750, 750, 375 channels) on 375 x 15 x 15, concatenated."""
    x = b.input("input", b.scaled(375), size, size)
    first = b.relu(b.conv(x, 375, 3, pad=1))
    second = b.relu(b.conv(x, 750, 3, pad=1))
    third = b.relu(b.conv(x, 375, 3, pad=1))
    first = b.relu(b.conv(first, 750, 3, pad=1))
    b.output(b.concat(first, second, third), "output")
