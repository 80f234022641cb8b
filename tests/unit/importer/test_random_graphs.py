"""Random graphs, written with random spellings of the operators, compute the same after import and export."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

UNARY = ("Relu", "Sigmoid", "Tanh", "HardSwish", "Neg", "Abs", "LeakyRelu", "Softplus", "Identity")
BINARY = ("Add", "Sub", "Mul", "Max", "Min", "Sum", "Mean")
MAX_ELEMENTS = 20_000


class Writer:
    """A model under construction: every tensor is float and has a known shape."""

    def __init__(self, draw, opset: int) -> None:
        self.draw = draw
        self.opset = opset
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[TensorProto] = []
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.generator = np.random.default_rng(draw(st.integers(0, 2**16)))

    def integer(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def pick(self, values):
        return self.draw(st.sampled_from(list(values)))

    def spelled(self, axis: int, x: str) -> int:
        """The axis as it is or, where the version allows it, counted from the end."""
        return axis - len(self.shapes[x]) if self.opset >= 13 and self.draw(st.booleans()) else axis

    def weight(self, *shape: int) -> str:
        return self.constant((self.generator.standard_normal(shape) * 0.5).astype(np.float32))

    def constant(self, array: np.ndarray) -> str:
        name = f"w{len(self.weights) + len(self.nodes)}"
        tensor = numpy_helper.from_array(array, name)
        if self.draw(st.booleans()):
            self.weights.append(tensor)
        else:
            self.nodes.append(helper.make_node("Constant", [], [name], value=tensor))
        return name

    def integers(self, *values: int) -> str:
        return self.constant(np.asarray(values, np.int64))

    def node(self, op: str, inputs: list[str], outputs: int = 1, **attributes) -> None:
        """Adds a node unless its result would be empty or large."""
        names = [f"t{len(self.nodes)}_{i}" for i in range(outputs)]
        trial = [*self.nodes, helper.make_node(op, inputs, names, **attributes)]
        shapes = shapes_of(self.model(trial, names), names)
        if all(0 < np.prod(shape) <= MAX_ELEMENTS and min(shape, default=1) > 0 for shape in shapes):
            self.nodes = trial
            self.shapes.update(zip(names, shapes, strict=True))

    def model(self, nodes: list[onnx.NodeProto], outputs: list[str]) -> onnx.ModelProto:
        infos = [helper.make_tensor_value_info("x", TensorProto.FLOAT, self.shapes["x"])]
        results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        graph = helper.make_graph(nodes, "g", infos, results, self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)


def shapes_of(model: onnx.ModelProto, names: list[str]) -> list[tuple[int, ...]]:
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    dims = [[d.dim_value for d in info.type.tensor_type.shape.dim] for info in inferred.graph.output]
    return [tuple(sizes) for sizes, _ in zip(dims, names, strict=True)]


def add_convolution(w: Writer, x: str) -> None:
    channels, kernel = w.shapes[x][1], [w.integer(1, min(3, size)) for size in w.shapes[x][2:]]
    groups = w.pick([g for g in (1, 2, channels) if channels % g == 0])
    features = groups * w.integer(1, 2)
    inputs = [x, w.weight(features, channels // groups, *kernel)]
    if w.draw(st.booleans()):
        inputs.append(w.weight(features))
    padding = w.pick(
        [{"pads": [w.integer(0, 2) for _ in range(4)]}, {"auto_pad": "SAME_UPPER"}, {"auto_pad": "SAME_LOWER"}]
    )
    w.node("Conv", inputs, group=groups, strides=[w.integer(1, 2), w.integer(1, 2)], **padding)


def add_pool(w: Writer, x: str) -> None:
    op = w.pick(["MaxPool", "AveragePool"])
    kernel = [w.integer(1, min(3, size)) for size in w.shapes[x][2:]]
    attributes = {
        "pads": [w.integer(0, size - 1) for size in (*kernel, *kernel)],
        "strides": [w.integer(1, 2), w.integer(1, 2)],
    }
    if op == "AveragePool":
        attributes["count_include_pad"] = w.integer(0, 1)
    w.node(op, [x], kernel_shape=kernel, **attributes)


def add_pointwise(w: Writer, x: str) -> None:
    op = w.pick([op for op in UNARY if op != "HardSwish" or w.opset >= 14] + list(BINARY))
    if op in UNARY:
        w.node(op, [x])
        return
    same = [name for name, shape in w.shapes.items() if shape == w.shapes[x]]
    broadcasts = w.opset >= 8 or op in ("Add", "Sub", "Mul")
    other = (
        w.pick(same)
        if not broadcasts or w.draw(st.booleans())
        else w.weight(*(w.pick([1, size]) for size in w.shapes[x]))
    )
    w.node(op, [x, other])


def add_concat(w: Writer, x: str) -> None:
    axis = w.integer(0, len(w.shapes[x]) - 1)
    rest = [name for name, shape in w.shapes.items() if len(shape) == len(w.shapes[x])]
    fits = [
        n
        for n in rest
        if all(a == b or i == axis for i, (a, b) in enumerate(zip(w.shapes[n], w.shapes[x], strict=True)))
    ]
    w.node("Concat", [x, *(w.pick(fits) for _ in range(w.integer(1, 2)))], axis=w.spelled(axis, x))


def add_slice(w: Writer, x: str) -> None:
    axis = w.integer(0, len(w.shapes[x]) - 1)
    size = w.shapes[x][axis]
    start, end = w.integer(-size, size), w.pick([w.integer(-size, size), 2**62, -(2**62)])
    if w.opset < 10:
        w.node("Slice", [x], starts=[start], ends=[max(min(end, 2**31 - 1), -(2**31))], axes=[axis])
    else:
        step = w.pick([1, 2, -1, -2])
        w.node("Slice", [x, w.integers(start), w.integers(end), w.integers(axis), w.integers(step)])


def add_split(w: Writer, x: str) -> None:
    axis = w.integer(0, len(w.shapes[x]) - 1)
    size = w.shapes[x][axis]
    if size < 2:
        return
    first = w.integer(1, size - 1)
    if w.opset < 13:
        w.node("Split", [x], 2, axis=axis, split=[first, size - first])
    else:
        w.node("Split", [x, w.integers(first, size - first)], 2, axis=axis)


def add_pad(w: Writer, x: str) -> None:
    pads = [w.integer(-1, 2) for _ in range(2 * len(w.shapes[x]))]
    if w.opset < 11:
        w.node("Pad", [x], pads=pads, value=1.5)
    else:
        w.node("Pad", [x, w.integers(*pads), w.constant(np.asarray(1.5, np.float32))])


def add_reshape(w: Writer, x: str) -> None:
    shape = w.shapes[x]
    axis = w.integer(0, len(shape))
    choice = w.pick(["flatten", "reshape", "transpose", "unsqueeze"])
    if choice == "flatten":
        w.node("Flatten", [x], axis=axis)
    elif choice == "transpose":
        w.node("Transpose", [x], perm=w.draw(st.permutations(range(len(shape)))))
    elif choice == "reshape":
        merged = [*shape[:axis], -1] if axis < len(shape) else list(shape)
        w.node(
            "Reshape", [x, w.integers(*(0 if i < axis and w.draw(st.booleans()) else d for i, d in enumerate(merged)))]
        )
    elif len(shape) < 5:
        if w.opset < 13:
            w.node("Unsqueeze", [x], axes=[axis])
        else:
            w.node("Unsqueeze", [x, w.integers(axis)])


def add_reduction(w: Writer, x: str) -> None:
    op = w.pick(["ReduceMean", "ReduceSum", "ReduceMax", "ReduceL2"])
    axis, keep = w.spelled(w.integer(0, len(w.shapes[x]) - 1), x), w.integer(0, 1)
    if w.opset >= 18 or (op == "ReduceSum" and w.opset >= 13):
        w.node(op, [x, w.integers(axis)], keepdims=keep)
    else:
        w.node(op, [x], axes=[axis], keepdims=keep)


def add_softmax(w: Writer, x: str) -> None:
    w.node("Softmax", [x], axis=w.integer(0, len(w.shapes[x]) - 1))


def add_resize(w: Writer, x: str) -> None:
    if w.opset < 13:
        return
    sizes = [*w.shapes[x][:2], w.integer(1, 9), w.integer(1, 9)]
    mode = w.pick(["nearest", "linear"])
    w.node(
        "Resize",
        [x, "", "", w.integers(*sizes)],
        mode=mode,
        coordinate_transformation_mode="asymmetric",
        **({"nearest_mode": "floor"} if mode == "nearest" else {}),
    )


def add_normalization(w: Writer, x: str) -> None:
    channels = w.shapes[x][1]
    variance = w.constant(np.abs(w.generator.standard_normal(channels)).astype(np.float32) + np.float32(0.1))
    w.node("BatchNormalization", [x, w.weight(channels), w.weight(channels), w.weight(channels), variance])


IMAGES_ONLY = (add_convolution, add_pool, add_resize, add_normalization)
ANYTHING = (add_pointwise, add_concat, add_slice, add_split, add_pad, add_reshape, add_reduction, add_softmax)


@st.composite
def models(draw: st.DrawFn) -> onnx.ModelProto:
    """A model of up to 14 operators, all of whose loose ends are outputs."""
    w = Writer(draw, draw(st.sampled_from([7, 9, 10, 11, 13, 15, 18, 20, 23])))
    w.shapes["x"] = (w.integer(1, 2), w.integer(1, 4), w.integer(2, 7), w.integer(2, 7))
    for _ in range(w.integer(1, 14)):
        x = w.pick(w.shapes)
        choices = [*(ANYTHING if w.shapes[x] else [add_pointwise]), *(IMAGES_ONLY * 2 if len(w.shapes[x]) == 4 else ())]
        w.pick(choices)(w, x)
    read = {name for node in w.nodes for name in node.input}
    ends = [name for name in w.shapes if name not in read and name != "x"]
    if not ends:
        w.node("Relu", ["x"])
        ends = [name for name in w.shapes if name != "x"][-1:]
    return w.model(w.nodes, ends)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(model=models())
def test_that_a_random_graph_computes_the_same(tmp_path: Path, check, model: onnx.ModelProto) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    graph = check(path).graph
    assert set(graph.outputs) == {info.name for info in model.graph.output}
