"""Canonical form of matrix products."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.graph import Primitive
from warploom.importer.canonical.generic import Canonicalizer, plain
from warploom.importer.node import Node, Scope


def gemm(node: Node, scope: Scope) -> tuple[Primitive, ...]:  # noqa: ARG001 - the signature of every family
    """Gemm: defaults spelled out."""
    return (
        node.primitive(
            alpha=node.number("alpha", 1.0),
            beta=node.number("beta", 1.0),
            transA=node.integer("transA", 0),
            transB=node.integer("transB", 0),
        ),
    )


CANONICAL: Mapping[str, Canonicalizer] = {"Gemm": gemm, "MatMul": plain}
