"""Spells out what library products have no form for, as primitives of their own, before anything is placed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from warploom.graph import (
    ArrayConstant,
    Attributes,
    Constant,
    FillConstant,
    Graph,
    MissingConstant,
    Operator,
    Primitive,
    Tensor,
    attributes,
)
from warploom.graph.build import with_body


def desugar(graph: Graph) -> Graph:
    """The same Graph with a few primitives spelled out inside their Operators.

    Rules:
        1. Gemm keeps `transA`, `transB` and a constant bias with one value per column. Any other addend, and factors
           where nothing constant can take them, become Mul and Add.
        2. ConvTranspose, and Conv with a computed bias, become the product without bias and an Add.
    """
    work = _Work(graph)
    operators = [work.operator(operator) for operator in graph.operators]
    if all(new is old for new, old in zip(operators, graph.operators, strict=True)):
        return graph
    return graph.replace(operators=operators, tensors=work.tensors, constants=work.constants)


class _Work:
    def __init__(self, graph: Graph) -> None:
        self.tensors: dict[str, Tensor] = dict(graph.tensors)
        self.constants: dict[str, Constant] = dict(graph.constants)

    def operator(self, operator: Operator) -> Operator:
        body = [part for primitive in operator.body for part in self._spelled_out(primitive)]
        if len(body) == len(operator.body) and all(new is old for new, old in zip(body, operator.body, strict=True)):
            return operator
        return with_body(operator, body, self.constants)

    def _spelled_out(self, primitive: Primitive) -> tuple[Primitive, ...]:
        rule = _RULES.get(primitive.op)
        return (primitive,) if rule is None else rule(self, primitive)

    def convolution(self, primitive: Primitive) -> tuple[Primitive, ...]:
        bias = _operand(primitive, 2)
        if not bias or (primitive.op == "Conv" and bias in self.constants):
            return (primitive,)
        result = primitive.outputs[0]
        rank = len(self.tensors[result].shape)
        channels = self.tensors[bias].shape[0]
        column, reshape = self._reshaped(bias, (channels, *(1,) * (rank - 2)), f"{result}/bias")
        product = self._inner(f"{result}/product", like=result)
        alone = dataclasses.replace(primitive, inputs=primitive.inputs[:2], outputs=(product,))
        return (alone, *reshape, Primitive("Add", (product, column), (result,), source=primitive.source))

    def gemm(self, primitive: Primitive) -> tuple[Primitive, ...]:
        alpha, beta = primitive.number("alpha", 1.0), primitive.number("beta", 1.0)
        addend = _operand(primitive, 2)
        folds = alpha == 1.0 or primitive.inputs[1] in self.constants
        if folds and (not addend or self._is_bias(primitive, addend)):
            return (primitive,)
        result = primitive.outputs[0]
        steps: list[tuple[str, str]] = [] if folds else [("Mul", self._number(f"{result}/alpha", alpha, like=result))]
        body: list[Primitive] = []
        if addend and beta != 1.0:
            scaled = self._inner(f"{result}/addend", like=addend)
            factor = self._number(f"{result}/beta", beta, like=addend)
            body.append(Primitive("Mul", (addend, factor), (scaled,), source=primitive.source))
            addend = scaled
        if addend:
            steps.append(("Add", addend))
        names = [self._inner(f"{result}/{i}", like=result) for i in range(len(steps))]
        factors = _changed(primitive.attributes, alpha=alpha if folds else 1.0, beta=1.0)
        body.append(
            dataclasses.replace(primitive, inputs=primitive.inputs[:2], outputs=(names[0],), attributes=factors)
        )
        for (op, operand), source, target in zip(steps, names, [*names[1:], result], strict=True):
            body.append(Primitive(op, (source, operand), (target,), source=primitive.source))
        return tuple(body)

    def _is_bias(self, gemm: Primitive, addend: str) -> bool:
        """Whether it is constant and has one value per column (or one for all)."""
        shape = self.tensors[addend].shape
        columns = self.tensors[gemm.outputs[0]].shape[1]
        return addend in self.constants and all(
            size == 1 or (axis == len(shape) - 1 and size == columns) for axis, size in enumerate(shape)
        )

    def _inner(self, name: str, *, like: str, shape: tuple[int, ...] | None = None) -> str:
        other = self.tensors[like]
        self.tensors[name] = Tensor(name, other.shape if shape is None else shape, other.dtype)
        return name

    def _number(self, name: str, value: float, *, like: str) -> str:
        dtype = self.tensors[like].dtype
        self.constants[name] = FillConstant((), dtype, value)
        self.tensors[name] = Tensor(name, (), dtype)
        return name

    def _reshaped(self, name: str, shape: tuple[int, ...], new: str) -> tuple[str, tuple[Primitive, ...]]:
        """A tensor under another shape, with the primitives that make it (none for a constant)."""
        self._inner(new, like=name, shape=shape)
        if name not in self.constants:
            return new, (Primitive("Reshape", (name,), (new,), attributes(shape=shape)),)
        self.constants[new] = _reshaped_constant(self.constants[name], shape)
        return new, ()


_RULES: Mapping[str, Callable[[_Work, Primitive], tuple[Primitive, ...]]] = {
    "Conv": _Work.convolution,
    "ConvTranspose": _Work.convolution,
    "Gemm": _Work.gemm,
}


def _operand(primitive: Primitive, index: int) -> str:
    return primitive.inputs[index] if len(primitive.inputs) > index else ""


def _changed(old: Attributes, **values: float) -> Attributes:
    return attributes(**{**dict(old), **values})


def _reshaped_constant(constant: Constant, shape: tuple[int, ...]) -> Constant:
    if isinstance(constant, FillConstant):
        return FillConstant(shape, constant.dtype, constant.value)
    if isinstance(constant, MissingConstant):
        return MissingConstant(shape, constant.dtype)
    return ArrayConstant(shape, constant.dtype, lambda: constant.numpy().reshape(shape))
