"""The functions of PyTorch, for images kept channels-last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from warploom.peers.frameworks.operations import Tensor, Window
from warploom.peers.frameworks.torch_native import native_operators


class TorchOperations:
    """Executes on one device of PyTorch in one floating-point type."""

    def __init__(self, torch: Any, device: str, floating: Any) -> None:
        self._torch = torch
        self._device = device
        self._floating = floating
        self._functional = torch.nn.functional
        self.native = native_operators(torch)
        self._unary = _unary(torch)
        self._binary = _binary(torch)
        self._types = {name: getattr(torch, name) for name in ("float64", "int64", "int32", "int8", "uint8", "bool")}

    def constant(self, array: Any) -> Tensor:
        tensor = self._torch.tensor(array, device=self._device)
        if tensor.is_floating_point():
            tensor = tensor.to(self._floating)
        return tensor.contiguous(memory_format=self._torch.channels_last) if tensor.dim() == 4 else tensor

    def convolution(self, x: Tensor, weight: Tensor, bias: Tensor | None, window: Window, groups: int) -> Tensor:
        rank = len(window.kernel)
        convolve = (self._functional.conv1d, self._functional.conv2d, self._functional.conv3d)[rank - 1]
        if window.symmetric:
            return convolve(x, weight, bias, window.strides, window.begin, window.dilations, groups)
        return convolve(self._padded(x, window, 0.0), weight, bias, window.strides, 0, window.dilations, groups)

    def transposed_convolution(
        self,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        window: Window,
        groups: int,
        output_padding: Sequence[int],
    ) -> Tensor:
        rank = len(window.kernel)
        f = self._functional
        convolve = (f.conv_transpose1d, f.conv_transpose2d, f.conv_transpose3d)[rank - 1]
        full = convolve(x, weight, bias, window.strides, 0, tuple(output_padding), groups, window.dilations)
        kept = (slice(low, full.shape[2 + i] - window.end[i]) for i, low in enumerate(window.begin))
        return full[(slice(None), slice(None), *kept)]

    def max_pool(self, x: Tensor, window: Window) -> Tensor:
        pool = (self._functional.max_pool1d, self._functional.max_pool2d, self._functional.max_pool3d)
        half = all(2 * low <= size for low, size in zip(window.begin, window.kernel, strict=True))
        if window.symmetric and half:
            return pool[len(window.kernel) - 1](x, window.kernel, window.strides, window.begin, window.dilations)
        padded = self._padded(x, window, float("-inf"))
        return pool[len(window.kernel) - 1](padded, window.kernel, window.strides, 0, window.dilations)

    def average_pool(self, x: Tensor, window: Window, declared_end: tuple[int, ...], *, include_pad: bool) -> Tensor:
        f = self._functional
        pool = (f.avg_pool1d, f.avg_pool2d, f.avg_pool3d)[len(window.kernel) - 1]
        half = all(2 * low <= size for low, size in zip(window.begin, window.kernel, strict=True))
        if window.symmetric and half and declared_end == window.end:
            return pool(x, window.kernel, window.strides, window.begin, count_include_pad=include_pad)
        sums = pool(self._padded(x, window, 0.0), window.kernel, window.strides)
        ones = self._torch.ones_like(x[:1, :1])
        if include_pad:
            ones = self._padded(ones, Window(*(window.kernel,) * 3, window.begin, declared_end), 1.0)
            rest = tuple(max(0, far - near) for far, near in zip(window.end, declared_end, strict=True))
            ones = self._padded(ones, Window(*(window.kernel,) * 3, (0,) * len(rest), rest), 0.0)
        else:
            ones = self._padded(ones, window, 0.0)
        return sums / pool(ones, window.kernel, window.strides)

    def unary(self, name: str, x: Tensor) -> Tensor:
        return self._unary[name](x)

    def binary(self, name: str, x: Tensor, y: Tensor) -> Tensor:
        return self._binary[name](x, y)

    def where(self, condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
        return self._torch.where(condition, x, y)

    def clip(self, x: Tensor, low: float | None, high: float | None) -> Tensor:
        return self._torch.clamp(x, low, high)

    def matmul(self, x: Tensor, y: Tensor) -> Tensor:
        return self._torch.matmul(x, y)

    def reduce(self, name: str, x: Tensor, axes: tuple[int, ...], *, keepdims: bool) -> Tensor:
        torch = self._torch
        if name == "Prod":
            for axis in sorted(axes, reverse=True):
                x = torch.prod(x, axis, keepdim=keepdims)
            return x
        return {"Mean": torch.mean, "Sum": torch.sum, "Max": torch.amax, "Min": torch.amin}[name](
            x, axes, keepdim=keepdims
        )

    def softmax(self, x: Tensor, axis: int) -> Tensor:
        return self._functional.softmax(x, axis)

    def reshape(self, x: Tensor, shape: Sequence[int]) -> Tensor:
        return x.reshape(tuple(shape))

    def transpose(self, x: Tensor, order: Sequence[int]) -> Tensor:
        return x.permute(tuple(order))

    def concat(self, parts: Sequence[Tensor], axis: int) -> Tensor:
        return self._torch.cat(tuple(parts), axis)

    def pad(self, x: Tensor, begin: Sequence[int], end: Sequence[int], value: float) -> Tensor:
        sides = [side for low, high in zip(reversed(begin), reversed(end), strict=True) for side in (low, high)]
        return self._functional.pad(x, sides, value=value)

    def slice(self, x: Tensor, slices: tuple[slice, ...]) -> Tensor:
        return x[slices]

    def expand(self, x: Tensor, shape: Sequence[int]) -> Tensor:
        return x.expand(tuple(shape))

    def gather(self, x: Tensor, indices: Tensor, axis: int) -> Tensor:
        size = x.shape[axis]
        flat = self._torch.where(indices < 0, indices + size, indices).reshape(-1)
        shape = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
        return self._torch.index_select(x, axis, flat).reshape(shape)

    def cast(self, x: Tensor, dtype: str) -> Tensor:
        return x.to(self._types.get(dtype, self._floating))

    def _padded(self, x: Tensor, window: Window, value: float) -> Tensor:
        return self.pad(x, (0, 0, *window.begin), (0, 0, *window.end), value) if window.padded else x


def _unary(torch: Any) -> dict[str, Any]:
    named = {name: getattr(torch, name.lower()) for name in ("Relu", "Sigmoid", "Tanh", "Erf", "Exp", "Log", "Sqrt")}
    named |= {name: getattr(torch, name.lower()) for name in ("Reciprocal", "Abs", "Neg", "Floor", "Ceil", "Round")}
    named |= {name: getattr(torch, name.lower()) for name in ("Sign", "Sin", "Cos", "IsNaN")}
    return named | {"Softplus": torch.nn.functional.softplus, "Not": torch.logical_not}


def _binary(torch: Any) -> dict[str, Any]:
    return {
        "Add": lambda x, y: x + y,
        "Sub": lambda x, y: x - y,
        "Mul": lambda x, y: x * y,
        "Div": lambda x, y: x / y if x.is_floating_point() else torch.div(x, y, rounding_mode="trunc"),
        "Pow": lambda x, y: x**y,
        "Max": torch.maximum,
        "Min": torch.minimum,
        "Equal": lambda x, y: x == y,
        "Greater": lambda x, y: x > y,
        "GreaterOrEqual": lambda x, y: x >= y,
        "Less": lambda x, y: x < y,
        "LessOrEqual": lambda x, y: x <= y,
        "And": torch.logical_and,
        "Or": torch.logical_or,
    }
