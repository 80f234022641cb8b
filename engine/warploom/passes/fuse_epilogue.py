"""Fuses what follows a convolution or matrix product into it: bias, activation, residual addition, activation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from warploom.graph import Graph, Operator, OperatorKind
from warploom.passes.editor import GraphEditor
from warploom.passes.facts import (
    is_pointwise,
    is_product,
    is_unary,
    readers_of,
    same_function,
    same_spec,
)
from warploom.passes.result import PassResult


def fuse_epilogue(graph: Graph) -> PassResult:
    """Vertical fusion into Conv, ConvTranspose, Gemm, MatMul and separable units.

    Rules:
        1. A pointwise function of the product alone (bias, activation, scale, gate such as `x * sigmoid(x)`) that is
           the only reader of its result is applied before the result is written. If all readers are the same
           activation, one stands for all.
        2. A residual Add (or Sub, Mul, Div, Max, Min with another tensor of at most the result's shape) likewise, once
           per operator, if its other operand is available before the product could start: the longest path to
           it is not longer than the one to the product's inputs. Rule 1 goes on behind it.

    Declines (and logs):
        - when others read the unfused value;
        - when the residual's other operand comes later, as waiting for it would lengthen the critical path;
        - residuals of a separable unit with no activation between its convolutions: in such networks the sum is where
          branches of equal length meet, and every reader applies an activation of its own.
    """
    editor = GraphEditor(graph, "fuse_epilogue")
    for operator in editor.operators():
        if is_product(operator):
            _fuse_functions(editor, operator.name)
    depths = _Depths(editor)
    for operator in editor.operators():
        if operator.name in editor and _is_residual(editor, operator):
            _try_residual(editor, depths, operator)
    return editor.finish()


def _fuse_functions(editor: GraphEditor, name: str) -> None:
    """Rule 1, as often as it holds."""
    while True:
        product = editor[name]
        tensor = product.outputs[0]
        readers = readers_of(editor, tensor)
        if not readers or editor.is_output(tensor) or not all(is_unary(editor, reader) for reader in readers):
            return
        if len(readers) > 1 and not _is_one_function(editor, readers):
            editor.log(
                "kept apart", [name, *(reader.name for reader in readers)], "its readers need its unfused result"
            )
            return
        _merge_duplicates(editor, readers)
        function = readers[0]
        _append(editor, product, function, place=name)
        editor.log(
            "fused", [name, function.name], f"{function.label} alone reads the result, and is applied before writing"
        )


def _is_one_function(editor: GraphEditor, functions: Sequence[Operator]) -> bool:
    """Whether the first can stand for all; an output of the model must keep its own name."""
    return same_function(functions) and not any(editor.is_output(other.outputs[0]) for other in functions[1:])


def _merge_duplicates(editor: GraphEditor, functions: Sequence[Operator]) -> None:
    first = functions[0]
    for other in functions[1:]:
        editor.redirect(other.outputs[0], first.outputs[0])
        editor.remove(other.name)
        editor.adopt(first.name, other.sources)


def _append(editor: GraphEditor, product: Operator, function: Operator, *, place: str | None = None) -> Operator:
    body = (*product.body, *function.body)
    sources = (*product.sources, *editor[function.name].sources)
    fused = editor.make(product.name, body, outputs=function.outputs, sources=sources, kind=product.kind)
    return editor.replace((product.name, function.name), fused, place=place)


class _Depths:
    """Longest paths, in Operators, to the tensors; filled in topological order and kept while Operators are fused."""

    def __init__(self, editor: GraphEditor) -> None:
        self._editor = editor
        self._depths: dict[str, int] = {}

    def of_tensor(self, tensor: str) -> int:
        """Number of Operators on the longest path that ends with the tensor (0 for inputs and constants)."""
        writer = self._editor.writer(tensor)
        return 0 if writer is None else self.of_operator(writer)

    def of_operator(self, operator: Operator) -> int:
        """The same for an Operator; explicit stack, as graphs may be deeper than the interpreter's."""
        pending = [operator]
        while pending:
            current = pending[-1]
            writers = [self._editor.writer(name) for name in current.inputs]
            missing = [writer for writer in writers if writer is not None and writer.name not in self._depths]
            if current.name in self._depths or not missing:
                before = (self._depths[writer.name] for writer in writers if writer is not None)
                self._depths.setdefault(current.name, 1 + max(before, default=0))
                pending.pop()
            else:
                pending.extend(missing)
        return self._depths[operator.name]

    def before(self, operator: Operator) -> int:
        """Depth of the deepest input."""
        return max((self.of_tensor(name) for name in operator.inputs), default=0)


_RESIDUAL_OPS = frozenset({"Add", "Sub", "Mul", "Div", "Max", "Min", "Sum"})


def _is_residual(editor: GraphEditor, operator: Operator) -> bool:
    return (
        is_pointwise(operator)
        and len(operator.body) == 1
        and operator.body[0].op in _RESIDUAL_OPS
        and len(operator.inputs) == 2
        and not operator.weights
        and any(same_spec(editor, name, operator.outputs[0]) for name in operator.inputs)
    )


def _try_residual(editor: GraphEditor, depths: _Depths, addition: Operator) -> bool:
    """Rule 2: into the one of its operands that starts after the other is there."""
    for product, addend in tuple(_candidates(editor, addition)):
        obstacle = _residual_obstacle(depths, product, addend)
        if obstacle is not None:
            editor.log("kept apart", [product.name, addition.name], obstacle)
            continue
        _append(editor, product, addition)
        reason = f"the other operand {addend!r} is available before {product.name} could start"
        editor.log("fused", [product.name, addition.name], reason)
        _fuse_functions(editor, product.name)
        return True
    return False


def _candidates(editor: GraphEditor, addition: Operator) -> Iterator[tuple[Operator, str]]:
    """Products whose result only the addition reads, each with the addition's other operand."""
    first, second = addition.body[0].inputs
    for result, addend in ((first, second), (second, first)):
        writer = editor.writer(result)
        if writer is None or not is_product(writer) or not same_spec(editor, result, addition.outputs[0]):
            continue
        if editor.sole_reader(result) is not None:
            yield writer, addend


def _residual_obstacle(depths: _Depths, product: Operator, addend: str) -> str | None:
    if _has_residual(product):
        return f"{product.name} already adds another tensor"
    if product.kind is OperatorKind.SEPARABLE and not _activates_between(product):
        return f"{product.name} is a separable unit of a network that activates before its convolutions"
    available, start = depths.of_tensor(addend), depths.before(product)
    if available > start:
        return (
            f"{addend!r} is {available} operators deep but {product.name} could start after {start}: "
            "waiting for it would lengthen the critical path"
        )
    return None


def _has_residual(product: Operator) -> bool:
    """Whether a primitive behind the product reads another computed tensor."""
    written: set[str] = set()
    for primitive in product.body:
        late = any(name in product.inputs for name in primitive.inputs)
        if written and late and primitive.op in _RESIDUAL_OPS:
            return True
        if primitive is product.main:
            written.update(primitive.outputs)
    return False


def _activates_between(unit: Operator) -> bool:
    positions = [i for i, primitive in enumerate(unit.body) if primitive.op == "Conv"]
    return len(positions) == 2 and positions[1] - positions[0] > 1
