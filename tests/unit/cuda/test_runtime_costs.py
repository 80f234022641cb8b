"""Costs of stages and plans: measured once per structure, kept for later processes, put back together in order."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from fake_cupy import FakeCupy
from warploom.cost import Cost, OperatorResources, PlanCostModel, ResourceModel
from warploom.cost.database import CostDatabase, Environment
from warploom.device.cuda import binding, capture, memory, modules, replay, workbench
from warploom.device.cuda.capture import StreamPool
from warploom.device.cuda.cost_model import MeasuredCostModel
from warploom.device.cuda.layout import row_major
from warploom.device.cuda.memory_plan import Work
from warploom.device.cuda.modules import KernelModules
from warploom.device.cuda.own_kernels import HEAD, READ
from warploom.device.cuda.resolve import StepResolver
from warploom.device.cuda.scratch import ScratchMemory, buffer_sizes, weight_bytes
from warploom.device.cuda.steps import KernelSource, KernelStep, Region
from warploom.device.cuda.workbench import PlanWork, WorkBench
from warploom.graph import DType, Precision
from warploom.schedule import Group, Launch, Stage, StreamPlan
from warploom.schedule.stream_plan import ByteRange

LAYOUT = row_major((64,), DType.FLOAT32)
NOTHING = OperatorResources(0.0, 0, 0.0, 0.0)


def work(name: str, kernel: str = "k", weight: bool = False) -> Work:
    source = KernelSource(f"{kernel}_00000000", f'extern "C" __global__ void {kernel}_00000000() {{}}')
    reads = (Region("x", 0, LAYOUT), *((Region(f"weight/{name}", 0, LAYOUT),) if weight else ()))
    return Work(name, (KernelStep(source, (1, 1, 1), (32, 1, 1), (Region(name, 0, LAYOUT),), reads),), {})


@dataclass
class Works:
    """Operators named after their kernel: "a1" and "a2" are alike."""

    precision: Precision = Precision.FP16
    entry: tuple[KernelStep, ...] = ()
    prepared: list[tuple[str, ...]] = field(default_factory=list)

    def operator_works(self) -> Mapping[str, Work]:
        return {name: work(name, name[0]) for name in ("a1", "a2", "b1", "b2", "c1")}

    def entry_work(self) -> Work:
        return Work("entry", self.entry, {})

    def roots(self) -> frozenset[str]:
        return frozenset({"a1", "a2"})

    def kernel_names(self, work: Work) -> tuple[str, ...]:
        return ("small", "large") if work.name.startswith("b") else ()

    def with_kernel(self, work: Work, name: str) -> Work:
        return replace(work, name=f"{work.name}/{name}")

    def merged_work(self, names: tuple[str, ...]) -> Work | None:
        return None if "c1" in names else work(" & ".join(names), "m" * len(names))

    def prepare_merges(self, merges: Iterable[tuple[str, ...]]) -> None:
        self.prepared += merges


@dataclass
class Bench:
    stages: list[list[list[str]]] = field(default_factory=list)
    plans: list[list[str]] = field(default_factory=list)

    def stage_cost(self, groups: Sequence[Sequence[Work]]) -> Cost:
        self.stages.append([[work.name for work in group] for group in groups])
        return Cost.exactly(float(len(self.stages)))

    def plan_costs(self, plans: Sequence[PlanWork]) -> list[Cost]:
        for plan, works, entry in plans:
            self.plans.append([plan.name, *([] if entry is None else [entry.name]), *(work.name for work in works)])
        return [Cost.exactly(100.0 + len(works)) for _, works, _ in plans]

    def fork_us(self) -> float:
        return 0.5


@pytest.fixture
def database(tmp_path: Path) -> Iterator[CostDatabase]:
    with CostDatabase(tmp_path / "costs.sqlite", Environment("GPU", 1, "1", ()), pytest.fail) as opened:
        yield opened


def model_of(bench: Bench, database: CostDatabase, model_bytes: int, works: Works) -> MeasuredCostModel:
    model = MeasuredCostModel(works, bench, database, model_bytes, lambda names: [NOTHING for _ in names])
    model._switch_us = 0.0  # of no interest to most
    return model


def stage(*groups: str, merged: bool = False) -> Stage:
    return Stage(tuple(Group(tuple(group.split()), merged=merged) for group in groups))


def medians(model: MeasuredCostModel, *stages: Stage) -> list[float]:
    return [cost.median_us for cost in model.stage_costs(stages)]


def test_that_stages_that_do_the_same_are_measured_once(database: CostDatabase) -> None:
    bench = Bench()
    model = model_of(bench, database, 1000, Works())
    costs = medians(model, stage("a1", "b1"), stage("b2", "a2"), stage("a1 b1"), stage("a2 b2"), stage("b1 a1"))
    assert costs == [1.0, 1.0, 2.0, 2.0, 3.0]
    assert bench.stages == [[["a1"], ["b1"]], [["a1", "b1"]], [["b1", "a1"]]]
    assert model.measured == 3


def test_that_what_was_measured_is_known_to_the_next_process(database: CostDatabase) -> None:
    medians(model_of(Bench(), database, 1000, Works()), stage("a1"), stage("b1"))
    bench = Bench()
    assert medians(model_of(bench, database, 1000, Works()), stage("b2"), stage("a2")) == [2.0, 1.0]
    assert not bench.stages
    assert medians(model_of(bench, database, 1 << 30, Works()), stage("b2")) == [1.0]  # other weights pass by
    assert medians(model_of(bench, database, 1001, Works(Precision.FP16)), stage("b2")) == [2.0]


def test_that_costs_are_written_even_when_a_later_stage_fails(database: CostDatabase) -> None:
    class Failing(Bench):
        def stage_cost(self, groups: Sequence[Sequence[Work]]) -> Cost:
            if len(self.stages) == 70:
                raise KeyboardInterrupt
            return super().stage_cost(groups)

    stages = [stage(*(["a1"] * (i + 1))) for i in range(80)]
    with pytest.raises(KeyboardInterrupt):
        medians(model_of(Failing(), database, 1000, Works()), *stages)
    bench = Bench()
    medians(model_of(bench, database, 1000, Works()), *stages)
    assert len(bench.stages) <= 16


def test_that_a_merge_is_measured_as_one_and_an_impossible_one_costs_infinity(database: CostDatabase) -> None:
    bench = Bench()
    model = model_of(bench, database, 1000, Works())
    costs = medians(model, stage("a1 b1", merged=True), stage("a1 c1", merged=True), stage("a1 b1"))
    assert costs == [1.0, math.inf, 2.0]
    assert bench.stages[0] == [["a1 & b1"]]


def test_that_plans_are_told_apart_by_streams_and_waits(database: CostDatabase) -> None:
    bench = Bench()
    model = model_of(bench, database, 1000, Works())
    assert isinstance(model, PlanCostModel)
    assert isinstance(model, ResourceModel)
    chain = StreamPlan("chain", (Launch(("a1",), 0), Launch(("b1",), 0)))
    alike = StreamPlan("alike", (Launch(("a2",), 0), Launch(("b2",), 0)))
    apart = StreamPlan("apart", (Launch(("a1",), 0), Launch(("b1",), 1)))
    waiting = StreamPlan("waiting", (Launch(("a1",), 0), Launch(("b1",), 1, (0,))))
    broken = StreamPlan("broken", (Launch(("a1", "c1"), 0),))
    costs = [cost.median_us for cost in model.plan_costs([chain, alike, apart, waiting, broken])]
    assert costs == [102.0, 102.0, 102.0, 102.0, math.inf]
    assert [names[0] for names in bench.plans] == ["chain", "apart", "waiting"]
    model.plan_costs([chain])
    assert len(bench.plans) == 3


def test_that_plans_are_told_apart_by_kernels_and_a_whole_one_begins_with_the_conversion_of_inputs(
    database: CostDatabase,
) -> None:
    bench = Bench()
    model = model_of(bench, database, 1000, Works())
    assert model.kernel_names([("a1",), ("b1",)]) == [(), ("small", "large")]
    part = StreamPlan("part", (Launch(("b1",), 0),))
    small = StreamPlan("small", (Launch(("b1",), 0, kernel="small"),))
    whole = StreamPlan("whole", tuple(Launch((name,), 0) for name in ("a1", "a2", "b1", "b2", "c1")))
    model.plan_costs([part, small, whole])
    assert bench.plans == [["part", "b1"], ["small", "b1/small"], ["whole", "entry", "a1", "a2", "b1", "b2", "c1"]]


def test_that_what_the_whole_network_takes_longer_than_its_operators_is_charged_to_the_longest_group(
    database: CostDatabase,
) -> None:
    bench = Bench()
    model = MeasuredCostModel(Works(), bench, database, 1000, lambda names: [NOTHING for _ in names])
    costs = medians(model, stage("a1"), stage("b1"), stage("c1"), stage("a1 b1", "c1"), stage("b1 c1", merged=True))
    each = (105.0 - (1.0 + 1.0 + 2.0 + 2.0 + 3.0)) / 5  # the sequence of a1, a2, b1, b2, c1 takes 105
    assert costs == pytest.approx([1.0 + each, 2.0 + each, 3.0 + each, 4.0 + 2 * each, math.inf])
    assert bench.plans == [["sequence", "a1", "a2", "b1", "b2", "c1"]]


def test_that_a_fork_at_the_very_start_is_charged(database: CostDatabase) -> None:
    stages = (stage("a1", "a2"), stage("a1", "b1"))
    assert medians(model_of(Bench(), database, 1000, Works()), *stages) == [1.5, 2.0]
    converts = Works(entry=work("entry").steps)
    assert medians(model_of(Bench(), database, 1000, converts), *stages) == [1.0, 2.0]


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch) -> FakeCupy:
    fake = FakeCupy()
    for module in (binding, capture, memory, modules, replay):
        monkeypatch.setattr(module, "load_cupy", lambda: fake)
    return fake


class Resolver(StepResolver):
    """Binds own kernels only."""

    def __init__(self, modules: KernelModules) -> None:
        self._modules = modules


def make_bench(database: CostDatabase, model_bytes: int, *works: Work) -> WorkBench:
    own = KernelModules((9, 0), database)
    own.load(step.kernel for work in works for step in work.steps if isinstance(step, KernelStep))
    return WorkBench(Resolver(own), Precision.FP16, StreamPool(), own, model_bytes)


def test_that_a_stage_is_repeated_behind_a_small_kernel_with_barriers_between(
    cupy: FakeCupy, database: CostDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    captured: list[list[capture.Branch]] = []
    original = capture.capture

    def spy(work: Sequence[capture.Branch], streams: StreamPool) -> capture.CapturedGraph:
        captured.append(list(work))
        return original(work, streams)

    monkeypatch.setattr(workbench, "capture", spy)
    monkeypatch.setattr(replay, "_SPIN_UP_S", 0.0)
    cupy.replay_us = lambda graph: 2.0 + (16 * 3.0 if graph == 1 else 0.0)  # the second graph is the head alone
    first, second = work("a", "a"), work("b", "b")
    cost = make_bench(database, 0, first, second).stage_cost([[first], [second]])
    assert cost.median_us == pytest.approx(3.0)
    head, *rest = captured[0]
    assert (head.stream, head.waits, len(head.enqueue)) == (0, (), 1)
    assert [branch.stream for branch in rest] == [0, 1] * 16
    assert [branch.waits for branch in rest[:6]] == [(0,), (0,), (1, 2), (1, 2), (3, 4), (3, 4)]


def test_that_work_that_starts_nothing_costs_nothing(cupy: FakeCupy, database: CostDatabase) -> None:
    assert make_bench(database, 0).stage_cost([[Work("view", (), {})]]).median_us == 0.0
    assert not [call for call in cupy.calls if call[0] == "begin"]


def test_that_each_repetition_has_weights_of_its_own_and_the_same_activations(cupy: FakeCupy) -> None:
    del cupy
    both = [work("a", weight=True), work("b", weight=True)]
    first, second = ScratchMemory().copies(both, 2)
    assert first("x") == second("x")
    assert first("a") == second("a") != first("b")
    places = [address(f"weight/{name}") for address in (first, second) for name in ("a", "b")]
    assert len(set(places)) == 4
    assert weight_bytes(both) == 2 * LAYOUT.size_bytes


def test_that_a_workspace_suffices_for_every_kernel_of_its_operator() -> None:
    small, large = (replace(work("a"), workspace_bytes=size) for size in (256, 4096))
    for order in ((small, large), (large, small)):
        assert buffer_sizes(order)["workspace/a"] == 4096


def test_that_buffers_of_plans_lie_where_an_arena_has_them(cupy: FakeCupy) -> None:
    del cupy
    works = [work("a", weight=True), work("b")]
    placed = {"a": ByteRange(256, 256), "b": ByteRange(256, 256), "x": ByteRange(0, 1), "other": ByteRange(1 << 40, 1)}
    address = ScratchMemory().addresses(works, placed)
    assert address("a") == address("b")
    assert len({address(name) for name in ("a", "x", "weight/a")}) == 3
    assert address("x") >= address("a") + 256  # its place is too small for it


@pytest.mark.parametrize("name", ["weight/places", "indices"])
def test_that_integers_in_scratch_memory_are_zeros_again_for_what_is_measured_next(cupy: FakeCupy, name: str) -> None:
    del cupy
    (step,) = work("a", weight=True).steps
    places = Region(name, 0, row_major((64,), DType.INT32))
    scratch, works = ScratchMemory(), [Work("a", (replace(step, reads=(*step.reads, places)),), {})]
    for ask in (lambda: scratch.addresses(works), lambda: scratch.copies(works, 2)[1]):
        ctypes.memset(ask()(name), 0xFF, LAYOUT.size_bytes)  # what kernels of another layout left there
        assert not any(ctypes.string_at(ask()(name), LAYOUT.size_bytes))


def test_that_as_much_is_read_before_a_replay_as_the_rest_of_the_model_has(
    cupy: FakeCupy, database: CostDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "_SPIN_UP_S", 0.0)
    sizes: list[int] = []
    original = workbench.read_block
    monkeypatch.setattr(workbench, "read_block", lambda size: sizes.append(size) or original(size))
    stage_work = work("a", "a", weight=True)
    make_bench(database, 64 << 20, stage_work).stage_cost([[stage_work]])
    assert sizes[0] == (64 << 20) - 16 * LAYOUT.size_bytes
    plan = StreamPlan("part", (Launch(("a",), 0),))
    make_bench(database, LAYOUT.size_bytes, stage_work).plan_costs([(plan, [stage_work], None)])
    assert min(sizes) == sizes[-1] == 4 << 20
    assert cupy.compiled


def test_that_plans_measured_in_turns_all_read_memory_that_is_still_there(
    cupy: FakeCupy, database: CostDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    del cupy
    monkeypatch.setattr(replay, "_SPIN_UP_S", 0.0)
    read: list[int] = []
    original = workbench.bind_kernel

    def spy(step: KernelStep, function: object, address: Callable[[str], int]) -> object:
        read.extend([address("block")] if step.kernel is READ else [])
        return original(step, function, address)

    monkeypatch.setattr(workbench, "bind_kernel", spy)
    heavy, light = work("a", weight=True), work("b")
    plans = [
        (StreamPlan("heavy", (Launch(("a",), 0),)), [heavy], None),
        (StreamPlan("light", (Launch(("b",), 0),)), [light], None),
    ]
    make_bench(database, 64 << 20, heavy, light).plan_costs(plans)
    assert len(read) >= 3
    assert len(set(read)) == 1


def test_that_the_runtimes_own_kernels_are_whole() -> None:
    for kernel in (HEAD, READ):
        assert kernel.name in kernel.code
        assert kernel.code.count("{") == kernel.code.count("}")
