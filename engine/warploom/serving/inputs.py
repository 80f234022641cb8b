"""Checks what callers hand to a plan: names, types, shapes and NaN, each refused with the reason."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from warploom.device.protocol import Array
from warploom.errors import PlanError
from warploom.serving.contents import Port


def named_inputs(inputs: Mapping[str, Array] | Array, ports: Sequence[Port]) -> dict[str, Array]:
    """Inputs by name; a single array is the only input.

    Raises:
        PlanError: If names are missing or unknown, or something is no array.
    """
    known = [port.name for port in ports]
    if isinstance(inputs, np.ndarray):
        if len(ports) != 1:
            raise PlanError(
                f"The plan has {len(ports)} inputs ({', '.join(known)}): give a mapping from name to array."
            )
        return {known[0]: inputs}
    if not isinstance(inputs, Mapping):
        raise PlanError(f"A {type(inputs).__name__} is no input: give an array, or a mapping from name to array.")
    if unknown := [name for name in inputs if name not in known]:
        raise PlanError(f"The plan has no input {unknown[0]!r}; its inputs: {', '.join(known) or 'none'}.")
    if missing := [name for name in known if name not in inputs]:
        raise PlanError(f"The input {missing[0]!r} is missing; the plan's inputs: {', '.join(known)}.")
    return {name: np.asarray(inputs[name]) for name in known}


def check_types(inputs: Mapping[str, Array], ports: Sequence[Port]) -> None:
    """Types are never converted silently: what a caller loses by that is for the caller to decide.

    Raises:
        PlanError: Naming the input, its type and the one that it has to have.
    """
    for port in ports:
        found = inputs[port.name].dtype
        if found != np.dtype(port.dtype):
            raise PlanError(
                f"The input {port.name!r} has the type {found}, not {port.dtype}: "
                f"convert it with .astype({port.dtype!r})."
            )


def check_finite(inputs: Mapping[str, Array]) -> None:
    """Looks for NaN, which would come out of every output.

    Raises:
        PlanError: Naming the input and the first place.
    """
    for name, array in inputs.items():
        # One pass without a temporary: a sum is NaN where an element is (or where infinities cancel, so look again).
        if array.dtype.kind == "f" and array.size and math.isnan(_sum(array)):
            places = np.argwhere(np.isnan(array))
            if len(places):
                raise PlanError(f"The input {name!r} holds {len(places)} NaN, the first at {places[0].tolist()}.")


def _sum(array: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.add.reduce(array, axis=None))
