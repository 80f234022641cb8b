"""Searches a schedule for one network on a GPU as `warploom optimize` does, and prints what came out as JSON.

`gpu.py` calls it in two processes per network: one chooses kernels and forgets every other measurement, the other
searches, so that its seconds are those of a cold search with kernels already chosen.

python benchmarks/gpu_search.py --network recipe_inception_v3 --phase kernels
python benchmarks/gpu_search.py --network recipe_inception_v3 --phase search
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gpu_network import model_path

from warploom.cost import PlanCostModel
from warploom.device.cuda.device import DATABASE_NAME
from warploom.device.registry import open_device
from warploom.graph import Precision
from warploom.importer.load import import_model
from warploom.importer.options import ImportOptions
from warploom.passes.pipeline import optimize_graph
from warploom.paths import cache_folder
from warploom.recording.file import read_recording
from warploom.recording.recording import Candidate, Recording
from warploom.schedule import Launch, StreamPlan
from warploom.schedule.floor import critical_path
from warploom.schedule.search import SearchLimits
from warploom.worker.candidates import prepare_merges
from warploom.worker.job import optimize
from warploom.worker.messages import LogLine, OptimizeOptions, OptimizeRequest, Phase

MEASUREMENTS = ("stage", "step-alone")
"""Kinds of entries of the cost database that a search makes; all others belong to the choice of kernels."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints one line of JSON."""
    options = parse(arguments)
    phases = {"kernels": choose_kernels, "search": search}
    with tempfile.TemporaryDirectory() as folder:
        model = model_path(options.network, options.models, Path(folder), options.batch)
        facts = phases[options.phase](model, Path(folder), options)
    print(json.dumps({"network": options.network, "precision": options.precision, "batch": options.batch} | facts))
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", required=True, help="file in --models without its suffix, or recipe_NAME")
    parser.add_argument("--phase", choices=("kernels", "search"), default="search")
    parser.add_argument("--models", type=Path, default=Path())
    parser.add_argument("--precision", default="fp16")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--search-seconds", type=float, help="instead of the default")
    parser.add_argument("--mode", default="both")
    parser.add_argument("--exhaustive", action="store_true", help="cost every stage of blocks that can be searched")
    return parser.parse_args(arguments)


# Kernels


def choose_kernels(model: Path, _folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Compiles the sequential plan and every possible merge, then forgets what was measured of stages."""
    graph = optimize_graph(import_model(model, ImportOptions(batch=options.batch)).graph).graph
    precision = Precision(options.precision)
    device = open_device(options.device)
    start = time.perf_counter()
    plan = StreamPlan("sequential", tuple(Launch((operator.name,), 0) for operator in graph.operators))
    with device.compile(graph, plan, precision):
        pass
    operators = time.perf_counter() - start
    prepare_merges(graph, device.cost_model(graph, precision), options.mode, SearchLimits())
    forget_measurements()
    return {"operators_s": operators, "merges_s": time.perf_counter() - start - operators}


def forget_measurements() -> None:
    path = cache_folder() / DATABASE_NAME
    if not path.exists():  # a simulated GPU has none
        return
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        marks = ",".join("?" * len(MEASUREMENTS))
        connection.execute(f"DELETE FROM entry WHERE kind IN ({marks})", MEASUREMENTS)


# Search


def search(model: Path, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """The main job with its default settings; the phases' seconds are those of the events that it sends."""
    settings: dict[str, Any] = {"device": options.device, "precision": options.precision, "mode": options.mode}
    settings |= {"batch": options.batch, "repeats": options.repeats, "profile": False}
    if options.search_seconds is not None:
        settings["search_seconds"] = options.search_seconds
    if options.exhaustive:
        cost_everything()
    output = folder / "found.warploom"
    phases: list[tuple[float, str]] = []
    log: list[str] = []
    start = time.perf_counter()

    def watch(event: object) -> None:
        if isinstance(event, Phase):
            phases.append((time.perf_counter() - start, f"{event.name} {event.detail}"))
        elif isinstance(event, LogLine) and event.step in LOGGED:
            log.append(f"{event.step} {' '.join(event.subject[:2])} {event.decision}: {event.reason}"[:400])

    optimize(OptimizeRequest(1, str(model), str(output), OptimizeOptions(**settings)), watch, lambda: False)
    ends = [*(when for when, _ in phases[1:]), time.perf_counter() - start]
    timed = [(name, round(end - when, 3)) for (when, name), end in zip(phases, ends, strict=True)]
    facts = {"phases": timed, "log": log} | facts_of(read_recording(output))
    explain_gaps(facts["schedules"], model, read_recording(output), options)
    return facts


def explain_gaps(schedules: dict[str, Any], model: Path, recording: Recording, options: argparse.Namespace) -> None:
    """Splits what a plan takes beyond the sum of its stages: between stages, and at the start of a replay.

    The plans are measured as the stages were, behind a kernel that keeps the GPU busy and fills its cache. What that
    adds to the sum happens between stages (a stage measured alone is repeated: its kernels' code and activations are
    in the caches). The rest is what a replay from idle takes longer than one behind other work.
    """
    graph = optimize_graph(import_model(model, ImportOptions(batch=options.batch)).graph).graph
    costs = open_device(options.device).cost_model(graph, Precision(options.precision))
    staged = [one for one in recording.candidates if one.stage_costs_us]
    if not isinstance(costs, PlanCostModel):
        return
    for candidate, cost in zip(staged, costs.plan_costs([one.plan for one in staged]), strict=True):
        total, measured = sum(candidate.stage_costs_us), candidate.measurement.median_us
        between, start = cost.median_us - total, measured - cost.median_us
        schedules[candidate.name] |= {"busy_us": cost.median_us, "between_stages_us": between, "from_idle_us": start}


LOGGED = ("search", "choose", "verify", "local", "list", "variants", "dataflow", "measure", "device")


def cost_everything() -> None:
    """Takes the lazy costing away from this process."""
    from warploom.worker import settings

    settings._MEASURED_EXHAUSTIVELY = 10**9


def facts_of(recording: Recording) -> dict[str, Any]:
    chosen, sequential = recording.optimized, recording.sequential
    path_us, path = critical_path(recording.graph, recording.solo_us)
    return {
        "device": {"name": recording.device.name, "details": dict(recording.device.details)},
        "operators": len(recording.graph.operators),
        "chosen": chosen.name,
        "chosen_us": chosen.measurement.median_us,
        "sequential_us": sequential.measurement.median_us,
        "speedup": recording.speedup,
        "floor_us": path_us,
        "floor_operators": len(path),
        "sum_of_solo_us": sum(recording.solo_us.values()),
        "search_s": recording.search.seconds,
        "stages_costed": recording.search.stages_costed,
        "states": recording.search.states,
        "schedulers": [
            {"name": one.name, "predicted_us": one.latency_us, "seconds": one.seconds, "costed": one.stages_costed}
            for one in recording.search.schedulers
        ],
        "schedules": {one.name: schedule_facts(one) for one in recording.candidates},
        "verified": None
        if recording.verification is None
        else {
            "max_rel_l2": recording.verification.max_rel_l2,
            "tolerance": recording.verification.tolerance,
            "ok": recording.verification.ok,
        },
    }


def schedule_facts(candidate: Candidate) -> dict[str, Any]:
    measured = candidate.measurement
    facts: dict[str, Any] = {
        "median_us": measured.median_us,
        "p25_us": measured.p25_us,
        "p75_us": measured.p75_us,
        "streams": candidate.plan.streams,
        "launches": len(candidate.plan.launches),
        "waits": sum(len(launch.waits) for launch in candidate.plan.launches),
        "samples_us": [round(value, 2) for value in measured.samples_us],
    }
    if candidate.stage_costs_us:
        total = sum(candidate.stage_costs_us)
        facts |= {
            "stages": len(candidate.stage_costs_us),
            "stages_sum_us": total,
            "gap": measured.median_us / total - 1 if total else None,
        }
    return facts


if __name__ == "__main__":
    sys.exit(main())
