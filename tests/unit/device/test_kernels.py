from __future__ import annotations

import math

import msgspec
import pytest

from warploom.device.simulated.description import description_ids, load_description
from warploom.device.simulated.kernels import operator_kernels
from warploom.device.simulated.load import load_of
from warploom.device.simulated.lowering.context import weight_misses
from warploom.device.simulated.lowering.families import FAMILIES, supported_ops
from warploom.device.simulated.simulator import alone_us
from warploom.errors import UnsupportedOperatorError
from warploom.graph import DType, OperatorKind, Precision, Primitive, attributes
from warploom.graph.kinds import KINDS
from warploom.graph.work import operator_work

H200 = load_description("h200")
A100 = load_description("a100")


def kernels_of(maker, precision: Precision = Precision.FP16, gpu=H200):
    """Of the last operator, without the copies that hand its results to the caller."""
    graph = maker.graph(*maker.operators[-1].outputs)
    kernels = operator_kernels(graph, graph.operators[-1], precision, gpu)
    return tuple(kernel for kernel in kernels if not kernel.name.startswith("boundary"))


def latency(kernels, gpu=H200) -> float:
    return sum(alone_us(load_of(kernel, gpu), gpu) for kernel in kernels)


@pytest.mark.parametrize("gpu", [H200, A100], ids=lambda gpu: gpu.id)
def test_that_a_convolution_is_one_implicit_gemm_that_covers_its_output(maker, gpu) -> None:
    maker.conv("conv", maker.input("x", 1, 64, 20, 20), 96)
    (kernel,) = kernels_of(maker, gpu=gpu)
    rows, columns, depth = (int(part) for part in kernel.name.rsplit("_", 1)[1].split("x"))
    assert depth == 64
    assert kernel.blocks == math.ceil(400 / rows) * math.ceil(96 / columns)
    assert kernel.tensor_cores
    graph = maker.graph("conv.z")
    work = operator_work(graph, graph.operators[0], Precision.FP16)
    assert (kernel.flops, kernel.bytes_read, kernel.bytes_written) == (work.flops, work.bytes_read, work.bytes_written)
    assert kernel.l2_bytes > kernel.bytes_read  # tiles are read again and again


def test_that_batch_and_precision_change_the_kernels(maker) -> None:
    maker.conv("conv", maker.input("x", 1, 256, 28, 28), 256)
    one = {precision: latency(kernels_of(maker, precision)) for precision in Precision}
    assert one[Precision.FP16] < one[Precision.TF32] < one[Precision.FP32]
    assert one[Precision.FP16] == one[Precision.BF16]
    wide = type(maker)()
    wide.conv("conv", wide.input("x", 32, 256, 28, 28), 256)
    many = latency(kernels_of(wide))
    assert 4 * one[Precision.FP16] < many < 32 * one[Precision.FP16]  # batch 1 leaves most of the GPU idle


def test_that_a_big_convolution_nears_the_peak_and_a_small_one_does_not(maker) -> None:
    maker.conv("big", maker.input("x", 64, 256, 56, 56), 256)
    big = kernels_of(maker)
    peak = H200.sm_count * (H200.tensor_flops_per_us(Precision.FP16) or 0)
    assert 0.4 < sum(kernel.flops for kernel in big) / latency(big) / peak < 0.7
    small = type(maker)()
    small.conv("small", small.input("x", 1, 64, 14, 14), 64)
    tiny = kernels_of(small)
    assert sum(kernel.flops for kernel in tiny) / latency(tiny) / peak < 0.02


def test_that_from_hopper_on_a_product_takes_whole_sms_and_computes_several_tiles_per_block(maker) -> None:
    maker.conv("big", maker.input("x", 16, 64, 56, 56), 64)
    (kernel,) = kernels_of(maker)
    assert kernel.blocks <= H200.sm_count
    assert load_of(kernel, H200).blocks_per_sm == 1
    rows, columns, _ = (int(part) for part in kernel.name.rsplit("_", 1)[1].split("x"))
    assert math.ceil(16 * 56 * 56 / rows) * math.ceil(64 / columns) > kernel.blocks
    (older,) = kernels_of(maker, gpu=A100)
    assert older.blocks > A100.sm_count
    assert not older.early


def test_that_a_convolution_of_an_image_gathers_its_operands(maker) -> None:
    maker.conv("conv", maker.input("x", 1, 3, 64, 64), 32, 7)
    (kernel,) = kernels_of(maker)
    assert "gathered" in kernel.name
    assert load_of(kernel, H200).blocks_per_sm > 1


def test_that_a_deep_convolution_with_few_outputs_is_split_along_its_depth_by_older_libraries(maker) -> None:
    maker.conv("deep", maker.input("x", 1, 1024, 7, 7), 64)
    main, reduction = kernels_of(maker, gpu=A100)
    assert main.grid[2] > 1
    assert "splitk" in main.name
    assert reduction.name.endswith("splitk_reduce")
    assert reduction.bytes_read == main.bytes_written
    assert len(kernels_of(maker)) == 1


def test_that_channels_that_do_not_fill_whole_sectors_cost_more(maker) -> None:
    ragged = type(maker)()
    maker.conv("even", maker.input("x", 1, 384, 15, 15), 384)
    ragged.conv("ragged", ragged.input("x", 1, 375, 15, 15), 384)
    assert 1.3 * latency(kernels_of(maker)) > latency(kernels_of(ragged)) > 1.15 * latency(kernels_of(maker))


def test_that_no_step_crosses_from_one_tap_to_the_next(maker) -> None:
    part = type(maker)()
    maker.conv("whole", maker.input("x", 1, 64, 15, 15), 64)
    part.conv("part", part.input("x", 1, 32, 15, 15), 64)
    assert latency(kernels_of(part)) == pytest.approx(latency(kernels_of(maker)), rel=0.02)


def test_that_a_separable_unit_is_a_depthwise_kernel_and_a_pointwise_product(maker) -> None:
    x = maker.input("x", 1, 64, 20, 20)
    relu = maker.tensor("relu", 1, 64, 20, 20)
    first = Primitive("Relu", (x,), (relu,))
    maker.conv("depthwise", relu, 64, 5, group=64, relu=False)
    maker.conv("point", "depthwise.y", 96, 1, relu=False)
    body = [first, *maker.operators[0].body, *maker.operators[1].body]
    maker.operators.clear()
    maker.operator("separable", OperatorKind.SEPARABLE, body, "point.y")
    depthwise, product = kernels_of(maker)
    assert depthwise.name.startswith("depthwise_5x5")
    assert not depthwise.tensor_cores
    assert product.tensor_cores
    pixels = 64 * 20 * 20
    assert depthwise.flops == pixels + (2 * 25 + 1) * pixels  # the ReLU before it costs no kernel of its own
    assert depthwise.bytes_written == 2 * pixels


def test_that_a_residual_addend_is_read_in_the_epilogue(maker) -> None:
    x = maker.input("x", 1, 64, 20, 20)
    maker.conv("conv", x, 64, relu=False)
    total = maker.tensor("sum", 1, 64, 20, 20)
    body = [*maker.operators[0].body, Primitive("Add", ("conv.y", maker.input("addend", 1, 64, 20, 20)), (total,))]
    plain = kernels_of(maker)
    maker.operators.clear()
    maker.operator("fused", OperatorKind.CONV, body, total)
    (fused,) = kernels_of(maker)
    assert fused.bytes_read == plain[0].bytes_read + 2 * 64 * 400


def test_that_handing_out_the_parts_of_a_merged_convolution_costs_no_kernel(maker) -> None:
    maker.conv("wide", maker.input("x", 1, 64, 20, 20), 96)
    parts = (maker.tensor("a", 1, 32, 20, 20), maker.tensor("b", 1, 64, 20, 20))
    body = [*maker.operators[0].body, Primitive("Split", ("wide.z",), parts, attributes(axis=1, split=(32, 64)))]
    maker.operators.clear()
    maker.operator("merged", OperatorKind.CONV, body, *parts)
    (kernel,) = kernels_of(maker)
    assert kernel.bytes_written == 2 * 96 * 400


def test_that_a_view_launches_nothing(maker) -> None:
    maker.single("Reshape", OperatorKind.VIEW, (maker.input("x", 1, 8, 4, 4),), (8, 16), attributes(shape=(8, 16)))
    assert kernels_of(maker) == ()


def concat_kernels(maker, *sources: str):
    """The kernels of a Concat that a convolution reads."""
    maker.conv("after", maker.concat("concat", *sources), 8, 1)
    graph = maker.graph("after.z")
    return operator_kernels(graph, graph.operator("concat"), Precision.FP16, H200)


def test_that_a_concat_of_what_was_given_is_one_copy(maker) -> None:
    (copy,) = concat_kernels(maker, maker.input("x", 1, 8, 4, 4), maker.input("y", 1, 8, 4, 4))
    assert copy.bytes_read == copy.bytes_written == 2 * 16 * 16


def test_that_computed_parts_of_a_concat_are_written_in_place_if_they_fill_vectors(maker) -> None:
    x = maker.input("x", 1, 8, 4, 4)
    assert concat_kernels(maker, maker.conv("left", x, 16), maker.conv("right", x, 12)) == ()
    ragged = type(maker)()
    x = ragged.input("x", 1, 8, 4, 4)
    (copy,) = concat_kernels(ragged, ragged.conv("left", x, 12), ragged.conv("right", x, 16))
    assert copy.bytes_written == 2 * 28 * 16


def split_of_conv(maker, *sizes: int) -> tuple[str, ...]:
    """A Split, an operator of its own, of a convolution's channels."""
    source = maker.conv("conv", maker.input("x", 1, 8, 4, 4), sum(sizes))
    parts = tuple(maker.tensor(f"part{i}", 1, size, 4, 4) for i, size in enumerate(sizes))
    split = Primitive("Split", (source,), parts, attributes(axis=1, split=sizes))
    maker.operator("split", OperatorKind.COPY, [split], *parts)
    return parts


def test_that_parts_of_channels_are_read_where_they_are_and_a_concat_of_them_is_their_source(maker) -> None:
    parts = split_of_conv(maker, 16, 24)
    more = maker.conv("more", parts[1], 16)
    assert concat_kernels(maker, *parts, more) == ()
    graph = maker.graph("after.z")
    assert operator_kernels(graph, graph.operator("split"), Precision.FP16, H200) == ()
    ragged = type(maker)()
    parts = split_of_conv(ragged, 12, 28)
    assert len(concat_kernels(ragged, *parts)) == 1
    graph = ragged.graph("after.z")
    assert len(operator_kernels(graph, graph.operator("split"), Precision.FP16, H200)) == 1


def test_that_a_concat_of_results_is_handed_out_by_one_copy(maker) -> None:
    x = maker.input("x", 1, 8, 4, 4)
    maker.concat("concat", maker.conv("left", x, 16), maker.conv("right", x, 16))
    graph = maker.graph("concat.y")
    (copy,) = operator_kernels(graph, graph.operator("concat"), Precision.FP16, H200)
    assert copy.name.startswith("boundary")
    assert copy.l2_bytes == 32 * 16 * (2 + 4)


@pytest.mark.parametrize(("reader", "count"), [("MatMul", 0), ("Softmax", 1)])
def test_that_products_read_heads_with_strides_and_other_kernels_want_a_copy(maker, reader: str, count: int) -> None:
    x = maker.input("x", 1, 16, 4, 64)
    settings = attributes(perm=(0, 2, 1, 3))
    transpose = maker.single("Transpose", OperatorKind.COPY, (x,), (1, 4, 16, 64), settings)
    heads = transpose.outputs[0]
    if reader == "MatMul":
        last = maker.single("MatMul", OperatorKind.MATMUL, (heads, maker.weight("w", 4, 64, 16)), (1, 4, 16, 16))
    else:
        last = maker.single("Softmax", OperatorKind.SOFTMAX, (heads,), (1, 4, 16, 64), attributes(axis=-1))
    graph = maker.graph(*last.outputs)
    assert len(operator_kernels(graph, graph.operator(transpose.name), Precision.FP16, H200)) == count


def test_that_many_blocks_wait_longer_for_l2_than_few(maker) -> None:
    wide = type(maker)()
    maker.conv("few", maker.input("x", 1, 64, 14, 14), 64)
    wide.conv("many", wide.input("x", 1, 64, 56, 56), 64)
    (few,), (many,) = kernels_of(maker), kernels_of(wide)
    assert few.blocks < many.blocks <= H200.sm_count
    assert latency((many,)) > 1.05 * latency((few,))
    unloaded = msgspec.structs.replace(H200, loaded_latency=0.0)
    assert latency(kernels_of(maker, gpu=unloaded)) < latency((few,))


def test_that_every_further_tile_of_a_block_costs_a_pipeline_and_an_epilogue(maker) -> None:
    large = type(maker)()
    maker.conv("once", maker.input("x", 1, 16, 90, 160), 96)
    large.conv("often", large.input("x", 1, 16, 360, 640), 96)
    rounds = 16  # times as many pixels, where once leaves some SMs idle
    assert latency(kernels_of(large)) > rounds / 2 * H200.product_latency_us + latency(kernels_of(maker))


def test_that_waves_of_a_streaming_kernel_hide_their_latency(maker) -> None:
    sizes = (2048 * 1024, 2 * 2048 * 1024)
    taken = []
    for size in sizes:
        made = type(maker)()
        made.single("Relu", OperatorKind.POINTWISE, (made.input("x", 1, size),), (1, size))
        taken.append(latency(kernels_of(made)))
    moved = (sizes[1] - sizes[0]) * 2 * 2
    assert taken[1] - taken[0] == pytest.approx(moved / H200.l2_bytes_per_us, rel=0.2)


@pytest.mark.parametrize(("rest", "count"), [(("Mul",), 1), (("Mul", "Add"), 2), ((), 2)])
def test_that_libraries_add_before_they_apply_a_gate_but_nothing_behind_it(maker, rest: tuple, count: int) -> None:
    x, other = maker.input("x", 1, 64, 20, 20), maker.input("other", 1, 64, 20, 20)
    maker.conv("conv", x, 64, relu=False)
    names = [maker.tensor(f"part{i}", 1, 64, 20, 20) for i in range(1 + len(rest))]
    body = [*maker.operators[0].body, Primitive("Sigmoid", ("conv.y",), (names[0],))]
    if rest:
        body.append(Primitive("Mul", ("conv.y", names[0]), (names[1],)))
    if rest[1:]:
        body.append(Primitive("Add", (names[1], other), (names[2],)))
    maker.operators.clear()
    maker.operator("gated", OperatorKind.CONV, body, names[-1])
    assert len(kernels_of(maker)) == count


@pytest.mark.parametrize("part", [0.1, 0.5, 0.55, 0.8, 3.0])
def test_that_weights_beyond_a_half_of_l2_are_lost_as_by_random_eviction(part: float) -> None:
    missed = weight_misses(part)
    assert 0.0 <= missed <= 1.0
    assert (missed > 0.0) == (part > 0.5)
    assert 1 - missed == pytest.approx(math.exp(-missed * part / 0.5), abs=1e-3)


@pytest.mark.parametrize(("activation", "count"), [("Tanh", 1), ("Sigmoid", 2), ("HardSwish", 2)])
def test_that_libraries_fuse_the_activations_that_they_know(maker, activation: str, count: int) -> None:
    x = maker.input("x", 1, 64, 20, 20)
    maker.conv("conv", x, 64, relu=False)
    out = maker.tensor("activated", 1, 64, 20, 20)
    body = [*maker.operators[0].body, Primitive(activation, ("conv.y",), (out,))]
    plain = kernels_of(maker)
    maker.operators.clear()
    maker.operator("fused", OperatorKind.CONV, body, out)
    kernels = kernels_of(maker)
    assert len(kernels) == count
    assert latency(kernels) > latency(plain)


def test_that_a_long_row_is_added_up_by_several_blocks(maker) -> None:
    maker.single("GlobalAveragePool", OperatorKind.POOL, (maker.input("x", 1, 64, 40, 40),), (1, 64, 1, 1))
    assert len(kernels_of(maker)) == 1
    large = type(maker)()
    large.single("GlobalAveragePool", OperatorKind.POOL, (large.input("x", 1, 64, 160, 160),), (1, 64, 1, 1))
    first, last = kernels_of(large)
    assert first.blocks > last.blocks
    assert latency((first, last)) < 4 * latency(kernels_of(maker))  # for sixteen times the elements


def test_that_cold_weights_delay_a_depthwise_convolution_too(maker) -> None:
    maker.conv("conv", maker.input("x", 1, 64, 20, 20), 64, 3, group=64)
    cold = latency(kernels_of(maker, gpu=msgspec.structs.replace(H200, l2_bytes=1)))
    assert cold >= latency(kernels_of(maker)) + H200.cold_latency_us * 0.9


def test_that_results_are_handed_out_by_a_copy_where_the_kernel_cannot_write_them_as_wanted(maker) -> None:
    maker.conv("conv", maker.input("x", 1, 8, 4, 4), 16)
    graph = maker.graph("conv.z")
    _, copy = operator_kernels(graph, graph.operators[0], Precision.FP16, H200)
    assert copy.name.startswith("boundary")
    assert copy.l2_bytes == 16 * 16 * (2 + 4)
    maker.single("GlobalAveragePool", OperatorKind.POOL, ("conv.z",), (1, 16, 1, 1))
    graph = maker.graph(*maker.operators[-1].outputs)
    assert len(operator_kernels(graph, graph.operators[-1], Precision.FP16, H200)) == 1


def test_that_a_few_rows_are_multiplied_by_streaming_the_matrix(maker) -> None:
    x, w = maker.input("x", 1, 2048), maker.weight("w", 2048, 1000)
    maker.single("MatMul", OperatorKind.MATMUL, (x, w), (1, 1000))
    (kernel,) = kernels_of(maker, gpu=A100)
    assert kernel.name.startswith("gemv")
    assert latency([kernel], A100) >= 2 * 2048 * 1000 / A100.l2_bytes_per_us


def test_that_weights_beyond_the_cache_are_fetched_from_memory_again(maker) -> None:
    x = maker.input("x", 1, 4096)
    maker.single("MatMul", OperatorKind.MATMUL, (x, maker.weight("w", 4096, 2048)), (1, 2048))
    assert all(kernel.dram_bytes == 0 for kernel in kernels_of(maker))
    small_cache = load_description("v100")
    assert sum(kernel.dram_bytes for kernel in kernels_of(maker, gpu=small_cache)) > 0.5 * 2 * 4096 * 2048


LENGTH = 1_000_000
CASES = [
    ("MaxPool", ((1, 32, 14, 14),), (1, 32, 7, 7), {"kernel_shape": (2, 2), "strides": (2, 2)}, 1),
    ("GlobalAveragePool", ((1, 512, 8, 8),), (1, 512, 1, 1), {}, 1),
    ("ReduceSum", ((LENGTH,),), (1,), {"axes": (0,)}, 2),
    ("Softmax", ((8, 1000),), (8, 1000), {"axis": -1}, 1),
    ("LayerNormalization", ((128, 4096),), (128, 4096), {"axis": -1}, 1),
    ("RMSNormalization", ((128, 4096),), (128, 4096), {"axis": -1}, 1),
    ("GlobalLpPool", ((1, 512, 8, 8),), (1, 512, 1, 1), {"p": 2}, 1),
    ("InstanceNormalization", ((1, 16, 32, 32),), (1, 16, 32, 32), {}, 1),
    ("LRN", ((1, 64, 28, 28),), (1, 64, 28, 28), {"size": 5}, 1),
    ("Sigmoid", ((1, 64, 28, 28),), (1, 64, 28, 28), {}, 1),
    ("Transpose", ((64, 128),), (128, 64), {"perm": (1, 0)}, 1),
    ("Slice", ((64, 128),), (64, 64), {"axes": (1,), "starts": (0,), "ends": (64,), "steps": (1,)}, 1),
    ("Gather", ((1000, 64), (12,)), (12, 64), {"axis": 0}, 1),
    ("Resize", ((1, 16, 8, 8),), (1, 16, 16, 16), {"mode": "linear"}, 1),
    ("CumSum", ((4, 1000),), (4, 1000), {"axis": -1}, 1),
    ("CumSum", ((2, 300, 7),), (2, 300, 7), {"axis": 1, "reverse": 1}, 1),
    ("TopK", ((4, 1000),), (4, 10), {"axis": -1, "k": 10}, 1),
    ("TopK", ((1, LENGTH),), (1, 10), {"axis": -1, "k": 10}, 8),
    ("ConvTranspose", ((1, 32, 8, 8), (32, 16, 4, 4)), (1, 16, 16, 16), {"group": 1, "strides": (2, 2)}, 1),
]


@pytest.mark.parametrize(("op", "shapes", "out", "settings", "count"), CASES)
@pytest.mark.parametrize("gpu", description_ids())
def test_that_every_family_has_kernels_that_fit_every_gpu(
    maker, op, shapes, out, settings, count: int, gpu: str
) -> None:
    inputs = tuple(maker.input(f"i{i}", *shape) for i, shape in enumerate(shapes))
    maker.single(op, KINDS[op], inputs, out, attributes(**settings))
    for precision in (Precision.FP32, Precision.FP16):
        kernels = kernels_of(maker, precision, load_description(gpu))
        assert len(kernels) == count
        for kernel in kernels:
            assert kernel.blocks > 0
            assert latency([kernel], load_description(gpu)) >= load_description(gpu).block_latency_us


def test_that_the_cases_cover_every_family() -> None:
    covered = {FAMILIES[op] for op, *_ in CASES} | {FAMILIES[op] for op in ("Conv", "MatMul", "Reshape", "Concat")}
    assert covered == set(FAMILIES.values())


def test_that_the_table_of_support_covers_every_known_operator_and_gives_reasons() -> None:
    table = supported_ops()
    assert set(table) == set(KINDS)
    assert all(support.reason for support in table.values())
    assert table["Conv"].supported
    assert not table["NonMaxSuppression"].supported


def test_that_an_operator_without_a_kernel_is_named_with_the_reason(maker) -> None:
    x = maker.input("x", 4)
    maker.single("com.example::Frobnicate", OperatorKind.OTHER, (x,), (4,))
    with pytest.raises(UnsupportedOperatorError, match=r"no kernel for com.example::Frobnicate"):
        kernels_of(maker)


def test_that_an_empty_result_launches_nothing(maker) -> None:
    maker.single("Relu", OperatorKind.POINTWISE, (maker.input("x", 0, 4),), (0, 4))
    assert kernels_of(maker) == ()


def test_that_a_kernel_of_integers_keeps_their_size(maker) -> None:
    x = maker.input("x", 1000, dtype=DType.INT64)
    y = maker.tensor("y", 1000, dtype=DType.INT64)
    maker.operator("neg", OperatorKind.POINTWISE, [Primitive("Neg", (x,), (y,))], y)
    assert kernels_of(maker)[0].bytes_read == 8000


def test_that_onnxruntime_can_compute_everything_that_has_a_kernel_model() -> None:
    import onnx.defs
    from onnxruntime.capi.onnxruntime_pybind11_state import get_all_opkernel_def

    on_the_cpu = {
        kernel.op_name
        for kernel in get_all_opkernel_def()
        if kernel.provider == "CPUExecutionProvider" and kernel.domain in ("", "ai.onnx")
    }
    expanded = {op for op in set(FAMILIES) - on_the_cpu if _has_function(onnx.defs.get_schema(op))}
    assert set(FAMILIES) <= on_the_cpu | expanded


def _has_function(schema) -> bool:
    return bool(schema.has_function or schema.has_context_dependent_function)
