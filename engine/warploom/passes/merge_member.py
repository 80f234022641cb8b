"""What an operator must be to be merged with others, and what of it has to agree with theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warploom.graph import Attributes, Graph, Operator, OperatorKind, Primitive, Tensor
from warploom.graph.kinds import KINDS
from warploom.passes.derived import small_value

_PRODUCTS = ("Conv", "Gemm", "MatMul")
# Pointwise by name, but they change the element type or need constants that do not follow the output channels.
_NOT_IN_EPILOGUE = frozenset({"QuantizeLinear", "DequantizeLinear", "CastLike", "Where", "Cast"})
# What says how the windows lie is not compared but aligned.
_WINDOW_ATTRIBUTES = frozenset({"kernel_shape", "pads", "dilations", "strides"})


@dataclass(frozen=True, slots=True)
class Member:
    """An operator seen as matrix product and epilogue.

    Attributes:
        operator: The operator.
        output: Spec of its one output.
        axis: The axis of the output along which members are joined.
        weight_axis: The axis of the weight along which members are joined.
        weight_depth: The other dimensions of the weight that have to agree.
        epilogue_signature: The epilogue without names: functions, attributes and where their operands come from.
    """

    operator: Operator
    output: Tensor
    axis: int
    weight_axis: int
    weight_depth: tuple[int, ...]
    epilogue_signature: tuple[object, ...]

    @staticmethod
    def of(graph: Graph, operator: Operator) -> Member:
        """The member that an operator is; it has no `member_obstacle`."""
        main = operator.body[0]
        output = graph.tensors[operator.outputs[0]]
        shape = graph.tensors[main.inputs[1]].shape
        is_conv = main.op == "Conv"
        transposed = main.op == "Gemm" and main.integer("transB", 0) == 1
        weight_axis = 0 if is_conv or transposed else len(shape) - 1
        depth = (len(shape), shape[1]) if is_conv else (len(shape), *shape[:weight_axis], *shape[weight_axis + 1 :])
        axis = 1 if is_conv else len(output.shape) - 1
        return Member(operator, output, axis, weight_axis, depth, _epilogue_signature(operator))

    @property
    def main(self) -> Primitive:
        """The convolution or matrix product."""
        return self.operator.body[0]

    @property
    def epilogue(self) -> tuple[Primitive, ...]:
        """The functions of its result."""
        return self.operator.body[1:]

    @property
    def weight(self) -> str:
        """Name of the weight."""
        return self.main.inputs[1]

    @property
    def bias(self) -> str:
        """Name of the bias that the convolution or matrix product adds itself; "" for none."""
        return self.main.inputs[2] if len(self.main.inputs) > 2 else ""

    @property
    def channels(self) -> int:
        """Output channels (columns of a matrix product)."""
        return self.output.shape[self.axis]

    @property
    def product_attributes(self) -> Attributes:
        """The attributes that have to agree (windows are aligned instead)."""
        return tuple(item for item in self.main.attributes if item[0] not in _WINDOW_ATTRIBUTES)


def member_obstacle(graph: Graph, operator: Operator) -> str | None:
    """Why an operator cannot be merged with any other, as the end of a sentence that begins with its name."""
    main = operator.body[0]
    if main.op not in _PRODUCTS:
        return f"begins with {main.op}, not with a convolution or matrix product"
    if operator.inputs != (main.inputs[0],):
        return "reads a second computed tensor"
    if len(operator.outputs) != 1 or operator.outputs != operator.body[-1].outputs:
        return "has an output beside its last value"
    if not graph.tensors[operator.outputs[0]].dtype.is_float:
        return "does not compute with floating-point numbers"
    return _product_obstacle(graph, main) or _epilogue_obstacle(graph, operator)


def _product_obstacle(graph: Graph, main: Primitive) -> str | None:
    if main.inputs[1] not in graph.constants:
        return "has a computed weight"
    if len(main.inputs) > 2 and main.inputs[2] and main.inputs[2] not in graph.constants:
        return "has a computed bias"
    if main.op == "Conv" and main.integer("group") != 1:
        return "is a grouped convolution"
    if main.op == "MatMul" and (
        len(graph.tensors[main.inputs[1]].shape) < 2 or len(graph.tensors[main.inputs[0]].shape) < 2
    ):
        return "multiplies by a vector"
    return None


def _epilogue_obstacle(graph: Graph, operator: Operator) -> str | None:
    shape = graph.tensors[operator.body[0].outputs[0]].shape
    for primitive in operator.body[1:]:
        if KINDS.get(primitive.op) is not OperatorKind.POINTWISE or primitive.op in _NOT_IN_EPILOGUE:
            return f"contains {primitive.op}, which is not a function of single values"
        if graph.tensors[primitive.outputs[0]].shape != shape:
            return f"broadcasts its result in {primitive.op}"
        if operator.inputs[0] in primitive.inputs:
            return "uses its input again after the product"
    return None


def _epilogue_signature(operator: Operator) -> tuple[object, ...]:
    inner = {output: i for i, primitive in enumerate(operator.body) for output in primitive.outputs}
    return tuple(
        (p.op, p.attributes, tuple(inner.get(name, "constant" if name else "") for name in p.inputs))
        for p in operator.body[1:]
    )


def constant_obstacle(graph: Graph, members: Sequence[Member]) -> str | None:
    """Why biases or the epilogues' constants cannot be joined along the output channels."""
    for member in members:
        if member.bias and not _follows_channels(graph, member, member.bias):
            return f"the bias of {member.operator.name!r} is not one value per output channel"
    for index, primitive in enumerate(members[0].operator.body[1:], start=1):
        for slot, name in enumerate(primitive.inputs):
            if name in graph.constants and not joinable(graph, members, index, slot):
                return f"constants of {primitive.op} differ and are not one value per output channel"
    return None


def joinable(graph: Graph, members: Sequence[Member], index: int, slot: int) -> bool:
    """Whether an epilogue operand is the same constant in all members, or one value per output channel."""
    return equal_constants(graph, members, index, slot) or all(
        _follows_channels(graph, member, member.operator.body[index].inputs[slot]) for member in members
    )


def equal_constants(graph: Graph, members: Sequence[Member], index: int, slot: int) -> bool:
    """Whether an epilogue operand has one value, the same in all members."""
    names = {member.operator.body[index].inputs[slot] for member in members}
    if any(graph.tensors[name].elements != 1 for name in names):
        return False
    if len(names) == 1:
        return True
    values = [small_value(graph.constants[name]) for name in names]
    return len({None if value is None else float(value.item()) for value in values}) == 1


def _follows_channels(graph: Graph, member: Member, name: str) -> bool:
    shape = graph.tensors[name].shape
    if name == member.bias and member.main.op == "Conv":
        return True
    axis = member.axis - (len(member.output.shape) - len(shape))  # broadcasting aligns the last axes
    return all(size in (1, member.channels) if i == axis else size == 1 for i, size in enumerate(shape))
