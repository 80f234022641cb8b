"""Sliding windows: resolves automatic padding into numbers."""

from __future__ import annotations

from dataclasses import dataclass

from warploom.importer.node import Node


@dataclass(frozen=True, slots=True)
class Window:
    """A sliding window over the spatial dimensions."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]


def resolve_pads(node: Node, window: Window, spatial: tuple[int, ...]) -> tuple[int, ...]:
    """The pads of a node: all beginnings, then all ends.

    Args:
        node: With `pads` or `auto_pad`.
        window: Its window.
        spatial: Spatial sizes of its input.
    """
    automatic = node.text("auto_pad", "NOTSET")
    if automatic in ("NOTSET", ""):
        return node.integers("pads") or (0,) * (2 * len(window.kernel))
    if automatic == "VALID":
        return (0,) * (2 * len(window.kernel))
    totals = [
        max(0, (-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size)
        for size, kernel, stride, dilation in zip(spatial, window.kernel, window.strides, window.dilations, strict=True)
    ]
    return share_pads(totals, upper=automatic == "SAME_UPPER")


def share_pads(totals: list[int], *, upper: bool) -> tuple[int, ...]:
    """Pads before and after each axis; an odd one goes to the end if `upper`, to the beginning otherwise."""
    begins = [total // 2 if upper else total - total // 2 for total in totals]
    return (*begins, *(total - begin for total, begin in zip(totals, begins, strict=True)))
