"""Runs all passes in their order: from the graph as imported to the graph whose Operators are scheduled."""

from __future__ import annotations

import os

from warploom.graph import Graph, LogEntry
from warploom.passes.absorb_into_concat import absorb_into_concat
from warploom.passes.fold_batch_norm import fold_batch_norm
from warploom.passes.fold_padding import fold_padding
from warploom.passes.fuse_epilogue import fuse_epilogue
from warploom.passes.fuse_pointwise import fuse_gates, fuse_pointwise
from warploom.passes.fuse_prologue import fuse_prologue
from warploom.passes.fuse_quantized import fuse_quantized
from warploom.passes.fuse_separable import fuse_separable
from warploom.passes.lower_batch_norm import lower_batch_norm
from warploom.passes.recognize_gelu import recognize_gelu
from warploom.passes.recognize_global_pool import recognize_global_pool
from warploom.passes.recognize_layer_norm import recognize_layer_norm
from warploom.passes.remove_no_ops import remove_no_ops
from warploom.passes.result import Pass, PassResult

PASSES: tuple[Pass, ...] = (
    remove_no_ops,
    recognize_layer_norm,
    recognize_global_pool,
    recognize_gelu,
    fold_padding,
    fold_batch_norm,
    lower_batch_norm,
    fuse_gates,
    fuse_separable,
    absorb_into_concat,
    fuse_epilogue,
    fuse_prologue,
    fuse_pointwise,
    fuse_quantized,
)
"""In order. Folding before fusing, so that what is fused is final; gates before epilogues, so that they are one reader;
separable units before epilogues, so that a sum before a unit belongs to the unit; Concat before epilogues, so that a
sum goes into its slice; general pointwise trees from what nothing else took; conversions to integers last, so that
they find whole operators."""


def optimize_graph(graph: Graph, *, verify: bool | None = None) -> PassResult:
    """Applies every pass once, in order.

    Args:
        graph: As imported: one Primitive per Operator.
        verify: Checks the graph's invariants after every pass; by default when WARPLOOM_DEBUG is set (not to 0).

    Returns:
        The graph of schedulable Operators, and the log of all decisions.

    Raises:
        GraphError: If a pass broke an invariant (only when verifying).
    """
    check = os.environ.get("WARPLOOM_DEBUG", "0") not in ("", "0") if verify is None else verify
    log: list[LogEntry] = []
    changed = False
    for rewrite in PASSES:
        result = rewrite(graph)
        graph, changed = result.graph, changed or result.changed
        log.extend(result.log)
        if check:
            graph.verify()
    return PassResult(graph, changed, tuple(log))
