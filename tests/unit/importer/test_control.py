"""Loops and branches whose course is known on import become the nodes that would run."""

from __future__ import annotations

import pytest

from warploom.errors import ModelImportError
from warploom.importer.load import import_model

_LOOP = """(float[2,3] x, float[3,3] w) => (float[2,3] y, float[K,2,3] s) {{
    n = Constant<value=int64 {{4}}>() c = Constant<value=bool {{1}}>()
    y, s = Loop<body = step (int64 i, bool going, float[2,3] h) => (bool on, float[2,3] k, float[2,3] o) {{
        on = {condition} f = Cast<to=1>(i) m = MatMul(h, w) t = Tanh(m) k = Add(t, f) o = Neg(k) }}>(n, c, x)
}}"""


@pytest.mark.parametrize("opset", [11, 16, 23])
def test_that_a_loop_of_known_length_is_unrolled(save, check, opset: int) -> None:
    model = check(save(_LOOP.format(condition="Identity(going)"), opset))
    assert sum(operator.main.op == "MatMul" for operator in model.graph.operators) == 4
    assert model.graph.tensors["s"].shape == (4, 2, 3)


_BRANCH = """(float[2,3] x, bool{condition} c) => ({type} y, float z) {{
    h = Relu(x)
    y, z = If<then_branch = a () => (float[2,3] p, float q) {{ p = Tanh(h) q = ReduceSum<keepdims=0>(h) }},
        else_branch = b () => ({type} r, float s) {{ r = {other} s = ReduceMax<keepdims=0>(x) }}>(c)
}}"""


@pytest.mark.parametrize("condition", ["", "[1]"])
@pytest.mark.parametrize("opset", [12, 20])
def test_that_both_branches_run_where_data_chooses(save, check, condition: str, opset: int) -> None:
    model = check(save(_BRANCH.format(condition=condition, type="float[2,3]", other="Neg(x)"), opset))
    ops = [operator.main.op for operator in model.graph.operators]
    assert ops.count("Where") == 2
    assert {"Tanh", "Neg", "ReduceSum", "ReduceMax"} <= set(ops)
    assert model.graph.tensors["z"].shape == ()


def test_that_a_branch_inside_a_branch_runs_too(save, check) -> None:
    inner = """If<then_branch = d () => (float[2,3] t) { t = Exp(x) },
        else_branch = e () => (float[2,3] u) { u = Neg(h) }>(c)"""
    model = check(save(_BRANCH.format(condition="", type="float[2,3]", other=inner)))
    assert [operator.main.op for operator in model.graph.operators].count("Where") == 3


def test_that_branches_of_different_shapes_are_refused(save) -> None:
    text = _BRANCH.format(condition="", type="float[3,2]", other="Transpose(x)")
    with pytest.raises(ModelImportError, match=r"whether its output 'y' has the shape \[2, 3\] or \[3, 2\]"):
        import_model(save(text))


def test_that_a_loop_ends_when_its_condition_is_known_to(save, check) -> None:
    text = _LOOP.format(condition="Less(i, two)").replace("on =", "two = Constant<value=int64 {2}>() on =")
    model = check(save(text))
    assert model.graph.tensors["s"].shape == (3, 2, 3)


def test_that_a_loop_that_data_ends_is_refused(save) -> None:
    text = _LOOP.format(condition="Greater(e, z)").replace(
        "on =", "e = ReduceMax<keepdims=0>(h) z = Constant<value=float {0}>() on ="
    )
    with pytest.raises(ModelImportError, match="decides while the model runs"):
        import_model(save(text))


def test_that_an_endless_loop_is_refused(save) -> None:
    text = _LOOP.format(condition="Identity(going)").replace("(n, c, x)", "(, c, x)")
    with pytest.raises(ModelImportError, match="more than 1024 times"):
        import_model(save(text))


def test_that_branches_inside_a_loop_are_decided(save, check) -> None:
    body = """Identity(going) z = Constant<value=int64 {0}>() first = Equal(i, z)
        h2 = If<then_branch = a () => (float[2,3] p) { p = Relu(h) }, else_branch = b () => (float[2,3] q) { q = Exp(h) }>(first)
        u = Mul(h2, h2)"""  # noqa: E501
    text = _LOOP.format(condition="CONDITION").replace("CONDITION", body).replace("MatMul(h, w)", "MatMul(u, w)")
    model = check(save(text))
    assert [operator.main.op for operator in model.graph.operators].count("Relu") == 1
    assert [operator.main.op for operator in model.graph.operators].count("Exp") == 3


@pytest.mark.parametrize("opset", [9, 15, 23])
@pytest.mark.parametrize(("axis", "direction"), [(0, 0), (1, 1)])
def test_that_a_scan_is_unrolled(save, check, opset: int, axis: int, direction: int) -> None:
    shape = "4,2" if axis == 0 else "2,4"
    model = check(
        save(
            f"""(float[2] a, float[{shape}] x) => (float[2] b, float[?,?] y) {{
            b, y = Scan<num_scan_inputs=1, scan_input_axes=[{axis}], scan_input_directions=[{direction}],
                scan_output_axes=[1], scan_output_directions=[{direction}],
                body = step (float[2] h, float[2] e) => (float[2] k, float[2] o) {{ k = Add(h, e) o = Mul(k, e) }}
            >(a, x) }}""",
            opset,
        )
    )
    assert model.graph.tensors["y"].shape == (2, 4)


def test_that_sequences_grow_in_loops(save, check) -> None:
    model = check(
        save(
            """(float[3,2] x) => (float[?,?] y) {
        n = Constant<value=int64 {3}>() c = Constant<value=bool {1}>() s = SequenceEmpty()
        t = Loop<body = step (int64 i, bool going, seq(float[2]) h) => (bool on, seq(float[2]) k) {
            on = Identity(going) g = Gather(x, i) e = Exp(g) k = SequenceInsert(h, e) }>(n, c, s)
        y = ConcatFromSequence<axis=0, new_axis=1>(t) }"""
        )
    )
    assert model.graph.tensors["y"].shape == (3, 2)


def test_that_a_sequence_as_output_is_refused(save) -> None:
    with pytest.raises(ModelImportError, match="sequence"):
        import_model(save("(float[3,2] x) => (seq(float) y) { y = SplitToSequence(x) }"))


def test_that_recurrent_layers_of_absurd_length_are_refused(save) -> None:
    text = "(float[5000,1,2] x, float[1,3,2] w, float[1,3,3] r) => (float y) { y = RNN<hidden_size=3>(x, w, r) }"
    with pytest.raises(ModelImportError, match="at most 2048"):
        import_model(save(text))


def test_that_the_log_says_what_was_written_out(save) -> None:
    text = "(float[5,1,2] x, float[1,3,2] w, float[1,3,3] r) => (float y) { y = RNN<hidden_size=3>(x, w, r) }"
    model = import_model(save(text))
    assert any("1 RNN stand for" in entry.reason for entry in model.log)
    assert {source for operator in model.graph.operators for source in operator.sources} == {"RNN_0"}


def test_that_an_empty_past_is_left_out_where_its_shape_says_so(save, check) -> None:
    from warploom.importer.options import ImportOptions

    path = save("(float[1,2,P,4] p, float[1,2,3,4] x) => (float y) { y = Concat<axis=2>(p, x) }")
    model = check(path, ImportOptions(shapes={"p": (1, 2, 0, 4)}))
    assert model.graph.tensors["y"].shape == (1, 2, 3, 4)
