"""Asks the device about every Operator before any work is put into a schedule for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from warploom.errors import UnsupportedOperatorError

if TYPE_CHECKING:
    from warploom.device import Device
    from warploom.graph import Graph, Operator, Precision

MOST_NAMED = 5


def check_support(graph: Graph, device: Device, precision: Precision) -> None:
    """Makes sure that the device runs the whole Graph.

    Raises:
        UnsupportedOperatorError: Naming the operators that it does not run, and why.
    """
    refused: list[str] = []
    for operator in graph.operators:
        support = device.supports(graph, operator, precision)
        if not support.supported:
            refused.append(_describe(operator, support.reason))
    if refused:
        named = "; ".join(refused[:MOST_NAMED])
        more = f"; and {len(refused) - MOST_NAMED} more" if len(refused) > MOST_NAMED else ""
        raise UnsupportedOperatorError(
            f"{device.info.name} ({device.info.id}) cannot run {len(refused)} of the {len(graph.operators)} operators "
            f"of {graph.name!r}: {named}{more}. `warploom ops` lists what each device runs."
        )


def _describe(operator: Operator, reason: str) -> str:
    nodes = ", ".join(operator.sources) or operator.name
    return f"{operator.label} (node {nodes}{': ' if reason else ''}{reason})"
