"""Faults of the GPU: too little memory and a lost context are said in one sentence, and cost no more than one job."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gpu_checks.devices import opened_device
from gpu_checks.networks import random_network
from warploom.device.cuda.device import CudaDevice
from warploom.samples.writing import write_network
from warploom.worker.client import WorkerClient, worker_command
from warploom.worker.messages import Failed, Finished, OptimizeOptions, OptimizeRequest
from warploom.worker.server import EXIT_LOST

_OUT_OF_MEMORY = """
import sys
from pathlib import Path
from warploom.device.registry import open_device
from warploom.device.cuda.errors import DeviceMemoryError
from warploom.device.cuda.loading import load_cupy
from warploom.graph import Precision
from warploom.importer.load import import_model
from warploom.passes.pipeline import optimize_graph
from warploom.schedule import Launch, StreamPlan

graph = optimize_graph(import_model(Path(sys.argv[1])).graph).graph
plan = StreamPlan("sequential", tuple(Launch((operator.name,), 0) for operator in graph.operators))
device = open_device("cuda:0")
device.compile(graph, plan, Precision.FP16).close()
pool = load_cupy().get_default_memory_pool()
device.forget_graphs()
pool.free_all_blocks()
pool.set_limit(size=pool.total_bytes() + 4096)
try:
    device.compile(graph, plan, Precision.FP16)
except DeviceMemoryError as error:
    assert error.needed_bytes > 0, error.needed_bytes
    assert "MiB needed" in str(error) and "MiB free" in str(error), str(error)
    assert not error.sticky
else:
    sys.exit("no error")
pool.set_limit(size=0)
device.compile(graph, plan, Precision.FP16).close()
"""

# A worker whose first measurement writes to an address that is nobody's.
_FAULTY_WORKER = """
import sys
from warploom.device.cuda import executable
from warploom.device.cuda.binding import bind_kernel
from warploom.device.cuda.kernels.codegen.kernel import named_source
from warploom.device.cuda.layout import row_major
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import DType

measure = executable.CudaExecutable.measure

def faulty(self, repeats):
    from warploom.device.registry import open_device
    source = named_source("fault", 'extern "C" __global__ void @NAME@(int* p) { *p = 1; }')
    modules = open_device("cuda:0")._modules
    modules.load([source])
    step = KernelStep(source, (1, 1, 1), (1, 1, 1), (Region("p", 0, row_major((1,), DType.INT32)),), ())
    bind_kernel(step, modules.function(source), lambda _: 16)(self._timer.stream.ptr)
    return measure(self, repeats)

executable.CudaExecutable.measure = faulty
from warploom.cli.main import main
main(["worker", "--stdio"])
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    if not isinstance(opened_device(), CudaDevice):
        pytest.skip("only for CUDA devices")
    path = tmp_path / "random.onnx"
    write_network(random_network(1, steps=8), "random", path)
    return path


def test_that_missing_memory_is_named_and_passes(model: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _OUT_OF_MEMORY, os.fspath(model)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_that_a_worker_that_lost_the_gpu_ends_and_the_next_one_works(model: Path, tmp_path: Path) -> None:
    options = OptimizeOptions(device="cuda:0", precision="fp16", mode="greedy", repeats=3, verify=False)
    request = OptimizeRequest(
        job=1, model=os.fspath(model), output=os.fspath(tmp_path / "out.warploom"), options=options
    )
    with WorkerClient([sys.executable, "-c", _FAULTY_WORKER]) as worker:
        worker.send(request)
        *_, last = worker.events(1)
        assert isinstance(last, Failed)
        assert "illegal" in last.message.lower()
        assert "The worker process ends" in last.message
        assert worker.process.wait(20) == EXIT_LOST
    with WorkerClient(worker_command()) as worker:
        worker.send(request)
        *_, last = worker.events(1)
        assert isinstance(last, Finished), last
