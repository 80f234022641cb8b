"""What the GPU benchmark makes of the output of tools and of measurements."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

RACE = """========= COMPUTE-SANITIZER
========= Warning: Race reported between Read access at softmax_rows_fp16_0a1b2c3d+0x1a0
=========     and Write access at softmax_rows_fp16_0a1b2c3d+0x210 [64 hazards]
=========
========= RACECHECK SUMMARY: 1 hazard displayed (0 errors, 1 warning)
"""
INVALID = """========= COMPUTE-SANITIZER
========= Invalid __global__ read of size 16 bytes
=========     at void cutlass::Kernel2<wgmma>(T1::Params)+0x40
=========     by thread (0,0,0) in block (1,0,0)
========= Invalid __global__ write of size 2 bytes
=========     at pool_max_fp16_89abcdef+0x90
========= ERROR SUMMARY: 2 errors
"""
CLEAN = "========= COMPUTE-SANITIZER\n========= ERROR SUMMARY: 0 errors\n"
CASES = '[{"family": "pool", "precision": "fp16", "passed": 3, "failures": {"max": "wrong"}}]\n'


@pytest.fixture
def modules(repository: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, ModuleType]:
    monkeypatch.syspath_prepend(str(repository / "benchmarks"))
    return importlib.import_module("gpu"), importlib.import_module("gpu_sanitize")


def test_that_reports_about_own_kernels_are_counted(modules: tuple[ModuleType, ModuleType]) -> None:
    gpu, sanitize = modules
    race = sanitize.summary(RACE, CASES, "")
    assert (race["reports"], race["own_kernels"]) == (1, {"softmax_rows_fp16_0a1b2c3d": 2})
    invalid = sanitize.summary(INVALID, CASES, "")
    assert (invalid["reports"], invalid["own_kernels"]) == (2, {"pool_max_fp16_89abcdef": 1})
    assert invalid["cases"] == {"ended": True, "passed": 3, "failures": {"pool fp16": {"max": "wrong"}}}
    assert not gpu.is_clean({**race, "finds_planted_fault": True})
    assert not gpu.is_clean({**invalid, "finds_planted_fault": True})
    clean = sanitize.summary(CLEAN, CASES, "")
    assert gpu.is_clean({**clean, "finds_planted_fault": True})
    assert not gpu.is_clean({**clean, "finds_planted_fault": False})


def test_that_a_tool_that_did_not_end_is_not_clean(modules: tuple[ModuleType, ModuleType]) -> None:
    gpu, sanitize = modules
    assert not gpu.is_clean(
        {**sanitize.summary("========= COMPUTE-SANITIZER\n", CASES, ""), "finds_planted_fault": True}
    )
    assert not gpu.is_clean({**sanitize.summary(CLEAN, "", "killed"), "finds_planted_fault": True})


def _row(**changes: Any) -> dict[str, Any]:
    sequential = {
        "median_us": 550.0,
        "error": 1e-3,
        "compile_s": 2.0,
        "arena_bytes": 110,
        "live_bytes": 100,
        **changes,
    }
    warm = {"tolerance": 2e-3, "schedules": {"sequential": sequential}}
    cold = {"schedules": {"sequential": {"compile_s": 40.0}}}
    return {"network": "inception_v3", "precision": "fp16", "cold": cold, "warm": warm}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"median_us": 601.0}, "0.601 ms"),
        ({"error": 3e-3}, "error"),
        ({"error": float("nan")}, "error"),
        ({"compile_s": 3.5}, "compile warm"),
        ({"arena_bytes": 131}, "arena 1.31"),
    ],
)
def test_that_missed_targets_are_said(
    modules: tuple[ModuleType, ModuleType], changes: dict[str, float], word: str
) -> None:
    gpu, _ = modules
    assert gpu.missed(_row()) == []
    (fault,) = gpu.missed(_row(**changes))
    assert word in fault
    assert any(word in line for line in gpu.bench_lines({**_row(**changes), "missed": [fault]}))


def test_that_a_failed_process_is_a_missed_target(modules: tuple[ModuleType, ModuleType]) -> None:
    gpu, _ = modules
    row = {**_row(), "cold": {"failure": "no kernel"}}
    assert gpu.missed(row) == ["cold: no kernel"]


def test_that_the_script_explains_itself(repository: Path) -> None:
    done = subprocess.run(
        [str(repository / "benchmarks" / "run_gpu.sh"), "--help"], capture_output=True, text=True, check=True
    )
    assert "--wheels" in done.stdout
    assert "#" not in done.stdout


def test_that_the_benchmark_runs_on_the_simulated_gpu(repository: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(repository / "benchmarks" / "gpu_network.py"), "--device", "sim:h200", "--check"]
    command += ["--network", "recipe_sample_network", "--schedules", "sequential,greedy,both", "--repeats", "7"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    facts = json.loads(done.stdout)
    found = facts["schedules"]
    assert found["both"]["median_us"] < found["sequential"]["median_us"]
    assert len(found["sequential"]["samples_us"]) >= 7
    assert all(schedule["error"] < facts["tolerance"] for schedule in found.values())
