"""Exports the curves of every schedule as CSV, for plots: active warps of each stream, and every hardware counter.

UTF-8 with a header line, one row per step and curve; columns:
    candidate: name of the schedule.
    series: "active warps", or the counter's name as NVIDIA gives it.
    stream: name of the stream for active warps; empty for counters, which are of the whole device.
    start_us, end_us: of the step, microseconds from the start of the execution.
    value: warps, or the counter over the step.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from warploom.recording.recording import Candidate, Recording
from warploom.report.csv_pieces import csv_fields, csv_pieces
from warploom.report.lanes import lane
from warploom.timeline.timeline import FloatArray, IntArray

COLUMNS = ("candidate", "series", "stream", "start_us", "end_us", "value")


def samples_csv(recording: Recording) -> bytes:
    """The file's content."""
    return b"".join(samples_csv_parts(recording))


def samples_csv_parts(recording: Recording) -> Iterator[bytes]:
    """The file's content piece by piece."""
    return csv_pieces(COLUMNS, (line for candidate in recording.candidates for line in _lines(candidate)))


def _lines(candidate: Candidate) -> Iterator[str]:
    timeline = candidate.timeline
    series, counters = timeline.warps, timeline.counters
    for stream, row in zip(series.streams.tolist(), series.warps, strict=True):
        head = csv_fields((candidate.name, "active warps", lane(timeline, stream).name))
        yield from _curve(head, series.edges_ns[:-1], series.edges_ns[1:], row)
    if counters is not None:
        for name, row in zip(counters.names, counters.values, strict=True):
            yield from _curve(csv_fields((candidate.name, name, "")), counters.start_ns, counters.end_ns, row)


def _curve(head: str, start_ns: IntArray, end_ns: IntArray, values: FloatArray) -> Iterator[str]:
    finite = np.where(np.isfinite(values), values, np.nan)
    for start, end, value in zip(start_ns.tolist(), end_ns.tolist(), finite.tolist(), strict=True):
        yield f"{head},{start / 1000},{end / 1000},{'' if value != value else f'{value:.10g}'}\n"
