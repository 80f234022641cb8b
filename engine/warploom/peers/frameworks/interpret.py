"""Executes canonical Primitives by the functions of a framework: one table from operator names to a few lines each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from warploom.graph import Graph, Primitive
from warploom.peers.errors import PeerError
from warploom.peers.frameworks.operations import Operations, Tensor, Window

Shape = tuple[int, ...]
Handler = Callable[["Step"], Any]


class Step:
    """One primitive with its inputs, for the functions of the table."""

    __slots__ = ("graph", "inputs", "ops", "primitive")

    def __init__(self, primitive: Primitive, inputs: Sequence[Tensor | None], ops: Operations, graph: Graph) -> None:
        self.primitive = primitive
        self.inputs = inputs
        self.ops = ops
        self.graph = graph

    def shape(self, position: int = 0) -> Shape:
        """Shape of an input."""
        return self.graph.tensors[self.primitive.inputs[position]].shape

    @property
    def output_shape(self) -> Shape:
        """Shape of the first output."""
        return self.graph.tensors[self.primitive.outputs[0]].shape

    def input(self, position: int) -> Tensor | None:
        """An input; None where it is absent."""
        return self.inputs[position] if position < len(self.inputs) else None

    @property
    def window(self) -> Window:
        """The window of a convolution or a pool; its end padding reaches as far as the last window."""
        primitive = self.primitive
        kernel, strides = primitive.integers("kernel_shape"), primitive.integers("strides")
        dilations, pads = primitive.integers("dilations"), primitive.integers("pads")
        rank = len(kernel)
        sizes = zip(self.shape()[2:], self.output_shape[2:], kernel, strides, dilations, pads[:rank], strict=True)
        end = tuple(
            max(0, (out - 1) * stride + (k - 1) * dilation + 1 - size - begin)
            for size, out, k, stride, dilation, begin in sizes
        )
        return Window(kernel, strides, dilations, pads[:rank], end)


def unknown_operators(graph: Graph) -> list[str]:
    """Names of the operators in a Graph that the table does not have."""
    found = {primitive.op for operator in graph.operators for primitive in operator.body}
    return sorted(op for op in found if op not in HANDLERS and op not in _UNARY and op not in _BINARY)


def check_operators(graph: Graph, title: str) -> None:
    """Refuses a Graph with an operator that is not in the table.

    Raises:
        PeerError: Naming the operators.
    """
    if unknown := unknown_operators(graph):
        raise PeerError(f"The adapter of {title} does not know {', '.join(unknown)}.")


def execute(graph: Graph, values: Mapping[str, Tensor], ops: Operations) -> dict[str, Tensor]:
    """The outputs of a raw Graph.

    Args:
        graph: Checked by `check_operators`.
        values: Its inputs and constants as the framework's tensors.
        ops: The framework.
    """
    known = dict(values)
    for operator in graph.operators:
        for primitive in operator.body:
            inputs = [known[name] if name else None for name in primitive.inputs]
            results = _apply(Step(primitive, inputs, ops, graph))
            known.update(zip(primitive.outputs, results, strict=False))
    return {name: known[name] for name in graph.outputs}


def _apply(step: Step) -> Sequence[Tensor]:
    op = step.primitive.op
    own = step.ops.native.get(op)
    result = None if own is None else own(step)
    if result is not None:
        return [result]
    if op in HANDLERS:
        result = HANDLERS[op](step)
    elif op in _UNARY:
        result = step.ops.unary(op, step.inputs[0])
    else:
        result = step.ops.binary(op, step.inputs[0], step.inputs[1])
    return result if isinstance(result, list) else [result]


def _conv(step: Step) -> Tensor:
    groups = step.primitive.integer("group", 1)
    return step.ops.convolution(step.inputs[0], step.inputs[1], step.input(2), step.window, groups)


def _conv_transpose(step: Step) -> Tensor:
    primitive = step.primitive
    pads, kernel = primitive.integers("pads"), primitive.integers("kernel_shape")
    rank = len(kernel)
    window = Window(kernel, primitive.integers("strides"), primitive.integers("dilations"), pads[:rank], pads[rank:])
    extra = primitive.integers("output_padding", (0,) * rank)
    return step.ops.transposed_convolution(
        step.inputs[0], step.inputs[1], step.input(2), window, primitive.integer("group", 1), extra
    )


def _average_pool(step: Step) -> Tensor:
    pads = step.primitive.integers("pads")
    include = bool(step.primitive.integer("count_include_pad", 0))
    declared = pads[len(pads) // 2 :]
    return step.ops.average_pool(step.inputs[0], step.window, declared, include_pad=include)


def _global(name: str) -> Handler:
    return lambda step: step.ops.reduce(name, step.inputs[0], tuple(range(2, len(step.shape()))), keepdims=True)


def _reduce(name: str) -> Handler:
    def run(step: Step) -> Tensor:
        primitive = step.primitive
        axes = primitive.integers("axes", tuple(range(len(step.shape()))))
        return step.ops.reduce(name, step.inputs[0], axes, keepdims=bool(primitive.integer("keepdims", 1)))

    return run


def _gemm(step: Step) -> Tensor:
    ops, primitive = step.ops, step.primitive
    left, right = step.inputs[0], step.inputs[1]
    left = ops.transpose(left, (1, 0)) if primitive.integer("transA", 0) else left
    right = ops.transpose(right, (1, 0)) if primitive.integer("transB", 0) else right
    product = _scaled(ops, ops.matmul(left, right), primitive.number("alpha", 1.0))
    addend = step.input(2)
    if addend is None:
        return product
    return ops.binary("Add", product, _scaled(ops, addend, primitive.number("beta", 1.0)))


def _scaled(ops: Operations, x: Tensor, factor: float) -> Tensor:
    return x if factor == 1.0 else ops.binary("Mul", x, factor)


def _batch_normalization(step: Step) -> Tensor:
    ops = step.ops
    x, scale, bias, mean, variance = step.inputs[:5]
    shape = (1, -1, *(1,) * (len(step.shape()) - 2))
    epsilon = step.primitive.number("epsilon", 1e-5)
    inverse = ops.unary("Reciprocal", ops.unary("Sqrt", ops.binary("Add", variance, epsilon)))
    factor = ops.binary("Mul", scale, inverse)
    offset = ops.binary("Sub", bias, ops.binary("Mul", mean, factor))
    return ops.binary("Add", ops.binary("Mul", x, ops.reshape(factor, shape)), ops.reshape(offset, shape))


def _layer_normalization(step: Step) -> Tensor:
    axis = step.primitive.integer("axis", -1)
    axes = tuple(range(axis % len(step.shape()), len(step.shape())))
    normal = _normalized(step.ops, step.inputs[0], axes, step.primitive.number("epsilon", 1e-5))
    return _affine(step.ops, normal, step.inputs[1], step.input(2))


def _instance_normalization(step: Step) -> Tensor:
    ops, rank = step.ops, len(step.shape())
    normal = _normalized(ops, step.inputs[0], tuple(range(2, rank)), step.primitive.number("epsilon", 1e-5))
    shape = (1, -1, *(1,) * (rank - 2))
    scale, bias = (ops.reshape(one, shape) for one in step.inputs[1:3])
    return _affine(ops, normal, scale, bias)


def _normalized(ops: Operations, x: Tensor, axes: Shape, epsilon: float) -> Tensor:
    centred = ops.binary("Sub", x, ops.reduce("Mean", x, axes, keepdims=True))
    variance = ops.reduce("Mean", ops.binary("Mul", centred, centred), axes, keepdims=True)
    return ops.binary("Div", centred, ops.unary("Sqrt", ops.binary("Add", variance, epsilon)))


def _affine(ops: Operations, x: Tensor, scale: Tensor | None, bias: Tensor | None) -> Tensor:
    x = x if scale is None else ops.binary("Mul", x, scale)
    return x if bias is None else ops.binary("Add", x, bias)


def _lrn(step: Step) -> Tensor:
    ops, primitive = step.ops, step.primitive
    size, channels = primitive.integer("size"), step.shape()[1]
    before, after = (size - 1) // 2, size // 2
    x = step.inputs[0]
    rest = (0,) * (len(step.shape()) - 2)
    squares = ops.pad(ops.binary("Mul", x, x), (0, before, *rest), (0, after, *rest), 0.0)
    every = slice(None)
    total = None
    for shift in range(size):
        part = ops.slice(squares, (every, slice(shift, shift + channels), *(every for _ in rest)))
        total = part if total is None else ops.binary("Add", total, part)
    scaled = ops.binary("Mul", total, primitive.number("alpha", 1e-4) / size)
    base = ops.binary("Add", scaled, primitive.number("bias", 1.0))
    return ops.binary("Div", x, ops.binary("Pow", base, primitive.number("beta", 0.75)))


def _fold(name: str) -> Handler:
    def run(step: Step) -> Tensor:
        result = step.inputs[0]
        for other in step.inputs[1:]:
            result = step.ops.binary(name, result, other)
        return result

    return run


def _mean(step: Step) -> Tensor:
    return step.ops.binary("Mul", _fold("Add")(step), 1.0 / len(step.inputs))


def _clip(step: Step) -> Tensor:
    primitive = step.primitive
    low = primitive.number("min") if primitive.has("min") else None
    high = primitive.number("max") if primitive.has("max") else None
    return step.ops.clip(step.inputs[0], low, high)


def _leaky_relu(step: Step) -> Tensor:
    ops, x = step.ops, step.inputs[0]
    sloped = ops.binary("Mul", x, step.primitive.number("alpha", 0.01))
    return ops.where(ops.binary("Less", x, 0.0), sloped, x)


def _prelu(step: Step) -> Tensor:
    ops, x = step.ops, step.inputs[0]
    return ops.where(ops.binary("Less", x, 0.0), ops.binary("Mul", x, step.inputs[1]), x)


def _elu(step: Step) -> Tensor:
    ops, x = step.ops, step.inputs[0]
    grown = ops.binary("Sub", ops.unary("Exp", ops.clip(x, None, 0.0)), 1.0)
    return ops.where(ops.binary("Less", x, 0.0), ops.binary("Mul", grown, step.primitive.number("alpha", 1.0)), x)


def _hard_sigmoid(step: Step) -> Tensor:
    alpha, beta = step.primitive.number("alpha", 0.2), step.primitive.number("beta", 0.5)
    return _hard(step.ops, step.inputs[0], alpha, beta)


def _hard_swish(step: Step) -> Tensor:
    return step.ops.binary("Mul", step.inputs[0], _hard(step.ops, step.inputs[0], 1 / 6, 0.5))


def _hard(ops: Operations, x: Tensor, alpha: float, beta: float) -> Tensor:
    return ops.clip(ops.binary("Add", ops.binary("Mul", x, alpha), beta), 0.0, 1.0)


def _gelu(step: Step) -> Tensor:
    ops, x = step.ops, step.inputs[0]
    if step.primitive.attribute("approximate", "none") == "tanh":
        cube = ops.binary("Mul", ops.binary("Mul", x, x), x)
        inner = ops.binary("Add", x, ops.binary("Mul", cube, 0.044715))
        gate = ops.unary("Tanh", ops.binary("Mul", inner, math.sqrt(2 / math.pi)))
    else:
        gate = ops.unary("Erf", ops.binary("Mul", x, math.sqrt(0.5)))
    return ops.binary("Mul", ops.binary("Mul", x, 0.5), ops.binary("Add", gate, 1.0))


def _reshape(step: Step) -> Tensor:
    return step.ops.reshape(step.inputs[0], step.output_shape)


def _slice(step: Step) -> Tensor:
    primitive = step.primitive
    steps = primitive.integers("steps")
    if any(one < 1 for one in steps):
        raise PeerError("The adapters of array frameworks do not run a Slice that goes backwards.")
    slices = [slice(None)] * len(step.shape())
    for axis, start, end, by in zip(
        primitive.integers("axes"), primitive.integers("starts"), primitive.integers("ends"), steps, strict=True
    ):
        slices[axis] = slice(start, end, by)
    return step.ops.slice(step.inputs[0], tuple(slices))


def _split(step: Step) -> list[Tensor]:
    axis, at, parts = step.primitive.integer("axis"), 0, []
    for size in step.primitive.integers("split"):
        slices = [slice(None)] * len(step.shape())
        slices[axis] = slice(at, at + size)
        parts.append(step.ops.slice(step.inputs[0], tuple(slices)))
        at += size
    return parts


def _pad(step: Step) -> Tensor:
    primitive = step.primitive
    pads, rank = primitive.integers("pads"), len(step.shape())
    if primitive.attribute("mode", "constant") != "constant":
        raise PeerError("The adapters of array frameworks pad with constants only.")
    value = primitive.number("constant_value") if primitive.has("constant_value") else 0.0
    kept = tuple(slice(max(0, -low), size - max(0, -high)) for low, high, size in _sides(pads, step.shape()))
    cut = step.ops.slice(step.inputs[0], kept) if any(one < 0 for one in pads) else step.inputs[0]
    return step.ops.pad(cut, [max(0, one) for one in pads[:rank]], [max(0, one) for one in pads[rank:]], value)


def _sides(pads: Shape, shape: Shape) -> list[tuple[int, int, int]]:
    rank = len(shape)
    return list(zip(pads[:rank], pads[rank:], shape, strict=True))


def _depth_to_space(step: Step) -> Tensor:
    ops, primitive = step.ops, step.primitive
    n, c, h, w = step.shape()
    b = primitive.integer("blocksize")
    rest = c // (b * b)
    if primitive.attribute("mode", "DCR") == "DCR":
        split, order = (n, b, b, rest, h, w), (0, 3, 4, 1, 5, 2)
    else:
        split, order = (n, rest, b, b, h, w), (0, 1, 4, 2, 5, 3)
    return ops.reshape(ops.transpose(ops.reshape(step.inputs[0], split), order), step.output_shape)


def _resize(step: Step) -> Tensor:
    """Nearest neighbour by whole factors: repetition. Others are not what schedules are compared on."""
    before, after, primitive = step.shape(), step.output_shape, step.primitive
    whole = all(new % old == 0 for old, new in zip(before, after, strict=True))
    if primitive.attribute("mode", "nearest") != "nearest" or not whole:
        raise PeerError("The adapters of array frameworks resize to the nearest neighbour by whole factors only.")
    ops, factors = step.ops, [new // old for old, new in zip(before, after, strict=True)]
    apart = [size for old in before for size in (old, 1)]
    wide = [size for old, factor in zip(before, factors, strict=True) for size in (old, factor)]
    return ops.reshape(ops.expand(ops.reshape(step.inputs[0], apart), wide), after)


def _log_softmax(step: Step) -> Tensor:
    return step.ops.unary("Log", step.ops.softmax(step.inputs[0], step.primitive.integer("axis")))


HANDLERS: Mapping[str, Handler] = {
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "MaxPool": lambda step: step.ops.max_pool(step.inputs[0], step.window),
    "AveragePool": _average_pool,
    "GlobalAveragePool": _global("Mean"),
    "GlobalMaxPool": _global("Max"),
    **{f"Reduce{name}": _reduce(name) for name in ("Mean", "Sum", "Max", "Min", "Prod")},
    "Gemm": _gemm,
    "MatMul": lambda step: step.ops.matmul(step.inputs[0], step.inputs[1]),
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
    "InstanceNormalization": _instance_normalization,
    "LRN": _lrn,
    "Softmax": lambda step: step.ops.softmax(step.inputs[0], step.primitive.integer("axis")),
    "LogSoftmax": _log_softmax,
    "Sum": _fold("Add"),
    "Max": _fold("Max"),
    "Min": _fold("Min"),
    "Mean": _mean,
    "Clip": _clip,
    "LeakyRelu": _leaky_relu,
    "PRelu": _prelu,
    "Elu": _elu,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _hard_swish,
    "Gelu": _gelu,
    "Where": lambda step: step.ops.where(*step.inputs[:3]),
    "Cast": lambda step: step.ops.cast(step.inputs[0], step.primitive.text("to")),
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze"), _reshape),
    "Identity": lambda step: step.inputs[0],
    "Dropout": lambda step: step.inputs[0],
    "Transpose": lambda step: step.ops.transpose(step.inputs[0], step.primitive.integers("perm")),
    "Concat": lambda step: step.ops.concat(step.inputs, step.primitive.integer("axis")),
    "Slice": _slice,
    "Split": _split,
    "Pad": _pad,
    "Expand": lambda step: step.ops.expand(step.inputs[0], step.output_shape),
    "Gather": lambda step: step.ops.gather(step.inputs[0], step.inputs[1], step.primitive.integer("axis", 0)),
    "DepthToSpace": _depth_to_space,
    "Resize": _resize,
}

_UNARY = frozenset(
    {
        *("Relu", "Sigmoid", "Tanh", "Erf", "Exp", "Log", "Sqrt", "Reciprocal", "Abs", "Neg", "Floor", "Ceil"),
        *("Round", "Sign", "Softplus", "Sin", "Cos", "Not", "IsNaN"),
    }
)
_BINARY = frozenset(
    {
        *("Add", "Sub", "Mul", "Div", "Pow", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"),
        *("And", "Or"),
    }
)
