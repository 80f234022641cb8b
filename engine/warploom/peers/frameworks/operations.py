"""What a framework has to offer so that any model of canonical Primitives can be executed by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Tensor = Any
"""Whatever the framework computes with; NCHW where it is an image."""


@dataclass(frozen=True, slots=True)
class Window:
    """Sliding window of a convolution or a pool; one value per spatial axis.

    Attributes:
        kernel: Size.
        strides: Steps.
        dilations: Distance of taps.
        begin: Padding before.
        end: Padding after, as far as the last window reaches (windows that `ceil_mode` adds included).
    """

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    begin: tuple[int, ...]
    end: tuple[int, ...]

    @property
    def symmetric(self) -> bool:
        """Whether both sides are padded alike."""
        return self.begin == self.end

    @property
    def padded(self) -> bool:
        """Whether anything is padded."""
        return any((*self.begin, *self.end))


class Operations(Protocol):
    """The functions of one framework; each takes and returns its tensors. `floating` is the type of float tensors."""

    @property
    def native(self) -> Mapping[str, Callable[[Any], Tensor | None]]:
        """Operators that the framework has a function of its own for, by ONNX name.

        Each is called with the interpreter's `Step`; None leaves the operator to the interpreter.
        """
        ...

    def constant(self, array: Any) -> Tensor:
        """A NumPy array on the device; floats in the type that the precision asks for."""
        ...

    def convolution(self, x: Tensor, weight: Tensor, bias: Tensor | None, window: Window, groups: int) -> Tensor: ...

    def transposed_convolution(
        self,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        window: Window,
        groups: int,
        output_padding: Sequence[int],
    ) -> Tensor: ...

    def max_pool(self, x: Tensor, window: Window) -> Tensor: ...

    def average_pool(self, x: Tensor, window: Window, declared_end: tuple[int, ...], *, include_pad: bool) -> Tensor:
        """Mean of a window. With `include_pad`, padding within `begin` and `declared_end` counts as zeros."""
        ...

    def unary(self, name: str, x: Tensor) -> Tensor:
        """An elementwise function by its ONNX name; KeyError where there is none."""
        ...

    def binary(self, name: str, x: Tensor, y: Tensor) -> Tensor:
        """An elementwise function of two broadcast tensors by its ONNX name; KeyError where there is none."""
        ...

    def where(self, condition: Tensor, x: Tensor, y: Tensor) -> Tensor: ...

    def clip(self, x: Tensor, low: float | None, high: float | None) -> Tensor: ...

    def matmul(self, x: Tensor, y: Tensor) -> Tensor: ...

    def reduce(self, name: str, x: Tensor, axes: tuple[int, ...], *, keepdims: bool) -> Tensor:
        """One of "Mean", "Sum", "Max", "Min", "Prod"; KeyError for another."""
        ...

    def softmax(self, x: Tensor, axis: int) -> Tensor: ...

    def reshape(self, x: Tensor, shape: Sequence[int]) -> Tensor: ...

    def transpose(self, x: Tensor, order: Sequence[int]) -> Tensor: ...

    def concat(self, parts: Sequence[Tensor], axis: int) -> Tensor: ...

    def pad(self, x: Tensor, begin: Sequence[int], end: Sequence[int], value: float) -> Tensor:
        """Constant padding of every axis; negative amounts are not asked for."""
        ...

    def slice(self, x: Tensor, slices: tuple[slice, ...]) -> Tensor:
        """A view with one slice of positive step per axis."""
        ...

    def expand(self, x: Tensor, shape: Sequence[int]) -> Tensor: ...

    def gather(self, x: Tensor, indices: Tensor, axis: int) -> Tensor: ...

    def cast(self, x: Tensor, dtype: str) -> Tensor:
        """To an element type by its ONNX name; float32 means the type of float tensors."""
        ...
