from __future__ import annotations

import math

import pytest

from warploom.device.simulated.description import description_ids, load_description
from warploom.device.simulated.kernels import operator_kernels
from warploom.device.simulated.load import load_of
from warploom.device.simulated.lowering.families import FAMILIES, supported_ops
from warploom.device.simulated.simulator import alone_us
from warploom.errors import UnsupportedOperatorError
from warploom.graph import DType, OperatorKind, Precision, Primitive, attributes
from warploom.graph.kinds import KINDS
from warploom.graph.work import operator_work

H200 = load_description("h200")


def kernels_of(maker, precision: Precision = Precision.FP16, gpu=H200):
    graph = maker.graph(*maker.operators[-1].outputs)
    return operator_kernels(graph, graph.operators[-1], precision, gpu)


def latency(kernels, gpu=H200) -> float:
    return sum(alone_us(load_of(kernel, gpu), gpu) for kernel in kernels)


def test_that_a_convolution_is_one_implicit_gemm_that_covers_its_output(maker) -> None:
    maker.conv("conv", maker.input("x", 1, 64, 20, 20), 96)
    (kernel,) = kernels_of(maker)
    rows, columns, depth = (int(part) for part in kernel.name.rsplit("_", 1)[1].split("x"))
    assert depth == 64
    assert kernel.grid == (math.ceil(400 / rows), math.ceil(96 / columns), 1)
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


def test_that_a_deep_convolution_with_few_outputs_is_split_along_its_depth(maker) -> None:
    maker.conv("deep", maker.input("x", 1, 1024, 7, 7), 64)
    main, reduction = kernels_of(maker)
    assert main.grid[2] > 1
    assert "splitk" in main.name
    assert reduction.name.endswith("splitk_reduce")
    assert reduction.bytes_read == main.bytes_written


def test_that_channels_which_cannot_be_loaded_by_vectors_cost_more(maker) -> None:
    odd = type(maker)()
    maker.conv("even", maker.input("x", 1, 376, 15, 15), 376)
    odd.conv("odd", odd.input("x", 1, 375, 15, 15), 375)
    assert latency(kernels_of(odd)) > 1.3 * latency(kernels_of(maker))


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


def test_that_a_view_launches_nothing_and_a_concat_one_copy(maker) -> None:
    x, y = maker.input("x", 1, 8, 4, 4), maker.input("y", 1, 8, 4, 4)
    maker.single("Reshape", OperatorKind.VIEW, (x,), (8, 16), attributes(shape=(8, 16)))
    assert kernels_of(maker) == ()
    maker.concat("concat", x, y)
    (copy,) = kernels_of(maker)
    assert copy.bytes_read == copy.bytes_written == 2 * 16 * 16


def test_that_a_few_rows_are_multiplied_by_streaming_the_matrix(maker) -> None:
    x, w = maker.input("x", 1, 2048), maker.weight("w", 2048, 1000)
    maker.single("MatMul", OperatorKind.MATMUL, (x, w), (1, 1000))
    (kernel,) = kernels_of(maker)
    assert kernel.name.startswith("gemv")
    assert latency([kernel]) >= 2 * 2048 * 1000 / H200.l2_bytes_per_us


def test_that_weights_beyond_the_cache_are_fetched_from_memory_again(maker) -> None:
    x = maker.input("x", 1, 4096)
    maker.single("MatMul", OperatorKind.MATMUL, (x, maker.weight("w", 4096, 4096)), (1, 4096))
    assert all(kernel.dram_bytes == 0 for kernel in kernels_of(maker))
    small_cache = load_description("v100")
    assert sum(kernel.dram_bytes for kernel in kernels_of(maker, gpu=small_cache)) > 0.5 * 2 * 4096 * 4096


LENGTH = 1_000_000
CASES = [
    ("MaxPool", ((1, 32, 14, 14),), (1, 32, 7, 7), {"kernel_shape": (2, 2), "strides": (2, 2)}, 1),
    ("GlobalAveragePool", ((1, 512, 8, 8),), (1, 512, 1, 1), {}, 1),
    ("ReduceSum", ((LENGTH,),), (1,), {"axes": (0,)}, 2),
    ("Softmax", ((8, 1000),), (8, 1000), {"axis": -1}, 1),
    ("LayerNormalization", ((128, 4096),), (128, 4096), {"axis": -1}, 1),
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
