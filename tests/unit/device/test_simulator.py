"""Hand-computed cases on a GPU of four SMs: dependency 1, launch interval 0.25, fork 0.5 microseconds."""

from __future__ import annotations

import time

import pytest

from warploom.device.simulated.description import GpuDescription
from warploom.device.simulated.load import Load
from warploom.device.simulated.simulator import Simulation, Task, alone_us, simulate

HALF_AN_SM = 51200
MOST_OF_AN_SM = 61440


def spans(simulation: Simulation) -> list[tuple[int, float, float]]:
    return sorted((run.task, pytest.approx(run.start_us), pytest.approx(run.end_us)) for run in simulation.kernels)


def test_that_one_kernel_takes_the_life_of_its_blocks(make_load, gpu: GpuDescription) -> None:
    played = simulate([Task((make_load(4, 5.0),))], gpu)
    assert spans(played) == [(0, 1.0, 6.0)]
    assert played.end_us == pytest.approx(6.0)
    (resident,) = played.residencies
    assert (resident.start_us, resident.end_us, resident.warps) == (1.0, 6.0, 4)


def test_that_blocks_beyond_the_slots_make_waves_and_a_tail(make_load, gpu: GpuDescription) -> None:
    # Two blocks an SM, eight on the GPU; 17 blocks: two full waves and a tail of one.
    load = make_load(17, 5.0, shared=HALF_AN_SM)
    assert load.blocks_per_sm == 2
    assert alone_us(load, gpu) == pytest.approx(15.0)
    played = simulate([Task((load,))], gpu)
    assert [resident.warps for resident in played.residencies] == [8, 8, 1]


def test_that_a_kernel_of_very_many_waves_takes_all_of_them(make_load, gpu: GpuDescription) -> None:
    load = make_load(8 * 1000, 5.0, shared=HALF_AN_SM)
    played = simulate([Task((load,))], gpu)
    assert alone_us(load, gpu) == pytest.approx(5000.0)
    assert len(played.residencies) < 60


def test_that_two_kernels_that_fit_run_side_by_side(make_load, gpu: GpuDescription) -> None:
    played = simulate([Task((make_load(2, 5.0),)), Task((make_load(2, 8.0),))], gpu)
    assert spans(played) == [(0, 1.0, 6.0), (1, 1.5, 9.5)]


def test_that_two_kernels_share_sms_where_both_fit_into_one(make_load, gpu: GpuDescription) -> None:
    one, other = make_load(4, 5.0, shared=HALF_AN_SM), make_load(4, 8.0, shared=HALF_AN_SM)
    assert spans(simulate([Task((one,)), Task((other,))], gpu)) == [(0, 1.0, 6.0), (1, 1.5, 9.5)]


def test_that_the_second_of_two_kernels_that_do_not_fit_waits_for_the_first(make_load, gpu: GpuDescription) -> None:
    # Together they would need 120 % of the shared memory of every SM, though the GPU as a whole has enough for some.
    one, other = make_load(4, 5.0, shared=MOST_OF_AN_SM), make_load(4, 8.0, shared=MOST_OF_AN_SM)
    assert spans(simulate([Task((one,)), Task((other,))], gpu)) == [(0, 1.0, 6.0), (1, 6.0, 14.0)]


def test_that_the_earlier_kernel_takes_its_slots_first_and_the_next_what_is_left(
    make_load, gpu: GpuDescription
) -> None:
    # Six blocks of the first on four SMs with room for eight: two slots are left for the second, the rest waits.
    first, second = make_load(6, 4.0, shared=HALF_AN_SM), make_load(4, 4.0, shared=HALF_AN_SM)
    played = simulate([Task((first,)), Task((second,))], gpu)
    assert spans(played) == [(0, 1.0, 5.0), (1, 1.5, 9.0)]
    assert [(r.task, r.start_us, r.warps) for r in played.residencies] == [(0, 1.0, 6), (1, 1.5, 2), (1, 5.0, 2)]


def test_that_blocks_share_the_throughput_of_their_sm(make_load, gpu: GpuDescription) -> None:
    # Each block alone keeps its SM busy for 4 of 5 us; two blocks an SM need 8 us.
    assert alone_us(make_load(4, 5.0, sm_us=4.0), gpu) == pytest.approx(5.0)
    assert alone_us(make_load(8, 5.0, sm_us=4.0), gpu) == pytest.approx(8.0)
    assert alone_us(make_load(5, 5.0, sm_us=4.0), gpu) == pytest.approx(8.0)  # one SM holds two of them


def test_that_kernels_that_want_more_than_the_sms_have_share_them_fairly(make_load, gpu: GpuDescription) -> None:
    # 4 x 1.0 and 4 x 0.2 of an SM are wanted: the modest one gets all of it, the other 0.8 of an SM a block until
    # the modest one (5 us, started 0.5 us later) is gone: 0.5 + 5 x 0.8 of 10 us are done at 6.5, 5.5 us remain.
    greedy, modest = make_load(4, 10.0, sm_us=10.0), make_load(4, 5.0, sm_us=1.0)
    assert spans(simulate([Task((greedy,)), Task((modest,))], gpu)) == [(0, 1.0, 12.0), (1, 1.5, 6.5)]


@pytest.mark.parametrize("path", ["l2_bytes", "dram_bytes"])
def test_that_a_kernel_bound_by_bandwidth_takes_bytes_over_bandwidth(path: str, make_load, gpu: GpuDescription) -> None:
    bandwidth = {"l2_bytes": gpu.l2_bytes_per_us, "dram_bytes": gpu.dram_bytes_per_us}[path]
    assert alone_us(make_load(4, 5.0, **{path: 20 * bandwidth}), gpu) == pytest.approx(20.0)
    assert alone_us(make_load(4, 5.0, **{path: 2 * bandwidth}), gpu) == pytest.approx(5.0)


def test_that_two_kernels_bound_by_dram_take_as_long_as_their_bytes_together(make_load, gpu: GpuDescription) -> None:
    # Each alone would need exactly the bandwidth for 5 us: 0.5 us alone, then half the pace.
    load = make_load(4, 5.0, dram_bytes=5 * gpu.dram_bytes_per_us)
    other = make_load(4, 5.0, dram_bytes=5 * gpu.dram_bytes_per_us)
    played = simulate([Task((load,)), Task((other,))], gpu)
    assert spans(played) == [(0, 1.0, 10.5), (1, 1.5, 11.0)]


def test_that_traffic_of_others_slows_a_kernel_before_the_bandwidth_is_used_up(make_load, gpu: GpuDescription) -> None:
    # The other kernel uses 0.2 of L2's bandwidth for as long as both run; nobody is at a limit.
    quiet, busy = make_load(1, 4.0), make_load(1, 40.0, l2_bytes=8 * gpu.l2_bytes_per_us)
    pace = 1 / (1 + 0.2 * gpu.loaded_latency)
    played = simulate([Task((busy,)), Task((quiet,))], gpu)
    assert spans(played) == [(0, 1.0, 41.0), (1, 1.5, 1.5 + 4.0 / pace)]


def test_that_kernels_of_a_task_follow_one_another_after_the_dependency_latency(make_load, gpu: GpuDescription) -> None:
    played = simulate([Task((make_load(1, 5.0), make_load(1, 2.0)))], gpu)
    assert [(run.start_us, run.end_us) for run in played.kernels] == [(1.0, 6.0), (7.0, 9.0)]


def test_that_a_fork_starts_its_branches_one_after_another_its_own_stream_first(make_load, gpu: GpuDescription) -> None:
    branch = make_load(1, 5.0)
    played = simulate([Task((branch,)), Task((branch,), (0,)), Task((branch,), (0,), follows=0)], gpu)
    assert spans(played) == [(0, 1.0, 6.0), (1, 7.5, 12.5), (2, 7.0, 12.0)]
    roots = simulate([Task((branch,))] * 3, gpu)
    assert spans(roots) == [(0, 1.0, 6.0), (1, 1.5, 6.5), (2, 2.0, 7.0)]


def test_that_kernels_start_at_least_a_launch_interval_apart(make_load, gpu: GpuDescription) -> None:
    load, later = make_load(1, 5.0), make_load(1, 4.5)
    tasks = [Task((load,)), Task((later,)), Task((load,), (0,)), Task((load,), (1,))]
    starts = {run.task: run.start_us for run in simulate(tasks, gpu).kernels}
    assert starts[2] == pytest.approx(7.0)
    assert starts[3] == pytest.approx(7.25)


def test_that_a_join_waits_for_its_last_edge_only(make_load, gpu: GpuDescription) -> None:
    branch, late = make_load(1, 5.0), make_load(1, 50.0)
    played = simulate([Task((branch,)), Task((late,)), Task((branch,), (0, 1))], gpu)
    assert played.kernels[-1].start_us == pytest.approx(1.5 + 50.0 + 1.0)


def test_that_a_kernel_made_for_it_starts_early_behind_another_such_on_its_stream(
    make_load, gpu: GpuDescription
) -> None:
    early, plain = make_load(1, 5.0, early=True), make_load(1, 5.0)

    def second_start(first: Load, second: Load, after: tuple[int, ...] = (0,), follows: int = 0) -> float:
        others = [Task((first,))] if len(after) < 2 else [Task((first,)), Task((plain,))]
        played = simulate([*others, Task((second,), after, follows)], gpu)
        return next(run.start_us for run in played.kernels if run.task == len(others))

    assert second_start(early, early) == pytest.approx(6.6)
    assert second_start(early, plain) == second_start(plain, early) == pytest.approx(7.0)
    assert second_start(early, early, follows=-1) == pytest.approx(7.0)
    assert second_start(early, early, after=(0, 1)) == pytest.approx(7.5)
    chain = simulate([Task((early, early))], gpu)
    assert chain.kernels[1].start_us == pytest.approx(6.6)
    through_nothing = simulate([Task((early,)), Task((), (0,), 0), Task((early,), (1,), 1)], gpu)
    assert through_nothing.kernels[1].start_us == pytest.approx(6.6)


def test_that_a_task_without_kernels_costs_nothing(make_load, gpu: GpuDescription) -> None:
    load = make_load(1, 5.0)
    played = simulate([Task((load,)), Task((), (0,)), Task((load,), (1,))], gpu)
    assert spans(played) == [(0, 1.0, 6.0), (2, 7.0, 12.0)]
    assert played.task_ends_us[1] == pytest.approx(6.0)
    assert simulate([], gpu).end_us == 0.0


def test_that_time_starts_where_it_is_told_to(make_load, gpu: GpuDescription) -> None:
    assert simulate([Task((make_load(1, 5.0),))], gpu, start_us=3.0).end_us == pytest.approx(9.0)


@pytest.fixture
def small_loads(make_load) -> list[Load]:
    return [make_load(n, 3.0 + n / 7, sm_us=1.0, l2_bytes=50.0 * n, shared=9000) for n in range(2, 8)]


def test_that_a_small_stage_is_simulated_in_200_microseconds(small_loads: list[Load], gpu: GpuDescription) -> None:
    tasks = [Task((small_loads[i], small_loads[-1 - i])) for i in range(3)]
    assert _fastest(lambda: simulate(tasks, gpu), 200) < 200e-6


def test_that_a_plan_of_1000_operators_is_simulated_in_100_milliseconds(
    small_loads: list[Load], gpu: GpuDescription
) -> None:
    tasks = [Task((small_loads[i % 6],), tuple({max(0, i - 4), max(0, i - 3)}) if i else ()) for i in range(1000)]
    assert len(simulate(tasks, gpu).kernels) == 1000
    assert _fastest(lambda: simulate(tasks, gpu), 3) < 0.1


def _fastest(function, repeats: int) -> float:
    """The least disturbed of several runs."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        function()
        best = min(best, time.process_time() - start)
    return best
