"""Primitive and Operator: what computes, and what is scheduled."""

from __future__ import annotations

import enum
from dataclasses import dataclass

AttributeValue = int | float | str | tuple[int, ...] | tuple[float, ...] | tuple[str, ...]
Attributes = tuple[tuple[str, AttributeValue], ...]


def attributes(**values: AttributeValue) -> Attributes:
    """Attributes in canonical (sorted) order, so that equal attributes compare and hash equal."""
    return tuple(sorted(values.items()))


@dataclass(frozen=True, slots=True)
class Primitive:
    """One computation in canonical form: an ONNX operator at opset 20, normalized by the importer.

    Canonical means: every attribute that matters is explicit, defaults included (`strides`, `pads`, `dilations`,
    `group`, `kernel_shape`, `axis`, ...); `auto_pad` is resolved to `pads`; inputs that only configure the operator
    and are constant are attributes under the ONNX input's name (`axes`, `shape`, `starts`/`ends`/`steps`, `pads`,
    `repeats`, `split`, `k`, `min`/`max`, `sizes`, ...), so `inputs` are data only. "" stands for an absent optional
    input. Operators of other domains keep "domain::Name" as `op`.
    """

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Attributes = ()
    source: str = ""

    def attribute(self, name: str, default: AttributeValue | None = None) -> AttributeValue:
        """The attribute's value; KeyError when it is absent and no default is given."""
        for key, value in self.attributes:
            if key == name:
                return value
        if default is None:
            raise KeyError(f"{self.op} {self.source!r} has no attribute {name!r}")
        return default

    def has(self, name: str) -> bool:
        """Whether the attribute is present."""
        return any(key == name for key, _ in self.attributes)

    def integer(self, name: str, default: int | None = None) -> int:
        """An attribute that is one integer."""
        value = self.attribute(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"attribute {name!r} of {self.op} {self.source!r} is {value!r}, not an integer")
        return value

    def integers(self, name: str, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """An attribute that is a list of integers."""
        value = self.attribute(name, default)
        if not isinstance(value, tuple):
            raise TypeError(f"attribute {name!r} of {self.op} {self.source!r} is {value!r}, not a list of integers")
        return tuple(int(item) for item in value)

    def number(self, name: str, default: float | None = None) -> float:
        """An attribute that is one number (integer or float)."""
        value = self.attribute(name, default)
        if not isinstance(value, int | float):
            raise TypeError(f"attribute {name!r} of {self.op} {self.source!r} is {value!r}, not a number")
        return float(value)

    def text(self, name: str, default: str | None = None) -> str:
        """An attribute that is a string."""
        value = self.attribute(name, default)
        if not isinstance(value, str):
            raise TypeError(f"attribute {name!r} of {self.op} {self.source!r} is {value!r}, not a string")
        return value


class OperatorKind(enum.StrEnum):
    """What dominates an Operator: decides its colour, its kernels and what may be fused or merged with it."""

    CONV = "conv"
    DEPTHWISE = "depthwise"
    SEPARABLE = "separable"
    CONV_TRANSPOSE = "conv_transpose"
    MATMUL = "matmul"
    POOL = "pool"
    NORM = "norm"
    SOFTMAX = "softmax"
    REDUCE = "reduce"
    POINTWISE = "pointwise"
    CONCAT = "concat"
    COPY = "copy"
    VIEW = "view"
    RESIZE = "resize"
    GATHER = "gather"
    SORT = "sort"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Operator:
    """A schedulable unit: one launch sequence on one stream.

    Attributes:
        name: Unique within its Graph.
        kind: What dominates it.
        body: The primitives in execution order. A fused Conv+Bias+Relu has three; tensors between them stay inside.
        inputs: Names of the tensors that it reads from other Operators or from the graph's inputs, each once.
        weights: Names of the constants that it reads, each once.
        outputs: Names of the tensors that others (or the graph's outputs) read.
        sources: Names of the ONNX nodes that it came from, folded ones included.
        members: For a merged Operator, the names of the Operators that it stands for; otherwise empty.
    """

    name: str
    kind: OperatorKind
    body: tuple[Primitive, ...]
    inputs: tuple[str, ...]
    weights: tuple[str, ...]
    outputs: tuple[str, ...]
    sources: tuple[str, ...] = ()
    members: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The primitives' names joined, as "Conv+Add+Relu"."""
        return "+".join(primitive.op for primitive in self.body)

    @property
    def main(self) -> Primitive:
        """The primitive that dominates: the one with most weight in its kind, the first one otherwise."""
        for op in _MAIN_OPS:
            for primitive in self.body:
                if primitive.op == op:
                    return primitive
        return self.body[0]


_MAIN_OPS = ("Conv", "ConvTranspose", "Gemm", "MatMul")
