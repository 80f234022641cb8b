"""Convolutions of few channels on tensor cores: in every form against NumPy, and when lowering offers them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from cuda_graphs import Builder
from cuda_host import HostKernels, compiler
from cuda_host_device import HostDevice
from cuda_interpreter import random_feeds
from stem_cases import Case, check_stems, stem_cases, step_of
from warploom.device.cuda.kernels.codegen.prelude import module_source
from warploom.device.cuda.kernels.codegen.stem_forms import forms
from warploom.device.cuda.kernels.codegen.stem_layer import column_groups, filter_of, fits, shared_bytes
from warploom.device.cuda.kernels.stem import rounded_to_tf32
from warploom.device.cuda.lowering.lower import lower_graph
from warploom.device.cuda.lowering.lowered import LoweredGraph
from warploom.device.cuda.steps import Choice, ConvStep, KernelStep
from warploom.device.cuda.structure import step_key
from warploom.graph import DType, Graph, Precision
from warploom.graph.precision import UNIFORM
from warploom.importer.export import export_graph
from warploom.importer.single import open_session
from warploom.passes.pipeline import optimize_graph
from warploom.schedule import Launch, StreamPlan

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler that runs kernels' text on the CPU")
_ON_TENSOR_CORES = (Precision.TF32, Precision.FP16, Precision.BF16)
_TOLERANCES = {Precision.TF32: 2e-3, Precision.FP16: 2e-3, Precision.BF16: 1.5e-2, Precision.FP32: 1e-5}


def stems_of(lowered: LoweredGraph) -> list[KernelStep]:
    """The kernels of few channels in all alternatives."""
    choices = [step for program in lowered.programs for step in program.steps if isinstance(step, Choice)]
    steps = [step for choice in choices for way in choice.alternatives for step in way]
    return [step for step in steps if isinstance(step, KernelStep) and step.kernel.name.startswith("conv_stem")]


def sequential(graph: Graph) -> StreamPlan:
    return StreamPlan("sequential", tuple(Launch((operator.name,), 0) for operator in graph.operators))


@needs_compiler
def test_that_convolutions_of_few_channels_compute_the_same_in_every_form() -> None:
    check_stems(list(stem_cases()), HostKernels)


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="no CUDA compiler here")
@pytest.mark.parametrize("architecture", ["sm_75", "sm_80", "sm_90"])
def test_that_they_compile_without_spilling_registers(architecture: str, tmp_path: Path) -> None:
    source = tmp_path / "stems.cu"
    cases = [(case, form) for case, form in stem_cases() if architecture != "sm_75" or case.dtype is DType.FLOAT16]
    source.write_text(module_source(step_of(case, form)[2].kernel for case, form in cases))
    command = ["nvcc", "-std=c++17", f"-arch={architecture}", "-cubin", "-Xptxas", "-v", "-o", f"{source}.cubin"]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stderr.count(" 0 bytes spill stores") == done.stderr.count("spill stores") > 0


@pytest.mark.parametrize("dtype", [DType.FLOAT16, DType.FLOAT32])
@pytest.mark.parametrize("columns", [1, 2, 4, 6, 12, 14])
def test_that_a_warps_columns_are_all_its_filters_in_runs_that_a_lane_stores(columns: int, dtype: DType) -> None:
    assert sorted(filter_of(column, columns, dtype) for column in range(columns * 8)) == list(range(columns * 8))
    for first, count in column_groups(columns, dtype):
        assert count * 2 * dtype.itemsize <= 16
        for lane in range(4):
            held = [filter_of((first + j) * 8 + 2 * lane + i, columns, dtype) for j in range(count) for i in (0, 1)]
            assert held == list(range(held[0], held[0] + 2 * count))
            assert held[0] % (2 * count) == 0


@pytest.mark.parametrize(
    "case",
    [
        Case((1, 3, 224, 224), 96, (7, 7), (2, 2), (3, 3, 3, 3)),
        Case((16, 3, 224, 224), 64, (7, 7), (2, 2), (3, 3, 3, 3), dtype=DType.FLOAT32),
        Case((1, 3, 640, 640), 16, (3, 3), (2, 2), (1, 1, 1, 1)),
        Case((1, 1, 1, 16000), 512, (1, 10), (1, 5)),
        Case((1, 3, 5, 5), 8, (5, 5)),
    ],
)
def test_that_the_forms_to_be_timed_are_few_and_fit(case: Case) -> None:
    layer = case.layer()
    found = forms(layer)
    assert 1 <= len(found) <= 12
    assert len(set(found)) == len(found)
    for form in found:
        assert fits(layer, form)
        assert shared_bytes(layer, form) <= 48 << 10


def test_that_factors_are_rounded_to_tf32_half_away_from_zero() -> None:
    values = np.array([1 + 2**-11, -(1 + 2**-11), 1 + 2**-12, 3.0, np.inf, -np.inf, np.nan], np.float32)
    expected = np.array([1 + 2**-10, -(1 + 2**-10), 1.0, 3.0, np.inf, -np.inf, np.nan], np.float32)
    assert np.array_equal(rounded_to_tf32(values), expected, equal_nan=True)


def network(shape: tuple[int, ...], *, window: int = 3, readers: int = 1) -> Graph:
    builder = Builder()
    x = builder.input(*shape)
    parts = [builder.pointwise("Relu", builder.conv(x, 24, window, stride=2)) for _ in range(readers)]
    return optimize_graph(builder.graph([builder.conv(part, 16, 1) for part in parts])).graph


@pytest.mark.parametrize("precision", _ON_TENSOR_CORES)
def test_that_the_only_reader_of_an_input_reads_it_as_the_caller_gave_it(precision: Precision) -> None:
    lowered = lower_graph(network((1, 3, 23, 23)), precision)
    assert not lowered.entry.steps
    (given,) = lowered.inputs.values()
    stems = stems_of(lowered)
    assert stems
    assert all(step.reads[0] == given for step in stems)
    (choice,) = lowered.programs[0].steps
    assert isinstance(choice, Choice)
    library = choice.alternatives[0]
    assert [type(step) for step in library] == [KernelStep, ConvStep]  # the conversion is part of what is timed
    assert library[0].reads[0] == given
    assert library[1].x.layout.dtype is stems[0].writes[0].layout.dtype  # type: ignore[union-attr]


def test_that_an_input_of_several_readers_is_converted_once() -> None:
    lowered = lower_graph(network((1, 3, 23, 23), readers=2), Precision.FP16)
    assert len(lowered.entry.steps) == 1
    assert {step.reads[0].layout.dtype for step in stems_of(lowered)} == {DType.FLOAT16}


@pytest.mark.parametrize("precision", _ON_TENSOR_CORES)
def test_that_an_input_of_channels_last_is_read_through_its_transpose(precision: Precision) -> None:
    builder = Builder()
    x = builder.input(1, 23, 23, 3)
    y = builder.conv(builder.transpose(x, 0, 3, 1, 2), 24, 3, stride=2)
    lowered = lower_graph(builder.graph([builder.conv(y, 8, 1)]), precision)
    (given,) = lowered.inputs.values()
    assert not lowered.entry.steps
    assert not lowered.programs[0].steps  # the Transpose
    for step in stems_of(lowered):
        assert (step.reads[0].buffer, step.reads[0].layout.dtype) == (given.buffer, DType.FLOAT32)
        assert step.reads[0].layout.strides == (23 * 23 * 3, 1, 23 * 3, 3)


def test_that_a_view_of_an_input_that_others_read_is_converted_first() -> None:
    builder = Builder()
    x = builder.input(1, 6, 23, 23)
    first, second = builder.split(x, (3, 3), 1)
    parts = [builder.conv(first, 24, 3), builder.conv(builder.pointwise("Relu", second), 24, 3)]
    lowered = lower_graph(builder.graph([builder.conv(builder.concat(parts, 1), 8, 1)]), Precision.FP16)
    for step in stems_of(lowered):
        assert step.reads[0].layout.dtype is DType.FLOAT16


def test_that_strict_float32_and_many_channels_are_the_librarys() -> None:
    assert not stems_of(lower_graph(network((1, 3, 23, 23)), Precision.FP32))
    lowered = lower_graph(network((1, 8, 23, 23)), Precision.FP16)
    assert not stems_of(lowered)
    assert lowered.entry.steps


def test_that_forms_are_told_apart_where_choices_are_remembered() -> None:
    keys = set()
    for side in (23, 25):
        for precision in _ON_TENSOR_CORES:
            lowered = lower_graph(network((1, 3, side, side)), precision)
            keys |= {step_key(step, precision) for program in lowered.programs for step in program.steps[:1]}
            stems = [step_key(step, precision) for step in stems_of(lowered)]
            assert len(set(stems)) == len(stems)
    assert len(keys) == 2 * 2 * len(_ON_TENSOR_CORES)


@needs_compiler
@pytest.mark.parametrize("shape", [(2, 3, 23, 17), (1, 1, 20, 20), (1, 2, 50)])
@pytest.mark.parametrize("precision", UNIFORM)
def test_that_networks_that_begin_with_them_compute_what_onnxruntime_does(
    shape: tuple[int, ...], precision: Precision
) -> None:
    builder = Builder()
    x = builder.input(shape[0], *shape[2:], shape[1])
    turned = builder.transpose(x, 0, len(shape) - 1, *range(1, len(shape) - 1))
    first = builder.conv(turned, 24, 3, stride=2)
    gate = builder.add("HardSigmoid", [first], builder.shape(first), alpha=0.2, beta=0.5)
    gated = builder.pointwise("Mul", first, gate)
    joined = builder.concat([gated, builder.conv(gated, 8, 1)], 1)
    graph = optimize_graph(builder.graph([joined])).graph
    feeds = random_feeds(graph, 1)
    with HostDevice().compile(graph, sequential(graph), precision) as executable:
        (found,) = executable.run(feeds).values()
    (expected,) = open_session(export_graph(graph), optimized=False).run(None, feeds)
    error = np.linalg.norm(found - expected) / np.linalg.norm(expected)
    assert error < _TOLERANCES[precision]
    assert bool(stems_of(lower_graph(graph, precision))) == (precision in _ON_TENSOR_CORES)
