"""Plans frozen and opened again, seen through a stand-in for CuPy: places in memory, order of copies, threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
import pytest

from fake_cupy import FakeCupy
from warploom.cost.database import CostDatabase, Environment
from warploom.device.cuda import binding, capture, memory, modules, replay
from warploom.device.cuda.capture import StreamPool
from warploom.device.cuda.errors import CudaError
from warploom.device.cuda.library.plan import ChosenPlan
from warploom.device.cuda.library.signature import LibraryStep, signature
from warploom.device.cuda.memory_plan import Work
from warploom.device.cuda.modules import KernelModules
from warploom.device.cuda.resolve import StepResolver
from warploom.device.cuda.serving import context as context_module
from warploom.device.cuda.serving import meter as meter_module
from warploom.device.cuda.serving import served as served_module
from warploom.device.cuda.serving import slots as slots_module
from warploom.device.cuda.serving.context import CudaContext
from warploom.device.cuda.serving.document import decode_document, encode_document
from warploom.device.cuda.serving.freeze import freeze_plan
from warploom.device.cuda.serving.served import CudaServing, ServingTools, upload_weights
from warploom.device.cuda.session import GraphSession
from warploom.device.cuda.steps import Choice, KernelStep, PlainStep, Program
from warploom.device.protocol import DeviceInfo
from warploom.device.serving import FrozenPlan, RequestMode
from warploom.errors import DeviceError, PlanError
from warploom.graph import Graph, Precision
from warploom.importer.load import ImportOptions, import_model
from warploom.passes.pipeline import optimize_graph
from warploom.samples.network import Network
from warploom.schedule import Launch, StreamPlan
from warploom.serving.contents import pack

INFO = DeviceInfo("cuda:0", "GPU", simulated=False, compute_capability=(9, 0), sm_count=1, warps_per_sm=1,
                  clock_mhz=1.0, memory_bytes=1, memory_bandwidth_gb_s=1.0)  # fmt: skip
PLAN = StreamPlan("p", (Launch(("a/conv",), 0), Launch(("b/conv",), 1), Launch(("c/conv",), 0)))


class FakeKernel:
    """A library's kernel that notes its launches."""

    def __init__(self, plan: ChosenPlan, calls: list[Any]) -> None:
        self.plan = plan
        self._calls = calls

    def enqueue(self, pointers: Mapping[str, int], workspace: int, stream: int) -> None:
        self._calls.append(("library", stream, dict(pointers), workspace))

    def data(self) -> bytes:
        return b"serialized"


class FakeLibrary:
    """Makes a kernel of every plan, but of one that it refuses."""

    def __init__(self, calls: list[Any]) -> None:
        self.calls = calls
        self.restored: list[ChosenPlan] = []
        self.refuses = False

    def kernel(self, _: LibraryStep, plan: ChosenPlan) -> FakeKernel:
        if self.refuses:
            raise CudaError("no such engine", call="restoring")
        self.restored.append(plan)
        return FakeKernel(plan, self.calls)


class Resolver(StepResolver):
    """Takes the most fused alternatives; every library step has a kernel with a workspace of 512 bytes."""

    def __init__(self, calls: list[Any]) -> None:
        self._calls = calls

    def resolve(self, programs: Sequence[Program], _: Precision) -> list[Work]:
        works = []
        for program in programs:
            steps: list[PlainStep] = []
            for step in program.steps:
                steps += step.alternatives[0] if isinstance(step, Choice) else (step,)
            library = any(not isinstance(step, KernelStep) for step in steps)
            works.append(Work(program.operator, tuple(steps), program.temporaries, 512 if library else 0))
        return works

    def kernel(self, step: LibraryStep, precision: Precision) -> Any:
        plan = ChosenPlan(signature(step, precision), "fake", "k", None, 512, 1.0, b"", early=("x",))
        return FakeKernel(plan, self._calls)


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch) -> FakeCupy:
    fake = FakeCupy()
    for module in (
        *(binding, capture, memory, modules, replay),
        *(context_module, meter_module, served_module, slots_module),
    ):
        monkeypatch.setattr(module, "load_cupy", lambda: fake)
    return fake


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    """Three convolutions on one input, each an output of its own."""
    net = Network("three")
    x = net.placeholder(16, 8, 8, name="x")
    for name in "abc":
        with net.block(name):
            net.output(net.conv2d(x, 16), name)
    return optimize_graph(import_model(net.write(tmp_path / "three.onnx"), ImportOptions()).graph).graph


@pytest.fixture
def frozen(cupy: FakeCupy, tmp_path: Path, graph: Graph) -> FrozenPlan:
    with CostDatabase(tmp_path / "costs.sqlite", Environment("GPU", 1, "1", ()), pytest.fail) as database:
        session = GraphSession(graph, Precision.FP16, Resolver(cupy.calls))
        return freeze_plan(session, PLAN, KernelModules((9, 0), database))


@pytest.fixture
def library(cupy: FakeCupy) -> FakeLibrary:
    return FakeLibrary(cupy.calls)


@pytest.fixture
def serving(frozen: FrozenPlan, library: FakeLibrary) -> CudaServing:
    block, offsets = pack([frozen.weights])
    return opened(frozen.document, upload_weights(block), offsets[0], library)


def opened(document: bytes, weights: Any, offsets: Mapping[str, int], library: Any) -> CudaServing:
    tools = ServingTools(library, StreamPool(), RLock(), lambda: None, INFO)
    return CudaServing(decode_document(document), weights, offsets, PLAN, tools)


def test_that_a_document_survives_its_file(frozen: FrozenPlan) -> None:
    document = decode_document(frozen.document)
    assert encode_document(document) == frozen.document
    assert [work.name for work in document.works] == ["entry", "a/conv", "b/conv", "c/conv"]
    assert [port.works for port in document.outputs] == [(1,), (2,), (3,)]
    assert len(document.library) == 1  # three equal convolutions, one kernel
    assert document.library[0].plan.data == b"serialized"
    assert document.library[0].plan.early == ("x",)
    assert document.weight_bytes == sum(array.size for array in frozen.weights.values())


@pytest.mark.parametrize("damage", [b"", b"\x81", b"no document", b"\x81\xa7version\x63"])
def test_that_a_damaged_document_is_refused(damage: bytes) -> None:
    with pytest.raises(PlanError, match="frozen plan"):
        decode_document(damage)


def test_that_opening_a_plan_compiles_and_chooses_nothing(
    cupy: FakeCupy, library: FakeLibrary, serving: CudaServing
) -> None:
    compiled = len(cupy.compiled)
    with serving.context() as context:
        context.whole_graph()
    assert len(cupy.compiled) == compiled
    assert [plan.name for plan in library.restored] == ["k"]


def test_that_a_library_that_changed_its_mind_is_told(frozen: FrozenPlan, library: FakeLibrary) -> None:
    library.refuses = True
    with pytest.raises(PlanError, match=r"cannot be made here any more.*--retune"):
        opened(frozen.document, None, {}, library)


def test_that_kernels_get_the_addresses_of_their_weights_and_outputs(cupy: FakeCupy, serving: CudaServing) -> None:
    with serving.context(2) as context:
        cupy.calls.clear()
        context.compute_graph(1)
        launches = [call for call in cupy.calls if call[0] == "library"]
    assert len(launches) == 3
    for _, _, pointers, workspace in launches:
        assert workspace
        assert len(set(pointers.values())) == len(pointers)
    assert len({pointers["w"] for _, _, pointers, _ in launches}) == 3
    assert len({pointers["x"] for _, _, pointers, _ in launches}) == 1


def test_that_an_output_leaves_behind_its_own_launch_only(serving: CudaServing) -> None:
    with serving.context() as context:
        branches = context._with_copies(0)
    entry, *launches = branches[:4]
    leaving = branches[4:]
    assert len(entry.enqueue) == 1 + len(serving.bind(0, lambda _: 0))
    assert [branch.waits for branch in leaving] == [(1,), (2,), (3,)]
    assert len({branch.stream for branch in (*launches, *leaving)}) == PLAN.streams + 3
    assert all(len(branch.enqueue) == 1 for branch in leaving)


def test_that_frames_are_checked_and_copied_unless_they_are_there(serving: CudaServing) -> None:
    with serving.context() as context:
        assert context.run({"x": np.ones((1, 16, 8, 8), np.float32)}).keys() == {"a", "b", "c"}
        assert context.inputs()["x"].max() == 1.0
        context.inputs()["x"][:] = 2.0
        context.run(context.inputs())
        with pytest.raises(DeviceError, match="'x' is missing"):
            context.run({})
        with pytest.raises(DeviceError, match=r"has the shape \(1, 16, 8, 9\)"):
            context.run({"x": np.ones((1, 16, 8, 9), np.float32)})
    context.close()
    with pytest.raises(DeviceError, match="was closed"):
        context.compute_graph()


def test_that_requests_and_frames_are_measured(serving: CudaServing) -> None:
    with serving.context(2) as context:
        for mode in RequestMode:
            assert len(context.measure_request(mode, 4).wall_us) == 4
        assert context.measure_model(3).events_us == pytest.approx((10.0,) * 3)
        assert len(context.measure_copies(2).out_us) == 2
        times = context.measure_frames(6, 2)
        assert list(times.done_us) == sorted(times.done_us)
        assert all(latency >= 0 for latency in times.latency_us)
        paced = context.measure_paced(3, 2000.0)
        assert paced.begun_us[2] >= 4000.0
        with pytest.raises(DeviceError, match="depth 2 cannot have 3"):
            context.measure_frames(6, 3)


def test_that_memory_is_reported(serving: CudaServing) -> None:
    with serving.context(2) as context:
        facts = context.memory
    assert facts.workspace_bytes == 512
    assert facts.weight_bytes > 3 * 16 * 16 * 2
    assert facts.boundary_bytes >= 2 * 4 * (4 * 16 * 64)
    assert isinstance(context, CudaContext)
