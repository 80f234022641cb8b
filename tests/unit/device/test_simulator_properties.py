"""What holds for every plan: no faster than its longest chain, than the hardware's roofs, or than it has room."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warploom.device.simulated.description import GpuDescription
from warploom.device.simulated.load import Load
from warploom.device.simulated.simulator import Task, alone_us, simulate

_ROUNDING = 1e-6

kernels = st.fixed_dictionaries(
    {
        "blocks": st.integers(1, 60),
        "latency_us": st.floats(0.1, 20.0),
        "threads": st.sampled_from([32, 64, 256, 1024]),
        "shared": st.sampled_from([0, 5000, 40000, 60000, 102400]),
        "sm_us": st.floats(0.0, 10.0),
        "l2_bytes": st.floats(0.0, 20000.0),
        "dram_bytes": st.floats(0.0, 5000.0),
        "early": st.booleans(),
    }
)


@st.composite
def plans(draw: st.DrawFn) -> list[tuple[list[int], tuple[int, ...]]]:
    """Tasks: which kernels (by index) and which earlier tasks they follow."""
    tasks = []
    for i in range(draw(st.integers(1, 9))):
        after = draw(st.sets(st.integers(0, i - 1), max_size=3)) if i else set()
        tasks.append((draw(st.lists(st.integers(0, 3), max_size=3)), tuple(sorted(after))))
    return tasks


relaxed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def build(make_load):
    def make(shapes, plan) -> list[Task]:
        loads = [make_load(**shape) for shape in shapes]
        return [Task(tuple(loads[i] for i in chosen), after, follows=max(after, default=-1)) for chosen, after in plan]

    return make


shapes = st.lists(kernels, min_size=4, max_size=4)


@relaxed
@given(shapes=shapes, plan=plans())
def test_that_a_plan_is_never_faster_than_its_longest_chain(shapes, plan, build, gpu: GpuDescription) -> None:
    tasks = build(shapes, plan)
    ends: list[float] = []
    for task in tasks:
        start = max((ends[i] for i in task.after), default=0.0)
        ends.append(start + sum(_gap(load, gpu) + load.duration_us * _waves(load, gpu) for load in task.loads))
    assert simulate(tasks, gpu).end_us >= max(ends) - _ROUNDING


def _gap(load: Load, gpu: GpuDescription) -> float:
    return gpu.dependency_us - (gpu.early_us if load.early else 0.0)


def _waves(load: Load, gpu: GpuDescription) -> int:
    return -(-load.blocks // (gpu.sm_count * load.blocks_per_sm))


@relaxed
@given(shapes=shapes, plan=plans())
def test_that_a_plan_is_never_faster_than_the_roofs(shapes, plan, build, gpu: GpuDescription) -> None:
    tasks = build(shapes, plan)
    loads = [load for task in tasks for load in task.loads]
    end = simulate(tasks, gpu).end_us
    assert end >= sum(load.kernel.sm_us * load.blocks for load in loads) / gpu.sm_count - _ROUNDING
    assert end >= sum(load.kernel.l2_bytes for load in loads) / gpu.l2_bytes_per_us - _ROUNDING
    assert end >= sum(load.kernel.dram_bytes for load in loads) / gpu.dram_bytes_per_us - _ROUNDING
    starts = sum(1 for _ in loads) - 1
    assert end >= starts * gpu.launch_interval_us - _ROUNDING


@relaxed
@given(shapes=shapes, plan=plans())
def test_that_everything_runs_once_in_order_and_within_the_room_there_is(
    shapes, plan, build, gpu: GpuDescription
) -> None:
    tasks = build(shapes, plan)
    played = simulate(tasks, gpu)
    assert len(played.kernels) == sum(len(task.loads) for task in tasks)
    for i, task in enumerate(tasks):
        runs = [run for run in played.kernels if run.task == i]
        assert [run.load for run in runs] == list(task.loads)
        released = max((played.task_ends_us[j] for j in task.after), default=0.0)
        for before, after in itertools.pairwise([released, *(t for run in runs for t in (run.start_us, run.end_us))]):
            assert after >= before
        late = gpu.fork_us * len(tasks)  # what a fork holds back its last successor
        assert played.task_ends_us[i] == (runs[-1].end_us if runs else pytest.approx(released, abs=late))
    edges = sorted({t for one in played.residencies for t in (one.start_us, one.end_us)})
    for edge in edges:
        active = sum(one.warps for one in played.residencies if one.start_us <= edge < one.end_us)
        assert active <= gpu.sm_count * gpu.warps_per_sm


@relaxed
@given(shapes=shapes, plan=plans())
def test_that_the_same_plan_gives_the_same_result(shapes, plan, build, gpu: GpuDescription) -> None:
    tasks = build(shapes, plan)
    assert simulate(tasks, gpu) == simulate(tasks, gpu)


@relaxed
@given(shape=kernels, more=st.floats(1.0, 3.0))
def test_that_a_kernel_alone_is_never_faster_for_needing_more(
    shape, more: float, make_load, gpu: GpuDescription
) -> None:
    alone = alone_us(make_load(**shape), gpu)
    for need in ("latency_us", "sm_us", "l2_bytes", "dram_bytes"):
        assert alone_us(make_load(**{**shape, need: shape[need] * more}), gpu) >= alone - _ROUNDING


@relaxed
@given(shapes=shapes, chosen=st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_that_a_chain_takes_the_sum_of_its_kernels(shapes, chosen: list[int], make_load, gpu: GpuDescription) -> None:
    loads = [make_load(**shape) for shape in shapes]
    chain = simulate([Task(tuple(loads[i] for i in chosen))], gpu)
    early = sum(loads[i].early and loads[j].early for i, j in itertools.pairwise(chosen))
    expected = sum(gpu.dependency_us + alone_us(loads[i], gpu) for i in chosen) - early * gpu.early_us
    assert chain.end_us == pytest.approx(expected)
