"""Divides the time of a timeline among its launches and stages, so that the parts add up to the whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warploom.timeline.statistics import busy_between, launch_windows, warps_between
from warploom.timeline.timeline import FloatArray, IntArray, Timeline


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """What each launch adds to the time that has passed; all arrays have one entry per launch of the plan.

    A launch's slice lasts from the end of whichever launch ended before it to its own end: in a sequence that is its
    duration and the gap before it; of launches side by side, only the last one adds what it takes longer. Slices do
    not overlap, and add up to the end of the last launch. Launches without spans have an empty slice at 0.

    Attributes:
        start_ns: Start of the slice.
        end_ns: End of the slice: the end of the launch.
        idle_ns: Part of the slice in which nothing ran.
        warp_ns: Integral of the device's active warps over the slice.
        duration_ns: Of the launch itself, from its first start to its last end.
    """

    start_ns: IntArray
    end_ns: IntArray
    idle_ns: FloatArray
    warp_ns: FloatArray
    duration_ns: IntArray

    @property
    def length_ns(self) -> IntArray:
        """Length of each slice."""
        return self.end_ns - self.start_ns


def progress(timeline: Timeline) -> Progress:
    """The slices of a timeline's launches."""
    first, last = launch_windows(timeline)
    ran = np.flatnonzero(last >= 0)
    order = ran[np.lexsort((first[ran], last[ran]))]
    start, end = np.zeros(len(last), dtype=np.int64), np.zeros(len(last), dtype=np.int64)
    end[order] = last[order]
    start[order[1:]] = last[order[:-1]]
    length = end - start
    return Progress(
        start_ns=start,
        end_ns=end,
        idle_ns=length - busy_between(timeline.spans, start, end),
        warp_ns=warps_between(timeline.warps, start, end) * length,
        duration_ns=np.where(last >= 0, last - first, 0),
    )


def stage_numbers(timeline: Timeline, stages: IntArray) -> IntArray:
    """The stage of each launch; for a plan without stages, the episode that it belongs to.

    An episode lasts from one moment at which no launch is under way to the next: what a barrier-free schedule has
    instead of stages. A launch that ran nothing (a view) belongs where the launch before it in the plan does.

    Args:
        timeline: What ran.
        stages: Stage of each launch by the plan, -1 where it has none.
    """
    if not len(stages) or bool((stages >= 0).all()):
        return stages
    first, last = launch_windows(timeline)
    ran = np.flatnonzero(last >= 0)
    order = ran[np.argsort(first[ran], kind="stable")]
    reached = np.concatenate(([-1], np.maximum.accumulate(last[order])))[: len(order)]
    numbers = np.zeros(len(stages), dtype=np.int64)
    numbers[order] = np.cumsum(first[order] >= reached) - 1
    latest = np.maximum.accumulate(np.where(last >= 0, np.arange(len(stages)), -1))
    return np.where(latest >= 0, numbers[latest], 0)
