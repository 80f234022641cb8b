"""NetworkBuilder: describes a network layer by layer, with weights scaled so that activations keep their size."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from warploom.samples.moments import after, rounded
from warploom.samples.weights import Weight, symmetric

AttributeValue = int | float | str | Sequence[int]

CONV_POWER = 0.75
"""Variance that every convolution's and product's result is scaled to: room for sums of up to sixteen."""
_SHARED = 0.64
"""Share of the variance of a convolution's result over rectified inputs that is the same all over a channel."""


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of the network under construction.

    Attributes:
        name: Its name.
        shape: Its shape, batch included.
        mean: Estimated mean of its elements for standard normal inputs.
        variance: Estimated variance.
    """

    name: str
    shape: tuple[int, ...]
    mean: float = 0.0
    variance: float = 1.0

    @property
    def channels(self) -> int:
        """Size of axis 1."""
        return self.shape[1]

    @property
    def power(self) -> float:
        """Mean square."""
        return self.mean * self.mean + self.variance


@dataclass(frozen=True, slots=True)
class Node:
    """An ONNX node to be."""

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, AttributeValue]


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of the model."""

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"


@dataclass(slots=True)
class NetworkBuilder:
    """Collects nodes, weights, inputs and outputs.

    Attributes:
        batch: Images (or sequences) at once.
        width: Factor on every number of channels that a layer asks for: 1 builds the network as published.
    """

    batch: int = 1
    width: float = 1.0
    nodes: list[Node] = field(default_factory=list)
    weights: list[Weight] = field(default_factory=list)
    integers: dict[str, tuple[int, ...]] = field(default_factory=dict)
    inputs: list[Port] = field(default_factory=list)
    outputs: list[Port] = field(default_factory=list)
    _scopes: list[str] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)

    @contextlib.contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Prefixes the names of all nodes made inside."""
        self._scopes.append(name)
        yield
        self._scopes.pop()

    def input(self, name: str, *shape: int, dtype: str = "float32") -> Value:
        """An input of the model; `shape` is without the batch."""
        full = (self.batch, *shape)
        self.inputs.append(Port(name, full, dtype))
        return Value(name, full)

    def output(self, value: Value, name: str) -> None:
        """Makes a value an output of the model: whatever computes it writes it under this name."""
        position = next(i for i, node in enumerate(self.nodes) if value.name in node.outputs)
        names = {value.name: name}
        for i in range(position, len(self.nodes)):
            node = self.nodes[i]
            inputs, outputs = (tuple(names.get(n, n) for n in part) for part in (node.inputs, node.outputs))
            self.nodes[i] = Node(node.op, node.name, inputs, outputs, node.attributes)
        self.outputs.append(Port(name, value.shape))

    def node(
        self, op: str, inputs: Sequence[str], *, results: int = 1, **attributes: AttributeValue
    ) -> tuple[str, ...]:
        """Any ONNX node; returns the names of its outputs."""
        name = self.unique(op.lower())
        written = (name,) if results == 1 else tuple(f"{name}.{i}" for i in range(results))
        self.nodes.append(Node(op, name, tuple(inputs), written, attributes))
        return written

    def unique(self, what: str) -> str:
        """A name that nothing has yet, within the current scope."""
        full = "/".join((*self._scopes, what))
        count = self._counts.get(full, 0)
        self._counts[full] = count + 1
        return full if count == 0 else f"{full}_{count}"

    def constant(self, values: Sequence[int], what: str = "sizes") -> str:
        """A small int64 constant."""
        name = self.unique(what)
        self.integers[name] = tuple(values)
        return name

    def weight(self, what: str, shape: Sequence[int], low: float, high: float) -> str:
        """A weight that is uniform in [low, high); a light model holds a value inside, off the middle.

        The middle is often neutral (a bias of 0, a scale of 1), and a pass would rightly remove the whole node.
        """
        name = self.unique(what)
        self.weights.append(Weight(name, tuple(shape), low, high, low + 0.625 * (high - low)))
        return name

    def matrix(self, what: str, shape: Sequence[int], fan_in: int, power: float, target: float = CONV_POWER) -> str:
        """A weight that brings `fan_in` inputs of the mean square `power` to results of the mean square `target`."""
        name = self.unique(what)
        deviation = rounded(math.sqrt(target / (fan_in * power)))
        # Distinct fills: equal layers on one input would be the same computation to any optimizer.
        fill = (1.0 + len(self.weights) / 4096) / fan_in
        self.weights.append(symmetric(name, tuple(shape), deviation, fill))
        return name

    def scaled(self, channels: int) -> int:
        """A number of channels under the builder's width."""
        return max(1, round(channels * self.width))

    def conv(
        self,
        x: Value,
        channels: int | Value,
        kernel: int | tuple[int, int] = 1,
        *,
        stride: int = 1,
        pad: int | tuple[int, int] = 0,
        bias: bool = True,
    ) -> Value:
        """A dense convolution to a number of channels (subject to the width), or to as many as a value has."""
        exact = channels.channels if isinstance(channels, Value) else self.scaled(channels)
        return self._conv(x, exact, _pair(kernel), stride, _pair(pad), group=1, bias=bias)

    def expand(self, x: Value, factor: int) -> Value:
        """A 1x1 convolution, without bias, to a multiple of the channels."""
        return self._conv(x, factor * x.channels, (1, 1), 1, (0, 0), group=1, bias=False)

    def depthwise(self, x: Value, kernel: int = 3, *, stride: int = 1, bias: bool = True) -> Value:
        """A depthwise convolution that keeps the size (divided by its stride)."""
        return self._conv(x, x.channels, _pair(kernel), stride, _pair(kernel // 2), group=x.channels, bias=bias)

    def _conv(
        self,
        x: Value,
        channels: int,
        kernel: tuple[int, int],
        stride: int,
        pad: tuple[int, int],
        *,
        group: int,
        bias: bool,
    ) -> Value:
        inner = x.channels // group
        weight = self.matrix("weight", (channels, inner, *kernel), inner * kernel[0] * kernel[1], x.power)
        inputs = [x.name, weight, *([self.weight("bias", (channels,), -0.1, 0.1)] if bias else [])]
        strides, pads = (stride, stride), (*pad, *pad)
        (name,) = self.node("Conv", inputs, kernel_shape=kernel, strides=strides, pads=pads, group=group)
        return Value(name, self._window(x, channels, kernel, stride, pad), variance=CONV_POWER)

    def _window(
        self,
        x: Value,
        channels: int,
        kernel: tuple[int, int],
        stride: int,
        pad: tuple[int, int],
        *,
        ceil: bool = False,
    ) -> tuple[int, ...]:
        spare = stride - 1 if ceil else 0
        spatial = [
            (size + 2 * p - k + spare) // stride + 1 for size, k, p in zip(x.shape[2:], kernel, pad, strict=True)
        ]
        return (x.shape[0], channels, *spatial)

    def norm(self, x: Value) -> Value:
        """Batch normalization."""
        shape = (x.channels,)
        names = [
            self.weight(what, shape, low, high)
            for what, low, high in (("scale", 0.9, 1.1), ("shift", -0.1, 0.1), ("mean", -0.1, 0.1), ("var", 0.8, 1.2))
        ]
        (name,) = self.node("BatchNormalization", [x.name, *names], epsilon=1e-3)
        return Value(name, x.shape, x.mean, x.variance)

    def relu(self, x: Value) -> Value:
        """Relu."""
        return self.activation("Relu", x)

    def activation(self, op: str, x: Value, **attributes: float) -> Value:
        """Relu, HardSwish, HardSigmoid, Sigmoid or Gelu."""
        name = self.unique(op.lower())
        self.nodes.append(Node(op, name, (x.name,), (name,), dict(attributes)))
        return Value(name, x.shape, *after(op, x.mean, x.variance))

    def hard_swish(self, x: Value) -> Value:
        """HardSwish."""
        return self.activation("HardSwish", x)

    def relu6(self, x: Value) -> Value:
        """Clip between 0 and 6."""
        (name,) = self.node("Clip", [x.name, self.scalar(0.0), self.scalar(6.0)])
        return Value(name, x.shape, *after("Relu", x.mean, x.variance))

    def silu(self, x: Value) -> Value:
        """`x * sigmoid(x)`, as exporters write it."""
        gated = self.multiply(x, self.activation("Sigmoid", x))
        return Value(gated.name, x.shape, *after("SiLU", x.mean, x.variance))

    def multiply(self, x: Value, gate: Value) -> Value:
        """Product of two values; the second one may broadcast."""
        (name,) = self.node("Mul", [x.name, gate.name])
        mean = x.mean * gate.mean
        return Value(name, x.shape, mean, x.power * gate.power - mean * mean)

    def add(self, *values: Value) -> Value:
        """Sum of equal shapes: Add for two, Sum for any other number."""
        (name,) = self.node("Add" if len(values) == 2 else "Sum", [value.name for value in values])
        mean, variance = (sum(part) for part in zip(*((v.mean, v.variance) for v in values), strict=True))
        return Value(name, values[0].shape, mean, variance)

    def concat(self, *values: Value) -> Value:
        """Concatenation of channels."""
        (name,) = self.node("Concat", [value.name for value in values], axis=1)
        channels = sum(value.channels for value in values)
        mean = sum(value.mean * value.channels for value in values) / channels
        power = sum(value.power * value.channels for value in values) / channels
        return Value(name, (values[0].shape[0], channels, *values[0].shape[2:]), mean, power - mean * mean)

    def max_pool(self, x: Value, kernel: int, *, stride: int = 1, pad: int = 0, ceil: bool = False) -> Value:
        """Max pooling."""
        (name,) = self.node(
            "MaxPool",
            [x.name],
            kernel_shape=_pair(kernel),
            strides=_pair(stride),
            pads=(pad,) * 4,
            ceil_mode=int(ceil),
        )
        shape = self._window(x, x.channels, _pair(kernel), stride, _pair(pad), ceil=ceil)
        spread = math.sqrt(x.variance * (1 - _SHARED))  # the maximum of nine normal variables is 1.49 deviations up
        return Value(name, shape, x.mean + 1.49 * spread, x.variance * (_SHARED + (1 - _SHARED) * 0.36))

    def avg_pool(self, x: Value, kernel: int, *, stride: int = 1, pad: int = 0) -> Value:
        """Average pooling; padding counts, as it does in cuDNN's default."""
        (name,) = self.node(
            "AveragePool",
            [x.name],
            kernel_shape=_pair(kernel),
            strides=_pair(stride),
            pads=(pad,) * 4,
            count_include_pad=1,
        )
        shape = self._window(x, x.channels, _pair(kernel), stride, _pair(pad))
        return Value(name, shape, x.mean, x.variance * (_SHARED + (1 - _SHARED) / kernel**2))

    def split(self, x: Value) -> tuple[Value, Value]:
        """Two halves of the channels."""
        half = x.channels // 2
        sizes = self.constant((half, x.channels - half))
        first, second = self.node("Split", [x.name, sizes], results=2, axis=1)
        shapes = [(x.shape[0], size, *x.shape[2:]) for size in (half, x.channels - half)]
        return Value(first, shapes[0], x.mean, x.variance), Value(second, shapes[1], x.mean, x.variance)

    def enlarge(self, x: Value, like: Value) -> Value:
        """Nearest-neighbour resize to the height and width of another value."""
        shape = (*x.shape[:2], *like.shape[2:])
        (name,) = self.node(
            "Resize",
            [x.name, "", "", self.constant(shape)],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
        return Value(name, shape, x.mean, x.variance)

    def scalar(self, value: float) -> str:
        """A float constant without dimensions."""
        return self.weight("scalar", (), value, value)

    def lookup(self, indices: Value, rows: int, columns: int) -> Value:
        """Rows of a table, one per index."""
        table = self.matrix("table", (rows, columns), 1, 1.0, target=1.0)
        (name,) = self.node("Gather", [table, indices.name], axis=0)
        return Value(name, (*indices.shape, columns))

    def linear(self, x: Value, features: int) -> Value:
        """A matrix product along the last axis, and a bias."""
        weight = self.matrix("weight", (x.shape[-1], features), x.shape[-1], x.power)
        (product,) = self.node("MatMul", [x.name, weight])
        (name,) = self.node("Add", [product, self.weight("bias", (features,), -0.1, 0.1)])
        return Value(name, (*x.shape[:-1], features), variance=CONV_POWER)

    def layer_norm(self, x: Value) -> Value:
        """Layer normalization over the last axis."""
        scale = self.weight("scale", x.shape[-1:], 0.9, 1.1)
        shift = self.weight("shift", x.shape[-1:], -0.1, 0.1)
        (name,) = self.node("LayerNormalization", [x.name, scale, shift], axis=-1, epsilon=1e-12)
        return Value(name, x.shape)

    def global_pool(self, x: Value) -> Value:
        """Global average pooling."""
        (name,) = self.node("GlobalAveragePool", [x.name])
        return Value(name, (*x.shape[:2], *(1 for _ in x.shape[2:])), x.mean, x.variance * _SHARED)

    def classifier(self, x: Value, classes: int = 1000) -> Value:
        """Flatten and a fully connected layer."""
        (flat,) = self.node("Flatten", [x.name], axis=1)
        weight = self.matrix("weight", (classes, x.channels), x.channels, x.power, target=1.0)
        bias = self.weight("bias", (classes,), -0.1, 0.1)
        (name,) = self.node("Gemm", [flat, weight, bias], transB=1)
        return Value(name, (x.shape[0], classes))


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value
