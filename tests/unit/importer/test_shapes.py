"""Unknown dimensions are settled, fixed ones changed, and the whole model follows."""

from __future__ import annotations

import numpy as np
import pytest

from execution import execute_graph, relative_error
from warploom.errors import ModelImportError
from warploom.importer.load import import_model
from warploom.importer.options import ImportOptions

DYNAMIC = """(float[N,3,8,8] x) => (float y) {
    s = Shape(x) i = Constant<value = int64 {0}>() n = Gather(s, i) a = Constant<value_ints=[0]>() u = Unsqueeze(n, a)
    m = Constant<value_ints=[-1]>() t = Concat<axis=0>(u, m) r = Relu(x) y = Reshape(r, t) }"""


@pytest.mark.parametrize(("batch", "expected"), [(None, 1), (1, 1), (4, 4)])
def test_that_an_unknown_batch_is_one_or_the_one_asked_for(save, check, batch, expected) -> None:
    model = check(save(DYNAMIC), ImportOptions(batch=batch))
    assert model.graph.tensors["x"].shape == (expected, 3, 8, 8)
    assert model.graph.tensors["y"].shape == (expected, 192)
    assert next(entry.decision for entry in model.log) == f"batch {expected}"


def test_that_arithmetic_on_shapes_is_folded_and_logged(save, check) -> None:
    model = check(save(DYNAMIC))
    assert [operator.body[0].op for operator in model.graph.operators] == ["Relu", "Reshape"]
    folded = next(entry for entry in model.log if entry.decision == "folded")
    assert "Shape" in folded.reason
    assert "4 nodes" in folded.reason


def test_that_a_shape_settles_every_input_with_the_same_symbol(save, check) -> None:
    path = save("(float[N,T] x, float[N,T] z) => (float y) { y = Add(x, z) }")
    model = check(path, ImportOptions(shapes={"x": (2, 5)}))
    assert model.graph.tensors["z"].shape == (2, 5)


def test_that_a_shape_overrides_a_fixed_one(save, check) -> None:
    path = save("(float[1,3,8,8] x, float[4,3,3,3] w) => (float[1,4,6,6] y) { y = Conv(x, w) }")
    model = check(path, ImportOptions(shapes={"x": (2, 3, 10, 12)}))
    assert model.graph.tensors["y"].shape == (2, 4, 8, 10)
    assert any(entry.decision == "shape [2, 3, 10, 12]" for entry in model.log)


def test_that_a_fixed_batch_stays_without_an_option(save) -> None:
    model = import_model(save("(float[5,3] x) => (float y) { y = Relu(x) }"))
    assert model.graph.tensors["y"].shape == (5, 3)


def _reshaped(shape: str, then: str = "y = Relu(r)", data: str = "x") -> str:
    rank = shape.count(",") + 1
    return f"s = Constant<value = int64[{rank}] {{{shape}}}>() r = Reshape({data}, s) {then}"


BATCHED = {
    "flatten": ("[1,3,4,4]", _reshaped("1,48")),
    "flatten_rest": ("[1,3,4,4]", _reshaped("1,-1")),
    "rest_flatten": ("[1,3,4,4]", _reshaped("-1,48")),
    "keep": ("[1,3,4,4]", _reshaped("0,48")),
    "shuffle": (
        "[1,6,4,4]",
        _reshaped(
            "1,2,3,4,4",
            "t = Transpose<perm=[0,2,1,3,4]>(r) q = Constant<value = int64[4] {1,6,4,4}>() y = Reshape(t, q)",
        ),
    ),
    "heads": (
        "[1,5,12]",
        _reshaped(
            "1,5,3,4",
            "t = Transpose<perm=[0,2,1,3]>(r) q = Constant<value = int64[3] {3,5,4}>()"
            " f = Reshape(t, q) p = Constant<value = int64[4] {1,3,5,4}>() y = Reshape(f, p)",
        ),
    ),
    "sequence_first": (
        "[1,5,12]",
        "t = Transpose<perm=[1,0,2]>(x) "
        + _reshaped(
            "5,3,4",
            "u = Transpose<perm=[1,0,2]>(r)"
            " q = Constant<value = int64[4] {1,3,5,4}>() f = Reshape(u, q) v = Transpose<perm=[2,0,1,3]>(f)"
            " p = Constant<value = int64[2] {5,12}>() y = Reshape(v, p)",
            "t",
        ),
    ),
    "windows": (
        "[1,4,4,3]",
        _reshaped(
            "1,2,2,2,2,3",
            "t = Transpose<perm=[0,1,3,2,4,5]>(r) q = Constant<value = int64[3] {-1,4,3}>() y = Reshape(t, q)",
        ),
    ),
    "expand": ("[1,3,1]", "s = Constant<value = int64[3] {1,3,6}>() y = Expand(x, s)"),
    "resize": ("[1,3,4,4]", 's = Constant<value = int64[4] {1,3,8,8}>() y = Resize<mode="linear">(x, , , s)'),
}


@pytest.mark.parametrize("name", BATCHED)
def test_that_a_larger_batch_computes_each_sample_as_alone(save, check, name: str) -> None:
    shape, body = BATCHED[name]
    path = save(f"(float{shape} x) => (float y) {{ {body} }}")
    single = import_model(path).graph
    batched = check(path, ImportOptions(batch=3)).graph
    data = np.random.default_rng(0).standard_normal((3, *single.tensors["x"].shape[1:])).astype(np.float32)
    together = execute_graph(batched, {"x": data})["y"]
    alone = [execute_graph(single, {"x": data[i : i + 1]})["y"] for i in range(3)]
    assert together.size == sum(array.size for array in alone)
    assert any(
        together.shape == joined.shape and relative_error(joined, together) == 0
        for axis in range(together.ndim)
        for joined in [_joined(alone, axis, together.shape)]
    )


def _joined(alone, axis, shape):
    """The single results as the batch lays them out: stacked inside the axis that has grown."""
    stacked = np.stack(alone, axis)
    return stacked.reshape(shape) if stacked.size == np.prod(shape) else stacked


def test_that_a_batch_that_the_model_cannot_take_names_the_node(save) -> None:
    path = save(
        "(float[1,6] x) => (float y) { s = Constant<value = int64[2] {2,3}>() r = Squeeze<axes=[0]>(x)"
        " y = Reshape(r, s) }",
        opset=12,
    )
    with pytest.raises(ModelImportError, match="Squeeze"):
        import_model(path, ImportOptions(batch=2))


def test_that_a_fixed_reshape_that_does_not_fit_another_size_is_named(save) -> None:
    path = save(f"(float[1,3,4,4] x) => (float y) {{ {_reshaped('1,3,2,2,4')} }}")
    with pytest.raises(ModelImportError, match=r"cannot reshape \[1, 3, 5, 7\]"):
        import_model(path, ImportOptions(shapes={"x": (1, 3, 5, 7)}))


def test_that_initializers_listed_as_inputs_are_weights(save, check) -> None:
    import onnx

    path = save("(float[1,3] x) => (float y) <float[3] w = {1.0, 2.0, 3.0}> { y = Mul(x, w) }")
    model = onnx.load(path)
    model.graph.input.append(onnx.helper.make_tensor_value_info("w", onnx.TensorProto.FLOAT, [3]))
    imported = check(save(model))
    assert imported.graph.inputs == ("x",)
    assert imported.graph.operators[0].weights == ("w",)
