"""What the verbs print of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warploom.serving.plan import Plan

_MEBI = 2**20


def describe(plan: Plan, path: Path) -> Iterator[str]:
    """Lines about a plan file that was just written."""
    facts = plan.facts
    simulated = " (simulated)" if facts.device.simulated else ""
    yield f"plan       {path} ({path.stat().st_size / _MEBI:,.1f} MiB)"
    yield f"model      {facts.model.name}, {facts.precision.value}"
    yield f"device     {facts.device.name}{simulated}"
    for i, shape in enumerate(facts.shapes):
        latency = "" if shape.latency_us is None else f"  {shape.latency_us:,.1f} µs"
        smaller = "  smaller batches too" if shape.paddable else ""
        yield f"shape {i}    {', '.join(map(str, shape.inputs))}  schedule {shape.plan.name}{latency}{smaller}"
    memory = plan.memory
    yield (
        f"memory     weights {memory.weight_bytes / _MEBI:,.1f} MiB, arena {memory.arena_bytes / _MEBI:,.1f} MiB "
        f"(largest workspace {memory.workspace_bytes / _MEBI:,.1f} MiB)"
    )
