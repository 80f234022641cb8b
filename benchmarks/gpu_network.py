"""Compiles and measures one network on one device, in a process of its own, and prints what came out as JSON.

`gpu.py` calls it twice per network and precision: with an empty cost database, and with the one that the first left.

python benchmarks/gpu_network.py --network inception_v3 --models FOLDER --precision fp16
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from warploom.device.protocol import Device
from warploom.device.registry import open_device
from warploom.graph import Graph, Precision
from warploom.importer.load import import_model
from warploom.importer.options import ImportOptions
from warploom.importer.random_weights import apply_replacements, find_replacements
from warploom.importer.reference import random_inputs, reference_outputs
from warploom.passes.pipeline import optimize_graph
from warploom.samples.recipes import build
from warploom.schedule import Launch, Schedule, StreamPlan
from warploom.schedule.greedy import greedy_stages
from warploom.schedule.lowering import lower_schedule
from warploom.schedule.registry import SCHEDULERS
from warploom.schedule.search import SearchLimits, SilentObserver
from warploom.worker.errors_of_outputs import largest_error, tolerance_for

WEIGHT_SEED = 1
ROUNDS = 5
RECIPE = "recipe_"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints one line of JSON."""
    options = parse(arguments)
    with tempfile.TemporaryDirectory() as folder:
        facts = measure_network(options, Path(folder))
    print(json.dumps(facts))
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", required=True, help=f"file in --models without its suffix, or {RECIPE}NAME")
    parser.add_argument("--models", type=Path, default=Path())
    parser.add_argument("--precision", default="fp16")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument(
        "--schedules", default="sequential", help="sequential, greedy or a scheduler's name, with commas"
    )
    parser.add_argument("--search-seconds", type=float, default=30.0)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--check", action="store_true", help="compare the outputs with onnxruntime")
    return parser.parse_args(arguments)


def measure_network(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    start = time.perf_counter()
    precision = Precision(options.precision)
    path = model_path(options.network, options.models, folder, options.batch)
    raw = import_model(path, ImportOptions(batch=options.batch)).graph
    replacements = find_replacements(raw, WEIGHT_SEED)
    graph = optimize_graph(apply_replacements(raw, replacements)).graph
    imported = time.perf_counter()
    device = open_device(options.device)
    opened = time.perf_counter()
    facts: dict[str, Any] = {
        "network": options.network,
        "precision": precision.value,
        "batch": options.batch,
        "operators": len(graph.operators),
        "import_s": imported - start,
        "open_s": opened - imported,
        "device": {"id": device.info.id, "name": device.info.name, "details": dict(device.info.details)},
        "schedules": {},
    }
    executables = {}
    for name in options.schedules.split(","):
        plan, found = make_plan(name, graph, device, precision, options.search_seconds)
        begin = time.perf_counter()
        executables[name] = device.compile(graph, plan, precision)
        found |= {"compile_s": time.perf_counter() - begin, "streams": plan.streams, "launches": len(plan.launches)}
        facts["schedules"][name] = found | memory_of(executables[name])
    sample(executables, facts["schedules"], options.repeats)
    if options.check:
        inputs = random_inputs(graph, 5)
        expected = reference_outputs(path, ImportOptions(batch=options.batch), inputs, replacements=replacements)
        facts["tolerance"] = tolerance_for(graph, precision)
        for name, executable in executables.items():
            facts["schedules"][name]["error"] = largest_error(executable.run(inputs), expected)
    for executable in executables.values():
        executable.close()
    return facts


def model_path(network: str, models: Path, folder: Path, batch: int) -> Path:
    if network.startswith(RECIPE):
        return build(network.removeprefix(RECIPE), folder / f"{network}.onnx", batch=batch)
    return models / f"{network}.onnx"


def make_plan(
    name: str, graph: Graph, device: Device, precision: Precision, seconds: float
) -> tuple[StreamPlan, dict[str, Any]]:
    """The plan, and what its search says; only a search costs anything."""
    if name == "sequential":
        return StreamPlan(name, tuple(Launch((operator.name,), 0) for operator in graph.operators)), {}
    if name == "greedy":
        return lower_schedule(Schedule(name, greedy_stages(graph)), graph), {}
    start = time.perf_counter()
    costs = device.cost_model(graph, precision)
    found = SCHEDULERS[name](graph, costs, SearchLimits(seconds=seconds), SilentObserver())
    facts = {
        "search_s": time.perf_counter() - start,
        "stages_costed": found.stages_costed,
        "stages": len(found.schedule.stages),
        "predicted_us": found.latency_us,
    }
    return lower_schedule(found.schedule, graph), facts


def memory_of(executable: Any) -> dict[str, int]:
    use = getattr(executable, "memory", None)
    names = ("arena_bytes", "live_bytes", "weight_bytes")
    return {} if use is None else {name: getattr(use, name) for name in names}


def sample(executables: dict[str, Any], facts: dict[str, dict[str, Any]], repeats: int) -> None:
    """Takes the schedules in turn, so that a drift of the clocks meets all of them."""
    samples: dict[str, list[float]] = {name: [] for name in executables}
    for _ in range(ROUNDS):
        for name, executable in executables.items():
            samples[name] += executable.measure(-(-repeats // ROUNDS)).samples_us
    for name, taken in samples.items():
        facts[name] |= {"median_us": statistics.median(taken), "samples_us": [round(value, 2) for value in taken]}


if __name__ == "__main__":
    sys.exit(main())
