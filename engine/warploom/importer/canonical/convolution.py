"""Canonical form of convolutions: explicit kernel, strides, dilations and pads (automatic padding resolved)."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.graph import Primitive
from warploom.importer.canonical.generic import Canonicalizer
from warploom.importer.canonical.padding import Window, resolve_pads, share_pads
from warploom.importer.node import Node, Scope


def conv(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Conv: `kernel_shape` from the weight where it is not given."""
    groups, weight = node.integer("group", 1), scope.shape(node.inputs[1])
    _check_channels(node, scope, wanted=weight[1] * groups, made=weight[0])
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
    groups, weight = node.integer("group", 1), scope.shape(node.inputs[1])
    _check_channels(node, scope, wanted=weight[0], made=weight[1] * groups)
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


def _check_channels(node: Node, scope: Scope, *, wanted: int, made: int) -> None:
    """Refuses an input of other channels than the weight is for: ONNX infers shapes without a look at them."""
    found, groups = scope.shape(node.inputs[0])[1], node.integer("group", 1)
    if found != wanted:
        raise node.failure(
            f"has weights for {wanted} channels, but its input has {found}: check the shapes of the model's inputs."
        )
    if groups < 1 or wanted % groups or made % groups:
        raise node.failure(f"has {groups} groups, which do not divide {wanted} channels into {made}.")
    bias = scope.shape(node.input(2)) if node.input(2) else (made,)
    if bias != (made,):
        raise node.failure(f"has a bias of the shape {list(bias)} for {made} channels.")


def _window(node: Node, scope: Scope) -> Window:
    weight = scope.shape(node.inputs[1])[2:]
    kernel = node.integers("kernel_shape") or weight
    if kernel != weight:
        raise node.failure(f"has a kernel of {list(kernel)}, but a weight of {list(weight)}.")
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
