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
    answers = [(operator, device.supports(graph, operator, precision)) for operator in graph.operators]
    refused = [(operator, support.reason) for operator, support in answers if not support.supported]
    if not refused:
        return
    name = f"{device.info.name} ({device.info.id})"
    reasons = {reason for _, reason in refused}
    if len(refused) == len(answers) > 1 == len(reasons):
        raise UnsupportedOperatorError(f"{name} cannot run {graph.name!r} in {precision}: {reasons.pop()}.")
    named = "; ".join(_describe(operator, reason) for operator, reason in refused[:MOST_NAMED])
    more = f"; and {len(refused) - MOST_NAMED} more" if len(refused) > MOST_NAMED else ""
    raise UnsupportedOperatorError(
        f"{name} cannot run {len(refused)} of the {len(answers)} operators of {graph.name!r}: {named}{more}. "
        "`warploom ops` lists what each device runs."
    )


def _describe(operator: Operator, reason: str) -> str:
    nodes = ", ".join(operator.sources) or operator.name
    return f"{operator.label} (node {nodes}{': ' if reason else ''}{reason})"
