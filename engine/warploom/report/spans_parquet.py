"""Exports every span of every schedule as Parquet, for data frames and query engines: the columns of `span_table`.

The file's metadata holds, under "warploom", what `optimize --json` prints.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from warploom.recording.recording import Candidate, Recording
from warploom.report.span_table import COLUMNS, TIMES, distinct_spans
from warploom.report.summary import summary

_TEXTS = ("candidate", "operator", "kernel", "basis")
_WIDE = ("copy_bytes",)


def spans_parquet(recording: Recording) -> bytes:
    """The file's content."""
    schema = _schema().with_metadata({"warploom": msgspec.json.encode(summary(recording))})
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for candidate in recording.candidates:
            writer.write_table(_table(candidate, schema))
    return bytes(sink.getvalue())


def _schema() -> Any:
    return pa.schema([(name, _type(name)) for name in COLUMNS])


def _type(name: str) -> Any:
    if name in _TEXTS:
        return pa.dictionary(pa.int32(), pa.string())
    if name in TIMES:
        return pa.float64()
    return pa.int64() if name in _WIDE else pa.int32()


def _table(candidate: Candidate, schema: Any) -> Any:
    """Rows of one candidate; what many spans share is taken from the distinct rows by their numbers."""
    spans = candidate.timeline.spans
    kinds, numbers = distinct_spans(candidate)
    times = {
        "start_us": spans.start_ns / 1000,
        "end_us": spans.end_ns / 1000,
        "duration_us": (spans.end_ns - spans.start_ns) / 1000,
    }
    take = pa.array(numbers.astype(np.int64))
    columns = []
    for field in schema:
        if field.name in times:
            columns.append(pa.array(times[field.name], type=field.type))
            continue
        values = [_printable(kind[field.name]) for kind in kinds]
        column = pa.array(values, type=pa.string() if field.name in _TEXTS else field.type).take(take)
        columns.append(column.dictionary_encode() if field.name in _TEXTS else column)
    return pa.Table.from_arrays(columns, schema=schema)


def _printable(value: object) -> object:
    """Names whose bytes are no UTF-8 are kept readable, with signs for what is not."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
