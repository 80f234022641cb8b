"""Random weights: seeded, only where weights are missing, and scaled so that no layer vanishes or overflows."""

from __future__ import annotations

import numpy as np

from execution import execute_graph, relative_error
from warploom.graph import FillConstant
from warploom.importer.load import import_model
from warploom.importer.options import ImportOptions
from warploom.importer.random_weights import apply_replacements, find_replacements
from warploom.importer.reference import random_inputs, reference_outputs

CHAIN = """(float[1,8,12,12] x) => (float y)
    <int64[4] d = {8,8,3,3}, int64[1] v = {8}, float[8] m = {1.0,2.0,3.0,4.0,5.0,6.0,7.0,8.0}> {
    w = ConstantOfShape<value = float[1] {0.001}>(d)
    s = ConstantOfShape<value = float[1] {0.02}>(v)
    z = ConstantOfShape(v)
    a = Conv<pads=[1,1,1,1]>(x, w, s)
    n = BatchNormalization(a, s, z, z, s)
    r = Relu(n)
    b = Conv<pads=[1,1,1,1]>(r, w)
    y = Conv<pads=[1,1,1,1]>(b, w, m) }"""
SEED = ImportOptions(random_weights=7)


def test_that_every_layer_has_a_sizeable_output(save) -> None:
    graph = import_model(save(CHAIN), SEED).graph
    values = execute_graph(graph, random_inputs(graph, 3), intermediates=True)
    assert all(0.3 <= values[name].std() <= 3 for name in ("a", "n", "r", "b", "y"))


def test_that_the_original_gets_the_same_weights(save) -> None:
    path = save(CHAIN)
    graph = import_model(path, SEED).graph
    inputs = random_inputs(graph, 3)
    reference = reference_outputs(path, SEED, inputs, intermediates=True)
    for name, value in execute_graph(graph, inputs, intermediates=True).items():
        assert relative_error(reference[name], value) <= 1e-5


def test_that_weights_that_share_a_fill_become_different(save) -> None:
    graph = import_model(save(CHAIN), SEED).graph
    weights = [graph.constants[op.body[0].inputs[1]].numpy() for op in graph.operators if op.label == "Conv"]
    assert len(weights) == 3
    assert relative_error(weights[0], weights[1]) > 0.5
    assert relative_error(weights[1], weights[2]) > 0.5


def test_that_scale_and_variance_that_share_a_fill_come_apart(save) -> None:
    graph = import_model(save(CHAIN), SEED).graph
    scale, _, _, variance = (
        graph.constants[name] for name in graph.operator("BatchNormalization_4").body[0].inputs[1:]
    )
    assert isinstance(variance, FillConstant)
    assert variance.value == np.float32(0.02)
    assert isinstance(scale, FillConstant)
    assert scale.value > variance.value


def test_that_the_seed_decides_the_weights(save) -> None:
    graph = import_model(save(CHAIN)).graph
    first, again, other = (find_replacements(graph, seed) for seed in (1, 1, 2))
    same = [np.array_equal(a.constant.numpy(), b.constant.numpy()) for a, b in zip(first, again, strict=True)]
    assert all(same)
    assert not np.array_equal(first[0].constant.numpy(), other[0].constant.numpy())


def test_that_real_weights_are_left_alone(save) -> None:
    path = save("(float[1,2] x) => (float y) <float[2,2] w = {1.0,2.0,3.0,4.0}> { y = MatMul(x, w) }")
    graph = import_model(path, SEED).graph
    assert find_replacements(graph, 1) == ()
    assert graph.constants["w"].numpy().tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_that_a_graph_keeps_its_names_and_structure(save) -> None:
    graph = import_model(save(CHAIN)).graph
    changed = apply_replacements(graph, find_replacements(graph, 1))
    changed.verify()
    assert list(changed.index) == list(graph.index)
    assert changed.predecessors == graph.predecessors


def test_that_integers_that_index_stay_in_range(save) -> None:
    path = save("""(int64[4,50] i, int64[4,50] m, float[3,5] t) => (float y, int64 z)
        { c = Cast<to=6>(i) g = Gather(t, c) y = Relu(g) z = Mul(m, m) }""")
    inputs = random_inputs(import_model(path).graph, 0)
    assert set(np.unique(inputs["i"])) == {0, 1, 2}
    assert set(np.unique(inputs["m"])) == {0, 1}
    assert (inputs["m"][:, 0] == 1).all()
