"""Exports every span of every schedule as CSV, for spreadsheets and data frames: UTF-8 with a header line.

The columns are those of `span_table`; what many spans share is formatted once.
"""

from __future__ import annotations

from collections.abc import Iterator

from warploom.recording.recording import Candidate, Recording
from warploom.report.csv_pieces import csv_fields, csv_pieces
from warploom.report.span_table import COLUMNS, TIMES, distinct_spans

_BEFORE = COLUMNS[: COLUMNS.index(TIMES[0])]
_AFTER = COLUMNS[COLUMNS.index(TIMES[-1]) + 1 :]


def spans_csv(recording: Recording) -> bytes:
    """The file's content."""
    return b"".join(spans_csv_parts(recording))


def spans_csv_parts(recording: Recording) -> Iterator[bytes]:
    """The file's content piece by piece."""
    return csv_pieces(COLUMNS, (line for candidate in recording.candidates for line in _lines(candidate)))


def _lines(candidate: Candidate) -> Iterator[str]:
    spans = candidate.timeline.spans
    kinds, numbers = distinct_spans(candidate)
    before = [csv_fields([kind[name] for name in _BEFORE]) for kind in kinds]
    after = [csv_fields([kind[name] for name in _AFTER]) for kind in kinds]
    for start, end, number in zip(spans.start_ns.tolist(), spans.end_ns.tolist(), numbers.tolist(), strict=True):
        yield f"{before[number]},{start / 1000},{end / 1000},{(end - start) / 1000},{after[number]}\n"
