"""Whole networks: every operator by itself on the values of the original model, and the outputs of several plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from gpu_checks.compare import Array, fault_of, tolerance_of
from gpu_checks.devices import compile_plan, poison
from gpu_checks.isolated import given_values, isolate_operators
from gpu_checks.networks import Model, model, model_names
from gpu_checks.plans import greedy_plan, random_plan, sequential_plan
from gpu_checks.results import record
from warploom.device.protocol import Device
from warploom.graph import Graph, Precision
from warploom.schedule import StreamPlan
from warploom.worker.errors_of_outputs import tolerance_for

MODELS = tuple(model_names())
SHARE = 0.15
"""An error may be this part of the difference that another input makes."""

PLANS: Mapping[str, Callable[[Graph], StreamPlan]] = {
    "sequential": sequential_plan,
    "greedy": greedy_plan,
    "random": lambda graph: random_plan(graph, streams=4, seed=7),
}


def _model(name: str) -> Model:
    try:
        return model(name)
    except FileNotFoundError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", MODELS)
def test_that_every_operator_of_a_model_is_right_by_itself(device: Device, name: str, precision: Precision) -> None:
    """No error of one operator can hide behind, or be excused by, those before it."""
    tried = _model(name)
    inputs = tried.inputs(seed=5)
    expected = tried.reference(inputs, intermediates=True)
    graph = isolate_operators(tried.graph)
    with compile_plan(device, graph, sequential_plan(graph), precision) as executable:
        poison(executable)
        actual = executable.run(given_values(graph, {**expected, **inputs}))
    faults, errors = [], {}
    for operator in graph.operators:
        for output in operator.outputs:
            fault, errors[output] = fault_of(actual.get(output), expected[output], tolerance_of(precision))
            if fault:
                faults.append(f"{operator.label} {output}: {fault}")
    worst = max(errors, key=lambda output: errors[output])
    record(
        "model operators",
        model=name,
        precision=precision.value,
        operators=len(graph.operators),
        faults=faults,
        worst_error=errors[worst],
        worst_output=worst,
    )
    assert not faults, "\n".join([f"{len(faults)} of {len(errors)} outputs:", *faults])


@pytest.mark.parametrize("name", MODELS)
def test_that_plans_compute_what_the_original_model_does(device: Device, name: str, precision: Precision) -> None:
    tried = _model(name)
    faults = [fault for plan in PLANS for fault in _faults(device, tried, plan, precision)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("batch", [2, 8])
@pytest.mark.parametrize("name", ["recipe_squeezenet", "recipe_mobilenet_heads", "recipe_bert_small"])
def test_that_batches_compute_what_the_original_model_does(
    device: Device, name: str, batch: int, precision: Precision
) -> None:
    size = {"recipe_squeezenet": 96, "recipe_mobilenet_heads": 144, "recipe_bert_small": 32}[name]
    faults = _faults(device, model(name, size=size, batch=batch), "sequential", precision)
    assert not faults, "\n".join(faults)


def _faults(device: Device, tried: Model, plan: str, precision: Precision) -> list[str]:
    """What is wrong with the outputs of one plan.

    Its outputs for random inputs are as close to the original's as the precision allows; for two pictures they differ
    much more from each other than each from the original's; and an input gives the same bits again.
    """
    inputs = [tried.inputs(5), tried.pictures(5), tried.pictures(6)]
    expected = [tried.reference(values) for values in inputs]
    graph = tried.graph
    with compile_plan(device, graph, PLANS[plan](graph), precision) as executable:
        poison(executable)
        actual = [executable.run(values) for values in (*inputs, inputs[0])]
    tolerance = tolerance_for(graph, precision)
    found = {name: fault_of(actual[0].get(name), expected[0][name], tolerance) for name in graph.outputs}
    faults = [f"{plan}, {name}: {fault}" for name, (fault, _) in found.items() if fault]
    shares = {name: _share(actual[1][name], expected[1][name], expected[2][name]) for name in graph.outputs}
    faults += [f"{plan}, {name}: {part:.0%} of what an input changes" for name, part in shares.items() if part > SHARE]
    faults += [f"{plan}, {name}: another run of one input differs" for name in _changed(actual[0], actual[3])]
    record(
        "model outputs",
        model=tried.name,
        precision=precision.value,
        plan=plan,
        error=max(error for _, error in found.values()),
        tolerance=tolerance,
        largest_share=max(shares.values()),
        faults=faults,
    )
    return faults


def _share(actual: Array, expected: Array, other: Array) -> float:
    """The error as a part of the difference that another input makes; 0 where that says nothing."""
    if expected.dtype.kind != "f":
        return 0.0
    difference = float(np.linalg.norm(other.astype(np.float64) - expected.astype(np.float64)))
    error = float(np.linalg.norm(actual.astype(np.float64) - expected.astype(np.float64)))
    return error / difference if difference else 0.0


def _changed(left: Mapping[str, Array], right: Mapping[str, Array]) -> list[str]:
    return [name for name, values in left.items() if values.tobytes() != right[name].tobytes()]
