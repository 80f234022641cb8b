"""Plays a StreamPlan on the simulated GPU and draws up its Timeline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from warploom.device.simulated.description import GpuDescription
from warploom.device.simulated.loads import Loads
from warploom.device.simulated.simulator import KernelRun, Residency, Simulation, Task, alone_us, simulate
from warploom.schedule import StreamPlan
from warploom.timeline.timeline import Spans, Timeline, WarpSeries


def play_plan(plan: StreamPlan, loads: Sequence[Loads], entry: Loads, gpu: GpuDescription) -> Simulation:
    """Simulates a plan as one CUDA graph.

    Args:
        plan: The plan.
        loads: The kernels of each launch.
        entry: The kernels that run before all of them.
        gpu: The GPU.
    """
    tasks = []
    last: dict[int, int] = {}
    for i, (launch, kernels, after) in enumerate(zip(plan.launches, loads, plan.dependencies(), strict=True)):
        tasks.append(Task(kernels, after, last.get(launch.stream, -1)))
        last[launch.stream] = i
    begun = gpu.graph_launch_us + sum(gpu.dependency_us + alone_us(load, gpu) for load in entry)
    return simulate(tasks, gpu, start_us=begun)


def draw_timeline(plan: StreamPlan, simulation: Simulation, gpu: GpuDescription) -> Timeline:
    """The Timeline of a simulated plan; time 0 is the launch of the graph."""
    streams = [launch.stream for launch in plan.launches]
    runs = sorted(simulation.kernels, key=lambda run: (run.start_us, run.task))
    names = tuple(dict.fromkeys(run.load.kernel.name for run in runs))
    return Timeline(
        name=plan.name,
        device=gpu.name,
        simulated=True,
        duration_ns=_nanoseconds(simulation.end_us),
        launch_names=tuple(launch.name for launch in plan.launches),
        kernel_names=names,
        spans=_spans(runs, streams, names),
        warps=_warps(simulation.residencies, streams, plan.streams, _nanoseconds(simulation.end_us)),
        counters=None,
        max_warps=gpu.sm_count * gpu.warps_per_sm,
    )


def _nanoseconds(microseconds: float) -> int:
    return round(microseconds * 1e3)


def _spans(runs: Sequence[KernelRun], streams: Sequence[int], names: Sequence[str]) -> Spans:
    index = {name: i for i, name in enumerate(names)}
    kernels = [run.load.kernel for run in runs]
    return Spans(
        launch=np.array([run.task for run in runs], dtype=np.int32),
        stream=np.array([streams[run.task] for run in runs], dtype=np.int32),
        kernel=np.array([index[kernel.name] for kernel in kernels], dtype=np.int32),
        start_ns=np.array([_nanoseconds(run.start_us) for run in runs], dtype=np.int64),
        end_ns=np.array([_nanoseconds(run.end_us) for run in runs], dtype=np.int64),
        grid=np.array([kernel.grid for kernel in kernels], dtype=np.int32).reshape(-1, 3),
        block=np.array([kernel.block for kernel in kernels], dtype=np.int32).reshape(-1, 3),
        registers=np.array([kernel.registers for kernel in kernels], dtype=np.int32),
        shared_memory_bytes=np.array([kernel.shared_memory_bytes for kernel in kernels], dtype=np.int32),
        copy_bytes=np.zeros(len(runs), dtype=np.int64),
    )


def _warps(residencies: Sequence[Residency], streams: Sequence[int], count: int, duration_ns: int) -> WarpSeries:
    """Exact: warps change only where blocks start or end."""
    starts = np.array([_nanoseconds(one.start_us) for one in residencies], dtype=np.int64)
    ends = np.array([_nanoseconds(one.end_us) for one in residencies], dtype=np.int64)
    edges = np.unique(np.concatenate((starts, ends, np.array([0, duration_ns], dtype=np.int64))))
    change = np.zeros((count, len(edges)), dtype=np.int64)
    rows = np.array([streams[one.task] for one in residencies], dtype=np.int64)
    warps = np.array([one.warps for one in residencies], dtype=np.int64)
    np.add.at(change, (rows, np.searchsorted(edges, starts)), warps)
    np.add.at(change, (rows, np.searchsorted(edges, ends)), -warps)
    return WarpSeries(
        streams=np.arange(count, dtype=np.int32),
        edges_ns=edges,
        warps=np.cumsum(change, axis=1)[:, :-1].astype(np.float64),
    )
