"""Tests and measures Warploom on this machine's GPU, and writes one JSON file with raw samples, versions and clocks.

python benchmarks/gpu.py --models FOLDER --out FOLDER [--only tests,bench,search,profile,serve,sanitize,peers]

Every section stands by itself, so that each fits into a time limit; a file of the same card and day is continued.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gpu_sanitize
import gpu_serve
from gpu_facts import file_stem, gpu_state, header

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
NETWORKS = ("squeezenet1_1", "inception_v3", "nasnetalarge")
SECTIONS = ("tests", "bench", "search", "profile", "serve", "sanitize", "peers")
TARGETS_MS = {
    ("inception_v3", "fp16"): 0.60,
    ("squeezenet1_1", "fp16"): 0.13,
    ("nasnetalarge", "fp16"): 2.8,
    ("inception_v3", "tf32"): 0.80,
    ("squeezenet1_1", "tf32"): 0.17,
    ("nasnetalarge", "tf32"): 3.2,
}
COMPILE_S = {"inception_v3": (60.0, 3.0), "squeezenet1_1": (20.0, 1.0), "nasnetalarge": (120.0, 8.0)}
"""Seconds to compile with an empty and with a filled cost database."""
ARENA_RATIO = 1.3
TOLERANCES = {"fp32": 1e-5, "tf32": 2e-3, "fp16": 2e-3, "bf16": 1.5e-2}
"""Of one operator."""
SEARCH_TARGETS = {
    "recipe_sample_network": (0.032, 1.6, 2.0),
    "recipe_inception_v3": (0.38, 1.5, 15.0),
    "recipe_randwire_large": (1.2, 1.6, 60.0),
    "recipe_nasnet_large": (1.7, 1.6, 90.0),
    "recipe_squeezenet": (0.10, 1.2, 3.0),
}
"""Milliseconds of the chosen schedule, its speedup over the sequential one, seconds of a cold search; batch 1, fp16."""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="tests,bench,peers", help=f"of {','.join(SECTIONS)}")
    parser.add_argument("--models", type=Path, default=REPOSITORY.parent / "shared" / "models")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--precisions", default="fp16,tf32", help="of the benchmark and the sanitizers")
    parser.add_argument("--networks", default=",".join(NETWORKS), help="files in --models, or recipe_NAME")
    parser.add_argument("--schedules", default="sequential,greedy,both")
    parser.add_argument("--search-seconds", type=float, default=20.0)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=540.0, help="after which a section ends with what it has")
    parser.add_argument("--workers", type=int, default=min(10, os.cpu_count() or 1), help="processes of the tests")
    parser.add_argument("--tests", default="", help="more arguments for pytest, as '-k conv'")
    parser.add_argument(
        "--resume", action="store_true", help="leave out tests that passed in the file that is continued"
    )
    parser.add_argument("--families", default="", help="of the operator grid, for the sanitizers")
    parser.add_argument("--searched", default=",".join(SEARCH_TARGETS), help="networks of the section search")
    parser.add_argument("--batches", default="1", help="of the section search")
    parser.add_argument("--search-arguments", default="", help="more arguments for gpu_search.py")
    parser.add_argument(
        "--database", type=Path, help="cost database with kernels chosen, read by tests and search, written by search"
    )
    parser.add_argument("--profile-arguments", default="", help="more arguments for gpu_profile.py")
    parser.add_argument("--compile-peers", action="store_true", help="torch.compile too: minutes")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the sections; the exit code is 1 when a test failed, a tool reported something or a target was missed."""
    options = parse(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"{file_stem(options.device)}.json"
    report = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    report |= header()
    failed = False
    for name in options.only.split(","):
        before = gpu_state()
        start = time.perf_counter()
        section = RUNNERS[name](options)
        section |= {"seconds": round(time.perf_counter() - start, 1), "gpu_before": before, "gpu_after": gpu_state()}
        report[name] = section
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        print(f"== {name} ({section['seconds']:.0f} s)")
        for line in TABLES[name](section):
            print(line)
        failed = failed or bool(section.get("failed"))
    print(f"written to {path}")
    return int(failed)


def environment(device: str, cache: Path, models: Path) -> dict[str, str]:
    """For child processes: this checkout's code, caches of their own."""
    return gpu_sanitize.environment(device, cache) | {
        "XDG_CACHE_HOME": str(cache),
        "WARPLOOM_MODELS": str(models.resolve()),
        "PYTHONUNBUFFERED": "1",
    }


# Tests


def run_tests(options: argparse.Namespace) -> dict[str, Any]:
    """All of tests/gpu, dealt out to processes that share the GPU; what a section's time cuts off is said."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = _passed_before(options)
        (folder / "passed").write_text(
            "\n".join(row["test"] for row in before if row["kind"] == "test"), encoding="utf-8"
        )
        own = environment(options.device, folder / "cache", options.models)
        own["WARPLOOM_TEST_PASSED"] = str(folder / "passed")
        own |= _seconds_before(options, folder)
        if options.database is not None and options.database.exists():
            (folder / "cache" / "warploom").mkdir(parents=True)
            shutil.copy(options.database, folder / "cache" / "warploom" / "costs.sqlite")
        own |= {"WARPLOOM_TEST_RESULTS": str(folder / "results"), "OMP_NUM_THREADS": "2"}
        own["WARPLOOM_KERNEL_BUILDERS"] = "0"  # the shards fill the processor
        own["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # a machine's other plugins warn, and warnings are errors
        started = [_start_shard(i, options, own, folder) for i in range(max(1, options.workers))]
        end = time.monotonic() + options.seconds
        codes = [_wait(process, end - time.monotonic()) for process in started]
        texts = [(folder / f"log-{i}").read_text(encoding="utf-8") for i in range(len(started))]
        (options.out / "tests.log").write_text("\n".join(texts), encoding="utf-8")
        records = [
            json.loads(line) for file in folder.glob("results/*.jsonl") for line in file.read_text().splitlines()
        ]
        records += before
        outcomes = [
            next((line.strip("= ") for line in reversed(text.splitlines()) if " in " in line), "did not end")
            for text in texts
        ]
        whole = all(code in (0, _NO_TESTS) for code in codes)
        resumed = f", {sum(row['kind'] == 'test' for row in before)} passed in an earlier run" if before else ""
        return {"exit_codes": codes, "failed": not whole, "outcome": _total(outcomes) + resumed, "records": records}


def _passed_before(options: argparse.Namespace) -> list[dict[str, Any]]:
    """With --resume, the records of the last run, without tests that did not pass."""
    path = options.out / f"{file_stem(options.device)}.json"
    if not options.resume or not path.exists():
        return []
    rows = json.loads(path.read_text(encoding="utf-8")).get("tests", {}).get("records", [])
    return [row for row in rows if row["kind"] != "test" or row["outcome"] == "passed"]


def _seconds_before(options: argparse.Namespace, folder: Path) -> dict[str, str]:
    """For the tests' environment: what each took in the last run, where there was one."""
    path = options.out / f"{file_stem(options.device)}.json"
    if not path.exists():
        return {}
    rows = json.loads(path.read_text(encoding="utf-8")).get("tests", {}).get("records", [])
    took = {row["test"]: row["seconds"] for row in rows if row["kind"] == "test"}
    (folder / "seconds").write_text(json.dumps(took), encoding="utf-8")
    return {"WARPLOOM_TEST_SECONDS": str(folder / "seconds")}


_NO_TESTS = 5  # pytest's exit code where nothing was left to run


def _start_shard(index: int, options: argparse.Namespace, own: Mapping[str, str], folder: Path) -> Any:
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider"]
    command += [*shlex.split(options.tests), str(REPOSITORY / "tests" / "gpu")]
    shard = {"WARPLOOM_TEST_SHARD": f"{index}/{max(1, options.workers)}"}
    with (folder / f"log-{index}").open("w", encoding="utf-8") as log:
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env={**own, **shard}, cwd=REPOSITORY)


def _wait(process: Any, seconds: float) -> int:
    """The exit code; 124 when it took longer and was stopped."""
    try:
        return int(process.wait(timeout=max(0.0, seconds)))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)  # it then reports the tests that it ran
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return 124


def _total(outcomes: Sequence[str]) -> str:
    """Several processes' last lines added up: "476 passed, 2 skipped"."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        for number, what in re.findall(r"(\d+) (passed|failed|skipped|errors?|deselected)", outcome):
            counts[what] = counts.get(what, 0) + int(number)
    unfinished = sum(outcome == "did not end" for outcome in outcomes)
    late = [f"{unfinished} processes did not end"] if unfinished else []
    return ", ".join([*(f"{number} {what}" for what, number in counts.items() if what != "deselected"), *late])


def tests_table(section: Mapping[str, Any]) -> Iterator[str]:
    yield str(section["outcome"])
    tests = [row for row in section["records"] if row["kind"] == "test"]
    for row in sorted(tests, key=lambda row: -row["seconds"])[:8]:
        yield f"  {row['seconds']:6.1f} s {row['test'].partition('::')[2]}"
    yield from (f"  FAILED {row['test']}: {row['message'][:300]}" for row in tests if row["outcome"] == "failed")
    groups: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row in section["records"]:
        error = row.get("error") if row["kind"] == "model outputs" else row.get("worst_error")
        if isinstance(error, float) and "precision" in row:
            allowed = row.get("tolerance") or row.get("worst_tolerance") or TOLERANCES[row["precision"]]
            groups.setdefault((row["kind"], row["precision"]), []).append((error / allowed, error))
    for (kind, precision), errors in sorted(groups.items()):
        share, error = max(errors)
        yield f"  {kind:16} {precision:5} {len(errors):4} checks, at most {share:4.0%} of the tolerance ({error:.1e})"


# Benchmark


def run_bench(options: argparse.Namespace) -> dict[str, Any]:
    deadline = time.perf_counter() + options.seconds
    rows = []
    for network in options.networks.split(","):
        for precision in options.precisions.split(","):
            left = deadline - time.perf_counter()
            rows.append(bench_one(network, precision, options, left) if left > 0 else _late(network, precision))
            print("  ", *bench_lines(rows[-1]), sep="\n   ", flush=True)
    return {"rows": rows, "failed": any(row["missed"] for row in rows)}


def _late(network: str, precision: str) -> dict[str, Any]:
    return {"network": network, "precision": precision, "missed": ["not measured: the time is over"]}


def bench_one(network: str, precision: str, options: argparse.Namespace, seconds: float) -> dict[str, Any]:
    """Compiles with an empty cost database, and in a new process with the one that this left; then measures."""
    row: dict[str, Any] = {"network": network, "precision": precision}
    with tempfile.TemporaryDirectory() as cache:
        common = ["--network", network, "--models", str(options.models), "--precision", precision]
        common += ["--device", options.device, "--repeats", str(options.repeats)]
        row["cold"] = child([*common, "--schedules", "sequential"], options, Path(cache), seconds)
        more = ["--schedules", options.schedules, "--search-seconds", str(options.search_seconds), "--check"]
        row["warm"] = child([*common, *more], options, Path(cache), seconds)
    row["missed"] = missed(row)
    return row


def child(
    arguments: Sequence[str],
    options: argparse.Namespace,
    cache: Path,
    seconds: float,
    script: str = "gpu_network.py",
) -> dict[str, Any]:
    """What a script says in its last line, run in a process with a cache of its own."""
    if seconds <= 0:
        return {"failure": "the time is over"}
    command = [sys.executable, str(HERE / script), *arguments]
    own = environment(options.device, cache, options.models)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False, env=own)
    except subprocess.TimeoutExpired:
        return {"failure": f"took longer than {seconds:.0f} s"}
    if done.returncode:
        return {"failure": done.stderr.strip()[-3000:]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def missed(row: Mapping[str, Any]) -> list[str]:
    """What is not as it must be: failures, wrong outputs, latency, compile times, memory."""
    failures = [f"{when}: {row[when]['failure']}" for when in ("cold", "warm") if "failure" in row[when]]
    if failures:
        return failures
    warm = row["warm"]
    network, precision, found = row["network"], row["precision"], warm["schedules"]
    faults = [f"{name}: error {s['error']:.1e}" for name, s in found.items() if not s["error"] <= warm["tolerance"]]
    faults += [
        f"{name}: arena {s['arena_bytes'] / s['live_bytes']:.2f} of live"
        for name, s in found.items()
        if s.get("live_bytes") and s["arena_bytes"] > ARENA_RATIO * s["live_bytes"]
    ]
    target = TARGETS_MS.get((network, precision))
    if target is not None and found["sequential"]["median_us"] > 1e3 * target:
        faults.append(f"sequential {found['sequential']['median_us'] / 1e3:.3f} ms > {target} ms")
    for when, limit in zip(("cold", "warm"), COMPILE_S.get(network, ()), strict=False):
        seconds = row[when]["schedules"]["sequential"]["compile_s"]
        if seconds > limit:
            faults.append(f"compile {when} {seconds:.1f} s > {limit:.0f} s")
    return faults


def bench_table(section: Mapping[str, Any]) -> Iterator[str]:
    yield f"{'network':22} {'':5} {'schedule':11} {'median ms':>9} {'error':>8} {'compile s':>15} {'arena/live':>11}"
    for row in section["rows"]:
        yield from bench_lines(row)


def bench_lines(row: Mapping[str, Any]) -> Iterator[str]:
    for name, found in row.get("warm", {}).get("schedules", {}).items():
        cold = row["cold"].get("schedules", {}).get(name, {}).get("compile_s")
        compiled = f"{'' if cold is None else f'{cold:.1f} / '}{found['compile_s']:.2f}"
        ratio = f"{found['arena_bytes'] / found['live_bytes']:.2f}" if found.get("live_bytes") else "-"
        yield (
            f"{row['network']:22} {row['precision']:5} {name:11} {found['median_us'] / 1e3:9.4f} {found['error']:8.1e} "
            f"{compiled:>15} {ratio:>11}"
        )
    for fault in row["missed"]:
        yield f"{row['network']:22} {row['precision']:5} MISSED {fault}"


# Search


def run_search(options: argparse.Namespace) -> dict[str, Any]:
    """Chooses kernels in one process and searches in the next, for each network and batch."""
    deadline = time.perf_counter() + options.seconds
    rows = []
    for network in options.searched.split(","):
        for batch in options.batches.split(","):
            rows.append(search_one(network, batch, options, deadline))
            print("  ", *search_lines(rows[-1]), sep="\n   ", flush=True)
    return {"rows": rows, "failed": any(row["missed"] for row in rows)}


def search_one(network: str, batch: str, options: argparse.Namespace, deadline: float) -> dict[str, Any]:
    row: dict[str, Any] = {"network": network, "batch": int(batch)}
    with tempfile.TemporaryDirectory() as cache:
        costs = Path(cache) / "warploom" / "costs.sqlite"
        costs.parent.mkdir()
        if options.database is not None and options.database.exists():
            shutil.copy(options.database, costs)
        common = ["--network", network, "--models", str(options.models), "--device", options.device, "--batch", batch]
        for phase, more in (("kernels", []), ("search", shlex.split(options.search_arguments))):
            arguments = [*common, "--phase", phase, *more]
            row[phase] = child(arguments, options, Path(cache), deadline - time.perf_counter(), "gpu_search.py")
            if phase == "kernels" and options.database is not None and costs.exists():
                shutil.copy(costs, options.database)
    row["missed"] = missed_by_search(row)
    return row


def missed_by_search(row: Mapping[str, Any]) -> list[str]:
    found = row["search"]
    if "failure" in found:
        return [f"{phase}: {row[phase]['failure']}" for phase in ("kernels", "search") if "failure" in row[phase]]
    faults = [] if found["verified"] is None or found["verified"]["ok"] else ["outputs differ"]
    if found["chosen_us"] > found["sequential_us"]:
        faults.append("slower than sequential")
    latency, speedup, seconds = SEARCH_TARGETS.get(row["network"], (math.inf, 0.0, math.inf))
    if row["batch"] == 1 and found["chosen_us"] > 1e3 * latency:
        faults.append(f"{found['chosen_us'] / 1e3:.4f} ms > {latency} ms")
    if row["batch"] == 1 and found["speedup"] < speedup:
        faults.append(f"speedup {found['speedup']:.2f} < {speedup}")
    if row["batch"] == 1 and found["search_s"] > seconds:
        faults.append(f"search {found['search_s']:.1f} s > {seconds} s")
    return faults


def search_table(section: Mapping[str, Any]) -> Iterator[str]:
    for row in section["rows"]:
        yield from search_lines(row)


def search_lines(row: Mapping[str, Any]) -> Iterator[str]:
    found, where = row["search"], f"{row['network']:22} batch {row['batch']:3}"
    if "failure" not in found:
        kernels = row["kernels"]
        chosen = sum(kernels.get(name, 0.0) for name in ("operators_s", "merges_s"))
        yield (
            f"{where} {found['chosen']} {found['chosen_us']:.1f} us, {found['speedup']:.2f} x, floor "
            f"{found['floor_us']:.1f} us, search {found['search_s']:.1f} s, kernels {chosen:.1f} s"
        )
        schedulers = {one["name"]: one for one in found["schedulers"]}
        yield from (_schedule_line(name, one, schedulers[name]) for name, one in found["schedules"].items())
    yield from (f"{where} MISSED {fault}" for fault in row["missed"])


def _schedule_line(name: str, found: Mapping[str, Any], searched: Mapping[str, Any]) -> str:
    gap = 100 * (found.get("gap") or 0.0)
    return (
        f"{'':30} {name:14} {found['median_us']:8.1f} us  predicted {searched['predicted_us'] or 0.0:8.1f}  "
        f"gap {gap:5.1f} %  {searched['seconds']:6.2f} s {searched['costed']:6} costed"
    )


# Sanitizers and peers


def run_sanitizers(options: argparse.Namespace) -> dict[str, Any]:
    found = gpu_sanitize.sanitize(options.precisions, options.seconds, options.families, options.device)
    bad = "skipped" not in found and any(not is_clean(tool) for tool in found.values())
    return {"tools": found, "failed": bad}


def is_clean(tool: Mapping[str, Any]) -> bool:
    """No report about an own kernel, every case ran to its end, and a planted fault was seen."""
    ended = tool["reports"] is not None and bool(tool["cases"]["ended"])
    return ended and not tool["own_kernels"] and bool(tool["finds_planted_fault"])


def sanitizers_table(section: Mapping[str, Any]) -> Iterator[str]:
    for name, tool in section["tools"].items():
        if name == "skipped":
            yield f"skipped: {tool}"
            continue
        kernels = ", ".join(tool["own_kernels"]) or "none"
        yield f"  {name:10} {tool['reports']} reports, {tool['cases'].get('passed', 0)} cases, own kernels: {kernels}"
        if not tool["finds_planted_fault"]:
            yield f"  {name:10} is blind: it did not report a planted fault"


def run_peers(options: argparse.Namespace) -> dict[str, Any]:
    """What else would run the networks, where it is installed; each in a process of its own."""
    found: dict[str, Any] = {}
    for script in sorted((HERE / "peers").glob("*.py")):
        command = [sys.executable, str(script), "--repeats", str(options.repeats)]
        command += ["--compile"] if options.compile_peers else []
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=options.seconds, check=False)
            lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
            found[script.stem] = {"rows": lines, "stderr": done.stderr.strip()[-500:] if done.returncode else ""}
        except subprocess.TimeoutExpired:
            found[script.stem] = {"rows": [], "stderr": "took too long"}
    return {"peers": found}


def peers_table(section: Mapping[str, Any]) -> Iterator[str]:
    for peer, found in section["peers"].items():
        for row in found["rows"]:
            what = f"{row['median_us'] / 1e3:9.4f} ms" if "median_us" in row else row["skipped"]
            yield f"  {peer:8} {row['network']:16} {row['precision']:5} {row['mode']:12} {what}"
        if found["stderr"]:
            yield f"  {peer}: {found['stderr'].splitlines()[-1]}"


# Profiles


def run_profiles(options: argparse.Namespace) -> dict[str, Any]:
    """The tests of the profiler, which have to be alone on the GPU, then networks and recordings (gpu_profile.py)."""
    end = time.perf_counter() + options.seconds
    with tempfile.TemporaryDirectory() as cache:
        own = environment(options.device, Path(cache), options.models) | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider"]
        tests = [*command, str(REPOSITORY / "tests" / "gpu" / "test_profiler.py")]
        tested = subprocess.run(tests, env=own, cwd=REPOSITORY, capture_output=True, text=True, check=False)
        print(tested.stdout[-2000:], flush=True)
        left = max(1.0, end - time.perf_counter() - _LAST_NETWORK_S)
        profiles = [sys.executable, str(HERE / "gpu_profile.py"), "--out", str(options.out), "--seconds", f"{left:.0f}"]
        done = subprocess.run([*profiles, *shlex.split(options.profile_arguments)], env=own, check=False)
    path = options.out / "profile.json"
    facts = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    failed = bool(tested.returncode or done.returncode)
    return {"tests": tested.stdout.strip().splitlines()[-1:], "failed": failed, **facts}


_LAST_NETWORK_S = 90.0  # what the network that is begun last may take


def profiles_table(section: Mapping[str, Any]) -> Iterator[str]:
    yield " ".join(section["tests"])
    yield f"missed: {'; '.join(section.get('missed', [])) or 'nothing'}"


# Serving


def run_serve(options: argparse.Namespace) -> dict[str, Any]:
    """Requests, plan files and contexts (gpu_serve.py); the plans themselves are not kept."""
    with tempfile.TemporaryDirectory() as folder:
        own = environment(options.device, Path(folder) / "cache", options.models)
        command = [sys.executable, str(HERE / "gpu_serve.py"), "--out", folder, "--device", options.device]
        command += ["--search-seconds", str(options.search_seconds)]
        done = subprocess.run(command, env=own, check=False)
        files = sorted(Path(folder).glob("serve-*.json"))
        found = {path.stem.removeprefix("serve-"): json.loads(path.read_text(encoding="utf-8")) for path in files}
    missed = gpu_serve.missed(found)
    return {**found, "missed": missed, "failed": bool(done.returncode or missed)}


def serve_table(section: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"MISSED {fault}" for fault in section["missed"])
    yield from gpu_serve.lines(section)


RUNNERS: Mapping[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "tests": run_tests,
    "bench": run_bench,
    "search": run_search,
    "profile": run_profiles,
    "serve": run_serve,
    "sanitize": run_sanitizers,
    "peers": run_peers,
}
TABLES: Mapping[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "tests": tests_table,
    "bench": bench_table,
    "search": search_table,
    "profile": profiles_table,
    "serve": serve_table,
    "sanitize": sanitizers_table,
    "peers": peers_table,
}


if __name__ == "__main__":
    sys.exit(main())
