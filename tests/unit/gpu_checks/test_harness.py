"""The harness of the GPU tests finds what it should; tried on the simulated GPU, whose arithmetic is ONNX Runtime's."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from gpu_checks import batch
from gpu_checks.batch import DeviceLostError, run_cases
from gpu_checks.cases import Case, CaseBuilder, combine
from gpu_checks.compare import fault_of
from gpu_checks.devices import poison
from gpu_checks.grid import FAMILIES, REQUIRED
from gpu_checks.isolated import GIVEN, given_values, isolate_operators
from gpu_checks.networks import load_network, random_network
from gpu_checks.plans import greedy_plan, ios_plan, random_plan, sequential_plan
from gpu_checks.values import KINDS, draw, exact
from warploom.device.protocol import Array, Device
from warploom.device.registry import open_device
from warploom.errors import DeviceError
from warploom.graph import Precision


@pytest.fixture(scope="module")
def device() -> Device:
    return open_device("sim:h200")


@pytest.mark.parametrize("family", FAMILIES)
def test_that_the_grid_passes_on_the_simulated_gpu(device: Device, family: str) -> None:
    members = FAMILIES[family]
    cases = members.cases()
    assert len({case.name for case in cases}) == len(cases)
    outcomes = run_cases(device, cases, Precision.BF16, opset=members.opset)
    assert [outcome.case for outcome in outcomes] == [case.name for case in cases]
    assert not [outcome for outcome in outcomes if outcome.status == "failed"]
    assert sum(outcome.status == "passed" for outcome in outcomes) > 0.6 * len(cases)


def test_that_the_grid_holds_every_required_operator() -> None:
    models = [combine(family.cases(), family.opset) for family in FAMILIES.values()]
    assert {node.op_type for model in models for node in model.proto.graph.node} >= REQUIRED


def _relu(b: CaseBuilder) -> str:
    result: str = b.op("Relu", b.input(3, 5))
    return result


def _unknown(b: CaseBuilder) -> str:
    result: str = b.op("Det", b.input(4, 3, 3))
    return result


def _invalid(b: CaseBuilder) -> str:
    result: str = b.op("Conv", b.input(1, 4, 5, 5), b.weight(3, 7, 3, 3))
    return result


def test_that_a_case_that_cannot_be_built_is_named_and_the_others_still_run(device: Device) -> None:
    cases = [Case("good", _relu), Case("bad", _invalid), Case("fine", _relu), Case("foreign", _unknown)]
    outcomes = {outcome.case: outcome for outcome in run_cases(device, cases, Precision.FP32)}
    assert {name: outcome.status for name, outcome in outcomes.items()} == {
        "good": "passed",
        "bad": "failed",
        "fine": "passed",
        "foreign": "unsupported",
    }
    assert "Conv" in outcomes["bad"].message
    assert "Det" in outcomes["foreign"].message


class _Wrong:
    """An executable that computes one output wrongly."""

    def __init__(self, executable: object, spoil: str) -> None:
        self._executable = executable
        self._spoil = spoil

    def __enter__(self) -> _Wrong:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def poison(self) -> None:
        return

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        outputs: dict[str, Array] = self._executable.run(inputs)  # type: ignore[attr-defined]
        for name in outputs:
            if name.startswith(self._spoil):
                outputs[name] = outputs[name].copy()
                outputs[name].flat[-1] += 0.5
        return outputs


def test_that_one_wrong_element_is_found(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = batch.compile_plan
    monkeypatch.setattr(batch, "compile_plan", lambda *args, **how: _Wrong(compiled(*args, **how), "second/"))
    outcomes = run_cases(device, [Case("first", _relu), Case("second", _relu)], Precision.FP16)
    assert [outcome.status for outcome in outcomes] == ["passed", "failed"]


class _LostError(DeviceError):
    sticky = True


def test_that_a_lost_gpu_ends_the_run_at_once(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def fail(*_: object, **__: object) -> None:
        calls.append(1)
        raise _LostError("an illegal address")

    monkeypatch.setattr(batch, "compile_plan", fail)
    with pytest.raises(DeviceLostError, match="first, second"):
        run_cases(device, [Case("first", _relu), Case("second", _relu)], Precision.FP16)
    assert len(calls) == 1


def test_that_an_executable_that_cannot_be_poisoned_is_refused() -> None:
    with pytest.raises(AssertionError, match="poisoned"):
        poison(object())  # type: ignore[arg-type]


EXPECTED = np.random.default_rng(0).standard_normal((64, 50, 50)).astype(np.float32)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda a: a * 1.01, "error"),
        (lambda a: a[:-1], "float32 (63"),
        (lambda a: a.astype(np.float16), "float16"),
        (lambda a: np.where(a > 4.2, np.float32(np.nan), a), "NaN"),
        (lambda a: np.where(np.arange(50) == 49, a + np.float32(0.02) * (a > 3), a), "49)"),
    ],
)
def test_that_wrong_arrays_are_found(change, word: str) -> None:
    fault, _ = fault_of(change(EXPECTED), EXPECTED, 1e-4)
    assert word in fault


def test_that_a_single_wrong_pixel_is_found_where_the_norm_hides_it() -> None:
    wrong = EXPECTED.copy()
    wrong[3, 49, 0] += 0.6
    fault, error = fault_of(wrong, EXPECTED, 2e-3)
    assert error < 2e-3
    assert "(3, 49, 0)" in fault


def test_that_rounding_is_no_fault() -> None:
    assert fault_of(EXPECTED.astype(np.float16).astype(np.float32), EXPECTED, 2e-3)[0] == ""
    integers = np.arange(5)
    assert fault_of(integers, integers, 0.0) == ("", 0.0)
    assert "1 of 5" in fault_of(np.array([0, 1, 2, 3, 5]), integers, 1.0)[0]
    assert fault_of(None, integers, 1.0)[0]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_that_values_are_exact_in_every_precision(kind: str) -> None:
    values = draw(kind, (7, 40), "float32", "x", 0)
    np.testing.assert_array_equal(values, exact(values))
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(values, values.astype(np.float16).astype(np.float32))
    assert not np.array_equal(values, draw(kind, (7, 40), "float32", "x", 1))


def test_that_distinct_values_have_no_ties() -> None:
    values = draw("distinct", (3, 200, 4), "float32", "x", 0)
    assert all(len(np.unique(values[i, :, j])) == 200 for i in range(3) for j in range(4))


@pytest.mark.parametrize("seed", range(3))
def test_that_all_plans_of_a_random_network_agree(device: Device, seed: int, tmp_path: Path) -> None:
    tried = load_network(random_network(seed, steps=20), "random", tmp_path)
    values = tried.inputs(1)
    expected = tried.reference(values)
    plans = [sequential_plan(tried.graph), greedy_plan(tried.graph), ios_plan(tried.graph, Precision.FP32)]
    plans += [random_plan(tried.graph, streams, seed) for streams in (2, 5)]
    assert plans[1].streams > 1
    assert plans[-1].streams > 2
    for plan in plans:
        plan.verify(tried.graph)
        with device.compile(tried.graph, plan, Precision.FP32) as executable:
            actual = executable.run(values)
        assert not [name for name in expected if fault_of(actual[name], expected[name], 1e-4)[0]]


def test_that_isolated_operators_hide_no_fault_behind_others(device: Device, tmp_path: Path) -> None:
    """A wrong weight shows at its own operator and at no other."""
    tried = load_network(random_network(4, steps=12), "random", tmp_path)
    values = tried.inputs(1)
    expected = tried.reference(values, intermediates=True)
    graph = isolate_operators(tried.graph)
    graph.verify()
    assert all(not before for before in graph.predecessors)
    assert any(name.endswith(GIVEN) for name in graph.inputs)
    weight = next(name for name in graph.operators[3].weights if len(graph.tensors[name].shape) > 1)
    spoiled = partial(_doubled, graph.constants[weight].numpy())
    constants = {**graph.constants, weight: dataclasses.replace(graph.constants[weight], load=spoiled, _loaded=[])}
    graph = graph.replace(constants=constants)
    with device.compile(graph, sequential_plan(graph), Precision.FP32) as executable:
        actual = executable.run(given_values(graph, {**values, **expected}))
    wrong = {name for name in graph.outputs if fault_of(actual[name], expected[name], 1e-5)[0]}
    readers = {output for i in graph.consumers[weight] for output in graph.operators[i].outputs}
    assert wrong == readers


def _doubled(values: Array) -> Array:
    return 2 * values
