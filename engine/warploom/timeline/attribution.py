"""Splits sampled active warps over the kernels that ran: what the GPU measures is device-wide, streams are not.

Each kernel's residency is modelled from its launch configuration (`residency`). Traced spans end a microsecond or two
after the last warp has left, and not every warp of a block stays to its end: how much, for each launch of a plan, is
learned from the other replays of it (`calibrate`), never from the replay that is shown. The samples of that replay are
then split in proportion to the model, so that the streams add up to what was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from warploom.timeline.residency import Launches, phases
from warploom.timeline.timeline import FloatArray, IntArray, WarpSeries

BoolArray = npt.NDArray[np.bool_]

WORST_ERROR = 0.2
"""Where the model misses the sampled warps by more than this share, it is not asked who they belong to."""

_DRAIN_STEP_NS = 125
_LONGEST_DRAIN_NS = 3000
_USUAL_DRAIN_NS = 1250
_SHORTEST_NS = 300.0
_ROUNDS, _STEPS = 4, 3  # of drains, and of levels between them
_LOWEST_LEVEL = 0.01
_NO_WARPS = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """One replay of a plan: when each kernel ran, and what was sampled meanwhile, on one clock.

    Attributes:
        start_ns: int64 (n,) of each kernel.
        end_ns: int64 (n,).
        sample_start_ns: int64 (m,), ascending.
        sample_end_ns: int64 (m,).
        warps: float64 (m,), mean active warps of the whole device in each sample.
    """

    start_ns: IntArray
    end_ns: IntArray
    sample_start_ns: IntArray
    sample_end_ns: IntArray
    warps: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What samples taught about each kernel of a plan.

    Attributes:
        level: float64 (n,), warps that were there, over the modelled ones.
        drain_ns: float64 (n,), from its last warp to the end of its span.
    """

    level: FloatArray
    drain_ns: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """Sampled warps, split.

    Attributes:
        warps: float64 (s, m), of each stream in each sample.
        unattributed: float64 (m,), of no stream for sure; with `warps` it adds up to the samples.
        error: sum |modelled - sampled| / sum sampled, before anything was made to add up.
        unattributed_share: Of all sampled warps.
    """

    warps: FloatArray
    unattributed: FloatArray
    error: float
    unattributed_share: float


def uncalibrated(launches: Launches, granted: FloatArray) -> Calibration:
    """What the model says alone: the granted share of its residency, to the end of the span."""
    return Calibration(np.asarray(granted, dtype=np.float64), np.zeros(len(launches)))


def calibrate(launches: Launches, replays: Sequence[Replay], granted: FloatArray) -> Calibration:
    """Learns levels and drains from replays, in turns.

    Drains by trying: each kernel's own that leaves the smallest squared difference from the samples. Levels by
    expectation maximization (Richardson 1972; Lucy 1974): what is sampled is shared among the kernels that run in
    proportion to what the model expects of each, so that kernels which always run together keep the modelled ratio.

    Args:
        launches: The kernels; each replay lists the same ones in the same order.
        replays: To learn from; without any, the model stands alone.
        granted: The share of its residency alone that each kernel gets beside the others.
    """
    start = uncalibrated(launches, granted)
    if not replays or not len(launches):
        return start
    drains = np.arange(0, _LONGEST_DRAIN_NS + 1, _DRAIN_STEP_NS, dtype=np.float64)
    fits = [_Fit(launches, replay, drains) for replay in replays]
    levels, chosen = start.level.copy(), np.full(len(launches), _USUAL_DRAIN_NS // _DRAIN_STEP_NS)
    for fit in fits:
        fit.draw(levels, chosen)
    for _ in range(_ROUNDS):
        for _ in range(_STEPS):
            levels = _better_levels(fits, levels, chosen)
        for kernel in range(len(launches)):
            chosen[kernel] = _best_drain(kernel, fits, levels[kernel], int(chosen[kernel]))
    for _ in range(_STEPS):
        levels = _better_levels(fits, levels, chosen)
    return Calibration(levels, drains[chosen])


def modelled_steps(
    launches: Launches, start_ns: IntArray, end_ns: IntArray, stream: IntArray, streams: int, calibration: Calibration
) -> WarpSeries:
    """Warps that the model expects of each stream, as steps in time.

    Args:
        launches: The kernels.
        start_ns: (n,) of each.
        end_ns: (n,) of each.
        stream: (n,) row of each.
        streams: Rows.
        calibration: Of the kernels.
    """
    full, level, tail = phases(launches)
    level, tail = level * calibration.level, tail * calibration.level
    start = start_ns.astype(np.float64)
    end = np.maximum(end_ns - calibration.drain_ns, np.minimum(end_ns, start + _SHORTEST_NS))
    turn = start + full * (end - start)
    times = np.concatenate((start, turn, end))
    changes = np.concatenate((np.where(full > 0, level, tail), np.where(full > 0, tail - level, 0.0), -tail))
    edges, position = np.unique(np.rint(times).astype(np.int64), return_inverse=True)
    table = np.zeros((streams, max(len(edges), 1)))
    np.add.at(table, (np.tile(stream, 3), position), changes)
    return WarpSeries(np.arange(streams), edges, np.maximum(np.cumsum(table, axis=1)[:, :-1], 0.0))


def mean_in(series: WarpSeries, start_ns: IntArray, end_ns: IntArray) -> FloatArray:
    """Mean of each row of a series over each window, float64 (rows, windows); 0 outside the series."""
    if not len(series.edges_ns):
        return np.zeros((len(series.streams), len(start_ns)))
    edges = series.edges_ns.astype(np.float64)
    areas = np.cumsum(series.warps * np.diff(edges), axis=1)
    areas = np.concatenate((np.zeros((len(areas), 1)), areas), axis=1)
    width = np.maximum(end_ns - start_ns, 1)
    rows = [(np.interp(end_ns, edges, row) - np.interp(start_ns, edges, row)) / width for row in areas]
    return np.array(rows).reshape(len(rows), len(start_ns))


def modelled_warps(
    launches: Launches, replay: Replay, calibration: Calibration, stream: IntArray, streams: int
) -> FloatArray:
    """Warps that the model expects of each stream in each sample, float64 (streams, m)."""
    steps = modelled_steps(launches, replay.start_ns, replay.end_ns, stream, streams, calibration)
    return mean_in(steps, replay.sample_start_ns, replay.sample_end_ns)


def attribute(replay: Replay, modelled: FloatArray, running: BoolArray) -> Attribution:
    """Splits the samples of a replay.

    A sample is given to the streams in proportion to `modelled`. Where the model misses it by more than `WORST_ERROR`,
    it is given to nobody, unless one stream alone ran: then there is no doubt whose warps they are.

    Args:
        replay: The samples.
        modelled: (s, m) warps that the model expects of each stream.
        running: bool (s, m), whether a kernel of the stream ran at any time of the sample.
    """
    sampled, total = replay.warps, modelled.sum(axis=0)
    missed = np.abs(total - sampled)
    alone = running.sum(axis=0) == 1
    believed = (missed <= WORST_ERROR * sampled) & (total > _NO_WARPS)
    shares = np.where(believed, modelled / np.maximum(total, _NO_WARPS), 0.0)
    shares = np.where(alone, running, shares)
    warps = shares * sampled
    unattributed = np.where(alone | believed, 0.0, sampled)
    length = (replay.sample_end_ns - replay.sample_start_ns).astype(np.float64)
    whole = float((sampled * length).sum())
    if whole <= 0:
        return Attribution(warps, unattributed, 0.0, 0.0)
    return Attribution(
        warps, unattributed, float((missed * length).sum()) / whole, float((unattributed * length).sum()) / whole
    )


def running_streams(replay: Replay, stream: IntArray, streams: int) -> BoolArray:
    """Whether a kernel of each stream ran at any time of each sample, bool (streams, m)."""
    count = len(replay.warps)
    first = np.searchsorted(replay.sample_end_ns, replay.start_ns, side="right")
    last = np.searchsorted(replay.sample_start_ns, replay.end_ns, side="left")
    change = np.zeros((streams, count + 1), dtype=np.int64)
    np.add.at(change, (stream, np.minimum(first, count)), 1)
    np.add.at(change, (stream, np.clip(last, first, count)), -1)
    return np.asarray(np.cumsum(change, axis=1)[:, :-1] > 0)


class _Fit:
    """One replay while levels and drains are sought, and what the model draws of its samples so far."""

    def __init__(self, launches: Launches, replay: Replay, drains: FloatArray) -> None:
        self.sampled = replay.warps.astype(np.float64)
        self.drawn = np.zeros(len(replay.warps))
        self.parts = [_shape(launches, replay, kernel, drains) for kernel in range(len(launches))]

    def add(self, kernel: int, level: float, drain: int) -> None:
        window, shape = self.parts[kernel]
        self.drawn[window] += level * shape[drain]

    def draw(self, levels: FloatArray, drains: IntArray) -> None:
        self.drawn[:] = 0.0
        for kernel in range(len(levels)):
            self.add(kernel, levels[kernel], drains[kernel])


def _better_levels(fits: Sequence[_Fit], levels: FloatArray, chosen: IntArray) -> FloatArray:
    """One step of expectation maximization; draws the result."""
    got, expected = np.zeros(len(levels)), np.zeros(len(levels))
    for fit in fits:
        ratio = fit.sampled / np.maximum(fit.drawn, _NO_WARPS)
        for kernel, (window, shape) in enumerate(fit.parts):
            own = shape[chosen[kernel]]
            got[kernel] += own @ ratio[window]
            expected[kernel] += own.sum()
    factor = np.where(expected > 0, got / np.maximum(expected, _NO_WARPS), 1.0)
    better = np.clip(levels * factor, _LOWEST_LEVEL, 1.0)
    for fit in fits:
        fit.draw(better, chosen)
    return np.asarray(better)


def _best_drain(kernel: int, fits: Sequence[_Fit], level: float, now: int) -> int:
    """The drain of one kernel that leaves the smallest squared difference; draws it."""
    loss = 0.0
    for fit in fits:
        window, shape = fit.parts[kernel]
        rest = fit.sampled[window] - fit.drawn[window] + level * shape[now]
        loss = loss + np.square(rest - level * shape).sum(axis=1)
    best = int(np.argmin(loss))
    for fit in fits:
        fit.add(kernel, -level, now)
        fit.add(kernel, level, best)
    return best


def _shape(launches: Launches, replay: Replay, kernel: int, drains: FloatArray) -> tuple[slice, FloatArray]:
    """The samples that a kernel touches, and its mean warps in each, for each of some drains: (d, samples)."""
    start, end = float(replay.start_ns[kernel]), float(replay.end_ns[kernel])
    first = int(np.searchsorted(replay.sample_end_ns, start, side="right"))
    last = max(first, int(np.searchsorted(replay.sample_start_ns, end, side="left")))
    left = replay.sample_start_ns[first:last].astype(np.float64)
    right = replay.sample_end_ns[first:last].astype(np.float64)
    full, level, tail = (float(values[0]) for values in phases(_one(launches, kernel)))
    ends = np.maximum(end - drains, min(end, start + _SHORTEST_NS))[:, np.newaxis]
    turn = start + full * (ends - start)
    early = np.clip(np.minimum(right, turn) - np.maximum(left, start), 0.0, None)
    late = np.clip(np.minimum(right, ends) - np.maximum(left, turn), 0.0, None)
    return slice(first, last), (early * level + late * tail) / np.maximum(right - left, 1.0)


def _one(launches: Launches, kernel: int) -> Launches:
    chosen = slice(kernel, kernel + 1)
    return Launches(launches.blocks[chosen], launches.warps[chosen], launches.room[chosen])
