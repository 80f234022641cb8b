"""CSV files that are too long to be held in memory: made line by line, handed out in pieces of many lines."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence

_LINES_AT_ONCE = 50_000


def csv_pieces(columns: Sequence[str], lines: Iterable[str]) -> Iterator[bytes]:
    """A file in UTF-8, piece by piece: the header line, then lines that end with a line feed each."""
    yield (",".join(columns) + "\n").encode()
    rest = iter(lines)
    while piece := "".join(itertools.islice(rest, _LINES_AT_ONCE)):
        yield piece.encode("utf-8", "replace")


def csv_fields(values: Iterable[object]) -> str:
    """Values as a part of a line, quoted where a comma, a quote or a line end stands in them."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(values)
    return text.getvalue()
