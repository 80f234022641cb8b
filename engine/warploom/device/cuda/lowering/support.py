"""Says whether the CUDA device runs an Operator, and why not."""

from __future__ import annotations

from collections.abc import Iterable

from warploom.device.cuda.lowering.movement import MOVEMENTS
from warploom.device.cuda.lowering.registry import Registry
from warploom.device.protocol import Support
from warploom.errors import UnsupportedOperatorError
from warploom.graph import Graph, Operator, Precision, Primitive

_MOST_NAMED = 5


def support_of(graph: Graph, operator: Operator, precision: Precision, registry: Registry) -> Support:
    """Support of an Operator; where it is supported, `reason` says what runs its dominant primitive."""
    for primitive in operator.body:
        support = primitive_support(graph, primitive, precision, registry)
        if not support.supported:
            return support
    return primitive_support(graph, operator.main, precision, registry)


def primitive_support(graph: Graph, primitive: Primitive, precision: Precision, registry: Registry) -> Support:
    """Support of one primitive."""
    family = registry.family(primitive, graph)
    if family is not None:
        why = family.obstacle(primitive, graph, precision)
        return _support(primitive, family.name, why)
    if primitive.op in registry.pointwise.ops:
        why = registry.pointwise.obstacle(primitive, graph, precision)
        return _support(primitive, "own kernel: pointwise, fused with its neighbours", why)
    if primitive.op in MOVEMENTS:
        why = "hands out a mask" if primitive.op == "Dropout" and len(primitive.outputs) > 1 else None
        return _support(primitive, "a view of the same bytes, or a strided copy", why)
    return _support(primitive, "", "has no kernel")


def _support(primitive: Primitive, how: str, why: str | None) -> Support:
    if why is None:
        return Support(supported=True, reason=how)
    where = f" of the node {primitive.source!r}" if primitive.source else ""
    return Support(supported=False, reason=f"{primitive.op}{where} {why} on the CUDA device")


def require_support(graph: Graph, precision: Precision, registry: Registry) -> None:
    """Checks every Operator.

    Raises:
        UnsupportedOperatorError: Naming the first few that cannot run.
    """
    reasons = list(_reasons(graph, precision, registry))
    if reasons:
        more = f"; and {len(reasons) - _MOST_NAMED} more" if len(reasons) > _MOST_NAMED else ""
        raise UnsupportedOperatorError(f"{graph.name!r} cannot run: {'; '.join(reasons[:_MOST_NAMED])}{more}.")


def _reasons(graph: Graph, precision: Precision, registry: Registry) -> Iterable[str]:
    for operator in graph.operators:
        support = support_of(graph, operator, precision, registry)
        if not support.supported:
            yield support.reason
