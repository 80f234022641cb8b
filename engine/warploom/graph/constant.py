"""Constants of a Graph (weights): lazily read, or symbolic fills that take no memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from warploom.errors import GraphError
from warploom.graph.dtype import DType

Array = npt.NDArray[Any]


@runtime_checkable
class Constant(Protocol):
    """A value known when the Graph is built."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> DType: ...

    def numpy(self) -> Array:
        """The values (shape `shape`, dtype `dtype.to_numpy()`); may read a file. Callers must not write to it."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ArrayConstant:
    """Values held in memory, or read once when first asked for (`load` for initializers and external data)."""

    shape: tuple[int, ...]
    dtype: DType
    load: Callable[[], Array]
    _loaded: list[Array] = field(default_factory=list, repr=False)

    @staticmethod
    def of(array: Array, dtype: DType | None = None) -> ArrayConstant:
        """Wraps an array that is in memory already."""
        return ArrayConstant(tuple(array.shape), dtype or DType(str(array.dtype)), lambda: array)

    def numpy(self) -> Array:
        if not self._loaded:
            array = np.ascontiguousarray(self.load(), dtype=self.dtype.to_numpy()).reshape(self.shape)
            array.flags.writeable = False
            self._loaded.append(array)
        return self._loaded[0]


@dataclass(frozen=True, slots=True)
class FillConstant:
    """One value repeated (ONNX ConstantOfShape): a view of a single element, whatever the shape."""

    shape: tuple[int, ...]
    dtype: DType
    value: float | int | bool

    def numpy(self) -> Array:
        return np.broadcast_to(np.asarray(self.value, dtype=self.dtype.to_numpy()), self.shape)


@dataclass(frozen=True, slots=True)
class MissingConstant:
    """A constant of a Graph read back from a recording, which keeps shapes but not weights."""

    shape: tuple[int, ...]
    dtype: DType

    def numpy(self) -> Array:
        raise GraphError("This graph was read from a recording, which holds no weights: open the model file to run it.")
