"""What every operator of a Graph takes alone on a device, in some precision."""

from __future__ import annotations

from warploom.device.protocol import Device
from warploom.graph import Graph, Precision
from warploom.schedule import Group, Stage


def operator_costs(device: Device, graph: Graph, precision: Precision) -> dict[str, float]:
    """Microseconds by operator.

    Raises:
        UnsupportedOperatorError: If the device cannot run the Graph.
    """
    stages = [Stage((Group((operator.name,)),)) for operator in graph.operators]
    found = device.cost_model(graph, precision).stage_costs(stages)
    return {operator.name: cost.median_us for operator, cost in zip(graph.operators, found, strict=True)}
