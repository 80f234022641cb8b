"""Picks the shape of a plan file that answers a request: the same one, or a larger batch filled up with zeros."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from warploom.device.protocol import Array
from warploom.errors import PlanError
from warploom.serving.contents import ShapeFacts

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Pick:
    """Which shape answers.

    Attributes:
        index: Of the shape.
        batch: Rows of the request where rows are filled up; None where the shape is the request's own.
    """

    index: int
    batch: int | None = None


def pick_shape(shapes: Sequence[ShapeFacts], wanted: Shapes) -> Pick:
    """The shape for a request.

    Other sizes than a batch are never filled up: what zeros at the border of an image do is part of the result.

    Raises:
        PlanError: If no shape fits, with those that there are and the reason.
    """
    for index, shape in enumerate(shapes):
        if all(wanted[port.name] == port.shape for port in shape.inputs):
            return Pick(index)
    batch = _common_batch(wanted)
    if batch is None:
        raise _no_shape(shapes, wanted, "")
    larger = [(i, shape) for i, shape in enumerate(shapes) if _fits_but_for_batch(shape, wanted, batch)]
    sound = [(shape.inputs[0].shape[0], i) for i, shape in larger if shape.paddable]
    if sound:
        return Pick(min(sound)[1], batch)
    reason = " Its larger batches may not be filled up: rows are not independent of each other." if larger else ""
    raise _no_shape(shapes, wanted, reason)


def padded(inputs: Mapping[str, Array], shape: ShapeFacts) -> dict[str, Array]:
    """Inputs with rows of zeros behind theirs, as many as the shape has."""
    filled: dict[str, Array] = {}
    for port in shape.inputs:
        filled[port.name] = whole = np.zeros(port.shape, port.dtype)
        whole[: len(inputs[port.name])] = inputs[port.name]
    return filled


def _common_batch(wanted: Shapes) -> int | None:
    """The leading dimension of all inputs; None if they have none in common."""
    sizes = {shape[0] if shape else 0 for shape in wanted.values()}
    size = sizes.pop() if len(sizes) == 1 else 0
    return size or None


def _fits_but_for_batch(shape: ShapeFacts, wanted: Shapes, batch: int) -> bool:
    return all(
        len(wanted[port.name]) == len(port.shape) and wanted[port.name][1:] == port.shape[1:] and batch < port.shape[0]
        for port in shape.inputs
    )


def _no_shape(shapes: Sequence[ShapeFacts], wanted: Shapes, reason: str) -> PlanError:
    held = "; ".join(", ".join(f"{port.name} {list(port.shape)}" for port in shape.inputs) for shape in shapes)
    asked = ", ".join(f"{name} {list(shape)}" for name, shape in wanted.items())
    return PlanError(f"The plan has no shape for {asked}; it holds {held}.{reason}")
