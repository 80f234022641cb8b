"""The recorder with a GPU, a tracer and a sampler that are made up: how often each is asked, and what is kept."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from warploom.device.cuda.graph_nodes import GraphKernel, GraphNode
from warploom.device.cuda.profiler.activity import ActivityTracer, Record
from warploom.device.cuda.profiler.counters import BASE, HIT_RATE
from warploom.device.cuda.profiler.record import Recorder
from warploom.device.cuda.profiler.sampling import Sampler
from warploom.device.cuda.profiler.trace import KERNEL, Trace
from warploom.device.protocol import Array
from warploom.errors import ProfileError
from warploom.timeline.residency import SmLimits

GRID, BLOCK = (4, 1, 1), (256, 1, 1)
NODES = tuple(GraphNode(branch, GraphKernel("k", GRID, BLOCK, 32, 0)) for branch in (1, 2))
REPLAY_NS = 50_000


class FakeGpu:
    """A GPU whose clock moves with each replay; `lost` replays leave only part of their records."""

    def __init__(self, lost: tuple[int, ...] = (), latency_us: float = REPLAY_NS / 1e3) -> None:
        self.latency_us = latency_us
        self.lost = lost
        self.replays = 0
        self.records: list[Record] = []
        self.stream = None
        self.nodes = NODES

    def launch(self, _stream: object) -> None: ...

    def spin_up(self, graph: object) -> None: ...

    def elapsed_us(self, launch: Callable[[], None]) -> float:
        launch()
        return self.latency_us

    def warm_up(self, _graph: object, replays: int) -> None:
        for _ in range(replays):
            self.replays += 1
            start = 1_000_000 * self.replays
            kept = NODES[:1] if self.replays in self.lost else NODES
            self.records += [
                Record(KERNEL, self.replays, i + 1, start + 100 * i, start + REPLAY_NS, GRID, BLOCK)
                for i in range(len(kept))
            ]

    def take(self) -> list[Record]:
        taken, self.records = self.records, []
        return taken


class FakeSampler:
    """Samples once each replay; fails from some session on."""

    interval_ns = 1000
    metrics = BASE
    notes = ()

    def __init__(self, fails_from: int = 99) -> None:
        self.sessions = 0
        self.fails_from = fails_from
        self.closed = False

    def sampled(self, work: Callable[[], None]) -> tuple[Array, Array, Array]:
        self.sessions += 1
        work()
        if self.sessions >= self.fails_from:
            raise ProfileError("the sample buffer was full")
        start = np.array([self.sessions * 1000], dtype=np.int64)
        return start, start + 1000, np.ones((len(BASE), 1))

    def close(self) -> None:
        self.closed = True


def record(gpu: FakeGpu, sampler: FakeSampler | None, replays: int = 9) -> Trace:
    recorder = Recorder(cast(ActivityTracer, gpu), cast("Sampler | None", sampler), (), replays)
    return recorder.record("plan", cast(Any, gpu), cast(Any, gpu))


@pytest.fixture(autouse=True)
def known_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warploom.device.cuda.profiler.record.sm_limits", lambda: SmLimits(132, 64))


def test_that_short_replays_are_sampled_in_one_session() -> None:
    sampler = FakeSampler()
    trace = record(FakeGpu(), sampler)
    assert sampler.sessions == 1
    assert trace.start_ns.shape == (9, 2)
    assert trace.warps_from == "samples"


@pytest.mark.parametrize(("latency_us", "sessions"), [(2_400.0, 3), (1_000_000.0, 9)])
def test_that_long_replays_do_not_share_what_a_session_can_hold(latency_us: float, sessions: int) -> None:
    sampler = FakeSampler()
    trace = record(FakeGpu(latency_us=latency_us), sampler)
    assert sampler.sessions == sessions
    assert trace.samples.shape == (len(BASE), sessions)
    assert len(trace.start_ns) == 9


def test_that_a_replay_whose_records_were_lost_is_replayed_again() -> None:
    gpu, sampler = FakeGpu(lost=(5, 7)), FakeSampler()  # the first three only warm up
    trace = record(gpu, sampler)
    assert sampler.sessions == 2
    assert gpu.replays == 3 + 9 + 2
    assert len(trace.start_ns) == 9
    assert trace.warps_from == "samples"


def test_that_a_graph_whose_records_are_always_lost_is_refused() -> None:
    with pytest.raises(ProfileError, match="1 kernels, its graph 2"):
        record(FakeGpu(lost=tuple(range(100))), FakeSampler())


def test_that_kernels_are_traced_although_samples_are_lost() -> None:
    sampler = FakeSampler(fails_from=2)
    trace = record(FakeGpu(latency_us=2_400.0), sampler)
    assert sampler.closed
    assert trace.warps_from == "model"
    assert trace.metrics == ()
    assert not trace.samples.size
    assert "the sample buffer was full" in trace.notes
    assert len(trace.start_ns) == 9


def test_that_kernels_are_traced_without_a_sampler() -> None:
    trace = record(FakeGpu(), None, replays=4)
    assert trace.warps_from == "model"
    assert trace.start_ns.shape == (4, 2)
    assert trace.names == ("k",)


class FakeCollector:
    """Samples of one value, and what it was configured with."""

    def __init__(self, device_index: int) -> None:
        self.device_index = device_index
        self._chip_name = "GH100"
        self.asked: list[str] = []

    def enable(self) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def disable(self) -> None: ...

    def configure(self, metrics: list[str], **_: Any) -> None:
        self.asked = metrics

    def decode(self, max_samples: int) -> Any:
        class Decoded(list[Any]):
            num_completed_samples = 2

        assert max_samples > 2
        values = [40.0] * len(self.asked)
        return Decoded(SimpleNamespace(start_timestamp=t, end_timestamp=t + 1000, metric_values=values) for t in (0, 9))


def test_that_a_metric_that_counts_every_second_hit_is_read_as_the_hit_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    collectors: list[FakeCollector] = []

    def collector(device_index: int) -> FakeCollector:
        collectors.append(FakeCollector(device_index))
        return collectors[0]

    monkeypatch.setattr("warploom.device.cuda.profiler.counters.passes", lambda *_: 1)
    trigger = SimpleNamespace(GPU_TIME_INTERVAL=1, GPU_SYSCLK_INTERVAL=2)
    cupti = cast(Any, SimpleNamespace(sampling=SimpleNamespace(Collector=collector, TriggerMode=trigger)))
    sampler = Sampler(cupti, 0, (9, 0), 1000, ("l2",))
    starts, _, values = sampler.sampled(lambda: None)
    assert "TriageCompute" in collectors[0].asked[-1]
    assert sampler.metrics == (*BASE, HIT_RATE)
    assert starts.tolist() == [9]  # the first sample has no beginning
    assert values[:, 0].tolist() == [40.0, 40.0, 40.0, 80.0]
