"""The functions of JAX; its compiler picks layouts, so images stay NCHW in the program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from warploom.peers.errors import PeerError
from warploom.peers.frameworks.operations import Tensor, Window

_IMAGES = ("NCHW", "OIHW", "NCHW")


class JaxOperations:
    """Executes (or traces) with jax.numpy in one floating-point type.

    Args:
        jax: The module.
        floating: Type of float tensors.
        exact: Whether products keep all bits of float32.
    """

    def __init__(self, jax: Any, floating: Any, *, exact: bool) -> None:
        import jax.numpy as jnp
        from jax import lax

        self.native: Mapping[str, Any] = {}  # the compiler fuses what the interpreter writes
        self._jnp: Any = jnp
        self._lax: Any = lax
        self._jax = jax
        self._floating = floating
        self._precision = "highest" if exact else "default"
        self._unary = _unary(jax, jnp)
        self._binary = _binary(jnp)

    def constant(self, array: Any) -> Tensor:
        floating = array.dtype.kind == "f"
        return self._jnp.asarray(array, self._floating if floating else None)

    def convolution(self, x: Tensor, weight: Tensor, bias: Tensor | None, window: Window, groups: int) -> Tensor:
        if len(window.kernel) != 2:
            raise PeerError("The adapter of JAX runs convolutions of two dimensions only.")
        result = self._lax.conv_general_dilated(
            x,
            weight,
            window.strides,
            tuple(zip(window.begin, window.end, strict=True)),
            rhs_dilation=window.dilations,
            dimension_numbers=_IMAGES,
            feature_group_count=groups,
            precision=self._precision,
        )
        return result if bias is None else result + bias.reshape(1, -1, 1, 1)

    def transposed_convolution(
        self,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        window: Window,
        groups: int,
        output_padding: Sequence[int],
    ) -> Tensor:
        if groups != 1 or len(window.kernel) != 2:
            raise PeerError("The adapter of JAX runs transposed convolutions of two dimensions and one group only.")
        reach = [dilation * (k - 1) for k, dilation in zip(window.kernel, window.dilations, strict=True)]
        pads = [
            (far - low, far - high + extra)
            for far, low, high, extra in zip(reach, window.begin, window.end, output_padding, strict=True)
        ]
        flipped = self._jnp.flip(weight, (2, 3)).swapaxes(0, 1)
        result = self._lax.conv_general_dilated(
            x,
            flipped,
            (1, 1),
            pads,
            lhs_dilation=window.strides,
            rhs_dilation=window.dilations,
            dimension_numbers=_IMAGES,
            precision=self._precision,
        )
        return result if bias is None else result + bias.reshape(1, -1, 1, 1)

    def max_pool(self, x: Tensor, window: Window) -> Tensor:
        return self._windowed(x, window, -self._jnp.inf, self._lax.max)

    def average_pool(self, x: Tensor, window: Window, declared_end: tuple[int, ...], *, include_pad: bool) -> Tensor:
        ones = self._jnp.ones((1, 1, *x.shape[2:]), x.dtype)
        sums = self._windowed(x, window, 0.0, self._lax.add)
        if not include_pad:
            return sums / self._windowed(ones, window, 0.0, self._lax.add)
        ones = self.pad(ones, (0, 0, *window.begin), (0, 0, *declared_end), 1.0)
        rest = tuple(max(0, far - near) for far, near in zip(window.end, declared_end, strict=True))
        left = Window(window.kernel, window.strides, window.dilations, (0,) * len(rest), rest)
        return sums / self._windowed(ones, left, 0.0, self._lax.add)

    def unary(self, name: str, x: Tensor) -> Tensor:
        return self._unary[name](x)

    def binary(self, name: str, x: Tensor, y: Tensor) -> Tensor:
        return self._binary[name](x, y)

    def where(self, condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
        return self._jnp.where(condition, x, y)

    def clip(self, x: Tensor, low: float | None, high: float | None) -> Tensor:
        return self._jnp.clip(x, low, high)

    def matmul(self, x: Tensor, y: Tensor) -> Tensor:
        return self._jnp.matmul(x, y, precision=self._precision)

    def reduce(self, name: str, x: Tensor, axes: tuple[int, ...], *, keepdims: bool) -> Tensor:
        jnp = self._jnp
        reductions = {"Mean": jnp.mean, "Sum": jnp.sum, "Max": jnp.max, "Min": jnp.min, "Prod": jnp.prod}
        return reductions[name](x, axes, keepdims=keepdims)

    def softmax(self, x: Tensor, axis: int) -> Tensor:
        return self._jax.nn.softmax(x, axis)

    def reshape(self, x: Tensor, shape: Sequence[int]) -> Tensor:
        return self._jnp.reshape(x, tuple(shape))

    def transpose(self, x: Tensor, order: Sequence[int]) -> Tensor:
        return self._jnp.transpose(x, tuple(order))

    def concat(self, parts: Sequence[Tensor], axis: int) -> Tensor:
        return self._jnp.concatenate(tuple(parts), axis)

    def pad(self, x: Tensor, begin: Sequence[int], end: Sequence[int], value: float) -> Tensor:
        return self._jnp.pad(x, tuple(zip(begin, end, strict=True)), constant_values=value)

    def slice(self, x: Tensor, slices: tuple[slice, ...]) -> Tensor:
        return x[slices]

    def expand(self, x: Tensor, shape: Sequence[int]) -> Tensor:
        return self._jnp.broadcast_to(x, tuple(shape))

    def gather(self, x: Tensor, indices: Tensor, axis: int) -> Tensor:
        return self._jnp.take(x, indices, axis, mode="wrap")

    def cast(self, x: Tensor, dtype: str) -> Tensor:
        return x.astype(self._floating if dtype in ("float32", "float16", "bfloat16") else dtype)

    def _windowed(self, x: Tensor, window: Window, start: float, function: Any) -> Tensor:
        return self._lax.reduce_window(
            x,
            self._jnp.asarray(start, x.dtype),
            function,
            (1, 1, *window.kernel),
            (1, 1, *window.strides),
            ((0, 0), (0, 0), *zip(window.begin, window.end, strict=True)),
            window_dilation=(1, 1, *window.dilations),
        )


def _unary(jax: Any, jnp: Any) -> dict[str, Any]:
    named = {name: getattr(jnp, name.lower()) for name in ("Tanh", "Exp", "Log", "Sqrt", "Reciprocal", "Abs")}
    named |= {name: getattr(jnp, name.lower()) for name in ("Floor", "Ceil", "Round", "Sign", "Sin", "Cos", "IsNaN")}
    named |= {name: getattr(jax.nn, name.lower()) for name in ("Relu", "Sigmoid", "Softplus")}
    return named | {"Neg": jnp.negative, "Not": jnp.logical_not, "Erf": jax.scipy.special.erf}


def _binary(jnp: Any) -> dict[str, Any]:
    return {
        "Add": jnp.add,
        "Sub": jnp.subtract,
        "Mul": jnp.multiply,
        "Div": lambda x, y: x / y if jnp.issubdtype(x.dtype, jnp.floating) else x // y,
        "Pow": jnp.power,
        "Max": jnp.maximum,
        "Min": jnp.minimum,
        "Equal": jnp.equal,
        "Greater": jnp.greater,
        "GreaterOrEqual": jnp.greater_equal,
        "Less": jnp.less,
        "LessOrEqual": jnp.less_equal,
        "And": jnp.logical_and,
        "Or": jnp.logical_or,
    }
