"""The Graph as a JSON document: what recordings keep and the worker sends. Weights stay behind, shapes do not."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from warploom.errors import GraphError
from warploom.graph.constant import MissingConstant
from warploom.graph.dtype import DType
from warploom.graph.graph import Graph
from warploom.graph.operator import Attributes, AttributeValue, Operator, OperatorKind, Primitive
from warploom.graph.tensor import Tensor

DOCUMENT_VERSION = 1
_FORMAT = "warploom-graph"
_NON_FINITE = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


class _Tensor(msgspec.Struct, frozen=True, array_like=True, gc=False):
    name: str
    shape: tuple[int, ...]
    dtype: DType


class _Primitive(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any] = {}
    source: str = ""


class _Operator(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    name: str
    kind: OperatorKind
    body: tuple[_Primitive, ...]
    inputs: tuple[str, ...]
    weights: tuple[str, ...]
    outputs: tuple[str, ...]
    sources: tuple[str, ...] = ()
    members: tuple[str, ...] = ()


class _Header(msgspec.Struct, frozen=True):
    format: str = ""
    version: int = 0


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    format: str = _FORMAT
    version: int = DOCUMENT_VERSION
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    constants: tuple[str, ...]
    tensors: tuple[_Tensor, ...]
    operators: tuple[_Operator, ...]


_HEADER = msgspec.json.Decoder(_Header)
_DOCUMENT = msgspec.json.Decoder(_Document)


def graph_to_document(graph: Graph) -> bytes:
    """The Graph as UTF-8 JSON; constants keep name, shape and dtype only."""
    document = _Document(
        name=graph.name,
        inputs=graph.inputs,
        outputs=graph.outputs,
        constants=tuple(graph.constants),
        tensors=tuple(_Tensor(tensor.name, tensor.shape, tensor.dtype) for tensor in graph.tensors.values()),
        operators=tuple(_write_operator(operator) for operator in graph.operators),
    )
    return msgspec.json.encode(document, enc_hook=_plain)


def graph_from_document(data: bytes) -> Graph:
    """Reads what `graph_to_document` wrote, and checks it; every constant is a MissingConstant.

    Raises:
        GraphError: If the document is damaged, newer than this version, or describes no valid Graph.
    """
    document = _decode(data)
    tensors = {tensor.name: Tensor(tensor.name, tensor.shape, tensor.dtype) for tensor in document.tensors}
    missing = [name for name in document.constants if name not in tensors]
    if missing:
        raise GraphError(f"The graph document names the constant {missing[0]!r} but does not describe it.")
    graph = Graph(
        name=document.name,
        operators=tuple(_read_operator(operator) for operator in document.operators),
        tensors=tensors,
        constants={name: MissingConstant(tensors[name].shape, tensors[name].dtype) for name in document.constants},
        inputs=document.inputs,
        outputs=document.outputs,
    )
    graph.verify()
    return graph


def _decode(data: bytes) -> _Document:
    try:
        header = _HEADER.decode(data)
        if header.format != _FORMAT:
            raise GraphError("This is no graph document of Warploom.")
        if header.version != DOCUMENT_VERSION:
            raise GraphError(
                f"The graph document has format {header.version}, this Warploom reads {DOCUMENT_VERSION}: "
                "use the version of Warploom that wrote it, or a newer one."
            )
        return _DOCUMENT.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise GraphError(f"The graph document is damaged: {error}.") from None


def _write_operator(operator: Operator) -> _Operator:
    return _Operator(
        name=operator.name,
        kind=operator.kind,
        body=tuple(_write_primitive(primitive) for primitive in operator.body),
        inputs=operator.inputs,
        weights=operator.weights,
        outputs=operator.outputs,
        sources=operator.sources,
        members=operator.members,
    )


def _write_primitive(primitive: Primitive) -> _Primitive:
    return _Primitive(
        op=primitive.op,
        inputs=primitive.inputs,
        outputs=primitive.outputs,
        attributes={name: _write_value(value) for name, value in primitive.attributes},
        source=primitive.source,
    )


def _write_value(value: AttributeValue) -> Any:
    """JSON has no infinity: a clip without a limit, say, is written as {"float": "inf"}."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(float(value))}
    if isinstance(value, tuple):
        return [_write_value(item) for item in value]
    return value


def _read_operator(operator: _Operator) -> Operator:
    return Operator(
        name=operator.name,
        kind=operator.kind,
        body=tuple(_read_primitive(primitive) for primitive in operator.body),
        inputs=operator.inputs,
        weights=operator.weights,
        outputs=operator.outputs,
        sources=operator.sources,
        members=operator.members,
    )


def _read_primitive(primitive: _Primitive) -> Primitive:
    values: Attributes = tuple((name, _read_value(value)) for name, value in primitive.attributes.items())
    return Primitive(primitive.op, primitive.inputs, primitive.outputs, values, primitive.source)


def _read_value(value: Any) -> AttributeValue:
    if isinstance(value, list):
        if {*map(type, value)} <= {int}:  # nearly all of them
            return tuple(value)
        items = tuple(_read_scalar(item) for item in value)
        if len({isinstance(item, str) for item in items}) > 1:
            raise GraphError("The graph document mixes words and numbers in one attribute.")
        return items  # type: ignore[return-value]  # one kind of items, as just checked
    return _read_scalar(value)


def _read_scalar(value: Any) -> int | float | str:
    if isinstance(value, int | float | str):
        return value
    if isinstance(value, dict) and isinstance(value.get("float"), str) and value["float"] in _NON_FINITE:
        return _NON_FINITE[value["float"]]
    raise GraphError(f"The graph document has an attribute of an unknown form: {value!r}.")


def _plain(value: Any) -> Any:
    """Plain Python numbers for NumPy's, which importers get from arrays."""
    if hasattr(value, "item"):
        return value.item()
    raise NotImplementedError(f"{type(value).__name__} has no place in a graph document")
