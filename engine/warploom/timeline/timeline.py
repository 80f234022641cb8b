"""Timeline: columnar arrays of what ran when. Everything that displays or exports reads this and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.integer[Any]]
FloatArray = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Kernels and copies that ran, ordered by start; all columns have length n.

    Attributes:
        launch: int32, index into the StreamPlan's launches (and `Timeline.launch_names`).
        stream: int32, stream of the plan.
        kernel: int32, index into `Timeline.kernel_names`.
        start_ns: int64, relative to the timeline's start.
        end_ns: int64, >= start_ns.
        grid: int32 (n, 3), thread blocks.
        block: int32 (n, 3), threads per block.
        registers: int32, per thread.
        shared_memory_bytes: int32, static and dynamic, per block.
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

    def __len__(self) -> int:
        return len(self.start_ns)


@dataclass(frozen=True, slots=True, eq=False)
class Counters:
    """Hardware counter samples: `values[k, i]` is counter `names[k]` over [start_ns[i], end_ns[i])."""

    names: tuple[str, ...]
    start_ns: IntArray
    end_ns: IntArray
    values: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class WarpSeries:
    """Active warps per stream as a step function.

    Attributes:
        streams: int32 (s,), stream of each row.
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

    @property
    def basis(self) -> str:
        """How its spans came about: "simulated", "estimated" or "measured"."""
        if self.simulated:
            return "simulated"
        return "estimated" if self.estimated else "measured"
