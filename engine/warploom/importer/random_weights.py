"""Gives models whose weights are symbolic fills seeded random ones, scaled so that every layer's output is sizeable.

With one value repeated in every weight (or with values that make activations vanish or overflow) a numerical check
proves nothing. Here every operator is run once, in order, on random inputs; each weight is scaled so that its
operator's output has a standard deviation of about 1. Only weights of convolutions and matrix products become random;
constants that merely scale (BatchNormalization's scale, a Mul) keep their pattern and are multiplied by one number
where they would drive the output out of range. Each gets a constant of its own, since exporters share fills between
unrelated parameters.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from warploom.graph import ArrayConstant, Constant, DType, FillConstant, Graph, LogEntry, Operator, Primitive, Tensor
from warploom.graph.build import with_body
from warploom.graph.constant import Array
from warploom.importer.reference import random_inputs
from warploom.importer.single import PrimitiveRunner

LOWEST, HIGHEST = 0.3, 3.0
"""Range of the standard deviation of an operator's output that keeps a comparison meaningful."""

_WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul")
_WITH_BIAS = ("Conv", "ConvTranspose", "Gemm")
_OUTPUT_FEATURES = 64
"""Typical number of outputs per weight tensor: only starts the scaling at a sane size."""
_SCALED = {"BatchNormalization": 1, "InstanceNormalization": 1}


@dataclasses.dataclass(frozen=True, slots=True)
class Replacement:
    """A constant that takes the place of one input of one operator.

    Attributes:
        output: First output of the primitive (unique, and the same in the file).
        position: Which of its inputs.
        name: Name of the new constant.
        is_scale: Whether it is the old constant times a number, not random.
        constant: Its value.
    """

    output: str
    position: int
    name: str
    is_scale: bool
    constant: Constant


def with_random_weights(graph: Graph, seed: int) -> tuple[Graph, LogEntry]:
    """The Graph with random weights in place of fills.

    Args:
        graph: Raw (one primitive per Operator).
        seed: The same seed gives the same weights.
    """
    replacements = find_replacements(graph, seed)
    random = sum(not item.is_scale for item in replacements)
    reason = (
        f"{random} weights stand as one repeated value: they became random (seed {seed}), scaled layer by layer; "
        f"{len(replacements) - random} scales were multiplied to keep outputs between {LOWEST} and {HIGHEST}."
    )
    return apply_replacements(graph, replacements), LogEntry("import", (graph.name,), "random weights", reason)


def apply_replacements(graph: Graph, replacements: Sequence[Replacement]) -> Graph:
    """The Graph with the constants given."""
    by_output: dict[str, dict[int, str]] = {}
    for item in replacements:
        by_output.setdefault(item.output, {})[item.position] = item.name
    constants = {**graph.constants, **{item.name: item.constant for item in replacements}}
    tensors = dict(graph.tensors)
    for item in replacements:
        tensors[item.name] = Tensor(item.name, item.constant.shape, item.constant.dtype)
    operators = [_rewired(operator, by_output, constants) for operator in graph.operators]
    return graph.replace(operators=operators, tensors=tensors, constants=constants)


def _rewired(
    operator: Operator, by_output: Mapping[str, Mapping[int, str]], constants: Mapping[str, Constant]
) -> Operator:
    if not any(primitive.outputs[0] in by_output for primitive in operator.body):
        return operator
    body = [_with_inputs(primitive, by_output.get(primitive.outputs[0], {})) for primitive in operator.body]
    return with_body(operator, body, constants)


def _with_inputs(primitive: Primitive, names: Mapping[int, str]) -> Primitive:
    inputs = tuple(names.get(position, name) for position, name in enumerate(primitive.inputs))
    return dataclasses.replace(primitive, inputs=inputs)


def find_replacements(graph: Graph, seed: int) -> tuple[Replacement, ...]:
    """Runs the Graph once, operator by operator, and chooses the weights on the way.

    Args:
        graph: Raw (one primitive per Operator).
        seed: Of weights and inputs.
    """
    if not any(isinstance(constant, FillConstant) for constant in graph.constants.values()):
        return ()
    if any(tensor.dtype is DType.BFLOAT16 for tensor in graph.tensors.values()):
        return ()  # ONNX Runtime's Python interface takes no bfloat16
    return tuple(_Calibration(graph, seed).replacements())


class _Calibration:
    """One run of a Graph; values are dropped after their last use."""

    def __init__(self, graph: Graph, seed: int) -> None:
        self._graph = graph
        self._seed = seed
        self._runner = PrimitiveRunner(graph)
        self._values: dict[str, Array] = dict(random_inputs(graph, seed))
        self._replacements: list[Replacement] = []

    def replacements(self) -> list[Replacement]:
        last_use = {
            name: position for position, operator in enumerate(self._graph.operators) for name in operator.inputs
        }
        for position, operator in enumerate(self._graph.operators):
            for primitive in operator.body:
                self._visit(primitive)
            for name in operator.inputs:
                if last_use[name] == position:
                    self._values.pop(name, None)
        return self._replacements

    def _visit(self, primitive: Primitive) -> None:
        weight = self._adjustable(primitive)
        if weight is None:
            outputs = self._run(primitive, {})
        elif primitive.op in _WEIGHTED:
            outputs = self._randomize(primitive, weight)
        else:
            outputs = self._rescale(primitive, weight)
        for name, value in zip(primitive.outputs, outputs, strict=True):
            if name and value is not None:
                self._values[name] = value

    def _adjustable(self, primitive: Primitive) -> int | None:
        """Which input is a weight fill or a constant scale, None if there is none."""
        constants = [
            position
            for position, name in enumerate(primitive.inputs)
            if name in self._graph.constants and self._graph.tensors[name].dtype.is_float
        ]
        if primitive.op in _WEIGHTED:
            fills = (p for p in constants if isinstance(self._graph.constants[primitive.inputs[p]], FillConstant))
            return next((position for position in fills if position < 2), None)
        if primitive.op in _SCALED:
            return next((position for position in constants if position == _SCALED[primitive.op]), None)
        return constants[0] if primitive.op == "Mul" and len(constants) == 1 else None

    def _randomize(self, primitive: Primitive, position: int) -> list[Array | None]:
        """Draws a weight, runs the operator without its bias, and scales both to a deviation of 1."""
        tensor = self._graph.tensors[primitive.inputs[position]]
        key = (self._seed, zlib.crc32(primitive.outputs[0].encode()), position)
        draw = functools.partial(_draw, tensor.shape, tensor.dtype, key)
        start = math.sqrt(_OUTPUT_FEATURES / max(1, tensor.elements))
        biased = primitive.op in _WITH_BIAS and bool(primitive.inputs[2:])
        absent: dict[int, Array | None] = {2: None} if biased else {}
        (result,) = self._run(primitive, {position: draw(start), **absent})
        scale = 1 / _deviation(result)
        self._replace(
            primitive, position, ArrayConstant(tensor.shape, tensor.dtype, functools.partial(draw, start * scale))
        )
        scaled: Array = np.asarray(result) * np.asarray(scale, np.asarray(result).dtype)
        return [scaled + self._bias(primitive) if biased else scaled]

    def _bias(self, primitive: Primitive) -> Array:
        """The bias as it is added to the output."""
        bias = self._array(primitive.inputs[2])
        if primitive.op == "Gemm":
            return np.asarray(bias * np.asarray(primitive.number("beta"), bias.dtype))
        spatial = len(self._graph.tensors[primitive.outputs[0]].shape) - 2
        return bias.reshape(-1, *(1,) * spatial)

    def _rescale(self, primitive: Primitive, position: int) -> list[Array | None]:
        """Keeps a scaling constant if the output stays in range, and multiplies it by one number if not."""
        outputs = self._run(primitive, {})
        deviation = _deviation(outputs[0])
        if 2 * LOWEST <= deviation <= HIGHEST / 1.5:  # an activation may follow: Relu halves what it gets
            return outputs
        changed = _multiplied(self._graph.constants[primitive.inputs[position]], 1 / deviation)
        self._replace(primitive, position, changed)
        return self._run(primitive, {position: changed.numpy()})

    def _replace(self, primitive: Primitive, position: int, constant: Constant) -> None:
        name = f"{primitive.inputs[position]}/random/{primitive.outputs[0]}"
        is_scale = primitive.op not in _WEIGHTED
        self._replacements.append(Replacement(primitive.outputs[0], position, name, is_scale, constant))

    def _run(self, primitive: Primitive, changed: Mapping[int, Array | None]) -> list[Array | None]:
        inputs: list[Array | None] = [self._array(name) if name else None for name in primitive.inputs]
        for position, array in changed.items():
            inputs[position] = array
        return self._runner.run(primitive, inputs)

    def _array(self, name: str) -> Array:
        return self._values[name] if name in self._values else self._graph.constants[name].numpy()


def _deviation(array: Array | None) -> float:
    """Standard deviation, 1 where it says nothing (one element, constant, not finite)."""
    deviation = float(np.std(np.asarray(array), dtype=np.float64))
    return deviation if math.isfinite(deviation) and deviation > 0 else 1.0


def _multiplied(constant: Constant, factor: float) -> Constant:
    if isinstance(constant, FillConstant):
        value = np.asarray((float(constant.value) or 1.0) * factor, constant.dtype.to_numpy())
        return dataclasses.replace(constant, value=float(value))
    array = constant.numpy()
    return ArrayConstant.of(array * np.asarray(factor, array.dtype), constant.dtype)


def _draw(shape: tuple[int, ...], dtype: DType, key: Sequence[int], scale: float) -> Array:
    values = np.random.default_rng(key).standard_normal(shape, np.float32)
    values *= np.float32(scale)
    return values.astype(dtype.to_numpy(), copy=False)
