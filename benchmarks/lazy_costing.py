"""Compares lazy costing with costing every stage: how far it ends from the optimum, and what part of stages it costs.

Run: .venv/bin/python benchmarks/lazy_costing.py [MODEL.onnx ...] [--device sim:h200] [--precision fp32] [--mode both]

Without models, all recipes are built and used. Latencies are the sums of stages that the search minimizes. Costing
every stage of the largest networks takes minutes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from schedulers import graphs

from warploom.device.registry import open_device
from warploom.graph import Graph, Precision
from warploom.schedule.ios import BOTH, MERGE, PARALLEL, search
from warploom.schedule.search import SearchLimits, SearchResult, SilentObserver

EVERY_STAGE = 10**9
MODES = {mode.name: mode for mode in (PARALLEL, MERGE, BOTH)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--device", default="sim:h200")
    parser.add_argument("--precision", default="fp32", choices=tuple(Precision))
    parser.add_argument("--mode", default="both", choices=sorted(MODES))
    arguments = parser.parse_args()
    print("| model | stages, all | stages, lazy | share | us, all | us, lazy | above | s, all | s, lazy |")
    print("| --- |" + " ---: |" * 8)
    for name, graph in graphs(arguments.models):
        print(row(name, graph, arguments.device, Precision(arguments.precision), arguments.mode), flush=True)


def row(name: str, graph: Graph, device: str, precision: Precision, mode: str) -> str:
    """One line of the table."""
    found = {}
    for limits in (SearchLimits(costed_exhaustively=EVERY_STAGE), SearchLimits()):
        found[limits.costed_exhaustively] = timed(graph, device, precision, mode, limits)
    (every, every_s), (lazy, lazy_s) = found.values()
    share = lazy.stages_costed / every.stages_costed
    above = lazy.latency_us / every.latency_us - 1
    return (
        f"| {name} | {every.stages_costed:,} | {lazy.stages_costed:,} | {share:.0%} | {every.latency_us:.1f} "
        f"| {lazy.latency_us:.1f} | {above:.2%} | {every_s:.1f} | {lazy_s:.1f} |"
    )


def timed(
    graph: Graph, device: str, precision: Precision, mode: str, limits: SearchLimits
) -> tuple[SearchResult, float]:
    """A search with a cost model of its own, which knows nothing yet, and its seconds."""
    costs = open_device(device).cost_model(graph, precision)
    started = time.perf_counter()
    result = search(graph, costs, limits, SilentObserver(), mode=MODES[mode])
    return result, time.perf_counter() - started


if __name__ == "__main__":
    main()
