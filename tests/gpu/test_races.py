"""Replays of plans with many streams give the same bits, whatever delays their branches and whatever ran before."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from gpu_checks.compare import Array, fault_of
from gpu_checks.devices import compile_plan, poison
from gpu_checks.networks import Model, load_network, model, random_network
from gpu_checks.plans import greedy_plan, ios_plan, random_plan, sequential_plan
from gpu_checks.results import record
from warploom.device.protocol import Device
from warploom.graph import Precision
from warploom.schedule import StreamPlan
from warploom.worker.errors_of_outputs import tolerance_for

REPLAYS = 20
SEEDS = range(4)
_POISONED_EVERY = 4


def _plans(tried: Model, precision: Precision, seed: int) -> Iterable[StreamPlan]:
    yield greedy_plan(tried.graph)
    yield ios_plan(tried.graph, precision)
    yield random_plan(tried.graph, streams=3, seed=seed)
    yield random_plan(tried.graph, streams=8, seed=seed + 100)


@pytest.mark.parametrize("seed", SEEDS)
def test_that_delays_in_branches_change_no_bit(device: Device, seed: int, precision: Precision, tmp_path: Path) -> None:
    tried = load_network(random_network(seed, batch=1 + seed % 2), f"random{seed}", tmp_path)
    for plan in _plans(tried, precision, seed):
        _check_replays(device, tried, plan, precision, perturb=seed + 1)


@pytest.mark.parametrize("name", ["inception_v3", "nasnetalarge", "recipe_randwire_large", "recipe_mobilenet_heads"])
def test_that_delays_in_branches_of_a_model_change_no_bit(device: Device, name: str) -> None:
    try:
        tried = model(name)
    except FileNotFoundError as error:
        pytest.skip(str(error))
    for plan in (greedy_plan(tried.graph), random_plan(tried.graph, streams=6, seed=3)):
        _check_replays(device, tried, plan, Precision.FP16, perturb=5)


def test_that_delays_really_delay(device: Device, tmp_path: Path) -> None:
    """Else the tests above prove little."""
    if device.info.simulated:
        pytest.skip("the simulated GPU has no delays")
    tried = load_network(random_network(0), "random", tmp_path)
    plan = random_plan(tried.graph, streams=4, seed=0)
    with compile_plan(device, tried.graph, plan, Precision.FP16) as plain:
        undisturbed = plain.measure(REPLAYS)
    with compile_plan(device, tried.graph, plan, Precision.FP16, perturb=1) as delayed:
        disturbed = delayed.measure(REPLAYS)
    assert disturbed.median_us > 1.2 * undisturbed.median_us
    assert max(disturbed.samples_us) > 1.05 * min(disturbed.samples_us), "every replay is delayed in the same way"


def _check_replays(device: Device, tried: Model, plan: StreamPlan, precision: Precision, perturb: int) -> None:
    """Replays with two inputs in turn, so that a value left over from the replay before is a wrong one."""
    inputs = [tried.inputs(seed) for seed in (1, 2)]
    expected = [tried.reference(values) for values in inputs]
    first: list[dict[str, Array]] = []
    tolerance = tolerance_for(tried.graph, precision)
    with compile_plan(device, tried.graph, plan, precision, perturb=perturb) as executable:
        for replay in range(REPLAYS):
            if replay % _POISONED_EVERY == 0:
                poison(executable)
            actual = executable.run(inputs[replay % 2])
            if replay < 2:
                first.append(actual)
                faults = {name: fault_of(actual[name], expected[replay][name], tolerance)[0] for name in actual}
                assert not any(faults.values()), f"{plan.name}: {faults}"
            changed = [name for name in actual if actual[name].tobytes() != first[replay % 2][name].tobytes()]
            assert not changed, f"{plan.name}, replay {replay}: {changed} differ from the first replay"
    record(
        "replays", model=tried.name, precision=precision.value, plan=plan.name, streams=plan.streams, replays=REPLAYS
    )


def test_that_a_plan_of_one_stream_agrees_with_one_of_many(device: Device, tmp_path: Path) -> None:
    """The same kernels, in float32: an order of launches changes no value beyond the tolerance of one operator."""
    tried = load_network(random_network(9, steps=60), "random", tmp_path)
    values = tried.inputs(1)
    results = []
    for plan in (sequential_plan(tried.graph), random_plan(tried.graph, streams=6, seed=9)):
        with compile_plan(device, tried.graph, plan, Precision.FP32) as executable:
            poison(executable)
            results.append(executable.run(values))
    for name, values_of_one in results[0].items():
        assert not fault_of(results[1][name], values_of_one, 1e-5)[0]
