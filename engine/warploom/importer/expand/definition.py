"""Operators that ONNX itself defines by others: written out as the standard says."""

from __future__ import annotations

from typing import Any

from onnx import FunctionProto, ModelProto, NodeProto, TypeProto, ValueInfoProto, defs, helper, inliner

from warploom.graph.kinds import KINDS
from warploom.importer.check import first_line
from warploom.importer.element_types import onnx_type
from warploom.importer.expand.writer import WrittenNode
from warploom.importer.inline import renamed
from warploom.importer.node import Node, Scope

_KEPT = frozenset({"SequenceMap"})
"""Defined by loops over sequences."""
_DOMAIN = "definition"


def is_defined(node: Node) -> bool:
    """Whether nothing else is known of an operator than ONNX's definition by others."""
    if "::" in node.op or node.op in KINDS or node.op in _KEPT or not defs.has(node.op, node.opset, ""):
        return False
    schema = _schema(node)
    return bool(schema.has_function or schema.has_context_dependent_function)


def _schema(node: Node) -> Any:
    return defs.get_schema(node.op, node.opset, "")  # the library's stubs leave out what is asked here


def by_definition(proto: NodeProto, node: Node, scope: Scope) -> list[WrittenNode]:
    """The nodes of an operator's definition, with new names.

    Raises:
        ModelImportError: If ONNX has no definition for the node's attributes and types.
    """
    types = [_type(scope, name) for name in proto.input]
    try:
        call = NodeProto()
        call.CopyFrom(proto)
        function = _function(call, node, types)
        model = ModelProto(ir_version=10, opset_import=[*function.opset_import, helper.make_opsetid(_DOMAIN, 1)])
        model.functions.append(function)
        call.domain, call.op_type = _DOMAIN, function.name
        model.graph.name = _DOMAIN
        model.graph.node.append(call)
        pairs = dict(zip(proto.input, types, strict=True))
        model.graph.input.extend(ValueInfoProto(name=name, type=found) for name, found in pairs.items() if name)
        model.graph.output.extend(ValueInfoProto(name=name) for name in proto.output if name)
        nodes = inliner.inline_local_functions(model).graph.node
    except Exception as error:  # the library raises its own classes and bare ones
        raise node.failure(f"cannot be written out as simpler operators: {first_line(error)}") from None
    names = {name: name for name in (*proto.input, *proto.output)}
    version = max((entry.version for entry in function.opset_import if not entry.domain), default=node.opset)
    copies = renamed(nodes, names, lambda name: scope.new_name(f"{node.source}/{name}"))
    return [(copy, int(version)) for copy in copies]


def _type(scope: Scope, name: str) -> TypeProto:
    if not name:
        return TypeProto()
    return helper.make_tensor_type_proto(onnx_type(scope.tensors[name].dtype), list(scope.shape(name)))


def _function(proto: NodeProto, node: Node, types: list[TypeProto]) -> FunctionProto:
    """The operator's body as a function of a domain of its own; gives the node the attributes that it leaves out."""
    schema = _schema(node)
    if schema.has_context_dependent_function:
        versions = schema.context_dependent_function_opset_versions
        version = max(one for one in versions if one <= node.opset)
        texts = [found.SerializeToString() for found in types]
        data = schema.get_context_dependent_function_with_opset_version(version, proto.SerializeToString(), texts)
    else:
        version = max(one for one in schema.function_opset_versions if one <= node.opset)
        data = schema.get_function_with_opset_version(version)
    function = FunctionProto()
    function.ParseFromString(data)
    given = {attribute.name for attribute in proto.attribute}
    for name, attribute in schema.attributes.items():
        if name not in given and attribute.default_value.name:
            proto.attribute.append(attribute.default_value)
    function.domain = _DOMAIN
    if not any(not entry.domain for entry in function.opset_import):
        function.opset_import.append(helper.make_opsetid("", version))
    return function
