"""Canonical form of operators that cut or widen a tensor along axes: Slice, Split, Pad."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.graph import AttributeValue, Primitive
from warploom.importer.canonical.generic import Canonicalizer, axis_of, positive_axis
from warploom.importer.node import Node, Scope


def slice_(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Slice: starts and ends within the tensor, every axis with its step."""
    shape = scope.shape(node.inputs[0])
    starts, ends, axes, steps = _slice_arguments(node, scope)
    bounds = [
        _clamp(start, end, step, shape[axis]) for start, end, axis, step in zip(starts, ends, axes, steps, strict=True)
    ]
    return (
        node.primitive(
            inputs=node.inputs[:1],
            starts=tuple(start for start, _ in bounds),
            ends=tuple(end for _, end in bounds),
            axes=axes,
            steps=steps,
        ),
    )


def _slice_arguments(node: Node, scope: Scope) -> tuple[tuple[int, ...], ...]:
    rank = scope.rank(node.inputs[0])
    if node.opset < 10:
        starts, ends, axes = node.integers("starts"), node.integers("ends"), node.integers("axes")
        steps = None
    else:
        starts = scope.required_integers(node, 1, "starts")
        ends = scope.required_integers(node, 2, "ends")
        axes = scope.required_integers(node, 3, "axes") if node.input(3) else None
        steps = scope.required_integers(node, 4, "steps") if node.input(4) else None
    if starts is None or ends is None:
        raise node.failure("has no starts or ends.")
    axes = tuple(range(len(starts))) if axes is None else tuple(positive_axis(node, axis, rank) for axis in axes)
    return starts, ends, axes, steps or (1,) * len(starts)


def _clamp(start: int, end: int, step: int, size: int) -> tuple[int, int]:
    """Bounds counted from the front; going backwards, the place before the first element is -size-1."""
    start = start + size if start < 0 else start
    end = end + size if end < 0 else end
    if step > 0:
        return min(max(start, 0), size), min(max(end, 0), size)
    end = min(max(end, -1), size - 1)
    return min(max(start, 0), size - 1), end if end >= 0 else -size - 1


def split(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Split: sizes are those of the outputs, however the version says them; empty parts are no outputs."""
    axis = axis_of(node, scope.rank(node.inputs[0]), 0)
    outputs = tuple(filter(None, node.outputs))
    sizes = tuple(scope.shape(name)[axis] for name in outputs)
    return (node.primitive(inputs=node.inputs[:1], outputs=outputs, axis=axis, split=sizes),)


def pad(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Pad: pads for every axis (opset 18 may name some axes only), the value beside them."""
    rank = scope.rank(node.inputs[0])
    inputs = node.inputs[:1]
    value: AttributeValue | None
    if node.opset < 11:
        pads, value = node.integers("pads") or (), node.number("value", 0.0)
    else:
        pads, value = scope.required_integers(node, 1, "pads"), 0.0
        if node.input(2):
            constant = scope.array(node.inputs[2])
            value = None if constant is None else constant.reshape(-1)[0].item()
    if node.input(3):
        pads = _all_axes(node, pads, scope.required_integers(node, 3, "axes"), rank)
    if value is None:
        inputs = (node.inputs[0], "", node.inputs[2])
        return (node.primitive(inputs=inputs, mode=node.text("mode", "constant"), pads=pads),)
    return (node.primitive(inputs=inputs, mode=node.text("mode", "constant"), pads=pads, constant_value=value),)


def _all_axes(node: Node, pads: tuple[int, ...], axes: tuple[int, ...], rank: int) -> tuple[int, ...]:
    begins, ends = [0] * rank, [0] * rank
    for position, axis in enumerate(axes):
        where = positive_axis(node, axis, rank)
        begins[where], ends[where] = pads[position], pads[position + len(axes)]
    return (*begins, *ends)


CANONICAL: Mapping[str, Canonicalizer] = {"Slice": slice_, "Split": split, "Pad": pad}
