"""What every pass returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from warploom.graph import Graph, LogEntry


@dataclass(frozen=True, slots=True)
class PassResult:
    """A rewritten Graph, whether it differs from the one given, and the decisions taken or declined."""

    graph: Graph
    changed: bool
    log: tuple[LogEntry, ...] = ()


Pass = Callable[[Graph], PassResult]
