"""Inlines functions and folds the arithmetic that exporters put around shapes, with onnx-ir and onnxscript.

Needed only by models with functions, branches, or shapes that are computed in the graph: loading these libraries
takes longer than importing a plain network.
"""

from __future__ import annotations

import collections
import math

from onnx import AttributeProto, ModelProto, ValueInfoProto

from warploom.errors import ModelImportError
from warploom.graph import LogEntry
from warploom.importer.check import first_line
from warploom.importer.infer import static_shape
from warploom.importer.weights import SMALL_ELEMENTS

_SHAPE_READERS = frozenset({"Shape", "Size"})
_BOUNDED = frozenset({"NonZero", "Compress", "Unique"})
"""Their output has no static shape, but cannot be much larger than their input."""


def needs_simplification(skeleton: ModelProto, types: dict[str, ValueInfoProto]) -> bool:
    """Whether a model has what only onnxscript's folding resolves: branches, shape arithmetic, unknown shapes."""
    read = {name for node in skeleton.graph.node for name in node.input}
    read.update(info.name for info in skeleton.graph.output)
    for node in skeleton.graph.node:
        if node.op_type in _SHAPE_READERS:
            return True
        if any(attribute.type in (AttributeProto.GRAPH, AttributeProto.GRAPHS) for attribute in node.attribute):
            return True
        if any(name in read and static_shape(types.get(name)) is None for name in filter(None, node.output)):
            return True
    return False


def inline_functions(model: ModelProto) -> LogEntry | None:
    """Replaces calls of the model's own functions by their bodies, in place.

    Raises:
        ModelImportError: If a function cannot be inlined.
    """
    if not model.functions:
        return None
    import onnx_ir
    import onnx_ir.passes.common as common

    names = sorted({function.name for function in model.functions})
    before = len(model.graph.node)
    try:
        inlined = onnx_ir.from_proto(_without_weights(model))
        common.InlinePass()(inlined)
        result = onnx_ir.to_proto(inlined)
    except Exception as error:  # malformed functions surface as any exception of the library
        raise ModelImportError(f"The model's functions cannot be inlined: {first_line(error)}") from None
    del model.functions[:], model.graph.node[:], model.opset_import[:]
    model.graph.node.extend(result.graph.node)
    model.opset_import.extend(result.opset_import)
    reason = f"{len(names)} functions ({', '.join(names[:6])}) stood for {len(model.graph.node) - before} more nodes."
    return LogEntry("import", tuple(names), "inlined", reason)


def _without_weights(model: ModelProto) -> ModelProto:
    """A copy in which initializers are inputs, so that inlining copies no weights."""
    shell = ModelProto(ir_version=model.ir_version)
    shell.opset_import.extend(model.opset_import)
    shell.functions.extend(model.functions)
    shell.graph.name = model.graph.name or "graph"
    shell.graph.node.extend(model.graph.node)
    shell.graph.input.extend(model.graph.input)
    shell.graph.output.extend(model.graph.output)
    listed = {info.name for info in model.graph.input}
    shell.graph.input.extend(
        ValueInfoProto(name=tensor.name) for tensor in model.graph.initializer if tensor.name not in listed
    )
    return shell


def simplify(skeleton: ModelProto, types: dict[str, ValueInfoProto]) -> tuple[ModelProto, LogEntry | None]:
    """Folds shape arithmetic and constant branches, and drops what is no longer used.

    Args:
        skeleton: Without large initializers; not changed.
        types: Inferred types of its tensors.

    Raises:
        ModelImportError: If the model is too malformed to be folded.
    """
    import onnx_ir
    import onnx_ir.passes.common as common
    from onnxscript import optimizer

    before = collections.Counter(node.op_type for node in skeleton.graph.node)
    try:
        model = onnx_ir.from_proto(_with_types(skeleton, types))
        optimizer.fold_constants(model, onnx_shape_inference=True, should_fold=_should_fold)
        common.RemoveUnusedNodesPass()(model)
        common.NameFixPass()(model)
        result = onnx_ir.to_proto(model)
    except Exception as error:  # see inline_functions
        raise ModelImportError(f"The model's constants cannot be folded: {first_line(error)}") from None
    after = collections.Counter(node.op_type for node in result.graph.node)
    return result, _log(before, after)


def _with_types(skeleton: ModelProto, types: dict[str, ValueInfoProto]) -> ModelProto:
    typed = ModelProto()
    typed.CopyFrom(skeleton)
    fixed = {*(info.name for info in typed.graph.input), *(info.name for info in typed.graph.output)}
    del typed.graph.value_info[:]
    typed.graph.value_info.extend(info for name, info in types.items() if name not in fixed)
    return typed


def _should_fold(node: object) -> bool | None:
    """Lets onnxscript compute only values that are known to be small (a Range may claim 10^12 elements)."""
    outputs = node.outputs  # type: ignore[attr-defined]
    op = node.op_type  # type: ignore[attr-defined]
    if op in _BOUNDED:
        return None
    for output in outputs:
        shape = output.shape
        if shape is None or not all(isinstance(size, int) for size in shape):
            return False
        if math.prod(shape) > SMALL_ELEMENTS:
            return False
    return None


def _log(before: collections.Counter[str], after: collections.Counter[str]) -> LogEntry | None:
    gone = before - after
    removed = before.total() - after.total()
    if not gone:
        return None
    listed = ", ".join(f"{count} {op}" for op, count in gone.most_common(8))
    reason = f"{removed} nodes compute shapes or other constants, or are not used ({listed})."
    return LogEntry("import", tuple(gone), "folded", reason)
