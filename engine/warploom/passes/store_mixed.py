"""Gives every operator a floating-point type of its own, and converts where operators of different types meet."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from warploom.graph import (
    ArrayConstant,
    Constant,
    DType,
    FillConstant,
    Graph,
    MissingConstant,
    Operator,
    Precision,
    Primitive,
    Tensor,
    attributes,
)
from warploom.graph.build import with_body

_STORED: Mapping[Precision, DType] = {Precision.FP16: DType.FLOAT16, Precision.BF16: DType.BFLOAT16}

# Their results have a type that they say themselves, or that scales and other inputs decide.
_TYPED = frozenset({"CastLike", "QuantizeLinear", "DequantizeLinear", "ConstantOfShape", "Range", "EyeLike"})


def store_mixed(graph: Graph, precisions: Mapping[str, Precision]) -> Graph:
    """The Graph with the floats of some operators in 16 bits, to be run with `Precision.MIXED`.

    Rules:
        1. What an operator in FP16 or BF16 computes, and its constants, have that type.
        2. An operator converts what it reads in another type, as the first thing it does.
        3. Inputs and outputs of the Graph keep their types; whatever computes an output converts it last.

    Args:
        graph: Fused, in float32.
        precisions: By operator; operators that are not named, and those that `can_narrow` declines, stay in float32.
    """
    work = _Work(graph)
    wanted = {name: _STORED.get(precision) for name, precision in precisions.items()}
    operators = [work.operator(operator, wanted.get(operator.name)) for operator in graph.operators]
    return graph.replace(operators=operators, tensors=work.tensors, constants=work.constants)


def can_narrow(graph: Graph, operator: Operator) -> bool:
    """Whether an operator may compute in 16 bits: it has float results, all its floats are float32, none is fixed."""
    tensors = graph.tensors
    names = {name for primitive in operator.body for name in (*primitive.inputs, *primitive.outputs) if name}
    if any(tensors[name].dtype.is_float and tensors[name].dtype is not DType.FLOAT32 for name in names):
        return False
    if any(primitive.op in _TYPED or "::" in primitive.op for primitive in operator.body):
        return False
    return any(tensors[name].dtype.is_float for name in operator.outputs)


class _Work:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.tensors: dict[str, Tensor] = dict(graph.tensors)
        self.constants: dict[str, Constant] = dict(graph.constants)
        self._outputs = frozenset(graph.outputs)

    def operator(self, operator: Operator, narrow: DType | None) -> Operator:
        dtype = narrow if narrow is not None and can_narrow(self.graph, operator) else None
        own = dtype or DType.FLOAT32
        names: dict[str, str] = {}
        before = [self._converted(operator, name, own, names) for name in operator.inputs]
        if dtype is not None:
            names |= {name: self._constant(name, dtype) for name in operator.weights if self._is_float(name)}
        after = self._results(operator, dtype, names) if dtype is not None else []
        inside = [_renamed(primitive, names, dtype, self.tensors) for primitive in operator.body]
        body = [*(cast for cast in before if cast is not None), *inside, *after]
        if body == list(operator.body):
            return operator
        return with_body(operator, body, self.constants)

    def _is_float(self, name: str) -> bool:
        return self.graph.tensors[name].dtype.is_float

    def _converted(self, operator: Operator, name: str, own: DType, names: dict[str, str]) -> Primitive | None:
        """The conversion of something read, noted in `names`; None where it has the type already or is no float32."""
        tensor = self.graph.tensors[name]
        if tensor.dtype is not DType.FLOAT32 or self.tensors[name].dtype is own:
            return None
        names[name] = converted = f"{name}@{own.value}/{operator.name}"
        self.tensors[converted] = Tensor(converted, tensor.shape, own)
        return Primitive("Cast", (name,), (converted,), attributes(to=own.value, saturate=1))

    def _constant(self, name: str, dtype: DType) -> str:
        typed = f"{name}@{dtype.value}"
        constant = self.graph.constants[name]
        self.constants[typed] = as_type(constant, dtype)
        self.tensors[typed] = Tensor(typed, constant.shape, dtype)
        return typed

    def _results(self, operator: Operator, dtype: DType, names: dict[str, str]) -> list[Primitive]:
        """Gives what an operator computes its type; returns the conversions of what the caller reads."""
        casts: list[Primitive] = []
        for name in [name for primitive in operator.body for name in primitive.outputs if name]:
            tensor = self.graph.tensors[name]
            if not tensor.dtype.is_float:
                continue
            if name not in self._outputs:
                self.tensors[name] = Tensor(name, tensor.shape, dtype)
                continue
            names[name] = inner = f"{name}@{dtype.value}"
            self.tensors[inner] = Tensor(inner, tensor.shape, dtype)
            casts.append(Primitive("Cast", (inner,), (name,), attributes(to=tensor.dtype.value, saturate=1)))
        return casts


def _renamed(
    primitive: Primitive, names: Mapping[str, str], dtype: DType | None, tensors: Mapping[str, Tensor]
) -> Primitive:
    changed = dataclasses.replace(
        primitive,
        inputs=tuple(names.get(name, name) for name in primitive.inputs),
        outputs=tuple(names.get(name, name) for name in primitive.outputs),
    )
    if dtype is None or primitive.op != "Cast" or not tensors[changed.outputs[0]].dtype.is_float:
        return changed
    return dataclasses.replace(changed, attributes=attributes(**{**dict(primitive.attributes), "to": dtype.value}))


def as_type(constant: Constant, dtype: DType) -> Constant:
    """A float constant in another float type; values are converted when they are read."""
    if isinstance(constant, FillConstant):
        return FillConstant(constant.shape, dtype, constant.value)
    if isinstance(constant, MissingConstant):
        return MissingConstant(constant.shape, dtype)
    return ArrayConstant(constant.shape, dtype, constant.numpy)
