"""Writes what tests found to files that the benchmark's report collects."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gpu_checks.batch import Outcome

FOLDER = "WARPLOOM_TEST_RESULTS"
"""Environment variable with the folder; nothing is written without it."""


def record(kind: str, **facts: Any) -> None:
    """Adds a line to this process's file."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"kind": kind, **{key: _plain(value) for key, value in facts.items()}})
    with (path / f"results-{os.getpid()}.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def record_outcomes(family: str, precision: str, outcomes: Sequence[Outcome]) -> None:
    """Adds a line about a family: how many passed, the error nearest to its tolerance, and all that did not pass."""
    passed = [outcome for outcome in outcomes if outcome.status == "passed"]
    others = {outcome.case: f"{outcome.status}: {outcome.message}" for outcome in outcomes if outcome not in passed}
    worst = max(passed, key=lambda outcome: outcome.error / outcome.tolerance, default=None)
    record(
        "operators",
        family=family,
        precision=precision,
        cases=len(outcomes),
        passed=len(passed),
        worst_error=worst.error if worst else None,
        worst_case=worst.case if worst else None,
        worst_tolerance=worst.tolerance if worst else None,
        others=others,
    )


def _plain(value: Any) -> Any:
    """JSON knows no infinity."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
