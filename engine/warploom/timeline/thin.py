"""Reduces timelines to what a picture of limited width can show, keeping areas true."""

from __future__ import annotations

import numpy as np

from warploom.timeline.intervals import covered
from warploom.timeline.timeline import FloatArray, IntArray, Spans, WarpSeries


def thin_spans(spans: Spans, resolution_ns: int) -> tuple[IntArray, IntArray, IntArray]:
    """(stream, start_ns, end_ns) of the spans, those of a stream joined where less than `resolution_ns` is between."""
    parts = []
    for stream in np.unique(spans.stream):
        mine = spans.stream == stream
        start, end = covered(spans.start_ns[mine], spans.end_ns[mine] + resolution_ns)
        parts.append((np.full(len(start), stream, dtype=np.int64), start, end - resolution_ns))
    if not parts:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, empty
    streams, starts, ends = (np.concatenate(column) for column in zip(*parts, strict=True))
    return streams, starts, ends


def thin_warps(series: WarpSeries, columns: int) -> WarpSeries:
    """The series with at most `columns` steps of equal length, each the mean over its time."""
    if series.warps.shape[1] <= columns:
        return series
    edges = series.edges_ns.astype(np.float64)
    grid = np.linspace(edges[0], edges[-1], columns + 1).astype(np.int64)
    lengths = np.diff(edges)
    width = np.maximum(np.diff(grid), 1)
    rows = [
        np.diff(np.interp(grid, edges, np.concatenate(([0.0], np.cumsum(row * lengths))))) / width
        for row in series.warps
    ]
    return WarpSeries(series.streams, grid, np.array(rows))


def thin_samples(values: FloatArray, every: int) -> FloatArray:
    """Means of `every` samples each; the last one may be of fewer."""
    if every <= 1:
        return values
    starts = np.arange(0, len(values), every)
    counts = np.diff(np.append(starts, len(values)))
    return np.asarray(np.add.reduceat(values, starts) / counts, dtype=np.float64)
