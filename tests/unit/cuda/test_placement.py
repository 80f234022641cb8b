"""Where tensors lie: in place in concatenations, as views, at the boundary."""

from __future__ import annotations

import pytest

from cuda_graphs import Builder, random_image_graph
from cuda_interpreter import Kernels
from warploom.device.cuda.lowering.boundary import same_place
from warploom.device.cuda.lowering.lower import lower_graph
from warploom.device.cuda.lowering.lowered import LoweredGraph
from warploom.device.cuda.lowering.movement import cut_out
from warploom.device.cuda.steps import KernelStep, Program
from warploom.graph import DType, Graph, Precision
from warploom.passes.pipeline import optimize_graph


def lowered(graph: Graph, precision: Precision = Precision.FP16, **options: object) -> LoweredGraph:
    return lower_graph(graph, precision, registry=Kernels().registry, **options)  # type: ignore[arg-type]


def program(result: LoweredGraph, name: str) -> Program:
    return next(program for program in result.programs if program.operator == name)


def test_that_concatenated_convolutions_are_written_in_place() -> None:
    builder = Builder()
    x = builder.input(1, 8, 4, 4)
    parts = [builder.conv(x, channels, 1) for channels in (16, 8, 5)]
    whole = builder.concat(parts, 1)
    result = lowered(builder.graph([builder.conv(whole, 8, 1)]))
    regions = [result.placements[part] for part in parts]
    assert {region.buffer for region in regions} == {whole}
    assert [region.offset for region in regions] == [0, 16, 24]
    assert [region.layout.channels for region in regions] == [16, 8, 8]  # the last one fills the padding
    assert all(region.layout.strides == (512, 1, 128, 32) for region in regions)
    assert not program(result, whole).steps
    assert whole in result.buffers
    assert not result.buffers.keys() & set(parts)


def test_that_a_part_that_does_not_begin_at_a_whole_vector_is_copied() -> None:
    builder = Builder()
    x = builder.input(1, 8, 4, 4)
    parts = [builder.conv(x, channels, 1) for channels in (16, 5, 8)]
    whole = builder.concat(parts, 1)
    graph = builder.graph([builder.conv(whole, 8, 1)])
    result = lowered(graph)
    assert [result.placements[part].buffer for part in parts] == [whole, parts[1], parts[2]]
    (copy,) = program(result, whole).steps
    assert [region.offset for region in copy.writes] == [16, 21]
    assert [region.layout.channels for region in copy.writes] == [5, 11]


def test_that_a_tensor_lies_in_one_concatenation_and_is_copied_into_the_other() -> None:
    builder = Builder()
    x = builder.input(1, 8, 4, 4)
    shared, first, second = (builder.conv(x, 8, 1) for _ in range(3))
    one, two = builder.concat([shared, first], 1), builder.concat([shared, second], 1)
    result = lowered(builder.graph([builder.conv(one, 8, 1), builder.conv(two, 8, 1)]))
    assert result.placements[shared].buffer == one
    assert result.placements[second].buffer == two
    (copy,) = program(result, two).steps
    assert copy.reads == (result.placements[shared],)


def test_that_a_concatenation_lies_inside_another() -> None:
    builder = Builder()
    x = builder.input(1, 8, 4, 4)
    inner = builder.concat([builder.conv(x, 8, 1), builder.conv(x, 16, 1)], 1)
    middle = builder.pool(inner)
    outer = builder.concat([middle, inner], 1)
    result = lowered(builder.graph([builder.conv(outer, 8, 1)]))
    assert result.placements[inner].buffer == outer
    assert result.placements[inner].offset == 24
    assert not program(result, inner).steps
    assert not program(result, outer).steps


def test_that_the_parts_of_a_split_stay_in_place_when_joined_again() -> None:
    """As in the blocks of YOLO: split, work on one half, join all."""
    builder = Builder()
    x = builder.conv(builder.input(1, 8, 4, 4), 32, 1)
    first, second = builder.split(x, (16, 16), 1)
    whole = builder.concat([first, second, builder.conv(second, 16, 3)], 1)
    result = lowered(builder.graph([builder.conv(whole, 8, 1)]))
    assert result.placements[x].buffer == whole
    assert not program(result, first).steps
    assert not program(result, whole).steps


def test_that_parts_which_cannot_be_views_never_lie_over_what_was_split() -> None:
    builder = Builder()
    x = builder.conv(builder.input(1, 8, 4, 4), 8, 1)
    first, second = builder.split(x, (1, 7), 1)
    whole = builder.concat([first, second], 1)
    result = lowered(builder.graph([builder.conv(whole, 8, 1), builder.conv(second, 8, 1)]))
    assert result.placements[x].buffer == x


@pytest.mark.parametrize("seed", range(12))
def test_that_parts_of_a_concatenation_are_disjoint_and_cover_it(seed: int) -> None:
    graph = random_image_graph(seed)
    result = lowered(graph)
    for operator in result.graph.operators:
        concat = operator.body[-1]
        if concat.op != "Concat":
            continue
        whole = result.placements[concat.outputs[0]]
        copied = {region for step in program(result, operator.name).steps for region in step.writes}
        start = 0
        for name in concat.inputs:
            size = graph.tensors[name].shape[1]
            place = cut_out(whole, 1, start, size)
            source = result.placements[name]
            in_place = same_place(source, place)
            assert in_place or any(same_place(region, place) for region in copied)
            assert not in_place or not any(same_place(region, place) for region in copied)
            start += size
        assert start == whole.layout.shape[1]


def test_that_heads_are_views_and_their_products_are_written_as_the_next_reshape_needs_them() -> None:
    builder = Builder()
    x = builder.input(2, 16, 32)
    heads = [
        builder.transpose(builder.reshape(builder.matmul(x, builder.constant(32, 32)), 2, 16, 4, 8), 0, 2, 1, 3)
        for _ in range(2)
    ]
    scores = builder.matmul(heads[0], builder.transpose(heads[1], 0, 1, 3, 2))
    mixed = builder.matmul(scores, heads[1])
    back = builder.transpose(mixed, 0, 2, 1, 3)
    flat = builder.reshape(back, 2, 16, 32)
    result = lowered(builder.graph([builder.pointwise("Relu", builder.pointwise("Add", flat, x))]))
    for name in (*heads, back, flat):
        assert not program(result, name).steps, name
    assert result.placements[flat].buffer == mixed
    assert result.placements[flat].layout.strides == (512, 32, 1)


def test_that_a_transposition_of_the_fastest_dimension_for_other_readers_is_a_copy() -> None:
    builder = Builder()
    x = builder.pointwise("Relu", builder.input(4, 8, 16))
    turned = builder.transpose(x, 0, 2, 1)
    result = lowered(builder.graph([builder.pointwise("Exp", builder.add("Softmax", [turned], (4, 16, 8), axis=2))]))
    (copy,) = program(result, turned).steps
    assert copy.reads[0].layout.strides == (128, 1, 16)
    assert result.placements[turned].layout.strides == (128, 8, 1)


def test_that_an_image_of_whole_vectors_becomes_a_matrix_without_a_copy_and_others_do_not() -> None:
    for channels, copies in ((16, 0), (12, 1)):
        builder = Builder()
        x = builder.conv(builder.input(1, 8, 3, 3), channels, 1)
        turned = builder.transpose(x, 0, 2, 3, 1)
        rows = builder.reshape(turned, 1, 9 * channels)
        result = lowered(builder.graph([builder.gemm(rows, 8)]))
        assert len(program(result, rows).steps) == copies


def test_that_inputs_and_outputs_in_their_own_form_are_not_converted() -> None:
    builder = Builder()
    ids, x = builder.input(1, 8, dtype=DType.INT64), builder.input(2, 8)
    result = lowered(builder.graph([builder.pointwise("Relu", x)]), Precision.FP32)
    assert not result.entry.steps
    assert result.placements[ids].buffer == f"input/{ids}"
    assert result.placements["t0"].buffer == "output/t0"
    half = lowered(builder.graph(["t0"]), Precision.FP16)
    assert len(half.entry.steps) == 1
    assert half.placements[x].layout.dtype is DType.FLOAT16
    assert half.placements["t0"].buffer == "output/t0"
    assert half.placements["t0"].layout.dtype is DType.FLOAT32


def test_that_an_output_which_others_read_is_converted_by_the_operator_that_computes_it() -> None:
    builder = Builder()
    x = builder.conv(builder.input(1, 8, 4, 4), 8, 1)
    y = builder.pool(x)
    result = lowered(builder.graph([x, y]))
    assert result.placements[x].buffer == x
    assert [region.buffer for region in program(result, x).steps[-1].writes] == [f"output/{x}"]
    assert [region.buffer for region in program(result, y).steps[-1].writes] == [f"output/{y}"]


def test_that_inputs_and_constants_can_be_outputs() -> None:
    builder = Builder()
    x = builder.input(1, 8, 4, 4)
    weight = builder.constant(3, 2)
    builder.conv(x, 8, 1)
    result = lowered(builder.graph([x, weight, "t0"]))
    written = [region.buffer for step in result.entry.steps for region in step.writes]
    assert written == [x, f"output/{x}", f"output/{weight}"]


def test_that_a_single_channel_is_padded_only_for_dense_convolutions() -> None:
    builder = Builder()
    x = builder.input(1, 1, 4, 4)
    pooled = builder.pool(x)
    heat = builder.pointwise("Sigmoid", builder.conv(builder.pool(pooled), 1, 3))
    result = lowered(optimize_graph(builder.graph([builder.pool(heat)])).graph)
    assert result.placements[pooled].layout.channels == 1
    assert result.placements[heat].layout.channels == 8


def test_that_an_output_in_parts_is_converted_by_one_launch() -> None:
    """The parts cannot lie in the caller's order, as library products write them: one kernel puts all of them there."""
    builder = Builder()
    x = builder.input(1, 32, 10, 10)
    parts = [builder.conv(x, channels, 1) for channels in (33, 20, 65)]
    whole = builder.concat(parts, 1)
    result = lower_graph(builder.graph([whole]), Precision.FP16)
    (step,) = program(result, whole).steps
    assert isinstance(step, KernelStep)
    assert {region.buffer for region in step.writes} == {f"output/{whole}"}
    assert len(step.reads) == len(parts)
