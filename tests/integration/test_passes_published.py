"""The four networks of the IOS paper lower to the same scheduling problems as the paper's own builder poses."""

from __future__ import annotations

import collections
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from warploom.graph import Graph, Operator, OperatorKind
from warploom.importer.load import import_model
from warploom.passes.pipeline import optimize_graph
from warploom.samples.recipes import RECIPES, build

PUBLISHED = [name for name, recipe in RECIPES.items() if recipe.paper_operators]


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Graph]:
    """The paper's networks after all passes."""
    folder = tmp_path_factory.mktemp("published")
    paths = {name: build(name, folder / f"{name}.onnx", light=True) for name in PUBLISHED}
    return {name: optimize_graph(import_model(path).graph, verify=True).graph for name, path in paths.items()}


def role(operator: Operator) -> str:
    """What the reference data calls it: a sum or a concatenation is an "identity" there."""
    if operator.kind in (OperatorKind.CONV, OperatorKind.SEPARABLE):
        return "product"
    if operator.kind is OperatorKind.POOL:
        return "pool"
    return "relu" if operator.label == "Relu" else "identity"


def descendants(preds: Sequence[Sequence[int]]) -> list[frozenset[int]]:
    """For each position everything that it depends on, within the list."""
    before: list[frozenset[int]] = []
    for read in preds:
        before.append(frozenset(read).union(*(before[i] for i in read)))
    return before


@pytest.mark.parametrize("name", PUBLISHED)
def test_that_operator_counts_are_those_of_the_paper(name: str, graphs: dict[str, Graph]) -> None:
    assert len(graphs[name].operators) == RECIPES[name].paper_operators


def test_that_nasnet_is_lowered_within_a_second(tmp_path: Path) -> None:
    path = build("nasnet_large", tmp_path / "n.onnx", light=True)
    graph = import_model(path).graph
    start = time.process_time()
    optimize_graph(graph)
    assert time.process_time() - start < 1.0


@pytest.mark.parametrize("name", PUBLISHED)
def test_that_the_dependencies_are_those_of_the_reference_problems(
    name: str, graphs: dict[str, Graph], shared_path: Path
) -> None:
    """Operator by operator, in order: the same kind of work that waits for the same work of its part."""
    problem: dict[str, Any] = json.loads((shared_path / "reference" / f"ios_dp_{name}.json").read_text())
    graph = graphs[name]
    assert sum(len(part) for part in problem["parts"]) == len(graph.operators)
    start = 0
    for part in problem["parts"]:
        stop = start + len(part)
        roles = [role(operator) for operator in graph.operators[start:stop]]
        expected = [{"conv": "product", "sequential": "product"}.get(item["op"], item["op"]) for item in part]
        assert roles == expected
        preds = [[j - start for j in graph.predecessors[i] if j >= start] for i in range(start, stop)]
        assert descendants(preds) == descendants([item["preds"] for item in part])
        start = stop


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("squeezenet", {"conv": 30, "pool": 4, "concat": 8, "pointwise": 8}),
        ("inception_v3", {"conv": 94, "pool": 14, "concat": 11}),
        ("randwire_large", {"separable": 112, "conv": 2, "pool": 1, "pointwise": 5}),
        ("nasnet_large", {"separable": 220, "conv": 48, "pool": 71, "concat": 25, "pointwise": 10}),
    ],
)
def test_that_kinds_are_those_of_the_paper(name: str, kinds: dict[str, int], graphs: dict[str, Graph]) -> None:
    assert collections.Counter(str(operator.kind) for operator in graphs[name].operators) == kinds


def test_that_inception_has_the_layers_of_the_published_schedule(graphs: dict[str, Graph], shared_path: Path) -> None:
    """That schedule merges 1x1 convolutions of one input: those are compared by channels, all others exactly."""
    schedule = json.loads((shared_path / "reference" / "ios_schedules" / "v100.json").read_text())
    published: collections.Counter[tuple[int, ...]] = collections.Counter()
    for block in schedule["blocks"]:
        for node in [*block["inner_nodes"], block["exit_node"]]:
            if node["type"] == "conv":
                count_layer(published, node["kernel"], node["stride"], node["padding"], node["output_shape"])
    graph = graphs["inception_v3"]
    built: collections.Counter[tuple[int, ...]] = collections.Counter()
    for operator in graph.operators:
        if operator.kind is OperatorKind.CONV:
            conv = operator.main
            window = (conv.integers(key) for key in ("kernel_shape", "strides", "pads"))
            count_layer(built, *window, graph.tensors[operator.outputs[0]].shape[1:])
    assert built == published


def count_layer(
    layers: collections.Counter[tuple[int, ...]],
    kernel: Sequence[int],
    stride: Sequence[int],
    pad: Sequence[int],
    shape: Sequence[int],
) -> None:
    layer = (*kernel, *stride, *pad[:2], *shape[1:])
    if tuple(kernel) == (1, 1):
        layers[layer] += shape[0]
    else:
        layers[(*layer, shape[0])] += 1
