from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from warploom.cost import Cost, CostModel
from warploom.device.simulated.description import load_description
from warploom.device.simulated.device import SimulatedDevice
from warploom.device.simulated.sessions import SessionCache
from warploom.graph import ArrayConstant, DType, Graph, Operator, Precision
from warploom.graph.quantized import PRODUCTS, is_quantized
from warploom.passes.apply_precision import apply_precision
from warploom.precision.choose import Choice, choose_precision
from warploom.precision.decision import Decision
from warploom.precision.histogram import CalibrationMethod
from warploom.precision.integer import LEAST_DECIBELS, choose_int8
from warploom.precision.mixed import choose_mixed
from warploom.precision.noise import Ratio
from warploom.precision.samples import Samples, random_samples
from warploom.precision.walk import walk
from warploom.schedule import Stage


class PricedDevice(SimulatedDevice):
    """A simulated GPU on which some operators cost something else than the model says.

    Args:
        device: The GPU.
        prices: By name and precision; those of INT8 are not for products that stay in floats.
        among: What these take then, by name.
    """

    def __init__(
        self,
        device: SimulatedDevice,
        prices: dict[tuple[str, Precision], float],
        among: dict[str, float] | None = None,
    ) -> None:
        super().__init__(device.description)
        self._prices = prices
        self._among = among or {}

    def cost_model(self, graph: Graph, precision: Precision) -> CostModel:
        inner, prices, among = super().cost_model(graph, precision), self._prices, self._among

        class Priced:
            def stage_costs(self, stages: Sequence[Stage]) -> Sequence[Cost]:
                found = inner.stage_costs(stages)
                names = [stage.groups[0].operators[0] for stage in stages]
                floats = {o.name for o in graph.operators if o.main.op in PRODUCTS and not is_quantized(o)}
                priced = [
                    among.get(name) if precision is Precision.INT8 and name in floats else prices.get((name, precision))
                    for name in names
                ]
                return [
                    cost if price is None else dataclasses.replace(cost, median_us=price)
                    for cost, price in zip(found, priced, strict=True)
                ]

        return Priced()


@pytest.fixture(scope="module")
def samples(graph: Graph) -> Samples:
    return random_samples(graph, 6, 1)


def quietly(_: str) -> None:
    """Reports nothing."""


def mixed(graph: Graph, device: SimulatedDevice, samples: Samples, budget: float) -> Decision:
    return choose_mixed(graph, device, samples.held_out, budget, quietly)


def error(graph: Graph, decision: Decision, samples: Samples) -> float:
    worst = 0.0
    for sample in samples.held_out:
        exact = walk(graph, Precision.FP32, sample, SessionCache())
        found = walk(decision.graph, decision.precision, sample, SessionCache())
        for name, value in exact.items():
            ratio = Ratio()
            ratio.add(value, found[name])
            worst = max(worst, ratio.relative)
    return worst


def test_that_a_wide_budget_is_met_by_fp16_alone(graph: Graph, device: SimulatedDevice, samples: Samples) -> None:
    decision = mixed(graph, device, samples, 1e-2)
    assert decision.precision is Precision.FP16
    assert decision.graph is graph
    assert decision.plan is None


def test_that_a_narrow_budget_is_kept_by_some_operators_in_fp32(
    graph: Graph, device: SimulatedDevice, samples: Samples
) -> None:
    half = error(graph, Decision(graph, Precision.FP16, None, ()), samples)
    budget = half * 0.8
    decision = mixed(graph, device, samples, budget)
    assert decision.precision is Precision.MIXED
    assert decision.plan is not None
    assert 0 < len(decision.plan.operators) < len(graph.operators)
    assert 0.0 < error(graph, decision, samples) <= budget
    decision.graph.verify()
    kept = {name for entry in decision.log if entry.decision == "kept in fp32" for name in entry.subject}
    assert kept | set(decision.plan.by_operator) == set(graph.index)


def test_that_what_costs_most_in_fp32_gets_16_bits_first(
    graph: Graph, device: SimulatedDevice, samples: Samples
) -> None:
    budget = error(graph, Decision(graph, Precision.FP16, None, ()), samples) * 0.8
    kept = [name for name in graph.index if name not in dict(mixed(graph, device, samples, budget).plan.operators)]
    dear = kept[-1]
    priced = PricedDevice(device, {(dear, Precision.FP32): 1e4})
    decision = mixed(graph, priced, samples, budget)
    assert decision.plan is not None
    assert dear in decision.plan.by_operator


def test_that_a_budget_below_any_rounding_ends_in_fp32(graph: Graph, device: SimulatedDevice, samples: Samples) -> None:
    decision = mixed(graph, device, samples, 1e-12)
    assert decision.precision is Precision.FP32
    assert decision.plan is None
    assert "cannot be met" in decision.log[-1].reason


def test_that_operators_that_overflow_in_fp16_get_bf16_or_fp32(
    graph: Graph, device: SimulatedDevice, samples: Samples
) -> None:
    product = next(operator for operator in graph.operators if operator.main.op == "Conv")
    weight = product.main.inputs[1]
    constants = {**graph.constants, weight: ArrayConstant.of(graph.constants[weight].numpy() * np.float32(1e6))}
    large = dataclasses.replace(graph, constants=constants)
    decision = mixed(large, device, samples, 2e-2)
    assert decision.precision is Precision.MIXED
    assert decision.plan is not None
    assert decision.plan.by_operator.get(product.name) is not Precision.FP16
    assert error(large, decision, samples) <= 2e-2
    assert Precision.BF16 in decision.plan.by_operator.values()
    assert any(entry.decision == "bf16" for entry in decision.log)
    without = mixed(large, SimulatedDevice(load_description("v100")), samples, 2e-2)
    assert without.precision is Precision.FP32  # what follows is as large


def int8(
    graph: Graph,
    device: SimulatedDevice,
    samples: Samples,
    method: CalibrationMethod = CalibrationMethod.MSE,
) -> Decision:
    return choose_int8(graph, device, samples, method, quietly)


@pytest.mark.parametrize("method", list(CalibrationMethod))
def test_that_products_are_quantized_and_their_noise_is_told(
    graph: Graph, device: SimulatedDevice, samples: Samples, method: CalibrationMethod
) -> None:
    priced = _gaining(graph, device)
    decision = int8(graph, priced, samples, method)
    assert decision.precision is Precision.INT8
    told = {entry.subject[0]: entry.reason for entry in decision.log if entry.decision == "quantized"}
    products = {operator.name for operator in graph.operators if operator.main.op == "Conv"}
    assert told.keys() == products
    assert {operator.name for operator in decision.graph.operators if is_quantized(operator)} == products
    assert all(float(reason.split(" dB")[0]) >= LEAST_DECIBELS for reason in told.values())
    assert error(graph, decision, samples) < 0.1


def _gaining(graph: Graph, device: SimulatedDevice) -> PricedDevice:
    """Integers cost less than anything there."""
    return PricedDevice(device, {(name, Precision.INT8): 1e-3 for name in graph.index})


def test_that_noise_is_measured_outside_of_the_calibration_data(
    graph: Graph, device: SimulatedDevice, samples: Samples
) -> None:
    loud = tuple({"x": sample["x"] * np.float32(30)} for sample in samples.held_out)
    decision = int8(graph, _gaining(graph, device), dataclasses.replace(samples, held_out=loud))
    kept = [entry for entry in decision.log if entry.decision == "kept in fp16"]
    assert kept
    assert all("below 20 dB" in entry.reason for entry in kept)


def test_that_products_that_get_slower_stay_in_fp16(graph: Graph, device: SimulatedDevice, samples: Samples) -> None:
    slow = next(operator.name for operator in graph.operators if operator.main.op == "Conv")
    prices = {(name, Precision.INT8): 1e-3 for name in graph.index} | {(slow, Precision.INT8): 1e3}
    decision = int8(graph, PricedDevice(device, prices), samples)
    assert not is_quantized(decision.graph.operator(slow))
    (entry,) = (entry for entry in decision.log if entry.decision == "kept in fp16")
    assert entry.subject == (slow,)
    assert "8 bits take 1000.00 us" in entry.reason


def test_that_what_converts_integers_at_a_greater_cost_is_quantized_nevertheless(
    graph: Graph, device: SimulatedDevice, samples: Samples
) -> None:
    slow = next(operator.name for operator in graph.operators if operator.main.op == "Conv")
    gaining = {(name, Precision.INT8): 1e-3 for name in graph.index}
    prices = gaining | {(slow, Precision.INT8): 5.0, (slow, Precision.FP16): 4.0}

    decision = int8(graph, PricedDevice(device, prices, {slow: 6.0}), samples)
    assert is_quantized(decision.graph.operator(slow))
    (entry,) = (entry for entry in decision.log if entry.decision == "slower in int8")
    assert entry.subject == (slow,)
    assert "5.00 us there, 16 bits 4.00 us alone, but 6.00 us" in entry.reason


def test_that_nothing_is_quantized_where_floats_are_faster_in_sum(
    graph: Graph, device: SimulatedDevice, samples: Samples
) -> None:
    prices = {(operator.name, Precision.INT8): 1e3 for operator in graph.operators if operator.main.op != "Conv"}
    decision = int8(graph, PricedDevice(device, prices), samples)
    assert decision.precision is Precision.FP16
    assert any(entry.decision == "measured" and "would take" in entry.reason for entry in decision.log)


def test_that_a_graph_without_products_runs_in_fp16_and_says_so(graph: Graph, device: SimulatedDevice) -> None:
    pool = next(operator for operator in graph.operators if operator.main.op == "MaxPool")
    alone = dataclasses.replace(
        graph, operators=(pool,), inputs=pool.inputs, outputs=pool.outputs, constants={}
    ).replace()
    decision = int8(alone, device, random_samples(alone, 2, 1))
    assert decision.precision is Precision.FP16
    assert "no operator" in decision.log[-1].reason


def test_that_a_plan_gives_the_same_graph_again(graph: Graph, device: SimulatedDevice, samples: Samples) -> None:
    decision = int8(graph, _gaining(graph, device), samples)
    again = apply_precision(graph, decision.plan)
    assert again.operators == decision.graph.operators
    assert again.tensors == decision.graph.tensors


def test_that_random_calibration_is_warned_about(graph: Graph, device: SimulatedDevice, tmp_path: Path) -> None:
    decision = choose_precision(graph, _gaining(graph, device), Choice(integers=True), quietly)
    assert decision.log[0].decision == "uncalibrated"
    np.save(tmp_path / "a.npy", np.random.default_rng(0).standard_normal((6, 3, 16, 16)).astype(np.float32))
    given = choose_precision(graph, _gaining(graph, device), Choice(integers=True, calibrate=tmp_path), quietly)
    assert given.log[0].decision == "calibrated"
    assert "6 inputs" in given.log[0].reason


def test_that_a_report_may_end_the_choice(graph: Graph, device: SimulatedDevice) -> None:
    def stop(_: str) -> None:
        raise KeyboardInterrupt

    for integers in (True, False):
        with pytest.raises(KeyboardInterrupt):
            choose_precision(graph, device, Choice(integers=integers), stop)


def test_that_ratios_are_in_decibels() -> None:
    ratio = Ratio()
    ratio.add(np.array([3.0, 4.0]), np.array([3.0, 3.5]))
    assert ratio.decibels == pytest.approx(20.0)
    assert Ratio().decibels == float("inf")
    broken = Ratio()
    broken.add(np.array([1.0, np.nan]), np.array([np.inf, 0.0]))
    assert broken.decibels == -float("inf")


def test_that_a_walk_computes_what_the_device_does(graph: Graph, device: SimulatedDevice, samples: Samples) -> None:
    from warploom.schedule import Launch, StreamPlan

    seen: list[str] = []

    def visit(operator: Operator, values: object, results: object) -> None:  # noqa: ARG001 - a visitor
        seen.append(operator.name)

    plan = StreamPlan("sequential", tuple(Launch((operator.name,), 0) for operator in graph.operators))
    found = walk(graph, Precision.FP16, samples.held_out[0], SessionCache(), visit)
    expected = device.compile(graph, plan, Precision.FP16).run(samples.held_out[0])
    assert seen == list(graph.index)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value)
    assert graph.tensors["x"].dtype is DType.FLOAT32
