"""Weights that a model stores in 8 bits: their DequantizeLinear stays, so that products of integers stay such."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from onnx import NodeProto

from warploom.graph import Constant, DType
from warploom.graph.quantized import PRODUCTS
from warploom.importer.check import reads
from warploom.importer.node import Node


def only_factors(nodes: Sequence[NodeProto], outputs: Iterable[str]) -> frozenset[str]:
    """The tensors that nodes read as the second operand of convolutions and matrix products only."""
    factors: set[str] = set()
    others = set(outputs)
    for node in nodes:
        factor = node.input[1] if node.op_type in PRODUCTS and len(node.input) > 1 else ""
        factors |= {factor} - {""}
        others |= {name for i, name in enumerate(node.input) if i != 1 or name != factor}
        others |= reads(node) - set(node.input)
    return frozenset(factors - others)


def is_integer_weight(node: Node, factors: frozenset[str], constants: Mapping[str, Constant]) -> bool:
    """Whether a node makes floats of 8-bit constants for products alone."""
    if node.op != "DequantizeLinear" or node.outputs[0] not in factors:
        return False
    known = [constants.get(name) for name in node.inputs if name]
    first = known[0]
    return first is not None and all(known) and first.dtype in (DType.INT8, DType.UINT8)
