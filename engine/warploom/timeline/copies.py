"""Adds the copies of a request to a timeline: inputs before the kernels, outputs when what computes them has ended."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from warploom.timeline.timeline import IntArray, Spans, Timeline, WarpSeries

COPY_IN = "copy in"
COPY_OUT = "copy out"


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy between host and device.

    Attributes:
        label: What is copied, as a timeline names it: "input x".
        size_bytes: Bytes moved.
        duration_us: What it takes.
        launch: Index of the launch that reads or computes it last.
    """

    label: str
    size_bytes: int
    duration_us: float
    launch: int


def with_copies(
    timeline: Timeline, streams: int, into: Sequence[Copy], out: Sequence[Copy], *, overlapped: bool
) -> Timeline:
    """The timeline of a whole request.

    Args:
        timeline: Of the plan alone.
        streams: Streams of the plan; the lanes of the copies come behind them.
        into: Copies of the inputs, one after another; the kernels start behind them.
        out: Copies of the outputs, one after another on their own engine.
        overlapped: Whether an output leaves when its launch has ended; otherwise all leave when everything has.
    """
    into_ends = np.cumsum([round(copy.duration_us * 1e3) for copy in into], dtype=np.int64)
    shift = int(into_ends[-1]) if len(into) else 0
    kernels_end = shift + timeline.duration_ns
    ready = [kernels_end if not overlapped else shift + _launch_end(timeline, copy.launch) for copy in out]
    order = sorted(range(len(out)), key=lambda i: ready[i])
    rows: list[tuple[Copy, int, int, int]] = [
        (copy, streams, int(end) - round(copy.duration_us * 1e3), int(end))
        for copy, end in zip(into, into_ends, strict=True)
    ]
    free = 0
    for i in order:
        start = max(ready[i], free)
        free = start + round(out[i].duration_us * 1e3)
        rows.append((out[i], streams + 1, start, free))
    duration = max(kernels_end, free)
    names = (*timeline.kernel_names, *dict.fromkeys(copy.label for copy in (*into, *out)))
    return dataclasses.replace(
        timeline,
        duration_ns=duration,
        kernel_names=names,
        spans=_joined(timeline.spans, shift, rows, names),
        warps=_shifted(timeline.warps, shift, duration),
        counters=None,
        lane_names=((streams, COPY_IN), (streams + 1, COPY_OUT)),
    )


def _launch_end(timeline: Timeline, launch: int) -> int:
    """When a launch has ended; a launch that starts nothing ends with the plan, to be on the safe side."""
    ends = timeline.spans.end_ns[timeline.spans.launch == launch]
    return int(ends.max()) if len(ends) else timeline.duration_ns


def _joined(spans: Spans, shift: int, rows: Sequence[tuple[Copy, int, int, int]], names: Sequence[str]) -> Spans:
    index = {name: i for i, name in enumerate(names)}
    count = len(rows)
    copies = {
        "launch": [copy.launch for copy, *_ in rows],
        "stream": [stream for _, stream, _, _ in rows],
        "kernel": [index[copy.label] for copy, *_ in rows],
        "start_ns": [start - shift for _, _, start, _ in rows],
        "end_ns": [end - shift for _, _, _, end in rows],
        "grid": np.zeros((count, 3)),
        "block": np.zeros((count, 3)),
        "registers": np.zeros(count),
        "shared_memory_bytes": np.zeros(count),
        "copy_bytes": [copy.size_bytes for copy, *_ in rows],
    }
    columns: dict[str, IntArray] = {}
    for field in dataclasses.fields(Spans):
        kernels = getattr(spans, field.name)
        added = np.asarray(copies[field.name], dtype=kernels.dtype).reshape(count, *kernels.shape[1:])
        columns[field.name] = np.concatenate((kernels, added))
    columns["start_ns"] = columns["start_ns"] + shift
    columns["end_ns"] = columns["end_ns"] + shift
    order = np.lexsort((columns["stream"], columns["start_ns"]))
    return Spans(**{name: column[order] for name, column in columns.items()})


def _shifted(warps: WarpSeries, shift: int, duration: int) -> WarpSeries:
    """No warps are active while inputs arrive and while the last outputs leave."""
    edges = np.unique(np.concatenate(([0], warps.edges_ns + shift, [duration]))).astype(np.int64)
    middle = np.searchsorted(warps.edges_ns + shift, (edges[:-1] + edges[1:]) / 2) - 1
    inside = (middle >= 0) & (middle < warps.warps.shape[1])
    values = np.zeros((len(warps.streams), len(edges) - 1))
    values[:, inside] = warps.warps[:, middle[inside]]
    return WarpSeries(streams=warps.streams, edges_ns=edges, warps=values)
