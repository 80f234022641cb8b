"""Constants derived from others: symbolic fills stay symbolic, arrays are computed only when somebody reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from warploom.graph import ArrayConstant, Constant, DType, FillConstant

Float = npt.NDArray[np.float64]
Operand = tuple[Constant, tuple[int, ...]]
"""A constant and the shape as which it takes part in broadcasting."""


def elementwise(
    shape: tuple[int, ...], dtype: DType, function: Callable[..., Float], operands: Sequence[Operand]
) -> Constant:
    """The constant `function(*operands)`, computed in float64.

    Args:
        shape: Shape of the result: what the operands' shapes broadcast to.
        dtype: Element type of the result.
        function: Works element by element; gets one float64 array (or scalar array) per operand.
        operands: What it is derived from.
    """
    constants = [constant for constant, _ in operands]
    fills = [constant for constant in constants if isinstance(constant, FillConstant)]
    if len(fills) == len(constants):
        return FillConstant(shape, dtype, float(function(*(np.float64(fill.value) for fill in fills))))

    def load() -> Float:
        arrays = (_view(constant, view) for constant, view in operands)
        return np.broadcast_to(function(*arrays), shape)

    return ArrayConstant(shape, dtype, load)


def small_value(constant: Constant, limit: int = 4096) -> Float | None:
    """The constant's values as float64 if they are cheap to look at; None for a big array."""
    if isinstance(constant, FillConstant):
        return np.asarray(constant.value, dtype=np.float64)
    if int(np.prod(constant.shape)) > limit:
        return None
    return constant.numpy().astype(np.float64)


def is_filled_with(constant: Constant, value: float) -> bool:
    """Whether every element is known to be `value` (big arrays are not looked at)."""
    values = small_value(constant)
    return values is not None and bool(np.all(values == value))


def _view(constant: Constant, shape: tuple[int, ...]) -> Float:
    if isinstance(constant, FillConstant):
        return np.broadcast_to(np.float64(constant.value), shape)
    return constant.numpy().astype(np.float64).reshape(shape)
