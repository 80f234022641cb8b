"""Decision: what the choice of precisions ends in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from warploom.graph import Graph, LogEntry, Precision, PrecisionPlan

STEP = "precision"
"""Name of this step in the build log."""

Report = Callable[[str], None]
"""Says what is being done; may raise to end it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How a model runs.

    Attributes:
        graph: The Graph rewritten.
        precision: What devices are asked for.
        plan: What rewrites the Graph again; None where it is as it was.
        log: Reasons.
    """

    graph: Graph
    precision: Precision
    plan: PrecisionPlan | None
    log: tuple[LogEntry, ...]


def entry(decision: str, subject: tuple[str, ...], reason: str) -> LogEntry:
    """A line of the build log."""
    return LogEntry(STEP, subject, decision, reason)
