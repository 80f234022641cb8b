"""Estimated timelines: kernels where streams and waits put them, stretched to the latency that was measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from warploom.device.cuda import timeline
from warploom.device.cuda.graph_nodes import GraphKernel
from warploom.device.cuda.layout import row_major
from warploom.device.cuda.memory_plan import Work
from warploom.device.cuda.resources import peak_flops, resources_of
from warploom.device.cuda.solo import SoloStep, SoloTimes
from warploom.device.cuda.steps import KernelSource, KernelStep, PlainStep, Region
from warploom.device.cuda.timeline import blocks_per_sm, draw_timeline, place_spans, resident_warps
from warploom.device.protocol import DeviceInfo
from warploom.graph import DType, Precision
from warploom.graph.work import Work as Arithmetic
from warploom.schedule import Launch, StreamPlan
from warploom.timeline.check import check_timeline

INFO = DeviceInfo("cuda:0", "NVIDIA H200", False, (9, 0), 132, 64, 1980.0, 139 << 30, 4800.0)
LAYOUT = row_major((64,), DType.FLOAT32)
PLAN = StreamPlan("plan", (Launch(("a",), 0), Launch(("b",), 1), Launch(("c",), 0, (1,))))


def kernel(name: str, blocks: int = 10, threads: int = 256, registers: int = 32) -> GraphKernel:
    return GraphKernel(name, (blocks, 1, 1), (threads, 1, 1), registers, 1024)


def solo(latency_us: float, *names: str) -> SoloStep:
    return SoloStep(latency_us, tuple(kernel(name) for name in names))


def step(name: str) -> KernelStep:
    source = KernelSource(name, name)
    return KernelStep(source, (1, 1, 1), (32, 1, 1), (Region(name, 0, LAYOUT),), ())


class Solo(SoloTimes):
    """Steps that take what their kernel's name says."""

    def __init__(self) -> None:
        return

    def of(self, steps: Sequence[PlainStep], precision: Precision) -> list[SoloStep]:
        del precision
        names = [each.kernel.name for each in steps if isinstance(each, KernelStep)]
        return [solo(float(name[1:]), name) for name in names]


def test_that_kernels_follow_streams_and_waits() -> None:
    alone = [[solo(1.0, "entry")], [solo(4.0, "a", "a2")], [solo(7.0, "b")], [solo(2.0, "c")]]
    spans, end = place_spans(PLAN, alone)
    placed = [(span.kernel.name, span.launch, span.stream, span.start, span.end) for span in spans]
    assert placed == [("a", 0, 0, 1.0, 3.0), ("a2", 0, 0, 3.0, 5.0), ("b", 1, 1, 1.0, 8.0), ("c", 2, 0, 8.0, 10.0)]
    assert end == 10.0


def test_that_a_timeline_has_the_measured_latency_and_says_that_it_is_an_estimate() -> None:
    works = [Work(name, (step(name),), {}) for name in ("e1", "a4", "b7", "c2")]
    drawn = draw_timeline(PLAN, works, Precision.FP16, Solo(), INFO, 20.0)
    check_timeline(drawn)
    assert drawn.duration_ns == 20_000
    assert not drawn.simulated
    assert set(drawn.kernel_names) == {"a4 (estimated)", "b7 (estimated)", "c2 (estimated)"}
    assert drawn.spans.start_ns.tolist() == [2000, 2000, 16000]
    assert drawn.spans.end_ns.tolist() == [10000, 16000, 20000]
    at = np.searchsorted(drawn.warps.edges_ns, 5000) - 1
    assert drawn.warps.warps[:, at].tolist() == [80.0, 80.0]


def test_that_no_more_warps_are_drawn_than_the_device_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "resident_warps", lambda *_: 6000.0)
    works = [Work(name, (step(name),), {}) for name in ("e1", "a4", "b4", "c2")]
    drawn = draw_timeline(PLAN, works, Precision.FP16, Solo(), INFO, 7.0)
    assert drawn.warps.total.max() == pytest.approx(INFO.max_warps)


def test_that_an_empty_plan_has_a_timeline() -> None:
    works = [Work("entry", (), {}), *(Work(name, (), {}) for name in "abc")]
    drawn = draw_timeline(PLAN, works, Precision.FP16, Solo(), INFO, 2.0)
    check_timeline(drawn)
    assert len(drawn.spans) == 0


@pytest.mark.parametrize(
    ("blocks", "threads", "registers", "per_sm", "warps"),
    [
        (10, 256, 32, 8, 80),
        (10_000, 256, 32, 8, 132 * 64),
        (10_000, 256, 255, 1, 132 * 8),
        (10_000, 32, 32, 32, 132 * 32),
        (1, 1024, 255, 1, 32),
    ],
)
def test_that_threads_and_registers_limit_what_is_resident(
    blocks: int, threads: int, registers: int, per_sm: int, warps: int
) -> None:
    one = kernel("k", blocks, threads, registers)
    assert blocks_per_sm(one, INFO) == per_sm
    assert resident_warps(one, INFO) == warps


def test_that_resources_are_shares_of_the_device() -> None:
    flops = round(peak_flops(Precision.FP16, INFO) * 10e-6 / 2)
    found = resources_of([solo(10.0, "a")], Arithmetic(flops, 12_000_000, 0, 0), Precision.FP16, INFO)
    assert found.compute == pytest.approx(0.5)
    assert found.memory == pytest.approx(0.25)
    assert not found.memory_bound
    assert found.occupancy == pytest.approx(10 / (8 * 132))
    assert found.warps == 80
    assert peak_flops(Precision.FP16, INFO) == pytest.approx(1.07e15, rel=0.01)
    nothing = resources_of([], Arithmetic(0, 0, 0, 0), Precision.FP16, INFO)
    assert (nothing.occupancy, nothing.warps) == (0.0, 0)
