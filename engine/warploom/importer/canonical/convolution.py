"""Canonical form of convolutions: explicit kernel, strides, dilations and pads (automatic padding resolved)."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.graph import Primitive
from warploom.importer.canonical.generic import Canonicalizer
from warploom.importer.canonical.padding import Window, resolve_pads, share_pads
from warploom.importer.node import Node, Scope


def conv(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Conv: `kernel_shape` from the weight where it is not given."""
    spatial = scope.shape(node.inputs[0])[2:]
    window = _window(node, scope)
    pads = resolve_pads(node, window, spatial)
    return (
        node.primitive(
            kernel_shape=window.kernel,
            strides=window.strides,
            dilations=window.dilations,
            pads=pads,
            group=node.integer("group", 1),
        ),
    )


def conv_transpose(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """ConvTranspose: `output_shape` and automatic padding become explicit pads."""
    window = _window(node, scope)
    output_padding = node.integers("output_padding") or (0,) * len(window.kernel)
    return (
        node.primitive(
            kernel_shape=window.kernel,
            strides=window.strides,
            dilations=window.dilations,
            pads=_transpose_pads(node, scope, window, output_padding),
            output_padding=output_padding,
            group=node.integer("group", 1),
        ),
    )


def _window(node: Node, scope: Scope) -> Window:
    kernel = node.integers("kernel_shape") or scope.shape(node.inputs[1])[2:]
    ones = (1,) * len(kernel)
    return Window(kernel, node.integers("strides") or ones, node.integers("dilations") or ones)


def _transpose_pads(node: Node, scope: Scope, window: Window, output_padding: tuple[int, ...]) -> tuple[int, ...]:
    automatic = node.text("auto_pad", "NOTSET")
    given = node.integers("output_shape")
    if automatic == "VALID" or (automatic == "NOTSET" and given is None):
        pads = node.integers("pads") if automatic == "NOTSET" else None
        return pads or (0,) * (2 * len(window.kernel))
    spatial = scope.shape(node.inputs[0])[2:]
    output = scope.shape(node.outputs[0])[2:]
    totals = [
        max(0, stride * (size - 1) + extra + (kernel - 1) * dilation + 1 - out)
        for size, out, kernel, stride, dilation, extra in zip(
            spatial, output, window.kernel, window.strides, window.dilations, output_padding, strict=True
        )
    ]
    return share_pads(totals, upper=automatic == "SAME_UPPER")


CANONICAL: Mapping[str, Canonicalizer] = {"Conv": conv, "ConvTranspose": conv_transpose}
