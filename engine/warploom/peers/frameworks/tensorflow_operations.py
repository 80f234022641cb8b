"""The functions of TensorFlow, whose convolutions and pools want channels last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from warploom.peers.errors import PeerError
from warploom.peers.frameworks.operations import Tensor, Window

_TO_LAST, _TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)


class TensorFlowOperations:
    """Executes (or traces) in one floating-point type. Neighbouring transpositions cancel when it is compiled."""

    def __init__(self, tensorflow: Any, floating: str) -> None:
        self.native: Mapping[str, Any] = {}  # the compiler fuses what the interpreter writes
        self._tf = tensorflow
        self._floating = floating
        self._unary = _unary(tensorflow)
        self._binary = _binary(tensorflow)

    def constant(self, array: Any) -> Tensor:
        return self._tf.constant(array, self._floating if array.dtype.kind == "f" else None)

    def convolution(self, x: Tensor, weight: Tensor, bias: Tensor | None, window: Window, groups: int) -> Tensor:
        tf = self._tf
        if len(window.kernel) != 2:
            raise PeerError("The adapter of TensorFlow runs convolutions of two dimensions only.")
        image = self._padded(tf.transpose(x, _TO_LAST), window, 0.0)
        if groups > 1 and weight.shape[1] == 1:
            taps = tf.reshape(tf.transpose(weight, (2, 3, 0, 1)), (*window.kernel, groups, weight.shape[0] // groups))
            if window.dilations != (1, 1) and window.strides != (1, 1):
                raise PeerError("TensorFlow has no depthwise convolution with both strides and dilations.")
            strides = (1, *window.strides, 1)
            result = tf.nn.depthwise_conv2d(image, taps, strides, "VALID", dilations=window.dilations)
        else:
            taps = tf.transpose(weight, (2, 3, 1, 0))
            result = tf.nn.conv2d(image, taps, window.strides, "VALID", dilations=window.dilations)
        result = result if bias is None else tf.nn.bias_add(result, bias)
        return tf.transpose(result, _TO_FIRST)

    def transposed_convolution(
        self,
        x: Tensor,  # noqa: ARG002
        weight: Tensor,  # noqa: ARG002
        bias: Tensor | None,  # noqa: ARG002
        window: Window,  # noqa: ARG002
        groups: int,  # noqa: ARG002
        output_padding: Sequence[int],  # noqa: ARG002
    ) -> Tensor:
        raise PeerError("The adapter of TensorFlow does not run transposed convolutions.")

    def max_pool(self, x: Tensor, window: Window) -> Tensor:
        image = self._padded(self._tf.transpose(x, _TO_LAST), window, float("-inf"))
        return self._tf.transpose(self._pooled(image, window, "MAX"), _TO_FIRST)

    def average_pool(self, x: Tensor, window: Window, declared_end: tuple[int, ...], *, include_pad: bool) -> Tensor:
        tf = self._tf
        image = tf.transpose(x, _TO_LAST)
        ones = tf.ones((1, *image.shape[1:3], 1), image.dtype)
        if include_pad:
            ones = self._padded(ones, Window(*(window.kernel,) * 3, window.begin, declared_end), 1.0)
            rest = tuple(max(0, far - near) for far, near in zip(window.end, declared_end, strict=True))
            ones = self._padded(ones, Window(*(window.kernel,) * 3, (0,) * len(rest), rest), 0.0)
        else:
            ones = self._padded(ones, window, 0.0)
        means = self._pooled(self._padded(image, window, 0.0), window, "AVG")
        return tf.transpose(means / self._pooled(ones, window, "AVG"), _TO_FIRST)

    def unary(self, name: str, x: Tensor) -> Tensor:
        return self._unary[name](x)

    def binary(self, name: str, x: Tensor, y: Tensor) -> Tensor:
        return self._binary[name](x, y)

    def where(self, condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
        return self._tf.where(condition, x, y)

    def clip(self, x: Tensor, low: float | None, high: float | None) -> Tensor:
        x = x if low is None else self._tf.maximum(x, low)
        return x if high is None else self._tf.minimum(x, high)

    def matmul(self, x: Tensor, y: Tensor) -> Tensor:
        return self._tf.linalg.matmul(x, y)

    def reduce(self, name: str, x: Tensor, axes: tuple[int, ...], *, keepdims: bool) -> Tensor:
        math = self._tf.math
        reductions = {
            "Mean": math.reduce_mean,
            "Sum": math.reduce_sum,
            "Max": math.reduce_max,
            "Min": math.reduce_min,
            "Prod": math.reduce_prod,
        }
        return reductions[name](x, axes, keepdims=keepdims)

    def softmax(self, x: Tensor, axis: int) -> Tensor:
        return self._tf.nn.softmax(x, axis)

    def reshape(self, x: Tensor, shape: Sequence[int]) -> Tensor:
        return self._tf.reshape(x, tuple(shape))

    def transpose(self, x: Tensor, order: Sequence[int]) -> Tensor:
        return self._tf.transpose(x, tuple(order))

    def concat(self, parts: Sequence[Tensor], axis: int) -> Tensor:
        return self._tf.concat(tuple(parts), axis)

    def pad(self, x: Tensor, begin: Sequence[int], end: Sequence[int], value: float) -> Tensor:
        return self._tf.pad(x, tuple(zip(begin, end, strict=True)), constant_values=value)

    def slice(self, x: Tensor, slices: tuple[slice, ...]) -> Tensor:
        return x[slices]

    def expand(self, x: Tensor, shape: Sequence[int]) -> Tensor:
        return self._tf.broadcast_to(x, tuple(shape))

    def gather(self, x: Tensor, indices: Tensor, axis: int) -> Tensor:
        size = self._tf.cast(x.shape[axis], indices.dtype)
        return self._tf.gather(x, self._tf.where(indices < 0, indices + size, indices), axis=axis)

    def cast(self, x: Tensor, dtype: str) -> Tensor:
        return self._tf.cast(x, self._floating if dtype in ("float32", "float16", "bfloat16") else dtype)

    def _pooled(self, image: Tensor, window: Window, kind: str) -> Tensor:
        return self._tf.nn.pool(image, window.kernel, kind, window.strides, "VALID", dilations=window.dilations)

    def _padded(self, image: Tensor, window: Window, value: float) -> Tensor:
        if not window.padded:
            return image
        return self.pad(image, (0, *window.begin, 0), (0, *window.end, 0), value)


def _unary(tf: Any) -> dict[str, Any]:
    math = tf.math
    named = {
        name: getattr(math, name.lower()) for name in ("Sigmoid", "Tanh", "Erf", "Exp", "Log", "Sqrt", "Reciprocal")
    }
    named |= {name: getattr(math, name.lower()) for name in ("Abs", "Floor", "Ceil", "Round", "Sign", "Sin", "Cos")}
    return named | {
        "Relu": tf.nn.relu,
        "Neg": math.negative,
        "Not": math.logical_not,
        "IsNaN": math.is_nan,
        "Softplus": math.softplus,
    }


def _binary(tf: Any) -> dict[str, Any]:
    math = tf.math
    return {
        "Add": math.add,
        "Sub": math.subtract,
        "Mul": math.multiply,
        "Div": lambda x, y: math.divide(x, y) if x.dtype.is_floating else math.floordiv(x, y),
        "Pow": math.pow,
        "Max": math.maximum,
        "Min": math.minimum,
        "Equal": math.equal,
        "Greater": math.greater,
        "GreaterOrEqual": math.greater_equal,
        "Less": math.less,
        "LessOrEqual": math.less_equal,
        "And": math.logical_and,
        "Or": math.logical_or,
    }
