"""Random small Graphs that mix what lowering has to place: images, matrices, views, concatenations, residuals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from warploom.graph import (
    ArrayConstant,
    AttributeValue,
    Constant,
    DType,
    Graph,
    Operator,
    Primitive,
    Tensor,
    attributes,
)
from warploom.graph.build import make_operator
from warploom.graph.kinds import kind_of

Shape = tuple[int, ...]


class Builder:
    """Adds primitives one by one; every one is an Operator named after its first output."""

    def __init__(self, seed: int = 0) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.constants: dict[str, Constant] = {}
        self.operators: list[Operator] = []
        self.inputs: list[str] = []
        self.random = np.random.default_rng(seed)

    def shape(self, name: str) -> Shape:
        return self.tensors[name].shape

    def input(self, *shape: int, dtype: DType = DType.FLOAT32) -> str:
        name = f"in{len(self.inputs)}"
        self.inputs.append(name)
        self.tensors[name] = Tensor(name, shape, dtype)
        return name

    def constant(self, *shape: int, scale: float = 1.0) -> str:
        name = f"c{len(self.constants)}"
        values = (self.random.standard_normal(shape) * scale).astype(np.float32)
        self.constants[name] = ArrayConstant.of(values)
        self.tensors[name] = Tensor(name, shape, DType.FLOAT32)
        return name

    def add(self, op: str, inputs: Sequence[str], *shapes: Shape, **values: AttributeValue) -> str:
        number = len(self.operators)
        outputs = tuple(f"t{number}" if i == 0 else f"t{number}.{i}" for i in range(len(shapes)))
        for name, shape in zip(outputs, shapes, strict=True):
            self.tensors[name] = Tensor(name, tuple(shape), DType.FLOAT32)
        primitive = Primitive(op, tuple(inputs), outputs, attributes(**values), f"node{number}")
        operator = make_operator(
            outputs[0],
            kind_of(primitive, self.tensors),
            (primitive,),
            constants=self.constants,
            outputs=outputs,
            sources=(f"node{number}",),
        )
        self.operators.append(operator)
        return outputs[0]

    def graph(self, outputs: Sequence[str]) -> Graph:
        graph = Graph("random", tuple(self.operators), self.tensors, self.constants, tuple(self.inputs), tuple(outputs))
        graph.verify()
        return graph

    # Operators by name, shapes worked out.

    def conv(
        self,
        x: str,
        channels: int,
        kernel: int = 3,
        *,
        stride: int = 1,
        dilation: int = 1,
        group: int = 1,
        pads: Sequence[int] | None = None,
        bias: bool = True,
    ) -> str:
        n, c, *spatial = self.shape(x)
        axes = len(spatial)
        pads = tuple([dilation * (kernel // 2)] * 2 * axes if pads is None else pads)
        weight = self.constant(channels, c // group, *[kernel] * axes, scale=(c // group * kernel**axes) ** -0.5)
        inputs = [x, weight, *([self.constant(channels)] if bias else [])]
        reach = dilation * (kernel - 1) + 1
        size = [(spatial[i] + pads[i] + pads[i + axes] - reach) // stride + 1 for i in range(axes)]
        return self.add(
            "Conv",
            inputs,
            (n, channels, *size),
            kernel_shape=(kernel,) * axes,
            strides=(stride,) * axes,
            dilations=(dilation,) * axes,
            pads=pads,
            group=group,
        )

    def conv_transpose(self, x: str, channels: int, kernel: int, stride: int, *, group: int = 1, extra: int = 0) -> str:
        n, c, *spatial = self.shape(x)
        axes = len(spatial)
        weight = self.constant(c, channels // group, *[kernel] * axes, scale=(c * kernel**axes) ** -0.5)
        bias = self.constant(channels)
        size = [(extent - 1) * stride - 1 + kernel + extra for extent in spatial]
        return self.add(
            "ConvTranspose",
            [x, weight, bias],
            (n, channels, *size),
            kernel_shape=(kernel,) * axes,
            strides=(stride,) * axes,
            dilations=(1,) * axes,
            pads=(*(1,) * axes, *(0,) * axes),
            output_padding=(extra,) * axes,
            group=group,
        )

    def pointwise(self, op: str, *inputs: str, **values: AttributeValue) -> str:
        shape = np.broadcast_shapes(*(self.shape(name) for name in inputs if name))
        return self.add(op, inputs, shape, **values)

    def concat(self, parts: Sequence[str], axis: int) -> str:
        shape = list(self.shape(parts[0]))
        shape[axis] = sum(self.shape(part)[axis] for part in parts)
        return self.add("Concat", parts, tuple(shape), axis=axis)

    def split(self, x: str, sizes: Sequence[int], axis: int) -> tuple[str, ...]:
        shapes = [(*self.shape(x)[:axis], size, *self.shape(x)[axis + 1 :]) for size in sizes]
        first = self.add("Split", [x], *shapes, axis=axis, split=tuple(sizes))
        return (first, *(f"{first}.{i}" for i in range(1, len(sizes))))

    def slice(self, x: str, axis: int, start: int, end: int, step: int = 1) -> str:
        size = len(range(self.shape(x)[axis])[slice(start, None if end < -self.shape(x)[axis] else end, step)])
        shape = (*self.shape(x)[:axis], size, *self.shape(x)[axis + 1 :])
        return self.add("Slice", [x], shape, starts=(start,), ends=(end,), axes=(axis,), steps=(step,))

    def reshape(self, x: str, *shape: int) -> str:
        assert math.prod(shape) == math.prod(self.shape(x))
        return self.add("Reshape", [x], shape, shape=shape)

    def transpose(self, x: str, *perm: int) -> str:
        return self.add("Transpose", [x], tuple(self.shape(x)[axis] for axis in perm), perm=perm)

    def pool(self, x: str, op: str = "MaxPool") -> str:
        axes = len(self.shape(x)) - 2
        values: dict[str, AttributeValue] = {"storage_order": 0} if op == "MaxPool" else {"count_include_pad": 0}
        if op == "MaxPool":
            values["dilations"] = (1,) * axes
        return self.add(
            op,
            [x],
            self.shape(x),
            kernel_shape=(3,) * axes,
            strides=(1,) * axes,
            pads=(1,) * 2 * axes,
            ceil_mode=0,
            **values,
        )

    def global_pool(self, x: str) -> str:
        n, c, *spatial = self.shape(x)
        return self.add("GlobalAveragePool", [x], (n, c, *(1 for _ in spatial)))

    def matmul(self, a: str, b: str) -> str:
        left, right = self.shape(a), self.shape(b)
        batch = np.broadcast_shapes(left[:-2], right[:-2])
        rows = left[-2:-1] if len(left) > 1 else ()
        columns = right[-1:] if len(right) > 1 else ()
        return self.add("MatMul", [a, b], (*batch, *rows, *columns))

    def gemm(self, a: str, columns: int, *, trans_b: bool = True, **values: AttributeValue) -> str:
        rows, depth = self.shape(a)
        weight = self.constant(*((columns, depth) if trans_b else (depth, columns)), scale=depth**-0.5)
        given: dict[str, AttributeValue] = {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": int(trans_b), **values}
        return self.add("Gemm", [a, weight, self.constant(columns)], (rows, columns), **given)


def random_image_graph(seed: int, length: int = 14) -> Graph:
    """A DAG of image operators over tensors of a few shapes, with the outputs that nothing reads and one more."""
    builder = Builder(seed)
    random = builder.random
    batch = int(random.integers(1, 3))
    height, width = (int(size) for size in random.integers(3, 7, 2))
    images = [builder.input(batch, int(random.choice([3, 8, 16, 20])), height, width)]
    for _ in range(length):
        made = _random_image(builder, images, random)
        images.extend(name for name in made if builder.shape(name)[2:] == (height, width))
    read = {name for operator in builder.operators for name in operator.inputs}
    outputs = [name for operator in builder.operators for name in operator.outputs if name not in read]
    extra = [name for name in images[1:] if name in read]
    if extra:
        outputs.append(str(random.choice(extra)))
    return builder.graph(outputs)


def _random_image(builder: Builder, images: Sequence[str], random: np.random.Generator) -> Sequence[str]:
    x = str(random.choice(images))
    n, c, h, w = builder.shape(x)
    channels = int(random.choice([1, 5, 8, 16, 19, 24]))
    alike = [name for name in images if builder.shape(name) == (n, c, h, w)]
    groups = [g for g in (2, 3, 4) if c % g == 0]
    cut = int(random.integers(1, c)) if c > 1 else 0
    aligned = cut // 8 * 8
    choices: list[Callable[[], Sequence[str]]] = [
        lambda: [builder.conv(x, channels, int(random.choice([1, 3])), bias=bool(random.integers(2)))],
        lambda: [builder.pointwise("Relu", builder.conv(x, channels, 1))],
        lambda: [builder.pointwise("Add", builder.conv(x, c), x)],
        lambda: [builder.pointwise("Relu", builder.pointwise("Add", x, builder.conv(x, c, 1, bias=False)))],
        lambda: [_swish(builder, builder.conv(x, channels, 1))],
        lambda: [builder.conv(x, c, 3, group=c)] if c > 1 else [],
        lambda: [builder.conv(builder.conv(builder.pointwise("Relu", x), c, 3, group=c), 8, 1)] if c > 1 else [],
        lambda: [builder.conv(x, 2 * groups[0], 3, group=groups[0])] if groups else [],
        lambda: [builder.conv(x, channels, 3, stride=2, pads=(0, 1, 1, 0))],
        lambda: [builder.conv(x, channels, 3, dilation=2)],
        lambda: [builder.conv_transpose(x, channels, 3, 2, extra=1)],
        lambda: [builder.concat([str(name) for name in random.choice(images, int(random.integers(1, 4)))], 1)],
        lambda: [builder.concat([builder.conv(x, k, 1) for k in (8, 16, channels)], 1)],
        lambda: [builder.concat([*builder.split(x, (aligned, c - aligned), 1), x], 1)] if aligned else [],
        lambda: list(builder.split(x, (cut, c - cut), 1)) if cut else [],
        lambda: [builder.slice(x, 2, 1, h), builder.slice(x, 1, aligned, c)],
        lambda: [builder.slice(x, 3, w - 1, -w - 1, -1)],
        lambda: [builder.pool(x, str(random.choice(["MaxPool", "AveragePool"])))],
        lambda: [builder.pointwise("Sum", *[str(name) for name in random.choice(alike, 3)])],
        lambda: [builder.pointwise("Mul", x, builder.pointwise("Sigmoid", builder.global_pool(x)))],
        lambda: [builder.pointwise("Mul", x, builder.constant(c, 1, 1))],
        lambda: [builder.pointwise("Add", builder.constant(1, 1, h, w), x)],
        lambda: [builder.gemm(builder.reshape(builder.global_pool(x), n, c), int(random.choice([10, 16])))],
        lambda: [builder.reshape(x, n, c, h * w)],
        lambda: [builder.transpose(builder.reshape(x, n, c, h * w), 0, 2, 1)],
        lambda: [builder.transpose(x, 0, 2, 3, 1)],
        lambda: [builder.reshape(builder.transpose(x, 0, 2, 3, 1), n, h * w * c)],
        lambda: [_space_and_back(builder, x)] if c % 4 == 0 else [],
        lambda: [builder.add("Tile", [x], (n, 2 * c, h, 2 * w), repeats=(1, 2, 1, 2))],
        lambda: [_attention(builder, x)],
    ]
    return choices[int(random.integers(len(choices)))]()


def _swish(builder: Builder, x: str) -> str:
    return builder.pointwise("Mul", x, builder.pointwise("Sigmoid", x))


def _space_and_back(builder: Builder, x: str) -> str:
    n, c, h, w = builder.shape(x)
    mode = "CRD" if builder.random.integers(2) else "DCR"
    wide = builder.add("DepthToSpace", [x], (n, c // 4, 2 * h, 2 * w), blocksize=2, mode=mode)
    return builder.add("SpaceToDepth", [wide], (n, c, h, w), blocksize=2)


def _attention(builder: Builder, x: str) -> str:
    """Heads over the pixels of an image, and back to an image."""
    n, c, h, w = builder.shape(x)
    heads = 2 if c % 2 == 0 else 1
    rows = builder.transpose(builder.reshape(x, n, c, h * w), 0, 2, 1)
    parts = []
    for _ in range(3):
        projected = builder.pointwise(
            "Add", builder.matmul(rows, builder.constant(c, c, scale=c**-0.5)), builder.constant(c)
        )
        parts.append(builder.transpose(builder.reshape(projected, n, h * w, heads, c // heads), 0, 2, 1, 3))
    query, key, value = parts
    scores = builder.matmul(query, builder.transpose(key, 0, 1, 3, 2))
    weights = builder.add("Softmax", [scores], builder.shape(scores), axis=3)
    joined = builder.reshape(builder.transpose(builder.matmul(weights, value), 0, 2, 1, 3), n, h * w, c)
    return builder.reshape(builder.transpose(joined, 0, 2, 1), n, c, h, w)
