"""Constants stay symbolic or unread as long as they can, and fold where nothing depends on data."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from warploom.errors import ModelImportError
from warploom.graph import ArrayConstant, DType, FillConstant
from warploom.importer.files import external_files
from warploom.importer.load import import_model
from warploom.importer.options import ImportOptions
from warploom.importer.reference import reference_outputs


def test_that_a_weight_made_by_constant_of_shape_stays_a_fill(save, check) -> None:
    path = save("""(float[1,4,6,6] x) => (float y) <int64[4] d = {8,4,3,3}>
        { w = ConstantOfShape<value = float[1] {0.25}>(d) y = Conv(x, w) }""")
    graph = check(path).graph
    assert graph.constants["w"] == FillConstant((8, 4, 3, 3), DType.FLOAT32, 0.25)
    assert any(entry.decision == "kept as fills" for entry in import_model(path).log)


def test_that_views_of_a_fill_stay_fills(save, check) -> None:
    path = save(
        """(float[1,4,6,6] x) => (float y) <int64[1] d = {4}> { w = ConstantOfShape<value = float[1] {2.5}>(d)
        u = Unsqueeze<axes=[1,2]>(w) c = Cast<to=10>(u) f = Cast<to=1>(c) y = Mul(x, f) }""",
        opset=11,
    )
    assert check(path).graph.constants["f"] == FillConstant((4, 1, 1), DType.FLOAT32, 2.5)


@pytest.mark.parametrize(
    ("constant", "expected"),
    [
        ("Constant<value = float[2] {1.0, 2.0}>()", [1.0, 2.0]),
        ("Constant<value_floats=[1.5, 2.0]>()", [1.5, 2.0]),
        ("Constant<value_float=3.5>()", 3.5),
    ],
)
def test_that_every_form_of_constant_is_read(save, check, constant: str, expected) -> None:
    graph = check(save(f"(float[1,2] x) => (float y) {{ c = {constant} y = Add(x, c) }}")).graph
    assert graph.constants["c"].numpy().tolist() == expected
    assert len(graph.operators) == 1


def test_that_text_constants_are_refused(save) -> None:
    with pytest.raises(ModelImportError, match="text"):
        import_model(save('(float[1,2] x) => (float y) { c = Constant<value_string="a">() y = custom.F(x, c) }'))


def test_that_a_chain_of_constants_is_computed(save, check) -> None:
    path = save("""(float[2,3] x) => (float y) <float[3,2] w = {1.0,2.0,3.0,4.0,5.0,6.0}>
        { t = Transpose(w) a = Mul(t, t) i = Identity(a) y = Add(x, i) }""")
    graph = check(path).graph
    assert graph.constants["i"].numpy().tolist() == [[1.0, 9.0, 25.0], [4.0, 16.0, 36.0]]
    assert [operator.body[0].op for operator in graph.operators] == ["Add"]


def test_that_large_constants_are_computed_when_first_used(save) -> None:
    weight = numpy_helper.from_array(np.random.default_rng(0).standard_normal((64, 100)).astype(np.float32), "w")
    nodes = [
        helper.make_node("Transpose", ["w"], ["t"]),
        helper.make_node("Exp", ["t"], ["e"]),
        helper.make_node("MatMul", ["x", "e"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", 1, [2, 100])],
        [helper.make_tensor_value_info("y", 1, None)],
        [weight],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=8)
    constant = import_model(save(model)).graph.constants["e"]
    assert isinstance(constant, ArrayConstant)
    assert not constant._loaded
    np.testing.assert_allclose(constant.numpy(), np.exp(numpy_helper.to_array(weight).T), rtol=1e-6)


def test_that_nodes_that_nothing_reads_are_dropped_and_logged(save, check) -> None:
    model = check(save("(float[1,3] x) => (float y) { a = Neg(x) b = Exp(a) y = Relu(x) }"))
    assert [operator.body[0].op for operator in model.graph.operators] == ["Relu"]
    assert "2 nodes" in next(entry for entry in model.log if entry.decision == "dropped").reason


def test_that_random_operators_are_not_folded(save) -> None:
    path = save("(float[1,3] x) => (float y) <float[3] w = {1.0,2.0,3.0}> { r = RandomNormalLike(w) y = Add(x, r) }")
    assert [operator.body[0].op for operator in import_model(path).graph.operators] == ["RandomNormalLike", "Add"]


def test_that_a_constant_output_imports(save, check) -> None:
    path = save("(float[1,3] x) => (float y, float c) { w = Constant<value_floats=[2.0]>() c = Exp(w) y = Relu(x) }")
    graph = check(path).graph
    assert graph.outputs == ("y", "c")
    assert graph.constants["c"].numpy()[0] == pytest.approx(math.exp(2))


def test_that_functions_are_inlined(save, check) -> None:
    text = """<ir_version: 8, opset_import: ["" : 17, "local" : 1]> g (float[2,3] x) => (float y)
        <float[3] b = {1.0, 2.0, 3.0}> { a = local.act<alpha=0.3>(x, b) y = local.act<alpha=0.1>(a, b) }
        <domain: "local", opset_import: ["" : 17]> act <alpha>(p, q) => (o)
        { s = Add(p, q) o = LeakyRelu<alpha: float = @alpha>(s) }"""
    model = check(save(onnx.parser.parse_model(text)))
    assert [operator.body[0].op for operator in model.graph.operators] == ["Add", "LeakyRelu", "Add", "LeakyRelu"]
    assert [operator.body[0].number("alpha") for operator in model.graph.operators[1::2]] == pytest.approx([0.3, 0.1])
    assert any(entry.decision == "inlined" for entry in model.log)


def test_that_a_branch_decided_by_shapes_is_taken(save, check) -> None:
    path = save(
        """(float[2,3] x) => (float y) { s = Shape(x) i = Constant<value = int64 {0}>() n = Gather(s, i)
        two = Constant<value = int64 {2}>() c = Equal(n, two) r = If(c) <
        then_branch = t () => (float[2,3] a) { a = Relu(x) }, else_branch = e () => (float[2,3] b) { b = Neg(x) }>
        y = Exp(r) }""",
        opset=17,
    )
    model = check(path)
    assert [operator.body[0].op for operator in model.graph.operators] == ["Relu", "Exp"]
    assert any(entry.decision == "decided branches" for entry in model.log)


# External data


@pytest.fixture
def external(tmp_path: Path):
    """Writes a model whose weight lies in another file, with the entries given."""

    def write(location: str = "weights.bin", data: bytes | None = None, **entries: str) -> Path:
        weight = TensorProto(name="w", dims=[3, 4], data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
        for key, value in {"location": location, **entries}.items():
            weight.external_data.add(key=key, value=value)
        x, y = (helper.make_tensor_value_info(name, 1, [2, size]) for name, size in (("x", 3), ("y", 4)))
        graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [x], [y], [weight])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=8)
        folder = tmp_path / "model"
        folder.mkdir(exist_ok=True)
        (folder / "weights.bin").write_bytes(np.arange(16, dtype="<f4").tobytes() if data is None else data)
        path = folder / "m.onnx"
        path.write_bytes(model.SerializeToString())
        return path

    return write


def test_that_external_data_is_read_from_its_offset(external, check) -> None:
    graph = check(external(offset="16", length="48")).graph
    assert graph.constants["w"].numpy().tolist() == np.arange(4, 16, dtype=np.float32).reshape(3, 4).tolist()


def test_that_external_data_is_not_read_by_the_import(external) -> None:
    path = external()
    constant = import_model(path).graph.constants["w"]
    (path.parent / "weights.bin").write_bytes(np.full(16, 7, "<f4").tobytes())
    assert constant.numpy()[0, 0] == 7


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/hostname", "sub/../../secret.bin", "link.bin", ""])
def test_that_external_data_outside_the_folder_is_refused(external, tmp_path: Path, location: str) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(64))
    path = external(location)
    (path.parent / "link.bin").symlink_to(tmp_path / "secret.bin")
    with pytest.raises(ModelImportError, match="outside the model's folder"):
        import_model(path)


def test_that_a_folder_reached_by_a_link_is_the_models_folder(external, tmp_path: Path) -> None:
    path = external()
    (tmp_path / "alias").symlink_to(path.parent)
    assert import_model(tmp_path / "alias" / "m.onnx").graph.constants["w"].numpy()[0, 1] == 1


def test_that_data_beside_a_linked_model_may_be_a_link_too(external, tmp_path: Path) -> None:
    path = external()
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "main"
    blobs.mkdir()
    snapshot.mkdir(parents=True)
    for name, blob in (("m.onnx", "a1"), ("weights.bin", "b2")):
        (path.parent / name).rename(blobs / blob)
        (snapshot / name).symlink_to(Path("..", "..", "blobs", blob))
    assert import_model(snapshot / "m.onnx").graph.constants["w"].numpy()[0, 1] == 1
    assert [file.name for file in external_files(snapshot / "m.onnx")] == ["weights.bin"]
    (tmp_path / "secret.bin").write_bytes(bytes(64))
    (snapshot / "weights.bin").unlink()
    (snapshot / "weights.bin").symlink_to(tmp_path / "secret.bin")
    with pytest.raises(ModelImportError, match="outside the model's folder"):
        import_model(snapshot / "m.onnx")


def test_that_missing_external_data_is_named(external) -> None:
    path = external("absent.bin")
    with pytest.raises(ModelImportError, match=r"absent\.bin.*missing"):
        import_model(path)


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ({"offset": "40"}, "beyond the end"),
        ({"offset": "-4"}, "beyond the end"),
        ({"offset": "many"}, "not a number"),
        ({"length": "44"}, "44 bytes, but its shape takes 48"),
    ],
)
def test_that_external_data_of_another_size_is_refused(external, entries, text: str) -> None:
    with pytest.raises(ModelImportError, match=text):
        import_model(external(**entries))


def test_that_a_loop_of_links_is_refused(external) -> None:
    path = external("loop.bin")
    (path.parent / "loop.bin").symlink_to(path.parent / "loop.bin")
    with pytest.raises(ModelImportError, match=r"loop\.bin"):
        import_model(path)


def test_that_bfloat16_weights_are_held_as_float32(save) -> None:
    weight = helper.make_tensor("w", TensorProto.BFLOAT16, [2], [1.5, -2.0])
    nodes = [helper.make_node("Mul", ["x", "w"], ["y"])]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.BFLOAT16, [3, 2])],
        [helper.make_tensor_value_info("y", TensorProto.BFLOAT16, None)],
        [weight],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=8)
    imported = import_model(save(model)).graph
    assert imported.tensors["y"].dtype is DType.BFLOAT16
    assert imported.constants["w"].numpy().tolist() == [1.5, -2.0]


def test_that_the_reference_needs_what_the_import_needs(save) -> None:
    path = save("(float[N,H] x) => (float y) { y = Relu(x) }")
    with pytest.raises(ModelImportError, match="--shape"):
        reference_outputs(path, ImportOptions(), {})
