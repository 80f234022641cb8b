"""Inlines functions and decides branches that are decided already, with onnx-ir and onnxscript.

Only models with functions or subgraphs need it: loading these libraries takes longer than importing a plain network.
Arithmetic on shapes is folded while the Graph is built (see `fold`).
"""

from __future__ import annotations

import collections
import contextlib
import logging
import math
from collections.abc import Iterator, Mapping

from onnx import ModelProto, NodeProto, ValueInfoProto, helper

from warploom.errors import ModelImportError
from warploom.graph import Constant, LogEntry, Tensor
from warploom.importer.check import first_line, reads
from warploom.importer.element_types import onnx_type
from warploom.importer.export import to_tensor
from warploom.importer.node import has_subgraph
from warploom.importer.weights import SMALL_ELEMENTS


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the libraries' warnings to themselves: what is wrong with a model is said once, by the importer."""
    loggers = [logging.getLogger(name) for name in ("onnx_ir", "onnxscript")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@_quiet()
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


def subgraph_count(model: ModelProto) -> int:
    """Number of nodes that run subgraphs."""
    return sum(has_subgraph(node) for node in model.graph.node)


@_quiet()
def decide_branches(
    skeleton: ModelProto, tensors: Mapping[str, Tensor], constants: Mapping[str, Constant]
) -> tuple[ModelProto, LogEntry | None]:
    """Replaces branches whose condition is constant by the nodes that would run.

    Args:
        skeleton: Without large initializers; not changed.
        tensors: What is known of its tensors.
        constants: Values that are known.

    Raises:
        ModelImportError: If the model is too malformed.
    """
    import onnx_ir
    import onnx_ir.passes.common as common
    from onnxscript import optimizer

    before = collections.Counter(node.op_type for node in skeleton.graph.node)
    try:
        model = onnx_ir.from_proto(_with_knowledge(skeleton, tensors, constants))
        # Without its shape inference: one impossible dimension there would abort the process.
        optimizer.fold_constants(model, onnx_shape_inference=False, should_fold=_is_branch)
        common.RemoveUnusedNodesPass()(model)
        common.NameFixPass()(model)
        result = onnx_ir.to_proto(model)
    except Exception as error:  # see inline_functions
        raise ModelImportError(f"The model's branches cannot be decided: {first_line(error)}") from None
    after = collections.Counter(node.op_type for node in result.graph.node)
    return result, _log(before, after)


def _is_branch(node: object) -> bool:
    return str(getattr(node, "op_type", "")) == "If"


def _with_knowledge(
    skeleton: ModelProto, tensors: Mapping[str, Tensor], constants: Mapping[str, Constant]
) -> ModelProto:
    """A copy in which known shapes are declared, and small known constants are initializers."""
    model = ModelProto()
    model.CopyFrom(skeleton)
    graph = model.graph
    known = {name for name, constant in constants.items() if math.prod(constant.shape) <= SMALL_ELEMENTS}
    known -= {tensor.name for tensor in graph.initializer} | {info.name for info in graph.output}
    nodes = [node for node in graph.node if not all(name in known for name in node.output)]
    copies = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(copies)
    produced = {name for node in graph.node for name in node.output}
    del graph.value_info[:]
    graph.value_info.extend(
        helper.make_tensor_value_info(name, onnx_type(tensors[name].dtype), list(tensors[name].shape))
        for name in sorted(produced & tensors.keys())
    )
    read = {name for node in graph.node for name in reads(node)}
    graph.initializer.extend(
        to_tensor(name, constants[name].numpy(), constants[name].dtype) for name in sorted(known & read)
    )
    return model


def _log(before: collections.Counter[str], after: collections.Counter[str]) -> LogEntry | None:
    gone = before - after
    removed = before.total() - after.total()
    if not gone:
        return None
    listed = ", ".join(f"{count} {op}" for op, count in gone.most_common(8))
    reason = f"The conditions of {gone['If']} branches are constant: {removed} nodes less ({listed})."
    return LogEntry("import", tuple(gone), "decided branches", reason)
