"""Timeline: columnar arrays of what ran when. Everything that displays or exports reads this and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.integer[Any]]
FloatArray = npt.NDArray[np.floating[Any]]

UNATTRIBUTED = -1
"""The row of a WarpSeries whose warps were sampled but belong to no stream for sure."""


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Kernels and copies that ran, ordered by start; all columns have length n.

    Attributes:
        launch: int32, index into the StreamPlan's launches (and `Timeline.launch_names`).
        stream: int32, stream of the plan, or a lane of `Timeline.lane_names`.
        kernel: int32, index into `Timeline.kernel_names`.
        start_ns: int64, relative to the timeline's start.
        end_ns: int64, >= start_ns.
        grid: int32 (n, 3), thread blocks.
        block: int32 (n, 3), threads per block.
        registers: int32, per thread.
        shared_memory_bytes: int32, static and dynamic, per block.
        copy_bytes: int64, what a copy moves; 0 for kernels.
    """

    launch: IntArray
    stream: IntArray
    kernel: IntArray
    start_ns: IntArray
    end_ns: IntArray
    grid: IntArray
    block: IntArray
    registers: IntArray
    shared_memory_bytes: IntArray
    copy_bytes: IntArray

    def __len__(self) -> int:
        return len(self.start_ns)


@dataclass(frozen=True, slots=True, eq=False)
class Counters:
    """Hardware counter samples: `values[k, i]` is counter `names[k]` over [start_ns[i], end_ns[i]).

    Names are NVIDIA's metrics: "sm__warps_active.sum", "sm__cycles_elapsed.avg", ...
    """

    names: tuple[str, ...]
    start_ns: IntArray
    end_ns: IntArray
    values: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class WarpSeries:
    """Active warps per stream as a step function.

    Attributes:
        streams: int32 (s,), stream of each row; `UNATTRIBUTED` where no stream can be named.
        edges_ns: int64 (m + 1,), ascending; step i lasts from edges_ns[i] to edges_ns[i + 1].
        warps: float64 (s, m), active warps of each stream on the whole device in each step.
    """

    streams: IntArray
    edges_ns: IntArray
    warps: FloatArray

    @property
    def total(self) -> FloatArray:
        """float64 (m,), active warps of all streams together."""
        return np.asarray(self.warps.sum(axis=0), dtype=np.float64)


WarpsFrom = Literal["samples", "model", "events"]
"""Where active warps come from: hardware samples, the residency of traced kernels, or times of whole stages."""


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """How a measured Timeline came about, and how far it can be trusted.

    Attributes:
        replay_ns: int64 (r,), length of each traced replay.
        shown: Which of them the Timeline shows (the median one).
        launch_start_ns: int64 (r, launches), start of each launch of the plan in each replay, relative to the start
            of that replay; -1 where a launch ran nothing.
        launch_end_ns: int64 (r, launches), likewise.
        unprofiled_us: Median latency in a process without a profiler; None where it was not measured.
        interval_ns: Time from one hardware sample to the next; None where nothing sampled.
        alignment_residual_ns: What is left between the clocks of spans and samples; None where nothing sampled.
        attribution_error: sum |modelled - sampled| / sum sampled of the active warps, before streams were made to add
            up to the samples; None where nothing sampled.
        unattributed: Share of the sampled warps that no stream was given; None where nothing sampled.
        skewed_launches: Launches of the first fork, whose starts tracing delays.
        warps_from: Where the active warps come from.
        note: One sentence on why it is less than a full measurement; "" where it is one.
    """

    replay_ns: IntArray
    shown: int
    launch_start_ns: IntArray
    launch_end_ns: IntArray
    unprofiled_us: float | None = None
    interval_ns: int | None = None
    alignment_residual_ns: float | None = None
    attribution_error: float | None = None
    unattributed: float | None = None
    skewed_launches: tuple[int, ...] = ()
    warps_from: WarpsFrom = "samples"
    note: str = ""

    @property
    def overhead(self) -> float | None:
        """Length of the shown replay over the latency without a profiler; None where either is not known."""
        if not self.unprofiled_us or not len(self.replay_ns):
            return None
        return float(self.replay_ns[self.shown]) / (self.unprofiled_us * 1e3)


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """What one execution of a StreamPlan did.

    Attributes:
        name: Name of the plan.
        device: Name of the device.
        simulated: Whether a model made it, not hardware.
        duration_ns: From the start of the execution (0) to its end, gaps included.
        launch_names: Name of each launch of the plan.
        kernel_names: Kernel names that `spans.kernel` indexes.
        spans: Kernels and copies.
        warps: Active warps per stream.
        counters: Hardware samples; None where nothing sampled.
        max_warps: Warps that the device can hold.
        estimated: Whether spans and warps were placed by what each kernel takes alone, because nothing traced them;
            the latency that they are fitted to may be measured all the same.
        profile: How it was measured; None for one that a model made.
        lane_names: Names of streams that are no streams of the plan: copies in and out.
    """

    name: str
    device: str
    simulated: bool
    duration_ns: int
    launch_names: tuple[str, ...]
    kernel_names: tuple[str, ...]
    spans: Spans
    warps: WarpSeries
    counters: Counters | None
    max_warps: int
    estimated: bool = False
    profile: Profile | None = None
    lane_names: tuple[tuple[int, str], ...] = ()

    @property
    def of_launches(self) -> npt.NDArray[np.bool_]:
        """Bool (n,), whether each span is its launch's own work: spans on a lane only name the launch next to them."""
        return ~np.isin(self.spans.stream, [stream for stream, _ in self.lane_names])

    def stream_name(self, stream: int) -> str:
        """What a stream is called: "stream 2", or the name of its lane."""
        if stream == UNATTRIBUTED:
            return "unattributed"
        return dict(self.lane_names).get(stream, f"stream {stream}")

    @property
    def basis(self) -> str:
        """How its spans came about: "simulated", "estimated" or "measured"."""
        if self.simulated:
            return "simulated"
        return "estimated" if self.estimated else "measured"
