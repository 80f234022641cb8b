"""Every kind of operator alone, and every fused combination, against ONNX Runtime on the CPU in float32."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gpu_checks.batch import Outcome, run_cases
from gpu_checks.cases import Case
from gpu_checks.grid import FAMILIES, REQUIRED
from gpu_checks.plans import random_plan
from gpu_checks.results import record_outcomes
from warploom.device.protocol import Device
from warploom.graph import Graph, Precision
from warploom.schedule import StreamPlan

_STREAMS = 6
_WITHOUT_A_FILE = frozenset(("Swish", "QuickGelu"))
"""Known to kernels, but newer than the operator sets that are imported, or of another domain."""


def _check(family: str, precision: Precision, cases: Sequence[Case], outcomes: Sequence[Outcome]) -> None:
    """Every case is right, or beyond what a device has to run."""
    record_outcomes(family, precision.value, outcomes)
    wrong = []
    for case, outcome in zip(cases, outcomes, strict=True):
        if outcome.status == "failed":
            wrong.append(f"{case.name}: {outcome.message}")
        elif outcome.status == "unsupported" and not case.optional and _is_required(outcome):
            wrong.append(f"{case.name} is refused: {outcome.message}")
    assert not wrong, "\n".join([f"{len(wrong)} of {len(cases)} cases:", *wrong])


def _is_required(outcome: Outcome) -> bool:
    label = outcome.message.partition(":")[0]
    return set(label.split("+")) <= REQUIRED


@pytest.mark.parametrize("family", FAMILIES)
def test_that_operators_compute_what_onnxruntime_does(device: Device, family: str, precision: Precision) -> None:
    members = FAMILIES[family]
    cases = members.cases()
    _check(family, precision, cases, run_cases(device, cases, precision, opset=members.opset))


def _on_random_streams(graph: Graph, merges: Sequence[Sequence[str]]) -> StreamPlan:
    del merges
    return random_plan(graph, _STREAMS, seed=1)


@pytest.mark.parametrize("family", [name for name, family in FAMILIES.items() if family.own_kernels])
def test_that_operators_side_by_side_do_not_disturb_each_other(device: Device, family: str) -> None:
    members = FAMILIES[family]
    cases = members.cases()
    outcomes = run_cases(device, cases, Precision.FP16, opset=members.opset, planner=_on_random_streams)
    _check(f"{family} on streams", Precision.FP16, cases, outcomes)


def test_that_every_operator_that_the_device_claims_is_tried(device: Device) -> None:
    """`warploom ops` lists what a device runs; each of them stands in some case."""
    from warploom.device.registry import operator_support
    from warploom.importer.expand import EXPANDED

    kind = f"{device.info.id.partition(':')[0]}:*"
    claimed = {op for op, support in operator_support()[kind].items() if support.supported}
    assert claimed >= REQUIRED, f"required, but not listed: {sorted(REQUIRED - claimed)}"
    untried = claimed - tried_operators() - _WITHOUT_A_FILE - EXPANDED
    assert not untried, f"listed, but in no case: {sorted(untried)}"


def tried_operators() -> frozenset[str]:
    """Names of all ONNX operators in the grid."""
    from gpu_checks.cases import combine

    models = (combine(family.cases(), family.opset) for family in FAMILIES.values())
    return frozenset(node.op_type for model in models for node in model.proto.graph.node)
