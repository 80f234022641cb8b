"""Every kind of kernel compiles for old and new GPUs."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path

import pytest

from cuda_host_device import HostDevice
from gpu_checks.batch import restrict, unsupported_cases
from gpu_checks.cases import combine
from gpu_checks.grid import FAMILIES
from warploom.device.cuda.kernels.codegen.prelude import module_source
from warploom.device.cuda.lowering.lower import lower_graph
from warploom.device.cuda.steps import Choice, KernelSource, KernelStep
from warploom.graph import Precision
from warploom.importer.load import import_model
from warploom.passes.pipeline import optimize_graph


def _kernels(family: str, precision: Precision, folder: Path) -> dict[str, KernelSource]:
    """One kernel of a family for each thing that its name says."""
    members = FAMILIES[family]
    path = folder / f"{family}_{precision.value}.onnx"
    cases = members.cases()
    path.write_bytes(combine(cases, members.opset).proto.SerializeToString())
    graph = optimize_graph(import_model(path).graph).graph
    refused = unsupported_cases(HostDevice(), graph, precision)
    lowered = lower_graph(restrict(graph, {case.name for case in cases} - refused.keys()), precision)
    found: dict[str, KernelSource] = {}
    for program in (lowered.entry, *lowered.programs):
        for step in program.steps:
            for part in step.alternatives[-1] if isinstance(step, Choice) else (step,):
                if isinstance(part, KernelStep):
                    found.setdefault(part.kernel.name.rpartition("_")[0], part.kernel)
    return found


@functools.cache
def _module(folder: Path) -> str:
    kernels: dict[str, KernelSource] = {}
    for i, family in enumerate(FAMILIES):
        precision = (Precision.FP16, Precision.BF16, Precision.FP32)[i % 3]
        kernels |= _kernels(family, precision, folder)
    return module_source(kernels.values())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kernels")


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="no CUDA compiler here")
@pytest.mark.parametrize("architecture", ["sm_75", "sm_90"])
def test_that_every_kind_of_kernel_compiles(architecture: str, folder: Path) -> None:
    source = folder / f"{architecture}.cu"
    source.write_text(_module(folder))
    command = ["nvcc", "-std=c++17", f"-arch={architecture}", "-cubin", "-o", f"{source}.cubin", str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


def test_that_kernels_include_no_header() -> None:
    assert "#include" not in module_source([])
