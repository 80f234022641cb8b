"""Every broken or hostile model file is refused with one clear sentence."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from warploom.errors import ModelImportError, WarploomError
from warploom.importer.load import import_model
from warploom.importer.options import ImportOptions

RELU = "(float[1,3] x) => (float[1,3] y) { y = Relu(x) }"


def refuse(path: Path, *parts: str, options: ImportOptions = ImportOptions()) -> str:  # noqa: B008 - frozen value
    """Imports a file that must be refused; the message is one printable line that holds the parts."""
    with pytest.raises(ModelImportError) as caught:
        import_model(path, options)
    message = str(caught.value)
    assert str(path) in message
    assert message.isprintable()
    for part in parts:
        assert part in message
    return message


def model_of(nodes: list[onnx.NodeProto], initializers: list[TensorProto] = [], **extra: object) -> onnx.ModelProto:  # noqa: B006
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", [x], [y], initializers, **extra)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=8)


def test_that_a_missing_file_is_named(tmp_path: Path) -> None:
    refuse(tmp_path / "none.onnx", "no model file")


def test_that_a_folder_is_refused(tmp_path: Path) -> None:
    refuse(tmp_path, "folder")


def test_that_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.onnx"
    path.touch()
    refuse(path, "empty")


@pytest.mark.parametrize(
    "content", [b"<html>not found</html>", b"\x89PNG\r\n\x1a\n" + bytes(100), b"PK\x03\x04zip", b"\0"]
)
def test_that_another_format_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(content)
    refuse(path, "not")


def test_that_a_declared_length_of_2_gb_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "huge.onnx"
    path.write_bytes(b"\x08\x08\x3a\xff\xff\xff\xff\x07")  # the graph claims 2**31 - 1 bytes
    refuse(path, "not a whole ONNX file")


def test_that_a_file_larger_than_onnx_allows_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.onnx"
    with path.open("wb") as file:
        file.truncate(2**31 + 5)
    refuse(path, "2.1 GB", "external data")


def test_that_an_unreadable_name_is_refused() -> None:
    with pytest.raises(ModelImportError):
        import_model(Path("a\0b.onnx"))


def test_that_every_truncation_is_refused(save) -> None:
    path = save(model_of([helper.make_node("Relu", ["x"], ["y"])]))
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(ModelImportError):
            import_model(path)


@pytest.mark.parametrize("opset", [1, 6, 27, 99])
def test_that_the_range_of_operator_sets_is_told(save, opset: int) -> None:
    refuse(save(RELU, opset=opset), f"operator set {opset}", "7 to 26")


def test_that_a_model_without_a_default_operator_set_is_refused(save) -> None:
    model = model_of([helper.make_node("Relu", ["x"], ["y"])])
    model.opset_import[0].domain = "custom"
    refuse(save(model), "version of the ONNX operators")


def test_that_a_cycle_names_its_nodes(save) -> None:
    nodes = [
        helper.make_node("Add", ["x", "b"], ["a"], name="first"),
        helper.make_node("Relu", ["a"], ["b"], name="second"),
    ]
    nodes.append(helper.make_node("Relu", ["b"], ["y"]))
    refuse(save(model_of(nodes)), "cycle", "'first'", "'second'")


def test_that_nodes_in_any_order_are_sorted(save) -> None:
    nodes = [helper.make_node("Relu", ["a"], ["y"], name="second"), helper.make_node("Neg", ["x"], ["a"], name="first")]
    assert [operator.name for operator in import_model(save(model_of(nodes))).graph.operators] == ["first", "second"]


def test_that_a_read_of_nothing_names_node_and_tensor(save) -> None:
    refuse(save(model_of([helper.make_node("Relu", ["nothing"], ["y"], name="lost")])), "'lost'", "'nothing'")


def test_that_an_output_made_by_nothing_is_named(save) -> None:
    refuse(save(model_of([helper.make_node("Relu", ["x"], ["z"])])), "output 'y'")


def test_that_a_tensor_written_twice_is_refused(save) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Neg", ["x"], ["y"], name="again")]
    refuse(save(model_of(nodes)), "'again'", "written already")


def test_that_two_initializers_of_one_name_are_refused(save) -> None:
    weights = [numpy_helper.from_array(np.ones(3, np.float32), "w") for _ in range(2)]
    refuse(save(model_of([helper.make_node("Add", ["x", "w"], ["y"])], weights)), "two initializers", "'w'")


def test_that_two_inputs_of_one_name_are_refused(save) -> None:
    model = model_of([helper.make_node("Relu", ["x"], ["y"])])
    model.graph.input.append(model.graph.input[0])
    refuse(save(model), "two inputs", "'x'")


def test_that_two_nodes_of_one_name_import(save) -> None:
    nodes = [helper.make_node("Neg", ["x"], ["a"], name="n"), helper.make_node("Relu", ["a"], ["y"], name="n")]
    names = [operator.name for operator in import_model(save(model_of(nodes))).graph.operators]
    assert len(set(names)) == 2
    assert all(names)


def test_that_an_invalid_attribute_names_the_node(save) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"], name="odd", nonsense=3)]
    refuse(save(model_of(nodes)), "'odd'", "nonsense")


def test_that_shapes_that_do_not_fit_name_the_node(save) -> None:
    refuse(save("(float[1,3] x, float[4,5] w) => (float y) { y = MatMul(x, w) }"), "MatMul", "does not fit")


def test_that_an_image_smaller_than_the_kernel_is_refused_before_a_slice_sees_it(save) -> None:
    text = """(float[1,3,4,4] x, float[2,3,9,9] w) => (float y) { c = Conv(x, w) s = Constant<value_ints=[0]>()
        e = Constant<value_ints=[1]>() a = Constant<value_ints=[2]>() y = Slice(c, s, e, a) }"""
    refuse(save(text), "Conv", "negative")


def test_that_a_window_larger_than_its_input_is_refused(save) -> None:
    text = "(float[1,3,2,2] x, float[2,3,3,3] w) => (float y) { y = Conv<strides=[2,2]>(x, w) }"
    refuse(save(text), "Conv", "window of 3", "input of 2")


def test_that_a_reverse_slice_of_nothing_is_refused(save) -> None:
    text = """(float[1,3] x) => (float y) { z = Constant<value_ints=[0]>() a = Constant<value_ints=[1]>()
        m = Constant<value_ints=[-1]>() n = Constant<value_ints=[-9]>()
        e = Slice(x, z, z, a) y = Slice(e, m, n, a, m) }"""
    refuse(save(text), "empty tensor")


@pytest.mark.parametrize("dimension", [0, -1])
def test_that_an_impossible_input_dimension_tells_what_to_do(save, dimension: int) -> None:
    model = model_of([helper.make_node("Relu", ["x"], ["y"])])
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = dimension
    refuse(save(model), "'x'", "--shape x=")


def test_that_an_absurd_input_dimension_is_refused(save) -> None:
    refuse(save("(float[1,1000000000000] x) => (float y) { y = Relu(x) }"), "'x'", "1e+12 elements")


@pytest.mark.parametrize(
    "body",
    [
        "s = Constant<value = int64[2] {1000000, 1000000}>() h = ConstantOfShape(s)",
        "s = Constant<value = int64[2] {1000000, 1000000}>() h = Expand(one, s)",
        "r = Constant<value = int64[1] {1000000000000}>() h = Tile(one, r)",
        "a = Constant<value = int64 {0}>() b = Constant<value = int64 {1000000000000}>()"
        " c = Constant<value = int64 {1}>() r = Range(a, b, c) h = Cast<to=1>(r)",
    ],
    ids=["fill", "expand", "tile", "range"],
)
def test_that_a_huge_constant_is_refused_and_never_computed(save, body: str) -> None:
    text = (
        f"(float[1,3] x) => (float y) <float[1] one = {{1.0}}> {{ {body} t = ReduceSum<keepdims=0>(h) y = Add(x, t) }}"
    )
    refuse(save(text), "1e+12 elements")


def test_that_unknown_dimensions_are_listed_with_the_option_that_sets_them(save) -> None:
    path = save("(float[N,3,H,W] x) => (float y) { y = Relu(x) }")
    refuse(path, "'x'", "N x 3 x H x W", "--shape x=1,3,H,W", "--batch")


def test_that_an_input_without_a_shape_tells_how_to_give_one(save) -> None:
    model = model_of([helper.make_node("Relu", ["x"], ["y"])])
    model.graph.input[0].type.tensor_type.ClearField("shape")
    refuse(save(model), "'x'", "--shape x=")


def test_that_a_shape_that_depends_on_data_names_the_node(save) -> None:
    nodes = [helper.make_node("NonZero", ["x"], ["n"], name="where"), helper.make_node("Cast", ["n"], ["y"], to=1)]
    refuse(save(model_of(nodes)), "'where'", "NonZero", "fixed shapes")


def test_that_an_unknown_operator_without_a_declared_shape_names_the_node(save) -> None:
    refuse(save("(float[1,3] x) => (float[1,3] y) { a = custom.Magic(x) y = Relu(a) }"), "custom::Magic", "'a'")


def test_that_a_loop_names_the_node(save) -> None:
    text = """(float[1,3] x, int64 n, bool c) => (float[A,B] y) { y = Loop(n, c, x)
        <body = b (int64 i, bool k, float[1,3] v) => (bool k2, float[1,3] w) { k2 = Identity(k) w = Neg(v) }> }"""
    refuse(save(text), "Loop", "branches and loops")


@pytest.mark.parametrize(
    ("shapes", "batch", "parts"),
    [
        ({"z": (1, 3)}, None, ["no input 'z'", "x"]),
        ({"x": (1, 3, 4)}, None, ["2 dimensions", "has 3"]),
        ({"x": (0, 3)}, None, ["empty tensor"]),
        ({"x": (-2, 3)}, None, ["negative"]),
        ({}, 0, ["at least 1"]),
    ],
)
def test_that_options_that_do_not_fit_are_refused(save, shapes, batch, parts) -> None:
    refuse(save(RELU), *parts, options=ImportOptions(batch=batch, shapes=shapes))


def test_that_shapes_that_disagree_about_a_symbol_are_refused(save) -> None:
    path = save("(float[N,3] x, float[N,3] z) => (float y) { y = Add(x, z) }")
    refuse(path, "disagree", "'N'", options=ImportOptions(shapes={"x": (2, 3), "z": (4, 3)}))


def test_that_training_information_is_refused(save) -> None:
    model = model_of([helper.make_node("Relu", ["x"], ["y"])])
    model.training_info.add()
    refuse(save(model), "training")


def test_that_batch_normalization_in_training_mode_is_refused(save) -> None:
    text = """(float[1,3,4,4] x, float[3] s) => (float y)
        { y, m, v = BatchNormalization<training_mode=1>(x, s, s, s, s) }"""
    refuse(save(text), "BatchNormalization", "training")


def test_that_dropout_in_training_mode_is_refused(save) -> None:
    text = """(float[1,3] x) => (float y) { r = Constant<value = float {0.5}>() t = Constant<value = bool {1}>()
        y = Dropout(x, r, t) }"""
    refuse(save(text), "Dropout", "training")


def test_that_sparse_initializers_are_refused(save) -> None:
    model = model_of([helper.make_node("Relu", ["x"], ["y"])])
    values = helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0])
    indices = helper.make_tensor("i", TensorProto.INT64, [1], [0])
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [3]))
    refuse(save(model), "sparse")


def test_that_a_sequence_input_is_refused(save) -> None:
    model = model_of([helper.make_node("Relu", ["x"], ["y"])])
    tensor = model.graph.input[0].type
    model.graph.input.append(helper.make_value_info("s", helper.make_sequence_type_proto(tensor)))
    refuse(save(model), "'s'", "sequence")


def test_that_strings_are_refused(save) -> None:
    model = model_of([helper.make_node("Relu", ["x"], ["y"])])
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.STRING
    refuse(save(model), "'x'", "string")


def test_that_an_initializer_with_too_few_values_is_refused(save) -> None:
    weight = numpy_helper.from_array(np.ones(3, np.float32), "w")
    weight.dims[0] = 4
    refuse(save(model_of([helper.make_node("Add", ["x", "w"], ["y"])], [weight])), "'w'", "fewer or more values")


MIXED = """(float[1,4,9,10] x) => (float y, float z) <int64[4] d = {6,4,3,3}> {
    w = ConstantOfShape<value = float[1] {0.5}>(d)
    c = Conv<pads=[1,1,1,1]>(x, w)
    s = Shape(c) i = Constant<value = int64 {0}>() n = Gather(s, i) a = Constant<value_ints=[0]>()
    u = Unsqueeze(n, a) m = Constant<value_ints=[-1]>() t = Concat<axis=0>(u, m) y = Reshape(c, t)
    p = MaxPool<kernel_shape=[2,2], strides=[2,2], ceil_mode=1>(c)
    q = Constant<value = float[4] {1.0,1.0,2.0,1.7}>() r = Resize<mode="nearest">(p, , q)
    e = Constant<value_ints=[5]>() v = Slice(r, a, e, a) z = Softmax<axis=1>(v)
}"""


@pytest.mark.parametrize("seed", range(4))
def test_that_flipped_bytes_only_ever_raise_clear_errors(save, seed: int) -> None:
    path = save(MIXED, opset=17)
    whole = path.read_bytes()
    import_model(path)
    generator = random.Random(seed)
    messages = []
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(generator.choice([1, 1, 2, 3])):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        path.write_bytes(damaged)
        try:
            import_model(path)
        except WarploomError as error:
            messages.append(str(error))
    assert len(messages) > 50
    assert all(message.isprintable() for message in messages)


@pytest.mark.parametrize(
    ("node", "part"),
    [
        ("Conv(x, w)", "has weights for 3 channels, but its input has 4"),
        ("Conv<group=2>(z, w)", "has 2 groups, which do not divide 6 channels into 5"),
        ("Conv(u, w, b)", "has a bias of the shape [4] for 5 channels"),
        ("ConvTranspose(x, w)", "has weights for 5 channels, but its input has 4"),
    ],
)
def test_that_a_convolution_for_other_channels_is_refused(save, node: str, part: str) -> None:
    refuse(
        save(
            f"""(float[1,4,8,8] x, float[1,6,8,8] z, float[1,3,8,8] u, float[5,3,3,3] w, float[4] b)
            => (float[N,C,H,W] y) {{ y = {node} }}"""
        ),
        part,
    )


def test_that_an_input_of_other_channels_is_refused(save) -> None:
    path = save("(float[1,3,8,8] x, float[5,3,3,3] w) => (float[N,C,H,W] y) { y = Conv(x, w) }")
    refuse(path, "has weights for 3 channels", options=ImportOptions(shapes={"x": (1, 4, 8, 8)}))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("(float[2,4] x, float[4,3] w, float[5] c) => (float[A,B] y) { y = Gemm(x, w, c) }", "a bias of the shape [5]"),
        ("(float[2,4] x, float[3] s) => (float[A,B] y) { y = PRelu(x, s) }", "a slope of the shape [3]"),
        ("(float[2,4] x, float[5] w) => (float[A,B] y) { y = LayerNormalization(x, w) }", "scale of the shape [5]"),
        ("(float[2,4] x, float[4] w, float[2,1] b) => (float[A,B] y) { y = LayerNormalization(x, w, b) }", "bias"),
        ("(float[2,4,5] x, float[5] w) => (float[A,B,C] y) { y = InstanceNormalization(x, w, w) }", "for 4 channels"),
        ("(float[1,6,4,4] x) => (float[A,B,C,D] y) { y = DepthToSpace<blocksize=2>(x) }", "2 x 2 from 6 channels"),
        (
            "(float[1,2,8,8] x, float[4,2,3,3] w) => (float[A,B,C,D] y) { y = Conv<kernel_shape=[5,5]>(x, w) }",
            "has a kernel of [5, 5], but a weight of [3, 3]",
        ),
        (
            "(float[2,4] x) => (float[A,B] y) { i = Constant<value=int64[2] {0,7}>() y = Gather<axis=1>(x, i) }",
            "takes the element 7 of an axis of 4",
        ),
        (
            "(float[2,4] x) => (float[A] y) { i = Constant<value=int64 {-3}>() y = Gather(x, i) }",
            "takes the element -3 of an axis of 2",
        ),
    ],
)
def test_that_what_does_not_fit_together_is_refused(save, text: str, part: str) -> None:
    refuse(save(text), part)
