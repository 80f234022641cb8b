"""Library kernels that read before their predecessor has ended: found out, and kept from it in captured graphs."""
# ruff: noqa: N802 - the functions of a stand-in for the driver

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from fake_cupy import FakeCupy
from library_steps import conv_step, matmul_step
from warploom.device.cuda import capture as capturing
from warploom.device.cuda import graph_edges
from warploom.device.cuda.binding import LibraryCall, bind_library
from warploom.device.cuda.capture import ORIGIN, Branch, StreamPool, capture
from warploom.device.cuda.errors import CudaError
from warploom.device.cuda.kernels.codegen.prelude import module_source
from warploom.device.cuda.library.operands import span_bytes
from warploom.device.cuda.library.overtaking import LATE_WRITER
from warploom.device.cuda.library.plan import ChosenPlan, Pointers
from warploom.device.cuda.library.signature import operand_roles
from warploom.graph import DType


class _Kernel:
    def __init__(self, *early: str) -> None:
        self.plan = ChosenPlan("fp16 conv", "made-up", "k", DType.FLOAT32, 0, 1.0, b"", early=early)
        self.started: list[int] = []

    def enqueue(self, pointers: Pointers, workspace: int, stream: int) -> None:  # noqa: ARG002
        self.started.append(stream)

    def data(self) -> bytes:
        return b""


def _overtakes(step: Any, *early: str) -> bool:
    return bind_library(step, _Kernel(*early), 0, lambda _: 4096).overtakes


def test_that_only_what_other_kernels_compute_can_be_read_too_early() -> None:
    step = conv_step((1, 32, 14, 14), 32, (1, 1), residual=True)
    assert operand_roles(step) == ("x", "w", "residual")
    assert not _overtakes(step)
    assert not _overtakes(step, "w")  # a weight: nobody writes it
    assert _overtakes(step, "w", "residual")
    assert not _overtakes(conv_step((1, 32, 14, 14), 32, (1, 1)), "residual")
    assert _overtakes(matmul_step((1, 8, 16), (1, 16, 8)), "b")  # computed, as in attention


def test_that_captures_list_the_nodes_that_must_not_start_early(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeCupy()
    counts = iter((3, 5, 7, 8))
    waiting: list[tuple[int, list[int]]] = []
    monkeypatch.setattr(capturing, "load_cupy", lambda: fake)
    monkeypatch.setattr(capturing, "captured_nodes", lambda _: next(counts))
    monkeypatch.setattr(capturing, "wait_for_ends", lambda graph, nodes: waiting.append((graph, list(nodes))))
    calls = [LibraryCall(_Kernel(), {}, 0, overtakes) for overtakes in (False, True, False, True)]
    capture([Branch(ORIGIN, (), calls)], StreamPool()).close()
    assert waiting == [(1, [3, 4, 7])]


class _Driver:
    """A graph of four nodes: 1 -> 2 and 2 -> 3 are programmatic, 1 -> 3 and 3 -> 4 plain."""

    def __init__(self, status: int = 0) -> None:
        self.edges = {(1, 2): 1, (2, 3): 1, (1, 3): 0, (3, 4): 0}
        self.status = status

    def cuGraphGetNodes(self, _: object, nodes: Any, count: Any) -> int:
        return self._fill(count, [(nodes, (1, 2, 3, 4))])

    def cuGraphGetEdges_v2(self, _: object, sources: Any, targets: Any, data: Any, count: Any) -> int:
        if data is not None:
            for i, kind in enumerate(self.edges.values()):
                data[i].type = kind
        return self._fill(count, [(sources, [a for a, _ in self.edges]), (targets, [b for _, b in self.edges])])

    def cuGraphRemoveDependencies_v2(self, _: object, source: Any, target: Any, data: Any, number: Any) -> int:
        assert number.value == 1
        assert self.edges.pop((source[0], target[0])) == data._obj.type
        return self.status

    def cuGraphAddDependencies_v2(self, _: object, source: Any, target: Any, data: Any, number: Any) -> int:
        assert (data, number.value) == (None, 1)
        self.edges[source[0], target[0]] = 0
        return 0

    def _fill(self, count: Any, pairs: list[tuple[Any, Any]]) -> int:
        count._obj.value = len(pairs[0][1])
        for array, values in pairs:
            if array is not None:
                array[: len(values)] = values
        return 0


def test_that_edges_into_kernels_that_overtake_become_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = _Driver()
    monkeypatch.setattr(graph_edges, "graph_driver", lambda: driver)
    graph_edges.wait_for_ends(7, [2])
    assert driver.edges == {(1, 2): 1, (1, 3): 0, (3, 4): 0, (2, 3): 0}


def test_that_a_graph_whose_edges_cannot_be_changed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_edges, "graph_driver", lambda: _Driver(status=801))
    with pytest.raises(CudaError, match="could read too early"):
        graph_edges.wait_for_ends(7, [1, 2])
    graph_edges.wait_for_ends(7, [0, 3])  # their edges are plain already


def test_that_operands_span_all_that_a_kernel_may_touch() -> None:
    step = conv_step((2, 30, 5, 5), 16, (3, 3))
    assert span_bytes(step, "x") == 2 * 25 * 32 * 2
    assert ctypes.sizeof(graph_edges._EdgeData) == 8


@pytest.mark.skipif(which("nvcc") is None, reason="no CUDA compiler")
def test_that_the_late_writer_lets_its_successor_start_where_the_gpu_can(tmp_path: Path) -> None:
    text = tmp_path / "writer.cu"
    text.write_text(module_source([LATE_WRITER]))
    for architecture, starts in (("sm_90", True), ("sm_80", False)):
        out = tmp_path / f"{architecture}.ptx"
        subprocess.run(["nvcc", f"-arch={architecture}", "-std=c++17", "-ptx", "-o", out, text], check=True)
        assert ("launch_dependents" in out.read_text()) is starts
