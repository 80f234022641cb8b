"""Checks the arrays that a caller gives to run a plan on."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.device.protocol import Array
from warploom.errors import DeviceError


def given_input(inputs: Mapping[str, Array], name: str, shape: tuple[int, ...]) -> Array:
    """The array given for an input of a shape.

    Raises:
        DeviceError: If it is missing or has another shape.
    """
    given = inputs.get(name)
    if given is None:
        raise DeviceError(f"The input {name!r} is missing: give an array of the shape {shape}.")
    if given.shape != shape:
        raise DeviceError(f"The input {name!r} has the shape {given.shape}, not {shape}.")
    return given
