"""What the runtime asks of CUDA, seen through a stand-in: branches and edges of captures, modules, copies, replays."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fake_cupy import FakeCupy
from warploom.cost.database import CostDatabase, Environment
from warploom.device.cuda import binding, capture, executable, memory, modules, replay
from warploom.device.cuda.capture import Branch, StreamPool
from warploom.device.cuda.errors import DeviceMemoryError
from warploom.device.cuda.graph_nodes import readable_name
from warploom.device.cuda.layout import row_major
from warploom.device.cuda.lowering.lowered import LoweredGraph, PreparedWeight
from warploom.device.cuda.modules import KernelModules
from warploom.device.cuda.own_kernels import HEAD, SPIN, delays
from warploom.device.cuda.replay import ReplayTimer
from warploom.device.cuda.steps import KernelSource, KernelStep, Program, Region
from warploom.device.cuda.weights import WeightStore
from warploom.errors import DeviceError
from warploom.graph import DType, Graph, Precision


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch) -> FakeCupy:
    fake = FakeCupy()
    for module in (binding, capture, executable, memory, modules, replay):
        monkeypatch.setattr(module, "load_cupy", lambda: fake)
    return fake


@pytest.fixture
def database(tmp_path: Path) -> Iterator[CostDatabase]:
    with CostDatabase(tmp_path / "costs.sqlite", Environment("GPU", 1, "1", ()), pytest.fail) as opened:
        yield opened


def captured(cupy: FakeCupy, *branches: tuple[int, tuple[int, ...], str]) -> list[tuple[str, int, str | int]]:
    """What a capture of named work does, streams by number."""
    streams = StreamPool()
    for stream in {0, *(branch[0] for branch in branches)}:
        streams.stream(stream)
    for event in range(len(branches)):
        streams.event(event)
    pointers = {streams.stream(stream).ptr: stream for stream in {0, *(branch[0] for branch in branches)}}
    cupy.calls.clear()

    def enqueue(name: str) -> binding.Enqueue:
        return lambda stream: cupy.calls.append(("run", stream, name))

    work = [Branch(stream, waits, (enqueue(name),) if name else ()) for stream, waits, name in branches]
    capture.capture(work, streams).close()
    seen = [call for call in cupy.calls if call[0] in ("run", "wait", "record")]
    return [(call[0], pointers[call[1]], call[2]) for call in seen]


def test_that_a_chain_on_one_stream_needs_no_events(cupy: FakeCupy) -> None:
    calls = captured(cupy, (0, (), "entry"), (0, (0,), "a"), (0, (1,), "b"))
    assert [call for call in calls if call[0] != "record"] == [("run", 0, "entry"), ("run", 0, "a"), ("run", 0, "b")]


def test_that_a_stream_forks_behind_the_entry_and_joins_at_the_end(cupy: FakeCupy) -> None:
    calls = captured(cupy, (0, (), "entry"), (0, (), "a"), (1, (), "b"))
    assert calls == [
        ("run", 0, "entry"),
        ("record", 0, 0),
        ("run", 0, "a"),
        ("wait", 1, 0),
        ("run", 1, "b"),
        ("record", 1, 2),
        ("wait", 0, 2),
    ]


def test_that_waits_become_edges_between_streams_only(cupy: FakeCupy) -> None:
    calls = captured(cupy, (0, (), "entry"), (0, (), "a"), (1, (1,), "b"), (1, (), "c"), (0, (1, 3), "d"))
    assert ("wait", 1, 1) in calls
    assert ("wait", 1, 0) not in calls  # it starts behind "a", which is behind the entry
    assert calls.index(("wait", 0, 3)) < calls.index(("run", 0, "d"))
    assert ("wait", 0, 1) not in calls


def test_that_work_that_starts_nothing_passes_its_waits_on(cupy: FakeCupy) -> None:
    calls = captured(cupy, (0, (), ""), (0, (), "a"), (1, (1,), ""), (2, (2,), "c"))
    assert calls.index(("wait", 1, 1)) < calls.index(("record", 1, 2)) < calls.index(("wait", 2, 2))


def test_that_a_capture_that_fails_is_ended(cupy: FakeCupy) -> None:
    streams = StreamPool()

    def fail(_: int) -> None:
        raise DeviceError("no")

    with pytest.raises(DeviceError, match="no"):
        capture.capture([Branch(0, (), (fail,))], streams)
    assert ("end", streams.stream(0).ptr) in cupy.calls


def test_that_a_graph_of_a_lost_context_closes_in_silence(cupy: FakeCupy) -> None:
    graph = capture.capture([Branch(0, (), ())], StreamPool())

    def fail(_: int) -> None:
        raise RuntimeError("cudaErrorIllegalAddress")

    cupy.cuda.runtime.graphExecDestroy = fail
    graph.close()
    graph.close()


def kernels(count: int) -> list[KernelSource]:
    return [KernelSource(f"k{i}_00000000", f'extern "C" __global__ void k{i}_00000000() {{}}') for i in range(count)]


def test_that_kernels_are_compiled_once_and_then_come_from_the_database(cupy: FakeCupy, database: CostDatabase) -> None:
    first = KernelModules((9, 0), database)
    first.load(kernels(40))
    texts = len(cupy.compiled)
    assert 1 <= texts <= 5
    first.load(kernels(40))
    again = KernelModules((9, 0), database)
    again.load(kernels(40))
    assert len(cupy.compiled) == texts
    assert again.function(kernels(40)[7]).name == "k7_00000000"
    assert again.compiled == 0
    KernelModules((8, 0), database).load(kernels(1))
    assert len(cupy.compiled) == texts + 1


def test_that_machine_code_that_does_not_load_is_compiled_again(cupy: FakeCupy, database: CostDatabase) -> None:
    KernelModules((9, 0), database).load(kernels(1))
    name = database.get("kernel-module", [KernelModules((9, 0), database)._key(kernels(1)[0].code)])
    database.put("machine-code", dict.fromkeys((value.decode() for value in name.values()), b"damaged"))
    again = KernelModules((9, 0), database)
    again.load(kernels(1))
    assert again.compiled == 1
    assert len(cupy.compiled) == 2


def test_that_a_kernel_that_does_not_compile_is_said_with_the_compilers_words(
    cupy: FakeCupy, database: CostDatabase
) -> None:
    cupy.refuses = "k0_"
    with pytest.raises(DeviceError, match=r"does not compile.*NVRTC_ERROR_COMPILATION.*error: what is this"):
        KernelModules((9, 0), database).load(kernels(1))


def test_that_a_kernels_arguments_are_pointers_then_scalars(cupy: FakeCupy) -> None:
    layout = row_major((8,), DType.FLOAT32)
    step = KernelStep(
        kernels(1)[0], (2, 1, 1), (32, 1, 1), (Region("y", 1, layout),), (Region("x", 0, layout),), (7, 0.5), 1024
    )
    given: list[tuple[object, ...]] = []
    cupy.cuda.driver.launchKernel = lambda *arguments: given.append(arguments)

    class Function:
        ptr = 99

    enqueue = binding.bind_kernel(step, Function, {"x": 1000, "y": 2000}.__getitem__)
    enqueue(55)  # and kept: the arguments live as long as it does
    (call,) = given
    assert call[:9] == (99, 2, 1, 1, 32, 1, 1, 1024, 55)
    cells = ctypes.cast(int(str(call[9])), ctypes.POINTER(ctypes.c_void_p))
    values = [cells[i] or 0 for i in range(4)]
    assert ctypes.c_void_p.from_address(values[0]).value == 2004
    assert ctypes.c_void_p.from_address(values[1]).value == 1000
    assert ctypes.c_int.from_address(values[2]).value == 7
    assert ctypes.c_float.from_address(values[3]).value == 0.5


def test_that_missing_memory_is_named_after_what_is_kept_was_given_back(cupy: FakeCupy) -> None:
    cupy.free_bytes = 1 << 20
    with pytest.raises(DeviceMemoryError, match=r"allocating the arena: 2\.0 MiB needed, 1\.0 MiB free"):
        memory.DeviceMemory(2 << 20, "allocating the arena")
    assert ("free_all_blocks",) in cupy.calls


@pytest.mark.usefixtures("cupy")
def test_that_weights_are_uploaded_once() -> None:
    made: list[str] = []

    def weight(name: str, size: int) -> PreparedWeight:
        def make() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
            made.append(name)
            return np.arange(size, dtype=np.float32)

        return PreparedWeight(row_major((size,), DType.FLOAT32), make)

    store = WeightStore()
    store.upload({"weight/a": weight("a", 3)})
    store.upload({"weight/a": weight("a", 3), "weight/b": weight("b", 300)})
    assert made == ["a", "b"]
    held = np.ctypeslib.as_array((ctypes.c_float * 300).from_address(store.address("weight/b")))
    assert held.tolist() == list(range(300))
    assert store.size_bytes == 256 + 1280


def lowered(**inputs: tuple[int, ...]) -> LoweredGraph:
    """A lowered graph that hands every input out again."""
    regions = {name: Region(f"input/{name}", 0, row_major(shape, DType.FLOAT32)) for name, shape in inputs.items()}
    outputs = {f"{name}'": Region(f"output/{name}'", 0, region.layout) for name, region in regions.items()}
    empty = Program("entry", (), {})
    graph = Graph("g", (), {}, {}, (), ())
    return LoweredGraph(graph, Precision.FP32, {}, {}, empty, (), {}, regions, outputs)


def test_that_inputs_reach_the_device_and_outputs_the_caller(cupy: FakeCupy) -> None:
    boundary = executable.Boundary(lowered(x=(2, 3), y=()))
    stream = StreamPool().stream(0)
    x = np.arange(6, dtype=np.float64).reshape(2, 3)
    boundary.send({"x": x, "y": np.array(4.0)}, stream)
    for name in ("x", "y"):
        size = 24 if name == "x" else 4
        cupy.cuda.runtime.memcpy(boundary.address(f"output/{name}'"), boundary.address(f"input/{name}"), size)
    boundary.fetch(stream)
    outputs = boundary.outputs()
    np.testing.assert_array_equal(outputs["x'"], x.astype(np.float32))
    assert outputs["y'"] == 4.0
    boundary.poison()
    boundary.fetch(stream)
    assert np.isnan(boundary.outputs()["x'"]).all()
    assert not np.isnan(outputs["x'"]).any()  # what was given away is the caller's


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({}, r"'x' is missing: give an array of the shape \(2, 3\)"),
        ({"x": np.zeros((3, 2), np.float32)}, r"shape \(3, 2\), not \(2, 3\)"),
    ],
)
@pytest.mark.usefixtures("cupy")
def test_that_wrong_inputs_are_said(
    inputs: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]], sentence: str
) -> None:
    boundary = executable.Boundary(lowered(x=(2, 3)))
    with pytest.raises(DeviceError, match=sentence):
        boundary.send(inputs, StreamPool().stream(0))


def test_that_every_replay_is_a_sample(cupy: FakeCupy) -> None:
    times = iter((5.0, 7.0, 6.0))
    cupy.replay_us = lambda _: next(times)
    streams = StreamPool()
    timer = ReplayTimer(streams)
    graph = capture.capture([Branch(0, (), ())], streams)
    assert timer.samples_us(graph, 3) == pytest.approx([5.0, 7.0, 6.0])


def test_that_delays_depend_on_the_seed() -> None:
    assert len(delays(9, 1)) == 5
    assert delays(9, 1).keys() == delays(9, 1).keys()
    assert any(delays(9, 1).keys() != delays(9, seed).keys() for seed in range(2, 6))
    assert all(re.search(r"_[0-9a-f]{6,}$", kernel.name) for kernel in (HEAD, SPIN))  # as all own kernels are named


@pytest.mark.parametrize(
    ("mangled", "read"),
    [
        ("pointwise_relu_12345678", "pointwise_relu_12345678"),
        ("_ZN7cutlass7Kernel2I12tensorop_f16EEvNT_6ParamsE", "tensorop_f16"),
        ("_Z6kernelv", "kernel"),
        ("_Z", "_Z"),
    ],
)
def test_that_names_of_kernels_are_readable(mangled: str, read: str) -> None:
    assert readable_name(mangled) == read
