"""A pytest plugin: recordings made by hand, for tests of everything that reads one.

`example_recording` is a small network with branches and three schedules; `make_recording` makes one of any size.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pytest

from warploom.device.protocol import DeviceInfo, Measurement
from warploom.graph import DType, FillConstant, Graph, LogEntry, OperatorKind, Precision, Primitive, Tensor, attributes
from warploom.graph.build import make_operator
from warploom.graph.operator import Operator
from warploom.recording.recording import (
    Candidate,
    CandidateVerification,
    Environment,
    ModelFingerprint,
    Recording,
    SchedulerSummary,
    SearchSummary,
    Settings,
    Verification,
)
from warploom.schedule import Group, Launch, Schedule, Stage, StreamPlan
from warploom.timeline import Spans, Timeline, WarpSeries

BRANCHES = 4
MAX_WARPS = 132 * 64

DEVICE = DeviceInfo(
    id="sim:h200",
    name="NVIDIA H200",
    simulated=True,
    compute_capability=(9, 0),
    sm_count=132,
    warps_per_sm=64,
    clock_mhz=1980.0,
    memory_bytes=141 * 10**9,
    memory_bandwidth_gb_s=4800.0,
    details=(("model", "fluid"),),
)


class GraphMaker:
    """Collects tensors, constants and operators."""

    def __init__(self) -> None:
        self.tensors = {"image": Tensor("image", (1, 64, 28, 28), DType.FLOAT32)}
        self.constants: dict[str, FillConstant] = {}
        self.operators: list[Operator] = []

    def conv(self, name: str, source: str, channels: int, kernel: int) -> str:
        """Conv + Relu."""
        before = self.tensors[source].shape
        weight, inner, out = f"{name}.weight", f"{name}.sum", f"{name}.out"
        self._tensor(weight, (channels, before[1], kernel, kernel))
        self.constants[weight] = FillConstant(self.tensors[weight].shape, DType.FLOAT32, 0.01)
        for tensor in (inner, out):
            self._tensor(tensor, (before[0], channels, *before[2:]))
        pad = kernel // 2
        shape = attributes(kernel_shape=(kernel, kernel), strides=(1, 1), pads=(pad,) * 4, dilations=(1, 1), group=1)
        body = [
            Primitive("Conv", (source, weight), (inner,), shape, f"/{name}/Conv"),
            Primitive("Relu", (inner,), (out,), (), f"/{name}/Relu"),
        ]
        self._add(name, OperatorKind.CONV, body)
        return out

    def concat(self, name: str, sources: list[str]) -> str:
        """Concat along the channels."""
        shapes = [self.tensors[source].shape for source in sources]
        out = f"{name}.out"
        self._tensor(out, (shapes[0][0], sum(shape[1] for shape in shapes), *shapes[0][2:]))
        self._add(name, OperatorKind.CONCAT, [Primitive("Concat", tuple(sources), (out,), attributes(axis=1), name)])
        return out

    def pool(self, name: str, source: str) -> str:
        """Global average pool."""
        before = self.tensors[source].shape
        out = f"{name}.out"
        self._tensor(out, (*before[:2], 1, 1))
        self._add(name, OperatorKind.POOL, [Primitive("GlobalAveragePool", (source,), (out,), (), name)])
        return out

    def _tensor(self, name: str, shape: tuple[int, ...]) -> None:
        self.tensors[name] = Tensor(name, shape, DType.FLOAT32)

    def _add(self, name: str, kind: OperatorKind, body: list[Primitive]) -> None:
        sources = [primitive.source for primitive in body]
        outputs = body[-1].outputs
        self.operators.append(
            make_operator(name, kind, body, constants=self.constants, outputs=outputs, sources=sources)
        )


def branching_graph(modules: int) -> Graph:
    """A stem, `modules` modules of four branches and a concat each, and a pool: 2 + 7 * modules operators."""
    maker = GraphMaker()
    tensor = maker.conv("stem", "image", 64, 3)
    for m in range(modules):
        ends = [maker.conv(f"m{m}/b0", tensor, 32, 1), maker.conv(f"m{m}/b1", tensor, 32, 3)]
        ends += [maker.conv(f"m{m}/b{b}.2", maker.conv(f"m{m}/b{b}.1", tensor, 16, 1), 32, 3) for b in (2, 3)]
        tensor = maker.concat(f"m{m}/join", ends)
    tensor = maker.pool("pool", tensor)
    graph = Graph("branching", tuple(maker.operators), maker.tensors, maker.constants, ("image",), (tensor,))
    graph.verify()
    return graph


def sequential_schedule(graph: Graph) -> Schedule:
    """One operator per stage."""
    return Schedule("sequential", tuple(Stage((Group((operator.name,)),)) for operator in graph.operators))


def parallel_schedule(modules: int, *, merge_first: bool = False) -> Schedule:
    """The branches of each module side by side; the 1x1 reductions of module 0 merged on request."""
    stages, blocks = [Stage((Group(("stem",)),))], [0]
    for m in range(modules):
        reductions = (f"m{m}/b2.1", f"m{m}/b3.1")
        if merge_first and m == 0:
            stages.append(Stage((Group(reductions, merged=True),)))
            tails = tuple(Group((f"m{m}/b{b}.2",)) for b in (2, 3))
        else:
            stages.append(Stage((Group((f"m{m}/b0",)), Group((f"m{m}/b1",)))))
            tails = tuple(Group((f"m{m}/b{b}.1", f"m{m}/b{b}.2")) for b in (2, 3))
        rest = (Group((f"m{m}/b0",)), Group((f"m{m}/b1",))) if merge_first and m == 0 else ()
        stages.append(Stage((*tails, *rest)))
        stages.append(Stage((Group((f"m{m}/join",)),)))
        blocks += [m + 1] * 3
    stages.append(Stage((Group(("pool",)),)))
    return Schedule("ios-both" if merge_first else "ios-parallel", tuple(stages), (*blocks, modules + 1))


def plan_of(schedule: Schedule) -> StreamPlan:
    """Stages as barriers, a stream for each group (by hand: the real lowering is tested elsewhere)."""
    launches: list[Launch] = []
    last_stage: list[int] = []
    for s, stage in enumerate(schedule.stages):
        ends = []
        for stream, group in enumerate(stage.groups):
            waits = tuple(i for i in last_stage if launches[i].stream != stream)
            for operators in [group.operators] if group.merged else [(name,) for name in group.operators]:
                launches.append(Launch(operators, stream, waits, s))
                waits = ()
            ends.append(len(launches) - 1)
        last_stage = ends
    return StreamPlan(schedule.name, tuple(launches))


def timeline_of(plan: StreamPlan, *, spans_per_launch: int = 1, name: str | None = None) -> Timeline:
    """A timeline in which every launch takes 3 to 8 us, 0.8 us after what it waits for."""
    ends: list[int] = []
    rows: list[tuple[int, int, int, int, int]] = []
    for i, (launch, before) in enumerate(zip(plan.launches, plan.dependencies(), strict=True)):
        start = max((ends[j] for j in before), default=200) + 800
        length = 3000 + (i * 1237) % 5000 + 400 * len(launch.operators)
        edges = np.linspace(start, start + length, spans_per_launch + 1).astype(int)
        rows += [(i, launch.stream, k % 3, int(edges[k]), int(edges[k + 1])) for k in range(spans_per_launch)]
        ends.append(start + length)
    return _timeline(plan, np.array(sorted(rows, key=lambda row: row[3]), dtype=np.int64), name or plan.name)


def _timeline(plan: StreamPlan, rows: np.ndarray, name: str) -> Timeline:
    count = len(rows)
    blocks = 24 + (rows[:, 0] * 17) % 90
    spans = Spans(
        launch=rows[:, 0].astype(np.int32),
        stream=rows[:, 1].astype(np.int32),
        kernel=rows[:, 2].astype(np.int32),
        start_ns=rows[:, 3].copy(),
        end_ns=rows[:, 4].copy(),
        grid=np.stack([blocks, np.ones(count), np.ones(count)], axis=1).astype(np.int32),
        block=np.tile(np.array([256, 1, 1], dtype=np.int32), (count, 1)),
        registers=np.full(count, 96, dtype=np.int32),
        shared_memory_bytes=np.full(count, 49152, dtype=np.int32),
        copy_bytes=np.zeros(count, dtype=np.int64),
    )
    return Timeline(
        name=name,
        device=DEVICE.name,
        simulated=True,
        duration_ns=int(rows[:, 4].max(initial=0)) + 500,
        launch_names=tuple(launch.name for launch in plan.launches),
        kernel_names=("implicit_gemm<128x64>", "copy_channels", "reduce_mean"),
        spans=spans,
        warps=_warps(spans, 8 * blocks.astype(np.float64)),
        counters=None,
        max_warps=MAX_WARPS,
    )


def _warps(spans: Spans, warps: np.ndarray) -> WarpSeries:
    streams = np.unique(spans.stream).astype(np.int32)
    edges = np.unique(np.concatenate((spans.start_ns, spans.end_ns)))
    steps = np.zeros((len(streams), max(len(edges), 1)))
    row = np.searchsorted(streams, spans.stream)
    np.add.at(steps, (row, np.searchsorted(edges, spans.start_ns)), warps)
    np.add.at(steps, (row, np.searchsorted(edges, spans.end_ns)), -warps)
    return WarpSeries(streams, edges.astype(np.int64), np.cumsum(steps, axis=1)[:, :-1])


def candidate_of(name: str, schedule: Schedule, *, spans_per_launch: int = 1) -> Candidate:
    """A measured candidate whose latency is its timeline's duration, with a little spread."""
    plan = plan_of(schedule)
    timeline = timeline_of(plan, spans_per_launch=spans_per_launch)
    latency = timeline.duration_ns / 1000
    costs = tuple(4.0 + 1.5 * len(stage.groups) for stage in schedule.stages)
    decision = LogEntry(name, schedule.stages[0].operators, "staged", "nothing else is ready before it")
    return Candidate(
        name=name,
        plan=plan,
        measurement=Measurement(tuple(latency + 0.1 * (i % 5 - 2) for i in range(50))),
        timeline=timeline,
        schedule=schedule,
        stage_costs_us=costs,
        decisions=(decision,),
    )


def recording_of(modules: int = 2, *, spans_per_launch: int = 1) -> Recording:
    """A recording with the candidates sequential, parallel and both; both wins."""
    graph = branching_graph(modules)
    schedules = {
        "sequential": sequential_schedule(graph),
        "parallel": parallel_schedule(modules),
        "both": parallel_schedule(modules, merge_first=True),
    }
    candidates = tuple(
        candidate_of(name, schedule, spans_per_launch=spans_per_launch) for name, schedule in schedules.items()
    )
    best = min(candidates, key=lambda candidate: candidate.measurement.median_us)
    sequential = candidates[0].timeline
    return Recording(
        model=ModelFingerprint("models/branching.onnx", "branching", "ab" * 32, 17, 3 * len(graph.operators)),
        graph=graph,
        device=DEVICE,
        settings=Settings("sim:h200", Precision.FP16, batch=1, shapes=(("image", (1, 64, 28, 28)),)),
        candidates=candidates,
        chosen=best.name,
        search=SearchSummary.of(
            SchedulerSummary(candidate.name, candidate.measurement.median_us, 120, 45, 0.03) for candidate in candidates
        ),
        verification=Verification(
            3.1e-4, 1e-2, True, tuple(CandidateVerification(item.name, 3.1e-4, True) for item in candidates)
        ),
        build_log=(
            LogEntry("fuse_epilogue", ("stem",), "fused", "only /stem/Relu reads the result of /stem/Conv"),
            LogEntry("fuse_epilogue", ("m0/join",), "kept apart", "four operators read it"),
        ),
        environment=Environment("3.11.7", "Linux-x86_64", (("numpy", "2.2.0"),)),
        solo_us={name: 0.9 * _duration_us(sequential, i) for i, name in enumerate(sequential.launch_names)},
        created=dt.datetime(2025, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        warploom_version="0.1.0",
    )


def _duration_us(timeline: Timeline, launch: int) -> float:
    mine = timeline.spans.launch == launch
    return float((timeline.spans.end_ns[mine] - timeline.spans.start_ns[mine]).sum()) / 1000


@pytest.fixture
def example_recording() -> Recording:
    """A small network with branches, three schedules, a merged group, verified."""
    return recording_of()


@pytest.fixture(scope="session")
def make_recording() -> Callable[..., Recording]:
    """`make_recording(modules, spans_per_launch=n)`: a recording of any size."""
    return recording_of
