"""Canonical form of Resize, and of Upsample, which it replaced."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.graph import AttributeValue, Primitive
from warploom.importer.canonical.generic import Canonicalizer, positive_axis
from warploom.importer.node import Node, Scope

_MODES = {"bilinear": "linear", "trilinear": "linear", "bicubic": "cubic"}
"""What interpolations were called before."""


def upsample(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Upsample (scales: an attribute before opset 9): a Resize with asymmetric coordinates, rounded down."""
    scales = _floats(node.values.get("scales"), scope, node.input(1))
    if scales is None:
        raise node.failure("takes its scales from a value that is computed while the model runs.")
    return (_resize(node, scales=scales, coordinate_transformation_mode="asymmetric", nearest_mode="floor"),)


def resize(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Resize: `scales` or `sizes` for every axis, whichever the file gives."""
    if node.opset < 11:
        return (_resize_10(node, scope),)
    attributes: dict[str, AttributeValue] = {
        "coordinate_transformation_mode": node.text("coordinate_transformation_mode", "half_pixel"),
        "nearest_mode": node.text("nearest_mode", "round_prefer_floor"),
        "antialias": node.integer("antialias", 0),
        "cubic_coeff_a": node.number("cubic_coeff_a", -0.75),
        "exclude_outside": node.integer("exclude_outside", 0),
        "extrapolation_value": node.number("extrapolation_value", 0.0),
        "keep_aspect_ratio_policy": node.text("keep_aspect_ratio_policy", "stretch"),
    }
    if attributes["coordinate_transformation_mode"] == "tf_half_pixel_for_nn":
        attributes |= _tf_half_pixel(node)
    attributes |= _target(node, scope)
    if attributes["coordinate_transformation_mode"] == "tf_crop_and_resize":
        attributes["roi"] = _full_roi(node, scope)
    return (_resize(node, **attributes),)


def _resize(node: Node, **attributes: AttributeValue) -> Primitive:
    defaults: dict[str, AttributeValue] = {
        "antialias": 0,
        "cubic_coeff_a": -0.75,
        "exclude_outside": 0,
        "extrapolation_value": 0.0,
        "keep_aspect_ratio_policy": "stretch",
    }
    mode = node.text("mode", "nearest")
    return node.primitive({**defaults, **attributes}, op="Resize", inputs=node.inputs[:1], mode=_MODES.get(mode, mode))


def _resize_10(node: Node, scope: Scope) -> Primitive:
    """Opset 10: asymmetric coordinates; nearest rounds down when growing and up when shrinking."""
    scales = _floats(None, scope, node.input(1))
    if scales is None:
        raise node.failure("takes its scales from a value that is computed while the model runs.")
    shrinks, grows = any(scale < 1 for scale in scales), any(scale > 1 for scale in scales)
    if shrinks and grows and node.text("mode", "nearest") == "nearest":
        raise node.failure("shrinks some axes and widens others (opset 10), which later versions cannot say.")
    rounding = "ceil" if shrinks else "floor"
    return _resize(node, scales=scales, coordinate_transformation_mode="asymmetric", nearest_mode=rounding)


def _tf_half_pixel(node: Node) -> dict[str, AttributeValue]:
    """Dropped in opset 13: rounding its coordinates down is the same as rounding half-pixel ones to nearest."""
    if node.text("mode", "nearest") != "nearest" or node.text("nearest_mode", "round_prefer_floor") != "floor":
        raise node.failure("uses tf_half_pixel_for_nn, which later versions of ONNX dropped: export with opset 13.")
    return {"coordinate_transformation_mode": "half_pixel", "nearest_mode": "round_prefer_ceil"}


def _target(node: Node, scope: Scope) -> dict[str, AttributeValue]:
    shape = scope.shape(node.inputs[0])
    axes = [positive_axis(node, axis, len(shape)) for axis in node.integers("axes") or range(len(shape))]
    scales = _floats(None, scope, node.input(2))
    sizes = scope.integers(node.input(3))
    if scales:
        full_scales = [1.0] * len(shape)
        for axis, scale in zip(axes, scales, strict=True):
            full_scales[axis] = scale
        return {"scales": tuple(full_scales)}
    if not sizes:
        raise node.failure("takes its sizes from a value that is computed while the model runs.")
    if node.text("keep_aspect_ratio_policy", "stretch") != "stretch":
        return {"sizes": sizes, "axes": tuple(axes)}
    full_sizes = list(shape)
    for axis, size in zip(axes, sizes, strict=True):
        full_sizes[axis] = size
    return {"sizes": tuple(full_sizes)}


def _full_roi(node: Node, scope: Scope) -> tuple[float, ...]:
    rank = scope.rank(node.inputs[0])
    axes = [positive_axis(node, axis, rank) for axis in node.integers("axes") or range(rank)]
    roi = _floats(None, scope, node.input(1))
    if roi is None:
        raise node.failure("takes its region from a value that is computed while the model runs.")
    starts, ends = [0.0] * rank, [1.0] * rank
    for position, axis in enumerate(axes):
        starts[axis], ends[axis] = roi[position], roi[position + len(axes)]
    return (*starts, *ends)


def _floats(given: object, scope: Scope, name: str) -> tuple[float, ...] | None:
    if isinstance(given, tuple):
        return tuple(float(value) for value in given)
    values = scope.array(name)
    return None if values is None else tuple(float(value) for value in values.reshape(-1))


def grid_sample(node: Node, scope: Scope) -> tuple[Primitive, ...]:  # noqa: ARG001 - the signature of every family
    """GridSample: modes by the names that they have since opset 20, defaults spelled out."""
    mode = node.text("mode", "linear")
    return (
        node.primitive(
            mode=_MODES.get(mode, mode),
            padding_mode=node.text("padding_mode", "zeros"),
            align_corners=node.integer("align_corners", 0),
        ),
    )


CANONICAL: Mapping[str, Canonicalizer] = {"Resize": resize, "Upsample": upsample, "GridSample": grid_sample}
