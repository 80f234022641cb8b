"""Network: describes a model layer by layer without an ONNX file, as the original IOS lets its users do."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from warploom.errors import GraphError
from warploom.samples.builder import CONV_POWER, NetworkBuilder, Value
from warploom.samples.given import given_weight

Sizes = tuple[int, int]
Pair = int | Sizes
Weights = npt.ArrayLike

_ACTIVATIONS = {
    "relu": "Relu",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "gelu": "Gelu",
    "hard_swish": "HardSwish",
    "hard_sigmoid": "HardSigmoid",
    "identity": "",
}


class Network:
    """A model under construction; `warploom.optimize` takes it in place of a file.

    Layers take and give `Value`s. Weights that are not given are random, seeded, and scaled so that activations keep
    their size: enough to look for schedules.

    Args:
        name: Of the model.
        batch: Size of the leading dimension of every input.
        seed: Of the weights that are not given.
    """

    def __init__(self, name: str = "network", *, batch: int = 1, seed: int = 0) -> None:
        if batch < 1:
            raise GraphError(f"The batch size of {name!r} is {batch}: it has to be 1 or more.")
        self.name = name
        self.seed = seed
        self._builder = NetworkBuilder(batch=batch)
        self._outputs: dict[Value, str] = {}
        self._made: set[str] = set()
        self._counted = 0  # nodes whose outputs are in `_made`

    def placeholder(self, *shape: int, name: str = "") -> Value:
        """An input; the shape is without the batch, channels first: `placeholder(3, 224, 224)`."""
        self._require(min(shape, default=1) > 0, f"a placeholder cannot have the shape {list(shape)}")
        taken = {port.name for port in self._builder.inputs}
        name = name or ("input" if "input" not in taken else f"input_{len(taken)}")
        if name in taken:
            raise GraphError(f"The network {self.name!r} has an input {name!r} already.")
        return self._builder.input(name, *shape)

    @contextlib.contextmanager
    def block(self, name: str = "block") -> Iterator[None]:
        """Groups layers under a name; which parts are scheduled by themselves follows from the graph."""
        with self._builder.scope(name):
            yield

    def conv2d(
        self,
        x: Value,
        channels: int,
        kernel: Pair = 1,
        *,
        stride: Pair = 1,
        pad: Pair = 0,
        groups: int = 1,
        act: str = "identity",
        weight: Weights | None = None,
        bias: Weights | bool = True,
    ) -> Value:
        """A convolution with bias and activation.

        Args:
            x: (N, C, H, W).
            channels: Of the result.
            kernel: Height and width.
            stride: Vertical and horizontal.
            pad: Zeros at top and bottom, left and right.
            groups: 1, or as many as C for a depthwise convolution, or in between.
            act: "relu", "sigmoid", "tanh", "gelu", "hard_swish", "hard_sigmoid" or "identity".
            weight: (channels, C / groups, height, width); random if not given.
            bias: (channels,); random if True, none if False.

        Raises:
            GraphError: If a shape does not fit.
        """
        (height, width), (down, across), (rows, columns) = _pair(kernel), _pair(stride), _pair(pad)
        self._require_own(x)
        self._require(len(x.shape) == 4, f"conv2d takes (N, C, H, W), not {list(x.shape)}")
        self._require(min(channels, groups) > 0, f"a convolution cannot have {channels} channels in {groups} groups")
        self._require(
            x.channels % groups == 0 and channels % groups == 0,
            f"{groups} groups do not divide {x.channels} channels into {channels}",
        )
        size = self._window(x, (height, width), (down, across), (rows, columns))
        shape = (channels, x.channels // groups, height, width)
        inputs = [x.name, self._kernel(shape, weight, x)]
        if bias is not False:
            inputs.append(self._vector("bias", (channels,), None if bias is True else bias))
        (name,) = self._builder.node(
            "Conv",
            inputs,
            kernel_shape=(height, width),
            strides=(down, across),
            pads=(rows, columns, rows, columns),
            group=groups,
        )
        return self.activation(Value(name, (x.shape[0], channels, *size), variance=CONV_POWER), act)

    def pool2d(self, x: Value, kind: str, kernel: Pair = 2, *, stride: Pair | None = None, pad: Pair = 0) -> Value:
        """Pooling: kind "max", "avg" (padding counts), or "global_avg" over the whole image."""
        self._require_own(x)
        if kind == "global_avg":
            return self._builder.global_pool(x)
        self._require(kind in ("max", "avg"), f"there is no pooling {kind!r}: max, avg or global_avg")
        window, steps, zeros = _pair(kernel), _pair(kernel if stride is None else stride), _pair(pad)
        size = self._window(x, window, steps, zeros)
        op, more = ("MaxPool", {}) if kind == "max" else ("AveragePool", {"count_include_pad": 1})
        (name,) = self._builder.node(op, [x.name], kernel_shape=window, strides=steps, pads=(*zeros, *zeros), **more)
        return Value(name, (*x.shape[:2], *size), x.mean, x.variance)

    def add(self, *values: Value) -> Value:
        """Sum of values of one shape."""
        self._require_own(*values)
        self._require(len(values) > 1, "add takes two values or more")
        self._require(len({value.shape for value in values}) == 1, f"add takes one shape, not {_shapes(values)}")
        return self._builder.add(*values)

    def multiply(self, x: Value, gate: Value) -> Value:
        """Product of two values; the second one may broadcast."""
        self._require_own(x, gate)
        return self._builder.multiply(x, gate)

    def concat(self, *values: Value) -> Value:
        """Concatenation of channels."""
        self._require_own(*values)
        self._require(len(values) > 1, "concat takes two values or more")
        rest = {(value.shape[0], *value.shape[2:]) for value in values}
        self._require(len(rest) == 1, f"concat takes values that differ in channels only, not {_shapes(values)}")
        return self._builder.concat(*values)

    def relu(self, x: Value) -> Value:
        """Relu."""
        return self.activation(x, "relu")

    def activation(self, x: Value, kind: str) -> Value:
        """An activation by name, as in `conv2d`."""
        self._require_own(x)
        self._require(kind in _ACTIVATIONS, f"there is no activation {kind!r}: {', '.join(_ACTIVATIONS)}")
        op = _ACTIVATIONS[kind]
        if not op:
            return x
        if op == "Tanh":
            (name,) = self._builder.node(op, [x.name])
            return Value(name, x.shape, 0.0, 0.4)
        return self._builder.activation(op, x)

    def linear(self, x: Value, features: int, *, weight: Weights | None = None, bias: Weights | bool = True) -> Value:
        """A fully connected layer on everything behind the batch; `weight` is (features, inputs)."""
        self._require_own(x)
        self._require(features > 0, f"a layer cannot have {features} features")
        flat = x
        if len(x.shape) != 2:
            (name,) = self._builder.node("Flatten", [x.name], axis=1)
            flat = Value(name, (x.shape[0], int(np.prod(x.shape[1:]))), x.mean, x.variance)
        inputs = [flat.name, self._kernel((features, flat.shape[1]), weight, flat)]
        if bias is not False:
            inputs.append(self._vector("bias", (features,), None if bias is True else bias))
        (name,) = self._builder.node("Gemm", inputs, transB=1)
        return Value(name, (x.shape[0], features))

    def output(self, value: Value, name: str = "") -> None:
        """Makes a value an output of the model, under a name; it may be used further."""
        self._require(isinstance(value, Value), f"{value!r} is not what a layer gives")
        name = name or ("output" if not self._outputs else f"output_{len(self._outputs)}")
        self._require(name not in self._outputs.values(), f"there is an output {name!r} already")
        self._require(value not in self._outputs, f"{value.name!r} is the output {self._outputs.get(value)!r} already")
        made = any(value.name in node.outputs for node in self._builder.nodes)
        self._require(made, f"{value.name!r} is no result of a layer of this network")
        self._outputs[value] = name

    def to_onnx(self) -> Any:
        """The network as an ONNX model (an onnx.ModelProto).

        Raises:
            GraphError: If it has no output.
        """
        from warploom.samples.writing import network_model

        return network_model(self._finished(), self.name, seed=self.seed)

    def write(self, path: str | Path) -> Path:
        """Writes it as an ONNX file.

        Raises:
            GraphError: If it has no output.
            CommandError: If the file cannot be written.
        """
        from warploom.samples.writing import write_network

        return write_network(self._finished(), self.name, Path(path), seed=self.seed)

    def _finished(self) -> NetworkBuilder:
        """The layers with their outputs named; the network itself can go on growing."""
        self._require(bool(self._outputs), "it has no output: name one with output()")
        finished = dataclasses.replace(self._builder, nodes=list(self._builder.nodes), outputs=[])
        for value, name in self._outputs.items():
            finished.output(value, name)
        return finished

    def _window(self, x: Value, taps: Sizes, steps: Sizes, zeros: Sizes) -> Sizes:
        """Height and width of what a window that slides over an image gives."""
        self._require(len(x.shape) == 4, f"a window slides over (N, C, H, W), not {list(x.shape)}")
        self._require(min(taps) > 0, f"a window cannot be {list(taps)}")
        self._require(min(steps) > 0, f"a window cannot move by {list(steps)}")
        height, width = (
            (extent + 2 * padding - tap) // step + 1
            for extent, padding, tap, step in zip(x.shape[2:], zeros, taps, steps, strict=True)
        )
        self._require(min(height, width) > 0, f"a window of {list(taps)} does not fit into {list(x.shape[2:])}")
        return height, width

    def _kernel(self, shape: tuple[int, ...], given: Weights | None, x: Value) -> str:
        if given is None:
            return self._builder.matrix("weight", shape, int(np.prod(shape[1:])), x.power)
        return self._vector("weight", shape, given)

    def _vector(self, what: str, shape: tuple[int, ...], given: Weights | None) -> str:
        if given is None:
            return self._builder.weight(what, shape, -0.1, 0.1)
        array = np.ascontiguousarray(given, dtype=np.float32)
        self._require(array.shape == shape, f"a {what} has the shape {list(array.shape)}, not {list(shape)}")
        name = self._builder.unique(what)
        self._builder.weights.append(given_weight(name, array))
        return name

    def _require_own(self, *values: Value) -> None:
        """Refuses what is no value, or of another network."""
        for node in self._builder.nodes[self._counted :]:
            self._made.update(node.outputs)
        self._counted = len(self._builder.nodes)
        inputs = {port.name for port in self._builder.inputs}
        for value in values:
            self._require(isinstance(value, Value), f"a layer takes what other layers give, not {value!r}")
            known = value.name in self._made or value.name in inputs
            self._require(known, f"{value.name!r} is of another network")

    def _require(self, holds: bool, fault: str) -> None:
        if not holds:
            raise GraphError(f"The network {self.name!r} cannot be built: {fault}.")


def _pair(value: Pair) -> Sizes:
    return (value, value) if isinstance(value, int) else value


def _shapes(values: Sequence[Value]) -> str:
    return ", ".join(str(list(value.shape)) for value in values)
