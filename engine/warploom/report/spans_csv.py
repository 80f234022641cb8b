"""Exports every span of every schedule as CSV, for spreadsheets and data frames: UTF-8 with a header line.

The columns are those of `span_table`; what many spans share is formatted once.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator, Sequence

from warploom.recording.recording import Candidate, Recording
from warploom.report.span_table import COLUMNS, TIMES, distinct_spans

_ROWS_AT_ONCE = 50_000
_BEFORE = COLUMNS[: COLUMNS.index(TIMES[0])]
_AFTER = COLUMNS[COLUMNS.index(TIMES[-1]) + 1 :]


def spans_csv(recording: Recording) -> bytes:
    """The file's content."""
    return b"".join(spans_csv_parts(recording))


def spans_csv_parts(recording: Recording) -> Iterator[bytes]:
    """The file's content piece by piece."""
    yield (",".join(COLUMNS) + "\n").encode()
    for candidate in recording.candidates:
        rows = _rows(candidate)
        while chunk := "".join(itertools.islice(rows, _ROWS_AT_ONCE)):
            yield chunk.encode("utf-8", "replace")


def _rows(candidate: Candidate) -> Iterator[str]:
    spans = candidate.timeline.spans
    kinds, numbers = distinct_spans(candidate)
    before = [_line([kind[name] for name in _BEFORE]) for kind in kinds]
    after = [_line([kind[name] for name in _AFTER]) for kind in kinds]
    for start, end, number in zip(spans.start_ns.tolist(), spans.end_ns.tolist(), numbers.tolist(), strict=True):
        yield f"{before[number]},{start / 1000},{end / 1000},{(end - start) / 1000},{after[number]}\n"


def _line(values: Sequence[object]) -> str:
    """Values as one piece of a line, quoted where a comma, a quote or a line end stands in them."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(values)
    return text.getvalue()
