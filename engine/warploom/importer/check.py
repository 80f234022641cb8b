"""Checks that a model is a valid ONNX graph before anything works with it."""

from __future__ import annotations

import collections
import graphlib
from collections.abc import Iterable, Iterator

import onnx
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, ValueInfoProto

from warploom.errors import ModelImportError
from warploom.importer.node import has_subgraph

MIN_OPSET, MAX_OPSET = 7, 26


def check_header(model: ModelProto) -> int:
    """Checks operator set and kind of a model.

    Returns:
        The version of the default operator set.

    Raises:
        ModelImportError: If the operator set is too old or too new, or the model holds what Warploom cannot run.
    """
    _check_text(model)
    opset = default_opset(model)
    if not MIN_OPSET <= opset <= MAX_OPSET:
        raise ModelImportError(
            f"The model uses ONNX operator set {opset}; Warploom reads {MIN_OPSET} to {MAX_OPSET}: "
            "export it again for one of these."
        )
    if model.training_info:
        raise ModelImportError("The model holds training information: export it for inference.")
    if model.graph.sparse_initializer:
        raise ModelImportError("The model holds sparse initializers: export it with dense weights.")
    for info in (*model.graph.input, *model.graph.output):
        check_tensor_type(info)
    return opset


def _check_text(model: ModelProto) -> None:
    """Refuses names that are not text: protobuf hands them over as bytes, which every library trips over."""
    functions = model.functions
    texts = [
        *(entry.domain for entry in model.opset_import),
        *(
            text
            for function in functions
            for text in (function.name, function.domain, *function.input, *function.output)
        ),
        *(text for function in functions for node in function.node for text in _node_texts(node)),
        *_graph_texts(model.graph),
    ]
    if any(isinstance(text, bytes) for text in texts):
        raise ModelImportError("The model holds names that are not text (a damaged file): export or download it again.")


def _graph_texts(graph: GraphProto) -> Iterator[object]:
    yield graph.name
    yield from (tensor.name for tensor in graph.initializer)
    for info in (*graph.input, *graph.output, *graph.value_info):
        yield info.name
        yield from (dimension.dim_param for dimension in info.type.tensor_type.shape.dim)
    for node in graph.node:
        yield from _node_texts(node)


def _node_texts(node: NodeProto) -> Iterator[object]:
    yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
    for attribute in node.attribute:
        yield attribute.name
        for graph in subgraphs(attribute):
            yield from _graph_texts(graph)


def subgraphs(attribute: AttributeProto) -> list[GraphProto]:
    """The graphs that an attribute holds."""
    return [*([attribute.g] if attribute.type == AttributeProto.GRAPH else ()), *attribute.graphs]


def default_opset(model: ModelProto) -> int:
    """The version of the default operator set that a model imports."""
    versions = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    if not versions:
        raise ModelImportError("The model does not say which version of the ONNX operators it uses: export it again.")
    return int(versions[0])


def check_tensor_type(info: ValueInfoProto) -> None:
    """Refuses inputs and outputs that are sequences, maps, optionals or sparse tensors."""
    kind = info.type.WhichOneof("value")
    if kind not in (None, "tensor_type"):
        raise ModelImportError(
            f"{info.name!r} is a {str(kind).removesuffix('_type').replace('_', ' ')}, not a tensor: export the model "
            "with tensors as its inputs and outputs."
        )


def check_graph(model: ModelProto) -> None:
    """Checks names, order and nodes; puts the nodes into topological order if the file does not.

    Args:
        model: Changed in place when its nodes have to be sorted.

    Raises:
        ModelImportError: Naming the first name, node or cycle that is wrong.
    """
    graph = model.graph
    producers = _producers(graph)
    known = {*_names(graph.input), *(tensor.name for tensor in graph.initializer)}
    _check_reads(graph, producers, known)
    if not _is_ordered(graph, known):
        _sort(graph, producers)
    _check_nodes(model)


def _names(infos: Iterable[ValueInfoProto]) -> list[str]:
    return [info.name for info in infos]


def describe(node: NodeProto, position: int) -> str:
    """How messages name a node of the file."""
    return f"The node {node.name!r} ({node.op_type})" if node.name else f"The node {position} ({node.op_type})"


def _producers(graph: GraphProto) -> dict[str, int]:
    inputs = _names(graph.input)
    for name, count in collections.Counter(inputs).items():
        if not name or count > 1:
            raise ModelImportError(f"The model has two inputs called {name!r}, or one without a name.")
    taken = {*inputs, *(tensor.name for tensor in graph.initializer)}
    producers: dict[str, int] = {}
    for position, node in enumerate(graph.node):
        for output in filter(None, node.output):
            if output in producers or output in taken:
                raise ModelImportError(f"{describe(node, position)} writes {output!r}, which is written already.")
            producers[output] = position
    return producers


def reads(node: NodeProto) -> set[str]:
    """Names that a node reads, those that its subgraphs take from outside included."""
    names = {name for name in node.input if name}
    for attribute in node.attribute:
        for graph in subgraphs(attribute):
            names |= _outer_reads(graph)
    return names


def _outer_reads(graph: GraphProto) -> set[str]:
    own = {*_names(graph.input), *(tensor.name for tensor in graph.initializer)}
    own.update(output for node in graph.node for output in node.output)
    read = set(_names(graph.output))
    for node in graph.node:
        read |= reads(node)
    return read - own


def _check_reads(graph: GraphProto, producers: dict[str, int], known: set[str]) -> None:
    for position, node in enumerate(graph.node):
        if not node.op_type:
            raise ModelImportError(f"{describe(node, position)} has no operator name: export the model again.")
        for name in sorted(reads(node)):
            if name not in known and name not in producers:
                raise ModelImportError(f"{describe(node, position)} reads {name!r}, which nothing in the model makes.")
    for output in _names(graph.output):
        if output not in known and output not in producers:
            raise ModelImportError(f"The model's output {output!r} is made by nothing in the model.")


def _is_ordered(graph: GraphProto, known: set[str]) -> bool:
    written = set(known)
    for node in graph.node:
        if not reads(node) <= written:
            return False
        written.update(node.output)
    return True


def _sort(graph: GraphProto, producers: dict[str, int]) -> None:
    dependencies = {
        position: {producers[name] for name in reads(node) if name in producers}
        for position, node in enumerate(graph.node)
    }
    try:
        order = list(graphlib.TopologicalSorter(dependencies).static_order())
    except graphlib.CycleError as error:
        names = ", ".join(repr(graph.node[position].name or position) for position in error.args[1][:6])
        raise ModelImportError(f"The model's graph has a cycle through the nodes {names}: export it again.") from None
    nodes = [graph.node[position] for position in order]
    copies = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(copies)


def _check_nodes(model: ModelProto) -> None:
    """Checks every node whose operator ONNX knows against its definition; unknown operators are let through."""
    context = onnx.checker.C.CheckerContext()
    context.ir_version = max(model.ir_version, 8)
    versions = {entry.domain: entry.version for entry in model.opset_import}
    context.opset_imports = versions
    scope = onnx.checker.C.LexicalScopeContext()
    functions = {(function.domain, function.name) for function in model.functions}
    for position, node in enumerate(model.graph.node):
        version = versions.get(node.domain, 0)
        if (node.domain, node.op_type) in functions or _is_unknown(node, version) or has_subgraph(node):
            continue
        try:
            onnx.checker.C.check_node(node.SerializeToString(), context, scope)
        except onnx.checker.ValidationError as error:
            raise ModelImportError(f"{describe(node, position)} is not valid: {first_line(error)}") from None


def _is_unknown(node: NodeProto, version: int) -> bool:
    """Unknown to ONNX in this version of its domain, or only there to be refused (deprecated)."""
    if not onnx.defs.has(node.op_type, version, node.domain):
        return True
    return bool(onnx.defs.get_schema(node.op_type, version, node.domain).deprecated)


def first_line(error: BaseException) -> str:
    """The first line of a library's message, as the end of a sentence."""
    lines = str(error).strip().splitlines()
    return (lines[0].strip().rstrip(".") if lines else type(error).__name__) + "."
