"""Chain: pointwise primitives applied to scalars, as C++ statements; a kernel of its own, a prologue or an epilogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from warploom.device.cuda.kernels.codegen.functions import Call, cast, expression
from warploom.device.cuda.kernels.codegen.types import literal, value_type
from warploom.graph import DType, Primitive

Number = float | int | bool

_KEEP_ZERO = frozenset(
    {
        *("Identity", "Relu", "LeakyRelu", "PRelu", "ThresholdedRelu", "Elu", "Selu", "Celu", "Gelu", "Mish", "Swish"),
        *("HardSwish", "Softsign", "Tanh", "Erf", "Abs", "Neg", "Add", "Sub", "Mul", "Sum", "Mean", "Max", "Min"),
    }
)


@dataclass(frozen=True, slots=True)
class Chain:
    """Pointwise primitives in execution order.

    Attributes:
        body: The primitives; empty for the identity.
        types: ONNX element type of every value named in it.
        numbers: Constants that are written into the text, by name.
    """

    body: tuple[Primitive, ...]
    types: Mapping[str, DType]
    numbers: Mapping[str, Number] = field(default_factory=dict)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names that it reads from outside, each once, numbers excluded."""
        made = {name for primitive in self.body for name in primitive.outputs}
        read = (name for primitive in self.body for name in primitive.inputs if name)
        return tuple(dict.fromkeys(name for name in read if name not in made and name not in self.numbers))

    def emit(self, values: Mapping[str, str], prefix: str) -> tuple[list[str], dict[str, str]]:
        """Statements that compute it for one element.

        Args:
            values: C++ expressions of its inputs, each of its type's `value_type`.
            prefix: Begins the names of its variables.

        Returns:
            The statements, and the expressions of all values by name: inputs, numbers and results.
        """
        known = dict(values)
        known.update({name: literal(number, self.types[name]) for name, number in self.numbers.items()})
        lines: list[str] = []
        for primitive in self.body:
            result = self.types[primitive.outputs[0]]
            types = tuple(self.types[name] if name else result for name in primitive.inputs)
            inputs = tuple(known[name] if name else "" for name in primitive.inputs)
            text = expression(Call(primitive, inputs, types, result))
            variable = f"{prefix}{len(lines)}"
            lines.append(f"const {value_type(result)} {variable} = {text};")
            known[primitive.outputs[0]] = variable
        return lines, known

    @property
    def exceeds_half(self) -> bool:
        """Whether it holds a number that 16-bit floats cannot: then its finite results are kept finite."""
        attributes = (value for primitive in self.body for _, value in primitive.attributes)
        numbers = [*self.numbers.values(), *(value for value in attributes if isinstance(value, int | float))]
        return any(abs(number) > 65504 for number in numbers)

    @property
    def keeps_zero(self) -> bool:
        """Whether it surely maps zeros to zero."""
        return not self.numbers and all(primitive.op in _KEEP_ZERO for primitive in self.body)

    @property
    def label(self) -> str:
        """The primitives' names for a kernel's name: "add_relu"."""
        ops = [primitive.op.lower() for primitive in self.body]
        return "_".join(ops if len(ops) <= 4 else [*ops[:3], f"{len(ops) - 3}_more"])


IDENTITY = Chain((), {})


def converted(text: str, source: DType, target: DType) -> str:
    """A value of one storage type as a value that the other stores (no rounding: storing rounds)."""
    if source.is_float and target.is_float:
        return text
    return cast(text, source, target)
