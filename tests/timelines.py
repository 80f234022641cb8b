"""Timelines made up for the tests: measured ones with everything that a recording may hold, and very large ones."""

from __future__ import annotations

import numpy as np

from warploom.timeline import UNATTRIBUTED, Counters, Profile, Spans, Timeline, WarpSeries
from warploom_app.presenters.links import Links
from warploom_app.presenters.track import Track, make_track

COUNTERS = ("sm__warps_active.sum", "sm__cycles_elapsed.avg", "dram__bytes_read.sum", "sm__inst_issued.avg.pct_of_peak")


def spans_of(rows: np.ndarray, copies: np.ndarray | None = None) -> Spans:
    """`rows`: (stream, start, end), one launch each, ordered by start; `copies`: bytes of each."""
    count = len(rows)
    one, zero = np.ones((count, 3), dtype=np.int32), np.zeros(count, dtype=np.int32)
    moved = copies if copies is not None else np.zeros(count, dtype=np.int64)
    return Spans(np.arange(count), rows[:, 0], zero, rows[:, 1], rows[:, 2], one, one, zero + 32, zero, moved)


def counters_of(samples: int, duration_ns: int, missing: bool = True) -> Counters:
    """Four counters in samples of equal length; every hundredth sample of the last one is missing."""
    edges = np.linspace(0, duration_ns, samples + 1).astype(np.int64)
    wave = np.sin(np.linspace(0, 40, samples))
    values = np.stack((3000 + 2000 * wave, np.full(samples, 1.0), 900 * (wave + 1.1), 50 + 40 * wave)).astype(float)
    values[0] *= np.diff(edges)
    values[1] *= np.diff(edges)
    values[2] *= np.diff(edges)
    if missing:
        values[3, ::100] = np.nan
    return Counters(COUNTERS, edges[:-1], edges[1:], values)


def large_timeline(spans: int, samples: int = 0, streams: int = 4, seed: int = 1) -> Timeline:
    """Short kernels on some streams, back to back with gaps."""
    random = np.random.default_rng(seed)
    per_stream = spans // streams
    parts = []
    for stream in range(streams):
        lengths, gaps = random.integers(800, 5000, per_stream), random.integers(0, 900, per_stream)
        start = np.cumsum(lengths + gaps) - lengths
        parts.append(np.stack([np.full(per_stream, stream), start, start + lengths], axis=1))
    rows = np.concatenate(parts)
    rows = rows[np.argsort(rows[:, 1], kind="stable")]
    duration = int(rows[:, 2].max())
    edges = np.linspace(0, duration, (samples or 2 * spans) + 1).astype(np.int64)
    warps = random.uniform(0, 2000, (streams, len(edges) - 1))
    names = tuple(f"op{i}" for i in range(len(rows)))
    series = WarpSeries(np.arange(streams), edges, warps)
    counters = counters_of(samples, duration) if samples else None
    return Timeline("large", "GPU", False, duration, names, ("k",), spans_of(rows), series, counters, 8448)


def track_of(timeline: Timeline, name: str = "plan", title: str = "Plan", **more: object) -> Track:
    """A track whose launches are called as in the timeline, each an operator of its own."""
    names = timeline.launch_names
    kinds = ["conv" if i % 3 else "pool" for i in range(len(names))]
    return make_track(name, title, timeline, [(one,) for one in names], names, kinds=kinds, **more)  # type: ignore[arg-type]


def measured_timeline() -> Timeline:
    """A small measured one: two streams, copies, a skewed fork, warps in no stream, counters."""
    rows = np.array(
        [
            (2, 0, 9_000),
            (0, 10_000, 40_000),
            (1, 44_000, 74_000),
            (0, 42_000, 60_000),
            (0, 80_000, 80_000),
            (0, 82_000, 100_000),
            (3, 100_500, 110_000),
        ]
    )
    copies = np.array([150_528, 0, 0, 0, 0, 0, 4_000])
    edges = np.array([0, 10_000, 42_000, 60_000, 74_000, 82_000, 100_000, 110_000])
    warps = np.array([[0, 3000, 2000, 0, 0, 5000, 0], [0, 0, 3500, 3500, 0, 0, 0], [0, 200, 400, 300, 100, 300, 0.0]])
    profile = Profile(
        replay_ns=np.array([111_000, 110_000]),
        shown=1,
        launch_start_ns=np.zeros((2, 7), dtype=np.int64),
        launch_end_ns=np.zeros((2, 7), dtype=np.int64),
        unprofiled_us=106.0,
        interval_ns=2000,
        alignment_residual_ns=85.0,
        attribution_error=0.04,
        unattributed=0.061,
        skewed_launches=(2,),
    )
    names = ("copy x", "stem", "branch a", "branch b", "view", "join", "copy y")
    series = WarpSeries(np.array([0, 1, UNATTRIBUTED]), edges, warps)
    return Timeline(
        "measured", "H200", False, 110_000, names, ("k",), spans_of(rows, copies), series,
        counters_of(55, 110_000, missing=False), 8448, profile=profile, lane_names=((2, "copy in"), (3, "copy out")),
    )  # fmt: skip


def measured_track() -> Track:
    """With dependencies, a critical path and facts."""
    from warploom.timeline.caveats import caveats
    from warploom.timeline.statistics import critical_path
    from warploom_app.presenters.track_facts import facts

    timeline = measured_timeline()
    reads = ((), (0,), (1,), (1,), (3,), (2, 4), (5,))
    waits = ((), (0,), (1,), (1,), (3,), (2, 4), (5,))
    return track_of(
        timeline,
        "measured",
        "Measured",
        reads=Links.of(reads),
        waits=Links.of(waits),
        path=critical_path(timeline, waits),
        facts=facts(timeline),
        notes=caveats([timeline]),
    )
