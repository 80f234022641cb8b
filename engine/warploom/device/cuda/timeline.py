"""Draws the Timeline of a plan from what its kernels take alone: an estimate, and named so, until they are traced.

Kernels follow each other as streams and waits say, each as long as it takes alone; the whole is then stretched or
squeezed to the latency that was measured, so that contention and gaps are spread evenly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from warploom.device.cuda.graph_nodes import GraphKernel
from warploom.device.cuda.memory_plan import ENTRY, Work, ordered_after
from warploom.device.cuda.solo import SoloStep, SoloTimes
from warploom.device.protocol import DeviceInfo
from warploom.graph import Precision
from warploom.schedule import StreamPlan
from warploom.timeline.timeline import Spans, Timeline, WarpSeries

_WARP = 32
_MOST_BLOCKS_PER_SM = 32
_REGISTERS_PER_SM = 65536
_REGISTERS_AT_ONCE = 256  # registers are given to a warp in such multiples


@dataclass(frozen=True, slots=True)
class _Span:
    """One kernel placed in time, microseconds."""

    launch: int
    stream: int
    kernel: GraphKernel
    start: float
    end: float


def draw_timeline(
    plan: StreamPlan, works: Sequence[Work], precision: Precision, solo: SoloTimes, info: DeviceInfo, latency_us: float
) -> Timeline:
    """The estimated Timeline of one execution.

    Args:
        plan: The plan.
        works: Of the entry and of each launch.
        precision: The arithmetic.
        solo: Measures steps alone.
        info: The device.
        latency_us: What one execution takes.
    """
    return draw_estimate(plan, [solo.of(work.steps, precision) for work in works], info, latency_us)


def draw_estimate(
    plan: StreamPlan, alone: Sequence[Sequence[SoloStep]], info: DeviceInfo, latency_us: float
) -> Timeline:
    """The estimated Timeline of one execution, from what the steps of the entry and of each launch take alone."""
    spans, end = place_spans(plan, alone)
    factor = latency_us / end if end else 0.0
    duration = round(latency_us * 1e3)
    ordered = sorted(spans, key=lambda span: (span.start, span.launch))
    names = tuple(dict.fromkeys(f"{span.kernel.name} (estimated)" for span in ordered))
    columns = _columns(ordered, names, factor * 1e3, duration)
    return Timeline(
        name=plan.name,
        device=info.name,
        simulated=False,
        duration_ns=duration,
        launch_names=tuple(launch.name for launch in plan.launches),
        kernel_names=names,
        spans=columns,
        warps=_warps(columns, ordered, plan.streams, duration, info),
        counters=None,
        max_warps=info.max_warps,
        estimated=True,
    )


def place_spans(plan: StreamPlan, alone: Sequence[Sequence[SoloStep]]) -> tuple[list[_Span], float]:
    """Kernels in time as the plan orders them, and the end of it all; the entry takes time but has no spans."""
    ends: list[float] = []
    spans: list[_Span] = []
    for i, (steps, before) in enumerate(zip(alone, ordered_after(plan), strict=True)):
        time = max((ends[j] for j in before), default=0.0)
        for step in steps:
            part = step.latency_us / max(1, len(step.kernels))
            for kernel in step.kernels:
                if i != ENTRY:
                    spans.append(_Span(i - 1, plan.launches[i - 1].stream, kernel, time, time + part))
                time += part
        ends.append(time)
    return spans, max(ends, default=0.0)


def blocks_per_sm(kernel: GraphKernel, info: DeviceInfo) -> int:
    """Blocks of a kernel that fit onto one SM, threads and registers considered; at least one, since it ran."""
    warps = _warps_of(kernel)
    registers = -(-kernel.registers * _WARP // _REGISTERS_AT_ONCE) * _REGISTERS_AT_ONCE * warps
    by_registers = _REGISTERS_PER_SM // registers if registers else _MOST_BLOCKS_PER_SM
    return max(1, min(info.warps_per_sm // warps, by_registers, _MOST_BLOCKS_PER_SM))


def resident_warps(kernel: GraphKernel, info: DeviceInfo) -> float:
    """Warps of a kernel that the device holds at once."""
    blocks = min(math.prod(kernel.grid), blocks_per_sm(kernel, info) * info.sm_count)
    return float(blocks * _warps_of(kernel))


def _warps_of(kernel: GraphKernel) -> int:
    return max(1, -(-math.prod(kernel.block) // _WARP))


def _columns(spans: Sequence[_Span], names: Sequence[str], scale: float, duration: int) -> Spans:
    index = {name: i for i, name in enumerate(names)}
    kernels = [span.kernel for span in spans]
    starts = np.array([min(round(span.start * scale), duration) for span in spans], dtype=np.int64)
    ends = np.array([min(round(span.end * scale), duration) for span in spans], dtype=np.int64)
    return Spans(
        launch=np.array([span.launch for span in spans], dtype=np.int32),
        stream=np.array([span.stream for span in spans], dtype=np.int32),
        kernel=np.array([index[f"{kernel.name} (estimated)"] for kernel in kernels], dtype=np.int32),
        start_ns=starts,
        end_ns=np.maximum(starts, ends),
        grid=np.array([kernel.grid for kernel in kernels], dtype=np.int32).reshape(-1, 3),
        block=np.array([kernel.block for kernel in kernels], dtype=np.int32).reshape(-1, 3),
        registers=np.array([kernel.registers for kernel in kernels], dtype=np.int32),
        shared_memory_bytes=np.array([kernel.shared_memory_bytes for kernel in kernels], dtype=np.int32),
        copy_bytes=np.zeros(len(spans), dtype=np.int64),
    )


def _warps(columns: Spans, spans: Sequence[_Span], streams: int, duration: int, info: DeviceInfo) -> WarpSeries:
    """Resident warps per stream; where kernels side by side want more than there are, each gets its share."""
    bounds = np.array([0, duration], dtype=np.int64)
    edges = np.unique(np.concatenate((columns.start_ns, columns.end_ns, bounds)))
    change = np.zeros((streams, len(edges)), dtype=np.float64)
    warps = np.array([resident_warps(span.kernel, info) for span in spans], dtype=np.float64)
    np.add.at(change, (columns.stream, np.searchsorted(edges, columns.start_ns)), warps)
    np.add.at(change, (columns.stream, np.searchsorted(edges, columns.end_ns)), -warps)
    wanted = np.maximum(np.cumsum(change, axis=1)[:, :-1], 0.0)
    total = np.maximum(wanted.sum(axis=0), 1.0)
    shares = wanted * np.minimum(1.0, info.max_warps / total)
    return WarpSeries(streams=np.arange(streams, dtype=np.int32), edges_ns=edges, warps=shares)
