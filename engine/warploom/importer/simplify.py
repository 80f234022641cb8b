"""Inlines functions (with onnx-ir) and decides branches that are decided already.

Only models with functions need that library: loading it takes longer than importing a plain network. Arithmetic on
shapes is folded while the Graph is built (see `fold`).
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from onnx import ModelProto, NodeProto, ValueInfoProto

from warploom.errors import ModelImportError
from warploom.graph import LogEntry
from warploom.importer.check import first_line
from warploom.importer.inline import inlined
from warploom.importer.node import Scope, has_subgraph


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


def decide_branches(skeleton: ModelProto, scope: Scope) -> tuple[ModelProto, LogEntry | None]:
    """Replaces branches whose condition is constant by the nodes that would run.

    Nodes that only the other branch read are dead then; so this comes before the Graph is built.

    Args:
        skeleton: Without large initializers; not changed.
        scope: What is known of its tensors.
    """
    model = ModelProto()
    model.CopyFrom(skeleton)
    del model.graph.node[:]
    decided: list[str] = []
    for node in skeleton.graph.node:
        condition = scope.array(node.input[0]) if node.op_type == "If" and not node.domain else None
        if condition is None:
            model.graph.node.append(node)
            continue
        decided.append(node.name or node.op_type)
        model.graph.node.extend(_taken(node, scope, taken=bool(condition.all())))
    if not decided:
        return skeleton, None
    reason = f"The conditions of {len(decided)} branches are constant: the nodes that would run stand in their place."
    return model, LogEntry("import", tuple(decided), "decided branches", reason)


def _taken(node: NodeProto, scope: Scope, *, taken: bool) -> list[NodeProto]:
    wanted = "then_branch" if taken else "else_branch"
    graph = next(attribute.g for attribute in node.attribute if attribute.name == wanted)
    nodes, results = inlined(graph, (), scope.new_name, node.output)
    pairs = zip(results, node.output, strict=True)
    return [*nodes, *(_same(name, output) for name, output in pairs if output not in ("", name))]


def _same(name: str, output: str) -> NodeProto:
    return NodeProto(op_type="Identity", input=[name], output=[output])
