"""Runs families of the operator grid from the command line, as a sanitizer needs it: one process, few operators.

python -m gpu_checks.run --device cuda:0 --families pool,softmax --precisions fp16,fp32 [--uninitialized]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from gpu_checks.batch import run_cases
from gpu_checks.devices import opened_device
from gpu_checks.grid import FAMILIES
from warploom.graph import Precision


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes one line of JSON: for each family and precision how many cases passed, and the failures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", default=",".join(name for name, family in FAMILIES.items() if family.own_kernels))
    parser.add_argument("--precisions", default="fp16")
    parser.add_argument("--uninitialized", action="store_true", help="leave new memory as it is, and pool none")
    options = parser.parse_args(arguments)
    device = opened_device()
    if options.uninitialized:
        _leave_memory_alone()
    rows = []
    for name in options.families.split(","):
        family = FAMILIES[name]
        for precision in options.precisions.split(","):
            outcomes = run_cases(
                device, family.cases(), Precision(precision), opset=family.opset, poisoned=not options.uninitialized
            )
            failures = {outcome.case: outcome.message for outcome in outcomes if outcome.status == "failed"}
            passed = sum(outcome.status == "passed" for outcome in outcomes)
            rows.append({"family": name, "precision": precision, "passed": passed, "failures": failures})
            sys.stderr.write(f"{name} {precision}: {passed} of {len(outcomes)} passed\n")
    sys.stdout.write(json.dumps(rows) + "\n")
    return int(any(row["failures"] for row in rows))


def _leave_memory_alone() -> None:
    """Buffers stay uninitialized, each in memory of its own, so that initcheck sees reads that come before writes."""
    from warploom.device.cuda.loading import load_cupy
    from warploom.device.cuda.memory import DeviceMemory

    load_cupy().cuda.set_allocator(None)
    made = DeviceMemory.__init__

    def make(memory: DeviceMemory, size: int, purpose: str, fill: int | None = None) -> None:
        made(memory, size, purpose, fill)

    uninitialized: Any = make
    DeviceMemory.__init__ = uninitialized  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.exit(main())
