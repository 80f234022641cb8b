"""Recognizes layer normalization spelled out as means, differences and a square root."""

from __future__ import annotations

from dataclasses import dataclass

from warploom.graph import FillConstant, Graph, Operator, Primitive, attributes
from warploom.passes.derived import small_value
from warploom.passes.editor import GraphEditor
from warploom.passes.result import PassResult


def recognize_layer_norm(graph: Graph) -> PassResult:
    """Rewrites `(x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * gamma + beta` as one LayerNormalization.

    Rules:
        1. Means over the same last axes, kept; the square as Pow by 2 or as a product with itself.
        2. A multiplication by a constant of the normalized shape behind it is its scale, an addition behind that its
           bias; without them the scale is ones.

    Declines when another operator reads a value in between.
    """
    editor = GraphEditor(graph, "recognize_layer_norm")
    for operator in editor.operators():
        if len(operator.body) == 1 and operator.body[0].op == "Div":
            _try_recognize(editor, operator)
    return editor.finish()


@dataclass(frozen=True, slots=True)
class _Core:
    """The normalization without scale and bias: what it reads, its first axis, epsilon and Operators."""

    data: str
    axis: int
    epsilon: float
    parts: tuple[Operator, ...]


def _try_recognize(editor: GraphEditor, division: Operator) -> bool:
    core = _match_core(editor, division)
    if core is None:
        return False
    shape = editor.tensors[core.data].shape[core.axis :]
    parts = [*core.parts]
    scale, bias = "", ""
    multiplied = _match_constant(editor, parts[-1], "Mul", shape)
    if multiplied is not None:
        parts.append(multiplied)
        scale = multiplied.weights[0]
        added = _match_constant(editor, multiplied, "Add", shape)
        if added is not None:
            parts.append(added)
            bias = added.weights[0]
    if not _is_closed(editor, parts):
        editor.log("kept apart", [part.name for part in parts], "values inside the normalization are read elsewhere")
        return False
    dtype = editor.tensors[core.data].dtype
    scale = scale or editor.add_constant(f"{division.name}.ones", FillConstant(shape, dtype, 1.0))
    _replace(editor, core, parts, (core.data, scale, *((bias,) if bias else ())))
    return True


def _replace(editor: GraphEditor, core: _Core, parts: list[Operator], inputs: tuple[str, ...]) -> None:
    last = parts[-1]
    values = attributes(axis=core.axis, epsilon=core.epsilon, stash_type=1)
    norm = Primitive("LayerNormalization", inputs, last.outputs, values, last.body[0].source)
    sources = [source for part in parts for source in part.sources]
    names = [part.name for part in parts]
    editor.replace(names, editor.make(last.name, [norm], outputs=last.outputs, sources=sources))
    editor.log("recognized", names, "together they normalize over the last axes")


def _match_core(editor: GraphEditor, division: Operator) -> _Core | None:
    difference, root = (_writer(editor, name) for name in division.body[0].inputs)
    if difference is None or root is None or difference.body[0].op != "Sub" or root.body[0].op != "Sqrt":
        return None
    data = difference.body[0].inputs[0]
    mean = _writer(editor, difference.body[0].inputs[1])
    shifted = _writer(editor, root.body[0].inputs[0])
    if mean is None or shifted is None or mean.body[0].inputs != (data,) or shifted.body[0].op != "Add":
        return None
    epsilon = _scalar(editor, shifted)
    variance = _writer(editor, shifted.inputs[0]) if len(shifted.inputs) == 1 else None
    if epsilon is None or variance is None or not _are_means(editor, mean, variance, data):
        return None
    square = _writer(editor, variance.body[0].inputs[0])
    if square is None or not _is_square(editor, square, difference.outputs[0]):
        return None
    axis = mean.body[0].integers("axes")[0]
    return _Core(data, axis, epsilon, (mean, difference, square, variance, shifted, root, division))


def _writer(editor: GraphEditor, tensor: str) -> Operator | None:
    """The single primitive that computes a tensor."""
    operator = editor.writer(tensor)
    return operator if operator is not None and len(operator.body) == 1 else None


def _scalar(editor: GraphEditor, operator: Operator) -> float | None:
    """The scalar constant that the operator reads."""
    if len(operator.weights) != 1:
        return None
    values = small_value(editor.constants[operator.weights[0]], limit=1)
    return None if values is None else float(values.reshape(-1)[0])


def _are_means(editor: GraphEditor, mean: Operator, variance: Operator, data: str) -> bool:
    first, second = mean.body[0], variance.body[0]
    if first.op != "ReduceMean" or second.op != "ReduceMean" or first.attributes != second.attributes:
        return False
    rank = len(editor.tensors[data].shape)
    axes = first.integers("axes")
    return first.integer("keepdims") == 1 and axes == tuple(range(rank - len(axes), rank))


def _is_square(editor: GraphEditor, operator: Operator, difference: str) -> bool:
    primitive = operator.body[0]
    if primitive.op == "Mul":
        return primitive.inputs == (difference, difference)
    return primitive.op == "Pow" and primitive.inputs[0] == difference and _scalar(editor, operator) == 2.0


def _match_constant(editor: GraphEditor, before: Operator, op: str, shape: tuple[int, ...]) -> Operator | None:
    """The only reader of `before` if it is `op` with a constant of the given shape."""
    reader = editor.sole_reader(before.outputs[0])
    if reader is None or len(reader.body) != 1 or reader.body[0].op != op or len(reader.weights) != 1:
        return None
    return reader if editor.tensors[reader.weights[0]].shape == shape else None


def _is_closed(editor: GraphEditor, parts: list[Operator]) -> bool:
    names = {part.name for part in parts}
    inner = [tensor for part in parts[:-1] for tensor in part.outputs]
    return all(not editor.is_output(tensor) and names.issuperset(editor.readers[tensor]) for tensor in inner)
