"""Quantizes products to 8-bit integers: their weights, and the data from one to another with all that moves it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from warploom.graph import (
    ArrayConstant,
    Attributes,
    Constant,
    DType,
    FillConstant,
    Graph,
    MissingConstant,
    Operator,
    OperatorKind,
    Primitive,
    Tensor,
    attributes,
)
from warploom.graph.build import with_body
from warploom.graph.constant import Array
from warploom.graph.quantized import MOVES, PRODUCTS, QUANTIZING

STEPS = 127
"""Integers on each side of zero: symmetric, so that zero is zero (padding stays padding)."""

_KINDS = (OperatorKind.CONV, OperatorKind.MATMUL)
# What gives one of the elements that it reads keeps their scale, too.
_SELECTS = frozenset({"MaxPool", "GlobalMaxPool"})
_ZERO = "int8/zero"


def quantize_obstacle(graph: Graph, operator: Operator) -> str | None:
    """Why an operator cannot be quantized, as the end of a sentence that begins with its name; None when it can."""
    main = operator.main
    if operator.kind not in _KINDS or main.op not in PRODUCTS:
        return "is no dense convolution or matrix product"
    weight = graph.constants.get(main.inputs[1])
    if weight is None:
        return "has a computed weight"
    if any(primitive.op in QUANTIZING for primitive in operator.body):
        return "is quantized by the model already"
    if weight.dtype is not DType.FLOAT32 or graph.tensors[main.inputs[0]].dtype is not DType.FLOAT32:
        return f"computes with {weight.dtype.value}"
    if main.op != "Conv" and len(weight.shape) != 2:
        return "multiplies by several matrices"
    return None


def quantize(graph: Graph, operators: Collection[str], scales: Mapping[str, float]) -> Graph:
    """The Graph with some products in 8-bit integers, to be run with `Precision.INT8`.

    Rules:
        1. A quantized product reads 8-bit data and weights (these with a scale per output channel) and sums in 32 bits;
           its bias and epilogue stay floats.
        2. A tensor that a quantized product reads is stored in 8 bits: whoever computes it quantizes it last, and its
           other readers make floats of it first. So are the tensors before a Concat or view of such data, where
           all have one scale, and those before a maximum.
        3. Data that the caller gives or also gets, or that a prologue computes, is quantized by the product itself.

    Args:
        graph: Fused, in float32.
        operators: Names of those to quantize; those with a `quantize_obstacle` are left alone.
        scales: Value of one integer step, by tensor.
    """
    chosen = {op.name for op in graph.operators if op.name in operators and _has_scale(graph, op, scales)}
    stored, moving = _stored(graph, chosen, scales)
    work = _Work(graph, scales, stored, moving)
    rewritten = [work.operator(operator, quantized=operator.name in chosen) for operator in graph.operators]
    return graph.replace(operators=rewritten, tensors=work.tensors, constants=work.constants)


def _has_scale(graph: Graph, operator: Operator, scales: Mapping[str, float]) -> bool:
    return quantize_obstacle(graph, operator) is None and operator.main.inputs[0] in scales


def calibrated_tensors(graph: Graph, operators: Collection[str]) -> frozenset[str]:
    """The tensors whose scales `quantize` needs for these operators: what they read, and what is stored in 8 bits."""
    chosen = {op.name for op in graph.operators if op.name in operators and quantize_obstacle(graph, op) is None}
    stored, moving = _stored(graph, chosen, None)
    read = {operator.main.inputs[0] for operator in graph.operators if operator.name in chosen}
    moved = {
        name for operator in graph.operators if operator.name in moving for p in operator.body for name in p.outputs
    }
    return frozenset(stored | read | moved)


def one_scale(graph: Graph, operators: Collection[str]) -> list[frozenset[str]]:
    """Sets of tensors that should share a scale, because data moves from one to another unchanged.

    Args:
        graph: Fused.
        operators: Names of those to quantize.
    """
    group = {name: {name} for name in graph.tensors}
    chosen = {op.name for op in graph.operators if op.name in operators and quantize_obstacle(graph, op) is None}
    stored, _ = _stored(graph, chosen, None)
    for operator in graph.operators:
        if all(primitive.op in MOVES | _SELECTS for primitive in operator.body):
            names = [name for name in (*operator.inputs, *operator.outputs) if name in stored]
            if any(name in stored for name in operator.outputs):
                union = set().union(*(group[name] for name in names))
                for name in union:
                    group[name] = union
    distinct = {id(names): frozenset(names) for names in group.values() if len(names) > 1}
    return list(distinct.values())


def _stored(
    graph: Graph, chosen: Collection[str], scales: Mapping[str, float] | None
) -> tuple[frozenset[str], frozenset[str]]:
    """The tensors stored in 8 bits, and the names of the operators that move them; without scales, all may be."""
    wanted: set[str] = set()
    moving: set[str] = set()

    def storable(name: str) -> bool:
        tensor = graph.tensors[name]
        computed = name in graph.producer and name not in graph.outputs and tensor.dtype is DType.FLOAT32
        return computed and (scales is None or name in scales) and not _is_quantizing(graph, name)

    for operator in reversed(graph.operators):
        if operator.name in chosen:
            data = operator.main.inputs[0]
            wanted |= {data} & set(operator.inputs)
            continue
        names = (*operator.inputs, *operator.outputs)
        moves = all(primitive.op in MOVES for primitive in operator.body) and not operator.weights
        if moves and wanted.issuperset(operator.outputs) and all(map(storable, names)) and _same(names, scales):
            moving.add(operator.name)
            wanted |= set(operator.inputs)
        elif all(primitive.op in _SELECTS for primitive in operator.body) and wanted.issuperset(operator.outputs):
            wanted |= set(operator.inputs)
    return frozenset(filter(storable, wanted)), frozenset(moving)


def _is_quantizing(graph: Graph, name: str) -> bool:
    """Whether the model itself quantizes where a tensor is computed."""
    return any(primitive.op in QUANTIZING for primitive in graph.operators[graph.producer[name]].body)


def _same(names: Sequence[str], scales: Mapping[str, float] | None) -> bool:
    return scales is None or len({scales[name] for name in names}) == 1


class _Work:
    def __init__(
        self, graph: Graph, scales: Mapping[str, float], stored: Collection[str], moving: Collection[str]
    ) -> None:
        self.graph = graph
        self.tensors: dict[str, Tensor] = dict(graph.tensors)
        self.constants: dict[str, Constant] = dict(graph.constants)
        self._scales = scales
        self._stored = stored
        self._moving = moving

    def operator(self, operator: Operator, *, quantized: bool) -> Operator:
        if operator.name in self._moving:
            return self._made(operator, *self._moved(operator))
        names: dict[str, str] = {}
        before: list[Primitive] = []
        for name in operator.inputs:
            if name in self._stored:
                names[name] = local = self._local(name, operator)
                before.append(self._dequantized(self._integers(name), name, local))
        body = list(operator.body)
        if quantized:
            body, first = self._product(operator, names)
            before += first
        body = [_reading(primitive, names) for primitive in body]
        last = {name: self._integers(name) for name in operator.outputs if name in self._stored}
        after = [self._quantized(name, integers) for name, integers in last.items()]
        whole = [*before, *body, *after]
        return operator if whole == list(operator.body) else self._made(operator, whole, last)

    def _made(self, operator: Operator, body: Sequence[Primitive], renamed: Mapping[str, str]) -> Operator:
        return with_body(operator, body, self.constants, [renamed.get(name, name) for name in operator.outputs])

    def _moved(self, operator: Operator) -> tuple[list[Primitive], dict[str, str]]:
        """A body that only moves elements, on integers."""
        names = {name: self._integers(name) for p in operator.body for name in (*p.inputs, *p.outputs) if name}
        body = [
            dataclasses.replace(
                primitive,
                inputs=tuple(names[name] if name else "" for name in primitive.inputs),
                outputs=tuple(names[name] if name else "" for name in primitive.outputs),
            )
            for primitive in operator.body
        ]
        return body, names

    def _product(self, operator: Operator, names: Mapping[str, str]) -> tuple[list[Primitive], list[Primitive]]:
        """The body with integers as operands of its product, and what has to come before it."""
        main = operator.main
        data = main.inputs[0]
        first = [self._dequantized_weight(operator)]
        operands = [names.get(data, ""), first[0].outputs[0]]
        inside: list[Primitive] = []
        if data not in names:
            operands[0] = self._local(data, operator)
            integers = self._add(f"{data}@int8/{operator.name}", data, DType.INT8)
            inside = [self._quantized(data, integers), self._dequantized(integers, data, operands[0])]
        product = dataclasses.replace(main, inputs=(*operands, *main.inputs[2:]))
        at = operator.body.index(main)
        return [*operator.body[:at], *inside, product, *operator.body[at + 1 :]], first

    def _dequantized_weight(self, operator: Operator) -> Primitive:
        main, name = operator.main, operator.main.inputs[1]
        axis = weight_axis(main)
        integers, scale = f"{name}@int8 along {axis}", f"{name}@scale along {axis}"
        if integers not in self.constants:
            self.constants[integers], self.constants[scale] = quantized_weight(self.graph.constants[name], axis)
            for added in (integers, scale):
                self.tensors[added] = Tensor(added, self.constants[added].shape, self.constants[added].dtype)
        local = self._local(name, operator)
        return Primitive("DequantizeLinear", (integers, scale), (local,), _quantizing(axis))

    def _quantized(self, name: str, integers: str) -> Primitive:
        if _ZERO not in self.constants:
            self.constants[_ZERO] = FillConstant((), DType.INT8, 0)
            self.tensors[_ZERO] = Tensor(_ZERO, (), DType.INT8)
        return Primitive("QuantizeLinear", (name, self._scale(name), _ZERO), (integers,), _quantizing(1))

    def _dequantized(self, integers: str, name: str, local: str) -> Primitive:
        return Primitive("DequantizeLinear", (integers, self._scale(name)), (local,), _quantizing(1))

    def _scale(self, name: str) -> str:
        scale = f"{name}@scale"
        self.constants.setdefault(scale, FillConstant((), DType.FLOAT32, float(np.float32(self._scales[name]))))
        self.tensors[scale] = Tensor(scale, (), DType.FLOAT32)
        return scale

    def _integers(self, name: str) -> str:
        return self._add(f"{name}@int8", name, DType.INT8)

    def _local(self, name: str, operator: Operator) -> str:
        return self._add(f"{name}@float/{operator.name}", name, DType.FLOAT32)

    def _add(self, name: str, like: str, dtype: DType) -> str:
        self.tensors[name] = Tensor(name, self.graph.tensors[like].shape, dtype)
        return name


def _quantizing(axis: int) -> Attributes:
    return attributes(axis=axis)


def _reading(primitive: Primitive, names: Mapping[str, str]) -> Primitive:
    if not any(name in names for name in primitive.inputs):
        return primitive
    return dataclasses.replace(primitive, inputs=tuple(names.get(name, name) for name in primitive.inputs))


def weight_axis(product: Primitive) -> int:
    """The axis of a product's weight along which its output channels lie."""
    return 0 if product.op == "Conv" or (product.op == "Gemm" and product.integer("transB", 0)) else 1


def quantized_weight(weight: Constant, axis: int) -> tuple[Constant, Constant]:
    """A weight as integers, and the scale of each of its output channels: its largest magnitude becomes 127.

    Args:
        weight: Float32.
        axis: Of the output channels.

    Returns:
        int8 of the same shape, and float32 of the shape (channels,).
    """
    channels = (weight.shape[axis],)
    if isinstance(weight, MissingConstant):
        return MissingConstant(weight.shape, DType.INT8), MissingConstant(channels, DType.FLOAT32)
    if isinstance(weight, FillConstant):
        step = abs(float(weight.value)) / STEPS or 1.0
        return FillConstant(weight.shape, DType.INT8, round(weight.value / step)), FillConstant(
            channels, DType.FLOAT32, step
        )

    def steps() -> Array:
        values = weight.numpy()
        largest = np.abs(values).max(axis=tuple(i for i in range(values.ndim) if i != axis), initial=0.0)
        return np.where(largest > 0, largest / np.float32(STEPS), np.float32(1.0)).astype(np.float32)

    def integers() -> Array:
        shape = [1] * len(weight.shape)
        shape[axis] = -1
        return np.clip(np.rint(weight.numpy() / steps().reshape(shape)), -STEPS, STEPS).astype(np.int8)

    return ArrayConstant(weight.shape, DType.INT8, integers), ArrayConstant(channels, DType.FLOAT32, steps)


def scale_of(largest: float) -> float:
    """The value of one integer step for data up to a magnitude; 1 where there is none."""
    step = float(np.float32(largest / STEPS))
    return step if math.isfinite(step) and step > 0.0 else 1.0
