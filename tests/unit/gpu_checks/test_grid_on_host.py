"""The operator grid over what CUDA devices are made of, without a GPU: lowering, and generated kernels as host C++.

For the sake of time some cases of each family are tried, each in one of three precisions; tests/gpu tries all in all.
"""

from __future__ import annotations

import dataclasses
import shutil

import pytest

from cuda_host_device import HostDevice
from gpu_checks.batch import Outcome, run_cases
from gpu_checks.cases import OPSET, Case
from gpu_checks.grid import FAMILIES, REQUIRED
from warploom.graph import Precision

PRECISIONS = (Precision.FP32, Precision.FP16, Precision.BF16)
PER_FAMILY = 8

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="there is no g++ to compile kernels with")


@pytest.mark.parametrize("opset", sorted({family.opset for family in FAMILIES.values()}))
@pytest.mark.parametrize("precision", PRECISIONS, ids=[precision.value for precision in PRECISIONS])
def test_that_generated_kernels_compute_what_onnxruntime_does(precision: Precision, opset: int) -> None:
    cases = _some_of_each_family(opset, PRECISIONS.index(precision))
    outcomes = run_cases(HostDevice(), cases, precision, opset=opset)
    wrong = [
        f"{case.name}: {outcome.status}, {outcome.message}"
        for case, outcome in zip(cases, outcomes, strict=True)
        if outcome.status == "failed" or (outcome.status == "unsupported" and not case.optional and _required(outcome))
    ]
    assert not wrong, "\n".join(wrong)
    assert sum(outcome.status == "passed" for outcome in outcomes) > 0.9 * len(cases)


def _some_of_each_family(opset: int, start: int) -> list[Case]:
    chosen = []
    for name, family in FAMILIES.items():
        cases = family.cases() if family.opset == opset else []
        step = max(len(PRECISIONS), len(cases) // PER_FAMILY)
        chosen += [dataclasses.replace(case, name=f"{name}.{case.name}") for case in cases[start::step]]
    assert opset != OPSET or len(chosen) > 100
    return chosen


def _required(outcome: Outcome) -> bool:
    return set(outcome.message.partition(":")[0].split("+")) <= REQUIRED
