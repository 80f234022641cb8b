"""Profiles sample networks on a GPU: the utilization experiment of IOS, what profiling costs, and real recordings.

python benchmarks/gpu_profile.py --out FOLDER [--recipes sample_network,inception_v3] [--precisions fp16,tf32]

Writes profile.json, and a recording of each network with its sequential, IOS and chosen schedule to FOLDER/recordings.
Ends by itself after --seconds with what it has.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from warploom.device.profiling import COUNTER_SETS, ProfileOptions
from warploom.device.protocol import Measurement
from warploom.device.registry import open_device
from warploom.graph import Precision
from warploom.importer.load import ImportOptions, import_model
from warploom.passes.pipeline import optimize_graph
from warploom.recording.file import read_recording, write_recording
from warploom.recording.recording import Recording
from warploom.recording.trim import trim_recording
from warploom.samples.recipes import RECIPES, build
from warploom.schedule.lowering import lower_schedule
from warploom.schedule.registry import SCHEDULERS
from warploom.schedule.search import SearchLimits, SilentObserver
from warploom.timeline import Timeline
from warploom.worker.job import optimize
from warploom.worker.messages import Event, OptimizeOptions, OptimizeRequest, Phase

KEPT = ("sequential", "ios-both", "both")
MOST_BYTES = 2_000_000
UTILIZATION_RATIO = 1.4
PROFILE_S, OPEN_S, RESIDUAL_NS = 15.0, 1.0, 2000.0
FIRST = ("sample_network", "squeezenet", "inception_v3", "nasnet_large")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs everything; the exit code is 1 when a target was missed."""
    options = parse(arguments)
    report: dict[str, Any] = {"utilization": {}, "costs": {}, "networks": {}, "missed": []}
    begun = time.perf_counter()
    (options.out / "recordings").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        if not options.no_experiments:
            report["utilization"] = utilization(options, Path(folder))
            report["costs"] = costs(options, Path(folder))
            save(report, options.out)
        for precision in options.precisions.split(","):
            for recipe in options.recipes.split(","):
                if time.perf_counter() - begun > options.seconds:
                    break
                one = recorded if options.in_process else recorded_elsewhere
                report["networks"][f"{recipe} {precision}"] = one(options, Path(folder), recipe, precision)
                save(report, options.out)
    report["missed"] = missed(report)
    save(report, options.out)
    print(f"missed: {'; '.join(report['missed']) or 'nothing'}")
    return 1 if report["missed"] else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    others = [name for name in RECIPES if name not in FIRST]
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--recipes", default=",".join((*FIRST, *others)))
    parser.add_argument("--precisions", default="fp16")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--mode", default="both")
    parser.add_argument("--counters", default="tensor,dram", help="sampled beside the active warps")
    parser.add_argument("--search-seconds", type=float, default=8.0)
    parser.add_argument("--seconds", type=float, default=400.0, help="no further network is begun after this time")
    parser.add_argument("--in-process", action="store_true", help="no process of its own for each network")
    parser.add_argument("--no-experiments", action="store_true", help="recordings only")
    return parser.parse_args(arguments)


def save(report: dict[str, Any], out: Path) -> None:
    (out / "profile.json").write_text(json.dumps(report, indent=1))


def utilization(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Active warps per ms of the IOS paper's sample network: sequential against the IOS-parallel schedule."""
    names = ("sequential", "parallel")
    timelines = timelines_of(options, folder, "sample_network", names, ProfileOptions(counters=COUNTER_SETS))
    facts = {name: describe(timeline) for name, timeline in zip(names, timelines, strict=True)}
    ratio = facts["parallel"]["mean_warps"] / facts["sequential"]["mean_warps"]
    print(f"utilization: {ratio:.2f} times the active warps per ms", flush=True)
    return {**facts, "ratio": ratio}


def costs(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Seconds to profile, attribute and save inception_v3 with two schedules, and to open the recording."""
    path = model(folder, "inception_v3")
    recording = optimized(options, path, folder / "costs.warploom", "fp16", mode="greedy")
    device = open_device(options.device)
    graph = optimize_graph(import_model(path, ImportOptions()).graph).graph
    plans = [candidate.plan for candidate in recording.candidates[:2]]
    executables = [device.compile(graph, plan, Precision.FP16) for plan in plans]
    measured = [executable.measure(50) for executable in executables]
    begun = time.perf_counter()
    timelines = device.profile_together(executables, ProfileOptions(), lambda: False)
    profiled = time.perf_counter()
    candidates = tuple(
        dataclasses.replace(old, measurement=new, timeline=dataclasses.replace(timeline, name=old.name))
        for old, new, timeline in zip(recording.candidates, measured, timelines, strict=False)
    )
    kept = dataclasses.replace(recording, candidates=candidates, chosen=candidates[0].name)
    write_recording(kept, folder / "two.warploom")
    written = time.perf_counter()
    read_recording(folder / "two.warploom")
    opened = time.perf_counter()
    for executable in executables:
        executable.close()
    facts = {
        "profile_and_save_s": written - begun,
        "profile_s": profiled - begun,
        "open_s": opened - written,
        "schedules": {c.name: {**describe(c.timeline), **latency(c.measurement)} for c in candidates},
    }
    print(
        f"inception_v3: profiled and saved in {written - begun:.2f} s, opened in {opened - written:.3f} s", flush=True
    )
    return facts


def recorded_elsewhere(options: argparse.Namespace, folder: Path, recipe: str, precision: str) -> dict[str, Any]:
    """The same in another process: a network that loses the GPU must not cost those behind it."""
    command = [sys.executable, __file__, "--in-process", "--no-experiments", "--out", str(folder / "one")]
    command += ["--recipes", recipe, "--precisions", precision, "--device", options.device, "--mode", options.mode]
    command += ["--search-seconds", str(options.search_seconds), "--counters", options.counters]
    subprocess.run(command, check=False)
    for made in (folder / "one" / "recordings").glob("*.warploom"):
        shutil.move(made, options.out / "recordings" / made.name)
    path = folder / "one" / "profile.json"
    networks = json.loads(path.read_text(encoding="utf-8"))["networks"] if path.exists() else {}
    path.unlink(missing_ok=True)
    return dict(networks.get(f"{recipe} {precision}", {"error": "the process ended early"}))


def recorded(options: argparse.Namespace, folder: Path, recipe: str, precision: str) -> dict[str, Any]:
    """Runs the main job on a network and keeps the recording."""
    begun = time.perf_counter()
    target = options.out / "recordings" / f"{recipe}-{precision}.warploom"
    try:
        recording = optimized(options, model(folder, recipe), folder / target.name, precision, options.mode)
    except Exception as error:  # one network that fails must not cost the others
        print(f"{recipe} {precision}: {type(error).__name__}: {error}", flush=True)
        return {"error": f"{type(error).__name__}: {error}"}
    recording = dataclasses.replace(recording, model=dataclasses.replace(recording.model, path=f"{recipe}.onnx"))
    kept = trim_recording(recording, (*KEPT, recording.chosen))
    write_recording(kept, target)
    facts: dict[str, Any] = {"seconds": time.perf_counter() - begun, "bytes": target.stat().st_size}
    for candidate in recording.candidates:
        facts[candidate.name] = {**latency(candidate.measurement), **describe(candidate.timeline)}
    if recording.verification is not None:
        facts["verified"] = {one.name: one.max_rel_l2 for one in recording.verification.candidates}
        facts["tolerance"] = recording.verification.tolerance
    both = {name: round(facts[name]["median_us"], 1) for name in dict.fromkeys(("sequential", kept.chosen))}
    print(
        f"{recipe} {precision}: {facts['seconds']:.1f} s, {facts['bytes']} bytes, chosen {kept.chosen}, {both}, "
        f"verified {recording.verification is not None and recording.verification.ok}",
        flush=True,
    )
    return {**facts, "chosen": kept.chosen}


def optimized(options: argparse.Namespace, path: Path, output: Path, precision: str, mode: str) -> Recording:
    """The recording of a main job."""

    def say(event: Event) -> None:
        if isinstance(event, Phase):
            print(f"  {path.stem} {precision} {time.perf_counter():.1f} {event.name} {event.detail}", flush=True)

    wanted = OptimizeOptions(
        device=options.device,
        precision=precision,
        mode=mode,
        search_seconds=options.search_seconds,
        repeats=100,
        counters=tuple(options.counters.split(",")),
    )
    optimize(OptimizeRequest(job=1, model=str(path), output=str(output), options=wanted), say, lambda: False)
    return read_recording(output)


def timelines_of(
    options: argparse.Namespace, folder: Path, recipe: str, schedulers: Sequence[str], profile: ProfileOptions
) -> list[Timeline]:
    """Timelines of a network by stage schedulers, measured without a profiler before."""
    graph = optimize_graph(import_model(model(folder, recipe), ImportOptions()).graph).graph
    device = open_device(options.device)
    costs = device.cost_model(graph, Precision.FP16)
    limits = SearchLimits(seconds=options.search_seconds)
    executables = []
    for name in schedulers:
        schedule = SCHEDULERS[name](graph, costs, limits, SilentObserver()).schedule
        executables.append(device.compile(graph, lower_schedule(schedule, graph), Precision.FP16))
        executables[-1].measure(100)
    timelines = device.profile_together(executables, profile, lambda: False)
    for executable in executables:
        executable.close()
    return list(timelines)


def model(folder: Path, recipe: str) -> Path:
    path = folder / f"{recipe}.onnx"
    return path if path.exists() else build(recipe, path)


def latency(measurement: Measurement) -> dict[str, float]:
    return {"median_us": measurement.median_us, "p25_us": measurement.p25_us, "p75_us": measurement.p75_us}


def describe(timeline: Timeline) -> dict[str, Any]:
    """What a profile says of itself, and the mean of its active warps."""
    series, profile = timeline.warps, timeline.profile
    area = float((series.total * np.diff(series.edges_ns)).sum())
    facts: dict[str, Any] = {
        "basis": timeline.basis,
        "duration_us": timeline.duration_ns / 1e3,
        "mean_warps": area / max(timeline.duration_ns, 1),
        "peak_warps": float(series.total.max(initial=0.0)),
        "metrics": [] if timeline.counters is None else list(timeline.counters.names),
    }
    if profile is not None:
        facts |= {
            "replays_us": (profile.replay_ns / 1e3).tolist(),
            "overhead": profile.overhead,
            "interval_ns": profile.interval_ns,
            "residual_ns": profile.alignment_residual_ns,
            "attribution_error": profile.attribution_error,
            "unattributed": profile.unattributed,
            "warps_from": profile.warps_from,
            "note": profile.note,
        }
    return facts


def missed(report: dict[str, Any]) -> list[str]:
    """Targets that were not reached."""
    found = []
    if report["utilization"] and report["utilization"]["ratio"] < UTILIZATION_RATIO:
        found.append(f"utilization ratio {report['utilization']['ratio']:.2f} < {UTILIZATION_RATIO}")
    if report["costs"]:
        for name, limit in (("profile_and_save_s", PROFILE_S), ("open_s", OPEN_S)):
            if report["costs"][name] > limit:
                found.append(f"{name} {report['costs'][name]:.1f} > {limit}")
    for network, facts in report["networks"].items():
        for name, one in facts.items():
            if isinstance(one, dict) and (one.get("residual_ns") or 0.0) > RESIDUAL_NS:
                found.append(f"{network} {name}: clocks {one['residual_ns']:.0f} ns apart")
        if facts.get("bytes", 0) > MOST_BYTES:
            found.append(f"{network}: recording of {facts['bytes']} bytes")
    return found


if __name__ == "__main__":
    sys.exit(main())
