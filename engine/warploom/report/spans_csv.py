"""Exports every span of every schedule as CSV, for spreadsheets and data frames.

UTF-8 with a header line; columns:
    candidate: name of the schedule.
    launch: number of the launch in its plan, from 0.
    operator: operator of the Graph; those of a merged launch joined with " & ".
    stream: number of the stream, from 0.
    stage: number of the stage, from 1 as everywhere shown; empty for a plan without stages.
    kernel: name of the kernel or copy.
    start_us, end_us, duration_us: microseconds from the start of the execution, to the nanosecond.
    grid_x, grid_y, grid_z: thread blocks.
    block_x, block_y, block_z: threads per block.
    registers: per thread.
    shared_memory_bytes: per block.
    simulated: 1 where a model made the figures, 0 where hardware did.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from warploom.recording.recording import Candidate, Recording

COLUMNS = (
    "candidate", "launch", "operator", "stream", "stage", "kernel", "start_us", "end_us", "duration_us",
    "grid_x", "grid_y", "grid_z", "block_x", "block_y", "block_z", "registers", "shared_memory_bytes", "simulated",
)  # fmt: skip


def spans_csv(recording: Recording) -> bytes:
    """The file's content."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for candidate in recording.candidates:
        writer.writerows(_rows(candidate))
    return text.getvalue().encode("utf-8", "replace")


def _rows(candidate: Candidate) -> Iterator[tuple[object, ...]]:
    timeline, spans = candidate.timeline, candidate.timeline.spans
    stages = [launch.stage + 1 if launch.stage >= 0 else "" for launch in candidate.plan.launches]
    simulated = int(timeline.simulated)
    columns = (
        spans.launch, spans.stream, spans.kernel, spans.start_ns, spans.end_ns,
        *spans.grid.T, *spans.block.T, spans.registers, spans.shared_memory_bytes,
    )  # fmt: skip
    for launch, stream, kernel, start, end, *rest in zip(*(column.tolist() for column in columns), strict=True):
        yield (
            candidate.name,
            launch,
            timeline.launch_names[launch],
            stream,
            stages[launch],
            timeline.kernel_names[kernel],
            start / 1000,
            end / 1000,
            (end - start) / 1000,
            *rest,
            simulated,
        )
