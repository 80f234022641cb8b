"""Lets every scheduler compete on the sample networks, on a simulated GPU, and prints the table of docs/search.md.

Run: .venv/bin/python benchmarks/schedulers.py [MODEL.onnx ...] [--device sim:h200] [--precision fp32] [--seconds 120]

Without models, all recipes are built and used. Latencies are what the device measures for the whole plan, in
microseconds; the fastest of each row is marked. The search takes what the last column says, all schedulers together.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from warploom.device.registry import open_device
from warploom.graph import Graph, Precision
from warploom.importer.load import ImportOptions, import_model
from warploom.passes.pipeline import optimize_graph
from warploom.samples.recipes import RECIPES, build
from warploom.schedule.modes import MODES
from warploom.schedule.search import SearchLimits
from warploom.worker import candidates
from warploom.worker.context import JobContext

COLUMNS = MODES["both"].schedulers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--device", default="sim:h200")
    parser.add_argument("--precision", default="fp32", choices=tuple(Precision))
    parser.add_argument("--seconds", default=120.0, type=float, help="bound of the search of one model")
    arguments = parser.parse_args()
    candidates.CHEAP_STAGES = 10**9  # every scheduler shall have its place in the table
    print("| model | operators | " + " | ".join(f"`{name}`" for name in COLUMNS) + " | best / sequential | s |")
    print("| --- |" + " ---: |" * (len(COLUMNS) + 3))
    for name, graph in graphs(arguments.models):
        print(row(name, graph, arguments.device, Precision(arguments.precision), arguments.seconds), flush=True)


def graphs(models: list[Path]) -> Iterator[tuple[str, Graph]]:
    """The fused graphs of the given files, or of all recipes."""
    for model in models:
        yield model.stem, optimize_graph(import_model(model, ImportOptions()).graph).graph
    with tempfile.TemporaryDirectory() as folder:
        for name in () if models else RECIPES:
            path = Path(folder) / f"{name}.onnx"
            build(name, path)
            yield name, optimize_graph(import_model(path, ImportOptions()).graph).graph


def row(name: str, graph: Graph, device_name: str, precision: Precision, seconds: float) -> str:
    """One line of the table."""
    device = open_device(device_name)
    context = JobContext(1, lambda _: None, lambda: False)
    started = time.perf_counter()
    costs = device.cost_model(graph, precision)
    planned = candidates.plan_candidates(graph, costs, "both", SearchLimits(seconds=seconds), context)
    searched = time.perf_counter() - started
    measured = {}
    for candidate in planned:
        with device.compile(graph, candidate.plan, precision) as executable:
            measured[candidate.scheduler] = executable.measure(1).median_us
    best = min(measured.values())
    cells = [cell(measured.get(column), best) for column in COLUMNS]
    ratio = measured["sequential"] / best
    return f"| {name} | {len(graph.operators)} | " + " | ".join(cells) + f" | {ratio:.2f} | {searched:.1f} |"


def cell(latency_us: float | None, best_us: float) -> str:
    """A latency, marked where it is the best."""
    if latency_us is None:
        return "-"
    return f"**{latency_us:.1f}**" if latency_us == best_us else f"{latency_us:.1f}"


if __name__ == "__main__":
    main()
