"""The sample networks and the reference models lower whole, with the views and slices that they should have."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cuda_interpreter import Kernels, Machine, random_feeds
from warploom.device.cuda.lowering.lower import lower_graph
from warploom.device.cuda.lowering.lowered import LoweredGraph
from warploom.graph import Graph, Precision
from warploom.importer.export import export_graph
from warploom.importer.load import import_model
from warploom.importer.options import ImportOptions
from warploom.importer.single import open_session
from warploom.passes.pipeline import optimize_graph
from warploom.samples.recipes import RECIPES, build


@pytest.fixture(scope="session")
def recipe_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("recipes")
    files = {name: folder / f"{name}.onnx" for name in RECIPES}
    for name, path in files.items():
        build(name, path)
    return files


def scheduled(path: Path, options: ImportOptions | None = None) -> Graph:
    return optimize_graph(import_model(path, options or ImportOptions()).graph).graph


def steps_by_label(lowered: LoweredGraph) -> dict[str, Counter[int]]:
    """How many Operators of each label have how many steps."""
    result: dict[str, Counter[int]] = {}
    for operator, program in zip(lowered.graph.operators, lowered.programs, strict=True):
        result.setdefault(operator.label, Counter())[len(program.steps)] += 1
    return result


# Operators that move data only, by label and number of steps: 0 where everything is in place already.
MOVEMENT = {
    "inception_v3": {"Concat": {0: 11}},
    "squeezenet": {"Concat": {0: 8}},
    "googlenet": {"Concat": {0: 9}, "Flatten": {0: 1}},
    "resnet50": {"Flatten": {0: 1}},
    # Five of the concatenations are copied in part: their members are read by an earlier one.
    "nasnet_large": {"Add+Add+Add+Add+Add+Concat": {1: 18}, "Add+Add+Add+Concat": {1: 2, 2: 2}, "Concat": {0: 2, 1: 1}},
    "yolo": {"Split": {0: 8}, "Add+Concat": {1: 4}, "Concat": {0: 9, 1: 3}},
    "bert_small": {"Transpose": {0: 16}, "Reshape": {0: 16}, "Unsqueeze": {0: 1}},
    "mobilenet_heads": {},
    "randwire_small": {},
    "randwire_large": {},
    # 375 channels are no whole vectors: one copy puts the output together.
    "sample_network": {"Concat": {1: 1}},
}


@pytest.mark.parametrize("name", RECIPES)
def test_that_recipes_lower_with_what_moves_data_in_place(name: str, recipe_files: dict[str, Path]) -> None:
    graph = scheduled(recipe_files[name])
    lowered = lower_graph(graph, Precision.FP16, registry=Kernels().registry)
    assert [program.operator for program in lowered.programs] == [operator.name for operator in graph.operators]
    labels = steps_by_label(lowered)
    for label, steps in MOVEMENT[name].items():
        assert labels[label] == steps, label


@pytest.mark.parametrize("precision", list(Precision))
@pytest.mark.parametrize("name", ["inception_v3", "nasnetalarge", "squeezenet1_1"])
def test_that_reference_models_lower(name: str, precision: Precision, shared_path: Path) -> None:
    path = shared_path / "models" / f"{name}.onnx"
    if not path.exists():
        pytest.skip(f"{name} is not here")
    lowered = lower_graph(scheduled(path), precision, registry=Kernels().registry)
    assert len(lowered.outputs) == 1
    assert lowered.weight_bytes > 0


@pytest.mark.parametrize(
    ("name", "size"), [("squeezenet", 48), ("googlenet", 48), ("bert_small", 0), ("randwire_small", 32)]
)
def test_that_small_networks_compute_what_onnx_runtime_computes(
    name: str, size: int, recipe_files: dict[str, Path]
) -> None:
    data = import_model(recipe_files[name]).graph
    shape = data.tensors[data.inputs[0]].shape
    shapes = {data.inputs[0]: (2, shape[1], size, size)} if size else {}
    graph = scheduled(recipe_files[name], ImportOptions(shapes=shapes, random_weights=1))
    feeds = random_feeds(graph, 2)
    session = open_session(export_graph(graph), optimized=False)
    (expected,) = session.run(None, feeds)
    for precision, alternative in ((Precision.FP16, 0), (Precision.FP32, -1)):
        kernels = Kernels()
        lowered = lower_graph(graph, precision, registry=kernels.registry)
        (actual,) = Machine(lowered, kernels, alternative).run(feeds).values()
        assert np.linalg.norm(actual - expected) <= 1e-5 * np.linalg.norm(expected)
