"""Measures serving on a GPU: requests with their copies, opening a plan file, contexts side by side.

    python benchmarks/gpu_serve.py --out DIR [--device cuda:0] [--search-seconds 15] [--only requests,load,contexts]

Writes DIR/serve-<section>.json as soon as a section is measured. Loading is measured in processes of their own, each
with a CUDA context before the clock starts; --device sim:h200 tries the whole thing without a GPU.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

import warploom

SECTIONS = ("requests", "load", "contexts")
LOADS = 3
TARGETS = {
    "overlapped / pinned": 1.0,
    "overlapped / pageable": 0.6,
    "period at depth 2 / slowest stage": 1.15,
    "first answer of load_plan, seconds": 1.0,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--search-seconds", type=float, default=15.0)
    parser.add_argument("--mode", default="both", help="schedulers that compete for the plans")
    parser.add_argument("--only", default=",".join(SECTIONS))
    parser.add_argument("--load-one", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--profile", action="store_true", help="Also print where loading takes its time.")
    arguments = parser.parse_args()
    if arguments.load_one is not None:
        print(json.dumps(load_once(arguments.load_one, profiled=arguments.profile)))
        return
    arguments.out.mkdir(parents=True, exist_ok=True)
    for section in arguments.only.split(","):
        started = time.perf_counter()
        found = {"requests": requests, "load": load, "contexts": contexts}[section](arguments)
        path = arguments.out / f"serve-{section}.json"
        path.write_text(json.dumps({**found, "seconds": time.perf_counter() - started}, indent=1) + "\n")
        print(f"{section}: {time.perf_counter() - started:.1f} s, {path}", flush=True)


def figures(found: Mapping[str, Any]) -> dict[str, float]:
    """What is compared with `TARGETS`, as far as it was measured."""
    measured = dict(found.get("requests", {}).get("ratios", {}))
    if "load" in found:
        measured["first answer of load_plan, seconds"] = max(run["first answer"] for run in found["load"]["processes"])
    return measured


def missed(found: Mapping[str, Any]) -> list[str]:
    """Targets that were missed, and outputs that differ."""
    measured = figures(found)
    faults = [
        f"{name}: {measured[name]:.3f}, not {most}" for name, most in TARGETS.items() if measured.get(name, 0) > most
    ]
    if found.get("requests", {}).get("largest difference of streamed from single outputs", 0.0):
        faults.append("frames in flight give other outputs than single requests")
    if not all(row["outputs_agree"] for row in found.get("contexts", {}).get("rows", ())):
        faults.append("contexts side by side give other outputs")
    return faults


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """A table of what was measured."""
    for name, value in figures(found).items():
        yield f"{name:40} {value:.3f} (at most {TARGETS[name]})"
    for row in found.get("contexts", {}).get("rows", ()):
        yield f"{row['contexts']} contexts {row['requests_per_s']:.0f} requests/s"


def plan_of(name: str, arguments: argparse.Namespace) -> Path:
    """The plan file of a recipe in fp16; built once."""
    from warploom.samples.recipes import build as build_recipe

    path = arguments.out / f"{name}.plan"
    if not path.exists():
        model = arguments.out / f"{name}.onnx"
        build_recipe(name, model)
        started = time.perf_counter()
        with warploom.build(
            model,
            path,
            device=arguments.device,
            precision="fp16",
            search_seconds=arguments.search_seconds,
            mode=arguments.mode,
            verify=False,
        ) as plan:
            print(f"{name}: {plan.facts.shapes[0].plan.name} {plan.facts.shapes[0].latency_us:.1f} us, ", end="")
        print(f"built in {time.perf_counter() - started:.1f} s, {path.stat().st_size / 2**20:.1f} MiB", flush=True)
        model.unlink()
    return path


def requests(arguments: argparse.Namespace) -> dict[str, Any]:
    """The nine-output MobileNet: ways of answering a request, and streams of frames."""
    from warploom.serving.bench import BenchOptions, bench_plan

    with warploom.load_plan(plan_of("mobilenet_heads", arguments), device=arguments.device) as plan:
        options = BenchOptions(repeats=200, depth=3, frames=400, fps=30, seconds=3)
        report = bench_plan(plan, options)
        wrong = _difference(plan)
        timelines = {mode: _lanes(plan, mode) for mode in ("pinned", "overlapped")}
    wall = {row.name: row.wall.p50 for row in report.latencies}
    slowest = max(report.latency("model").events.p50, report.copy_in.p50, report.copy_out.p50)
    ratios = {
        "overlapped / pinned": wall["overlapped"] / wall["pinned"],
        "overlapped / pageable": wall["overlapped"] / wall["pageable"],
        "period at depth 2 / slowest stage": 1e6 / report.throughput[1].frames_per_s / slowest,
    }
    for name, value in {**wall, **ratios}.items():
        print(f"  {name}: {value:.3f}", flush=True)
    model = report.latency("model").events.p50
    print(f"  stages: in {report.copy_in.p50:.1f} model {model:.1f} out {report.copy_out.p50:.1f}")
    for line in report.throughput:
        print(f"  depth {line.depth}: {line.frames_per_s:.0f} frames/s, latency {line.latency.p50:.1f} us", flush=True)
    return {
        "report": msgspec.to_builtins(report),
        "ratios": ratios,
        "largest difference of streamed from single outputs": wrong,
        "timelines": timelines,
    }


def _difference(plan: warploom.Plan) -> float:
    """Frames in flight together give what single requests give."""
    frames = [plan.example(seed=seed) for seed in range(6)]
    single = [plan(frame) for frame in frames]
    largest = 0.0
    for alone, streamed in zip(single, plan.stream(frames, depth=3), strict=True):
        largest = max(largest, *(float(np.abs(alone[name] - streamed[name]).max()) for name in alone))
    return largest


def _lanes(plan: warploom.Plan, mode: str) -> dict[str, Any]:
    from warploom.device.serving import RequestMode

    timeline = plan.timeline(RequestMode(mode))
    copies = timeline.spans.copy_bytes > 0
    rows = zip(
        timeline.spans.stream[copies], timeline.spans.start_ns[copies], timeline.spans.end_ns[copies], strict=True
    )
    return {
        "duration_us": timeline.duration_ns / 1e3,
        "copies_us": [[timeline.stream_name(int(s)), int(a) / 1e3, int(b) / 1e3] for s, a, b in rows],
    }


def load(arguments: argparse.Namespace) -> dict[str, Any]:
    """The first answer of a plan file in new processes."""
    path = plan_of("inception_v3", arguments)
    runs = []
    for number in range(LOADS + arguments.profile):
        command = [sys.executable, __file__, "--load-one", str(path)]
        command += ["--profile"] if number == LOADS else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr)
        *text, last = done.stdout.splitlines()
        if number == LOADS:
            print("\n".join(text), flush=True)
            continue
        runs.append(json.loads(last))
        print("  " + ", ".join(f"{name} {value:.3f}" for name, value in runs[-1].items()), flush=True)
    return {"model": "inception_v3", "file_bytes": path.stat().st_size, "processes": runs}


def load_once(path: Path, *, profiled: bool) -> dict[str, Any]:
    """Times the parts of opening a plan, seconds; the CUDA context is there before."""
    import cProfile
    import io
    import pstats

    from warploom.serving.file import read_plan

    simulated = read_plan(path).facts.device.simulated
    if not simulated:
        import cupy

        cupy.cuda.runtime.free(0)
    frame = {"input": np.random.default_rng(0).standard_normal((1, 3, 299, 299), np.float32)}
    profile = cProfile.Profile()
    times = {}
    started = time.perf_counter()
    if profiled:
        profile.enable()
    plan = warploom.load_plan(path)
    times["open"] = time.perf_counter() - started
    plan.served(0)
    times["serve"] = time.perf_counter() - started
    plan(frame)
    times["first answer"] = time.perf_counter() - started
    profile.disable()
    started = time.perf_counter()
    plan(frame)
    times["second answer"] = time.perf_counter() - started
    if profiled:
        text = io.StringIO()
        pstats.Stats(profile, stream=text).sort_stats("cumulative").print_stats(45)
        print(text.getvalue())
    return times


def contexts(arguments: argparse.Namespace) -> dict[str, Any]:
    """Contexts of one plan from as many threads, and a plan within a limit of workspaces."""
    from warploom.samples.recipes import build as build_recipe

    rows = []
    with warploom.load_plan(plan_of("inception_v3", arguments), device=arguments.device) as plan:
        frame = plan.example()
        expected = plan(frame)
        for count in (1, 2, 4):
            rate, agree = _threads(plan, frame, expected, count)
            rows.append({"contexts": count, "requests_per_s": rate, "outputs_agree": agree})
            print(f"  {count} contexts: {rate:.0f} requests/s, outputs agree: {agree}", flush=True)
        memory = msgspec.to_builtins(plan.memory)
    model = build_recipe("squeezenet", arguments.out / "squeezenet.onnx")
    options = {"device": arguments.device, "precision": "fp16", "search_seconds": 3, "verify": False}
    with warploom.build(model, workspace_mb=0, **options) as plan:
        small = msgspec.to_builtins(plan.memory)
    print(f"  without workspaces: {small}", flush=True)
    return {"rows": rows, "memory": memory, "squeezenet without workspaces": small}


def _threads(plan: warploom.Plan, frame: Any, expected: Any, count: int) -> tuple[float, bool]:
    repeats = 2 if plan.device.info.simulated else 200
    agree: list[bool] = []
    ready = threading.Barrier(count + 1)

    def work() -> None:
        with plan.context() as context:
            buffers = context.buffers()
            for name, array in frame.items():
                buffers[name][...] = array
            context(buffers)
            ready.wait()
            for _ in range(repeats):
                outputs = context(buffers)
            agree.append(all(np.array_equal(outputs[name], expected[name]) for name in expected))
            ready.wait()

    workers = [threading.Thread(target=work) for _ in range(count)]
    for worker in workers:
        worker.start()
    ready.wait()
    started = time.perf_counter()
    ready.wait()
    seconds = time.perf_counter() - started
    for worker in workers:
        worker.join()
    return count * repeats / seconds, len(agree) == count and all(agree)


if __name__ == "__main__":
    main()
