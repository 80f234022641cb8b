"""Runs the own kernels of the operator grid under compute-sanitizer's four tools, side by side, and counts reports.

Only kernels of this project are checked (their names end in eight hexadecimal digits), for libraries' kernels are not
ours to mend. Initcheck has to see every write, so it checks all kernels, over families that call no library; racecheck
cannot live beside kernels of cuDNN that it does not check (an illegal access in the first one), so it does without too.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
OWN_KERNEL = r"_[0-9a-f]{8}$"
WITHOUT_LIBRARY = (
    "depthwise,pool,pool_global,unary,binary,logic,integers,casts,chains,reduce,positions,softmax,norm,norm_newer,"
    "transpose,slice,gather,resize"
)
ALL_OWN = f"{WITHOUT_LIBRARY},join,view,separable,absorb,conv_ranks"
_SUMMARY = re.compile(r"(?:ERROR SUMMARY|RACECHECK SUMMARY): (\d+)")
_KERNEL = re.compile(r" at (?:[\w ]*? )?([A-Za-z_]\w*_[0-9a-f]{8})\b")
_KEPT_LINES = 60


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool and what it is given."""

    name: str
    options: tuple[str, ...]
    families: str
    filtered: bool = True
    uninitialized: bool = False


TOOLS = (
    Tool("memcheck", ("--report-api-errors", "no"), ALL_OWN),
    Tool("racecheck", ("--racecheck-report", "analysis"), WITHOUT_LIBRARY),
    Tool("synccheck", (), ALL_OWN),
    Tool("initcheck", (), WITHOUT_LIBRARY, filtered=False, uninitialized=True),
)


def sanitize(precisions: str, timeout_s: float, families: str = "", device: str = "cuda:0") -> dict[str, Any]:
    """Reports of all tools by name.

    Args:
        precisions: With commas.
        timeout_s: For all of them together.
        families: Instead of the own ones of each tool.
        device: The GPU.
    """
    program = find_sanitizer()
    if program is None:
        return {"skipped": "compute-sanitizer is not installed"}
    with ThreadPoolExecutor(len(TOOLS)) as pool:
        runs = [pool.submit(run_tool, program, tool, precisions, timeout_s, families, device) for tool in TOOLS]
        return {tool.name: run.result() for tool, run in zip(TOOLS, runs, strict=True)}


def find_sanitizer() -> str | None:
    """The program, also where the toolkit is not on the path."""
    usual = "/usr/local/cuda/bin/compute-sanitizer"
    return shutil.which("compute-sanitizer") or (usual if Path(usual).exists() else None)


def run_tool(program: str, tool: Tool, precisions: str, timeout_s: float, families: str, device: str) -> dict[str, Any]:
    """Reports of one tool, and whether it reported a fault that was planted."""
    cases = ["gpu_checks.run", "--families", families or tool.families, "--precisions", precisions]
    cases += ["--uninitialized"] if tool.uninitialized else []
    control = _run(program, tool, ["gpu_checks.control", tool.name], timeout_s, device)
    found = _run(program, tool, cases, timeout_s - control["seconds"], device)
    return {**found, "finds_planted_fault": bool(control["own_kernels"])}


def _run(program: str, tool: Tool, module: Sequence[str], timeout_s: float, device: str) -> dict[str, Any]:
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = [program, "--tool", tool.name, "--log-file", str(log), "--print-limit", "50", *tool.options]
        command += ["--target-processes", "application-only"]
        command += ["--kernel-name", f"regex={OWN_KERNEL}"] if tool.filtered else []
        command += [sys.executable, "-m", *module]
        own = environment(device, Path(folder) / "cache")
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False, env=own)
            code, output, errors = done.returncode, done.stdout, done.stderr
        except subprocess.TimeoutExpired as late:
            code, output, errors = 124, _text(late.stdout), _text(late.stderr)
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return {"seconds": round(time.perf_counter() - start, 1), "exit_code": code, **summary(text, output, errors)}


def environment(device: str, cache: Path) -> dict[str, str]:
    """With the harness importable, and kernels chosen under a tool kept out of everybody's database."""
    paths = [str(REPOSITORY / "tests"), str(REPOSITORY / "engine"), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "WARPLOOM_TEST_DEVICE": device,
        "WARPLOOM_TEST_CACHE": str(cache),
    }


def summary(log: str, output: str, errors: str) -> dict[str, Any]:
    """Number of reports (None if the tool did not end), the own kernels they name, and the beginning of the log."""
    counts = [int(number) for number in _SUMMARY.findall(log)]
    kernels = Counter(_KERNEL.findall(log))
    return {
        "reports": sum(counts) if counts else None,
        "own_kernels": dict(kernels.most_common(20)),
        "cases": _cases(output),
        "log": [line.strip() for line in log.splitlines() if line.strip("= ")][:_KEPT_LINES] if any(counts) else [],
        "stderr": errors.strip().splitlines()[-8:],
    }


def _cases(output: str) -> Mapping[str, Any]:
    lines = [line for line in output.splitlines() if line.startswith("[")]
    if not lines:
        return {"ended": False}
    rows = json.loads(lines[-1])
    failures = {f"{row['family']} {row['precision']}": row["failures"] for row in rows if row["failures"]}
    return {"ended": True, "passed": sum(row["passed"] for row in rows), "failures": failures}


def _text(output: bytes | str | None) -> str:
    return output.decode(errors="replace") if isinstance(output, bytes) else output or ""
