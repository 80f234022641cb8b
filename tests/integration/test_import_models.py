"""The twelve real models: every shape known, every operator computes what the original computes."""

from __future__ import annotations

import gc
import time
from pathlib import Path

import onnx
import pytest

from execution import execute_graph, relative_error, standard_deviation
from warploom.graph import OperatorKind
from warploom.importer.load import import_model
from warploom.importer.options import ImportOptions
from warploom.importer.random_weights import HIGHEST, LOWEST, apply_replacements, find_replacements
from warploom.importer.reference import random_inputs, reference_outputs

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
SHARED = {"inception_v3": 219, "squeezenet1_1": 65, "nasnetalarge": 879}
LIGHT_OPERATORS = {
    "light_bvlc_alexnet": 24,
    "light_densenet121": 668,
    "light_inception_v1": 143,
    "light_inception_v2": 371,
    "light_resnet50": 176,
    "light_shufflenet": 203,
    "light_squeezenet": 66,
    "light_vgg19": 46,
    "light_zfnet512": 22,
}
SLOW = {"light_vgg19", "nasnetalarge"}
UNSCALED = {OperatorKind.SOFTMAX}
"""Shares of one add up to one: nothing before them can make their deviation larger."""

NAMES = [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in (*LIGHT_OPERATORS, *SHARED)]


@pytest.fixture
def model_path(request: pytest.FixtureRequest):
    """Finds one of the twelve by name."""

    def find(name: str) -> Path:
        if name in LIGHT_OPERATORS:
            return LIGHT / f"{name}.onnx"
        return Path(request.getfixturevalue("shared_path")) / "models" / f"{name}.onnx"

    return find


@pytest.mark.parametrize("name", NAMES)
def test_that_every_operator_computes_what_the_original_computes(model_path, name: str) -> None:
    path = model_path(name)
    raw = import_model(path).graph
    replacements = find_replacements(raw, 0)
    graph = apply_replacements(raw, replacements)
    graph.verify()
    assert len(graph.operators) == {**LIGHT_OPERATORS, **SHARED}[name]
    inputs = random_inputs(graph, 1)
    reference = reference_outputs(path, ImportOptions(), inputs, intermediates=True, replacements=replacements)
    computed = execute_graph(graph, inputs, intermediates=True)
    assert computed.keys() <= reference.keys()
    assert set(graph.outputs) <= computed.keys()
    for operator in graph.operators:
        for output in operator.outputs:
            assert computed[output].shape == graph.tensors[output].shape
            assert relative_error(reference[output], computed[output]) <= 1e-5, operator
            if operator.kind not in UNSCALED:
                assert LOWEST <= standard_deviation(reference[output]) <= HIGHEST, operator
    gc.collect()


@pytest.mark.parametrize("name", [*LIGHT_OPERATORS, *SHARED])
def test_that_a_batch_of_two_reaches_the_outputs(model_path, name: str) -> None:
    graph = import_model(model_path(name), ImportOptions(batch=2)).graph
    assert all(graph.tensors[output].shape[0] == 2 for output in graph.outputs)


def test_that_large_models_import_within_a_second_of_processor_time(model_path) -> None:
    path = model_path("nasnetalarge")
    started = time.process_time()
    import_model(path)
    assert time.process_time() - started < 1.5  # the goal is 5 s of the whole process on an idle machine
