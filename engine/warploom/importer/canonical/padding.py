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

    Raises:
        ModelImportError: If the window does not fit into the padded input (ONNX's inference lets some of these pass).
    """
    pads = _pads(node, window, spatial)
    rank = len(window.kernel)
    for axis, size in enumerate(spatial):
        reach = (window.kernel[axis] - 1) * window.dilations[axis] + 1
        padded = size + pads[axis] + pads[axis + rank]
        if reach > padded:
            raise node.failure(
                f"has a window of {reach}, larger than its padded input of {padded}: check the model's input sizes."
            )
    return pads


def _pads(node: Node, window: Window, spatial: tuple[int, ...]) -> tuple[int, ...]:
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
