"""Whole-process times of the commands that users wait for, cold, as medians of several runs.

python benchmarks/end_to_end.py [--runs 5] [--models FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent
WARPLOOM = (sys.executable, "-m", "warploom")


class Case(NamedTuple):
    """One command and the most seconds that it should take (None: shown for information)."""

    name: str
    command: tuple[str, ...]
    limit_s: float | None


class Timing(NamedTuple):
    """Wall-clock seconds of all runs, and processor seconds of the median run's process and its children."""

    wall_s: list[float]
    cpu_s: list[float]


def cases(models: Path, folder: Path) -> list[Case]:
    def optimize(model: str, *options: str) -> tuple[str, ...]:
        output = str(folder / f"{model}.warploom")
        path = str(models / f"{model}.onnx")
        return (*WARPLOOM, "optimize", path, "--device", "sim:h200", "--json", "-o", output, *options)

    load = "import sys; from pathlib import Path; from warploom.importer.load import import_model; "
    load += "import_model(Path(sys.argv[1]))"
    return [
        Case("warploom --help", (*WARPLOOM, "--help"), 0.3),
        Case("import nasnetalarge", (sys.executable, "-c", load, str(models / "nasnetalarge.onnx")), 5.0),
        Case("optimize squeezenet1_1", optimize("squeezenet1_1"), 3.0),
        Case("optimize inception_v3", optimize("inception_v3"), 10.0),
        Case("optimize inception_v3 --no-verify", optimize("inception_v3", "--no-verify"), None),
        Case("optimize inception_v3 fp16", optimize("inception_v3", "--precision", "fp16"), 10.0),
    ]


def time_case(case: Case, runs: int) -> Timing:
    timing = Timing([], [])
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        done = subprocess.run(case.command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{case.name} failed: {done.stderr.strip()}")
        timing.wall_s.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        timing.cpu_s.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return timing


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--models", type=Path, default=REPOSITORY.parent / "shared" / "models")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; the exit code is 1 when a median is over its limit."""
    options = parse(arguments)
    late = False
    rows = []
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, median of {options.runs} cold processes")
    print(f"{'command':38} {'wall s':>8} {'cpu s':>8} {'limit s':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(options.models, Path(folder)):
            timing = time_case(case, options.runs)
            wall, cpu = statistics.median(timing.wall_s), statistics.median(timing.cpu_s)
            over = case.limit_s is not None and wall > case.limit_s
            late = late or over
            limit = "" if case.limit_s is None else f"{case.limit_s:.1f}"
            print(f"{case.name:38} {wall:8.2f} {cpu:8.2f} {limit:>8}{'  OVER' if over else ''}")
            rows.append({"command": case.name, "wall_s": timing.wall_s, "cpu_s": timing.cpu_s, "limit_s": case.limit_s})
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    return int(late)


if __name__ == "__main__":
    sys.exit(main())
