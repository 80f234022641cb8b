"""Makes one schedulable unit of a depthwise and the pointwise (1x1) convolution after it, with what leads into them."""

from __future__ import annotations

from collections.abc import Sequence

from warploom.graph import Graph, Operator, OperatorKind, Primitive
from warploom.passes.editor import GraphEditor, rename_inputs, rename_outputs
from warploom.passes.facts import belongs_to_writer, is_product, is_sum, is_unary, readers_of
from warploom.passes.result import PassResult


def fuse_separable(graph: Graph) -> PassResult:
    """Fuses separable convolutions with their prologue into Operators of kind SEPARABLE.

    Rules:
        1. A depthwise convolution whose only reader is an ungrouped 1x1 convolution (stride 1, no padding) is one
           unit with it; one activation may stand between.
        2. An activation before it becomes its prologue (computed again by each unit that reads it), unless whatever
           computes its input can apply it as an epilogue.
        3. A Sum or Add before that activation (or directly before the depthwise convolution), read by nothing
           else, is summed while the unit reads its inputs.

    Declines when a value in between has another reader; when an activation has readers other than units, it stays.
    """
    editor = GraphEditor(graph, "fuse_separable")
    pairs = [pair for operator in editor.operators() if (pair := _match(editor, operator)) is not None]
    units = [_fuse_pair(editor, pair) for pair in pairs]
    _fuse_activations(editor, units)
    for unit in units:
        _try_sum(editor, unit)
    return editor.finish()


def _match(editor: GraphEditor, operator: Operator) -> tuple[Operator, ...] | None:
    """The depthwise convolution, the activation in between if any, and the pointwise convolution."""
    if operator.kind is not OperatorKind.DEPTHWISE or len(operator.inputs) != 1:
        return None
    chain = [operator]
    reader = editor.sole_reader(operator.outputs[0])
    if reader is not None and is_unary(editor, reader):
        chain.append(reader)
        reader = editor.sole_reader(reader.outputs[0])
    if reader is None or not _is_one_by_one(reader) or reader.inputs != chain[-1].outputs:
        editor.log("kept apart", [operator.name], "no 1x1 convolution alone reads the depthwise one's result")
        return None
    return (*chain, reader)


def _is_one_by_one(operator: Operator) -> bool:
    primitive = operator.body[0]
    if operator.kind is not OperatorKind.CONV or primitive.op != "Conv" or len(operator.body) != 1:
        return False
    unit_sized = (*primitive.integers("kernel_shape"), *primitive.integers("strides"), primitive.integer("group"))
    return all(size == 1 for size in unit_sized) and not any(primitive.integers("pads"))


def _fuse_pair(editor: GraphEditor, chain: Sequence[Operator]) -> str:
    body = [primitive for operator in chain for primitive in operator.body]
    name = chain[-1].name
    sources = [source for operator in chain for source in operator.sources]
    unit = editor.make(name, body, outputs=chain[-1].outputs, sources=sources, kind=OperatorKind.SEPARABLE)
    editor.replace([operator.name for operator in chain], unit)
    editor.log(
        "fused", [operator.name for operator in chain], "a depthwise and a 1x1 convolution are one separable unit"
    )
    return name


def _fuse_activations(editor: GraphEditor, units: Sequence[str]) -> None:
    """Rule 2, activation by activation: one may lead into several units."""
    seen = dict.fromkeys(editor[unit].inputs[0] for unit in units if len(editor[unit].inputs) == 1)
    for tensor in seen:
        activation = editor.writer(tensor)
        if activation is not None and is_unary(editor, activation):
            try_prologue(editor, activation)


def try_prologue(editor: GraphEditor, activation: Operator) -> bool:
    """Moves an activation into all Operators that read it, if each is a unit that can begin with one.

    Declines (and logs) when the writer of its input can apply it, or when it has other readers too.
    """
    tensor = activation.outputs[0]
    readers = readers_of(editor, tensor)
    subject = [activation.name, *(reader.name for reader in readers)]
    if belongs_to_writer(editor, activation) and not _leads_a_sum(editor, activation, readers):
        return False
    if editor.is_output(tensor) or not all(_can_begin_with(reader, tensor) for reader in readers):
        editor.log(
            "kept apart", subject, f"{activation.label} is also read by operators that cannot apply it themselves"
        )
        return False
    for reader in readers:
        _prepend(editor, activation, reader)
    editor.remove(activation.name)
    copies = "it" if len(readers) == 1 else f"each of its {len(readers)} readers"
    editor.log("fused", subject, f"{activation.label} costs nothing where {copies} reads its input")
    return True


def _leads_a_sum(editor: GraphEditor, activation: Operator, readers: Sequence[Operator]) -> bool:
    """Whether it stands between a sum and one separable unit that can take both."""
    total = editor.writer(activation.inputs[0])
    return (
        total is not None
        and _is_prologue_sum(editor, total)
        and [reader.kind for reader in readers] == [OperatorKind.SEPARABLE]
    )


def _can_begin_with(reader: Operator, tensor: str) -> bool:
    kinds = (OperatorKind.SEPARABLE, OperatorKind.CONV)
    return is_product(reader) and reader.kind in kinds and reader.inputs == (tensor,)


def _prepend(editor: GraphEditor, before: Operator, unit: Operator) -> Operator:
    """Puts a copy of `before`'s body at the front of `unit`, with inner tensors of its own."""
    names = {
        name: editor.add_tensor(f"{name}@{unit.name}", editor.tensors[name])
        for primitive in before.body
        for name in primitive.outputs
        if name
    }
    copied = [rename_outputs(rename_inputs(primitive, names), names) for primitive in before.body]
    body = [*copied, *(rename_inputs(primitive, names) for primitive in unit.body)]
    sources = (*before.sources, *unit.sources)
    return editor.replace(
        (unit.name,), editor.make(unit.name, body, outputs=unit.outputs, sources=sources, kind=unit.kind)
    )


def _try_sum(editor: GraphEditor, name: str) -> bool:
    unit = editor[name]
    total = editor.writer(unit.inputs[0]) if len(unit.inputs) == 1 else None
    if total is None or not _is_prologue_sum(editor, total):
        return False
    if editor.sole_reader(total.outputs[0]) is None:
        editor.log("kept apart", [total.name, name], f"{total.label} has other readers than the unit")
        return False
    first: Primitive = total.body[0]
    body = (first, *unit.body)
    sources = (*total.sources, *unit.sources)
    editor.replace((total.name, name), editor.make(name, body, outputs=unit.outputs, sources=sources, kind=unit.kind))
    editor.log("fused", [total.name, name], f"{first.op} of {len(first.inputs)} is summed as the unit reads its inputs")
    return True


def _is_prologue_sum(editor: GraphEditor, operator: Operator) -> bool:
    shapes = {editor.tensors[name].shape for name in operator.inputs}
    same = shapes == {editor.tensors[operator.outputs[0]].shape}
    return is_sum(operator) and same and not operator.weights and len(operator.inputs) > 1
