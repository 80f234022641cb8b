"""Rewrites a fused Graph as a PrecisionPlan says."""

from __future__ import annotations

from warploom.graph import Graph, Precision
from warploom.graph.precision_plan import PrecisionPlan
from warploom.passes.quantize import quantize
from warploom.passes.store_mixed import store_mixed


def apply_precision(graph: Graph, plan: PrecisionPlan | None) -> Graph:
    """The Graph whose operators compute as planned; the names of operators, inputs and outputs stay.

    Args:
        graph: Fused, as imported: the same that the plan was made for, or one of another batch size.
        plan: What was decided; None leaves the Graph as it is.
    """
    if plan is None:
        return graph
    if plan.precision is Precision.INT8:
        return quantize(
            graph, {name for name, precision in plan.operators if precision is Precision.INT8}, dict(plan.scales)
        )
    return store_mixed(graph, plan.by_operator)
