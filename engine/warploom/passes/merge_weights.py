"""Joins the constants of merged operators along their output channels, lazily: arrays are read only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from warploom.graph import ArrayConstant, Constant, FillConstant, Graph
from warploom.graph.constant import Array
from warploom.passes.merge_member import Member, equal_constants
from warploom.passes.merge_windows import CommonWindow


def merged_weight(graph: Graph, members: Sequence[Member], windows: Sequence[CommonWindow]) -> Constant:
    """The members' weights, each inside its window (zeros around it), joined along the output channels."""
    parts = [graph.constants[member.weight] for member in members]
    axis = members[0].weight_axis
    shape = list(parts[0].shape)
    shape[axis] = sum(member.channels for member in members)
    shape[len(shape) - len(windows) :] = [window.kernel for window in windows]
    padded = any(part.shape[2:] != tuple(shape[2:]) for part in parts) if windows else False
    if not padded:
        return _joined(parts, tuple(shape), axis, [_as_it_is] * len(parts))
    placed = [_place([window.offsets[i] for window in windows], tuple(shape[2:])) for i in range(len(parts))]
    return _joined(parts, tuple(shape), axis, placed, keep_fills=False)


def merged_bias(graph: Graph, members: Sequence[Member]) -> Constant | None:
    """The members' biases joined (zeros for a member without); None when no member has one."""
    if not any(member.bias for member in members):
        return None
    parts: list[Constant] = [
        graph.constants[member.bias] if member.bias else FillConstant((member.channels,), member.output.dtype, 0.0)
        for member in members
    ]
    views = [_spread((member.channels,)) for member in members]
    return _joined(parts, (sum(member.channels for member in members),), 0, views)


def merged_operand(graph: Graph, members: Sequence[Member], index: int, slot: int) -> Constant:
    """An operand of the epilogue's primitive `index`: the common value, or the members' values joined."""
    parts = [graph.constants[member.operator.body[index].inputs[slot]] for member in members]
    if equal_constants(graph, members, index, slot):
        return parts[0]
    axis, rank = members[0].axis, len(members[0].output.shape)
    shapes = [(member.channels, *(1,) * (rank - 1 - axis)) for member in members]
    total = (sum(member.channels for member in members), *shapes[0][1:])
    return _joined(parts, total, 0, [_spread(shape) for shape in shapes])


def _joined(
    parts: Sequence[Constant],
    shape: tuple[int, ...],
    axis: int,
    views: Sequence[Callable[[Array], Array]],
    *,
    keep_fills: bool = True,
) -> Constant:
    first = parts[0]
    if keep_fills and isinstance(first, FillConstant):
        same = all(isinstance(part, FillConstant) and part.value == first.value for part in parts)
        if same:
            return FillConstant(shape, first.dtype, first.value)

    def load() -> Array:
        return np.concatenate([view(part.numpy()) for view, part in zip(views, parts, strict=True)], axis=axis)

    return ArrayConstant(shape, first.dtype, load)


def _as_it_is(array: Array) -> Array:
    return array


def _spread(shape: tuple[int, ...]) -> Callable[[Array], Array]:
    def view(array: Array) -> Array:
        return np.broadcast_to(array.reshape(-1, *(1,) * (len(shape) - 1)), shape)

    return view


def _place(offsets: Sequence[int], kernel: tuple[int, ...]) -> Callable[[Array], Array]:
    def view(array: Array) -> Array:
        padded = np.zeros((*array.shape[:2], *kernel), dtype=array.dtype)
        inside = (slice(o, o + size) for o, size in zip(offsets, array.shape[2:], strict=True))
        padded[(slice(None), slice(None), *inside)] = array
        return padded

    return view
