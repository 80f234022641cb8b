"""Structure: what two Operators have in common that compute the same thing on tensors of the same shapes.

Everything that is made per structure (kernels, CPU sessions) is made once for all Operators that share it: networks
repeat themselves.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Mapping
from dataclasses import dataclass

from warploom.graph import Operator, Tensor


@dataclass(frozen=True, slots=True)
class Structure:
    """An Operator without its names.

    Attributes:
        key: Equal for Operators that compute the same: primitives over numbered tensors, their shapes and types, which
            of them are weights, and which are seen outside.
        names: The Operator's tensor names in the order of those numbers.
    """

    key: Hashable
    names: tuple[str, ...]


def structure_of(operator: Operator, tensors: Mapping[str, Tensor], weights: Container[str]) -> Structure:
    """The structure of an Operator."""
    number: dict[str, int] = {"": -1}
    body = []
    for primitive in operator.body:
        for name in (*primitive.inputs, *primitive.outputs):
            if name not in number:
                number[name] = len(number) - 1
        inputs = tuple([number[name] for name in primitive.inputs])
        outputs = tuple([number[name] for name in primitive.outputs])
        body.append((primitive.op, inputs, outputs, primitive.attributes))
    names = tuple(name for name in number if name)
    shapes = tuple([(tensors[name].shape, tensors[name].dtype, name in weights) for name in names])
    return Structure((tuple(body), shapes, tuple([number[name] for name in operator.outputs])), names)
