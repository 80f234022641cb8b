"""Unions and overlaps of the times in which streams are busy; every function sorts once and then looks up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warploom.timeline.timeline import FloatArray, IntArray, Spans

_EDGES_AT_ONCE = 1 << 16
"""Edges that the pairwise overlap looks at together: a table of streams by edges must not fill the memory."""


@dataclass(frozen=True, slots=True)
class StreamOverlap:
    """Time in ns in which both of two streams have a span on the device; first < second."""

    first: int
    second: int
    overlap_ns: int


@dataclass(frozen=True, slots=True, eq=False)
class BusyStreams:
    """When each stream is busy.

    Attributes:
        streams: Those that have spans, ascending.
        unions: Of each, its busy times as disjoint, ascending intervals: (starts, ends).
    """

    streams: tuple[int, ...]
    unions: tuple[tuple[IntArray, IntArray], ...]

    @staticmethod
    def of(spans: Spans) -> BusyStreams:
        """From spans in any order; spans of one stream may overlap."""
        streams = tuple(int(stream) for stream in np.unique(spans.stream))
        masks = [spans.stream == stream for stream in streams]
        return BusyStreams(streams, tuple(covered(spans.start_ns[mask], spans.end_ns[mask]) for mask in masks))

    @property
    def busy_ns(self) -> tuple[int, ...]:
        """Busy time of each stream."""
        return tuple(int((ends - starts).sum()) for starts, ends in self.unions)

    def counts(self) -> tuple[IntArray, IntArray]:
        """How many streams are busy from each edge on: (edges_ns, counts), equally long; the last count is 0."""
        edges, _, steps = self._edges()
        return edges, np.cumsum(steps)

    def company_between(self, start_ns: IntArray, end_ns: IntArray) -> FloatArray:
        """Time in ns in which two or more streams are busy, in each of the windows [start_ns[i], end_ns[i])."""
        edges, counts = self.counts()
        if not len(edges):
            return np.zeros(len(start_ns))
        together = np.where(counts[:-1] >= 2, np.diff(edges), 0)
        cumulated = np.concatenate(([0], np.cumsum(together)))
        return np.asarray(np.interp(end_ns, edges, cumulated) - np.interp(start_ns, edges, cumulated))

    def overlaps(self) -> tuple[StreamOverlap, ...]:
        """The overlap of every pair of streams, those of zero included."""
        count = len(self.streams)
        shared = self._shared_ns()
        return tuple(
            StreamOverlap(self.streams[i], self.streams[j], round(float(shared[i, j])))
            for i in range(count)
            for j in range(i + 1, count)
        )

    def _shared_ns(self) -> FloatArray:
        """(streams, streams): time in which both are busy."""
        edges, rows, steps = self._edges()
        count = len(self.streams)
        shared = np.zeros((count, count))
        state = np.zeros(count)
        for begin in range(0, max(len(edges) - 1, 0), _EDGES_AT_ONCE):
            stop = min(begin + _EDGES_AT_ONCE, len(edges) - 1)
            changes = np.zeros((count, stop - begin))
            changes[rows[begin:stop], np.arange(stop - begin)] = steps[begin:stop]
            busy = state[:, None] + np.cumsum(changes, axis=1)
            shared += (busy * np.diff(edges[begin : stop + 1])) @ busy.T
            state = busy[:, -1]
        return shared

    def _edges(self) -> tuple[IntArray, IntArray, IntArray]:
        """(time, row of the stream, +1 or -1) of everything that begins or ends, by time."""
        if not self.unions:
            empty = np.zeros(0, dtype=np.int64)
            return empty, empty, empty
        starts = np.concatenate([start for start, _ in self.unions])
        ends = np.concatenate([end for _, end in self.unions])
        row = np.repeat(np.arange(len(self.unions)), [len(start) for start, _ in self.unions])
        edges, rows = np.concatenate((starts, ends)), np.concatenate((row, row))
        steps = np.repeat(np.array([1, -1], dtype=np.int64), len(starts))
        order = np.argsort(edges, kind="stable")
        return edges[order], rows[order], steps[order]


def covered(start_ns: IntArray, end_ns: IntArray) -> tuple[IntArray, IntArray]:
    """Union of intervals as disjoint, ascending ones: (starts, ends)."""
    order = np.argsort(start_ns, kind="stable")
    start, end = start_ns[order].astype(np.int64), np.maximum.accumulate(end_ns[order].astype(np.int64))
    if not len(start):
        return start, end
    opens = np.concatenate(([True], start[1:] > end[:-1]))
    closes = np.concatenate((opens[1:], [True]))
    return start[opens], end[closes]
