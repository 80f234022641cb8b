"""The columns of the table of spans, which CSV and Parquet share.

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
copy_bytes: what a copy moves, 0 for kernels.
basis: "simulated", "estimated" or "measured".
"""

from __future__ import annotations

from warploom.recording.recording import Candidate
from warploom.report.distinct import distinct_rows
from warploom.timeline.timeline import IntArray

COLUMNS = (
    "candidate", "launch", "operator", "stream", "stage", "kernel", "start_us", "end_us", "duration_us",
    "grid_x", "grid_y", "grid_z", "block_x", "block_y", "block_z", "registers", "shared_memory_bytes", "simulated",
    "copy_bytes", "basis",
)  # fmt: skip
TIMES = ("start_us", "end_us", "duration_us")


def distinct_spans(candidate: Candidate) -> tuple[list[dict[str, object]], IntArray]:
    """Everything of the spans but their times: the rows that differ (by column name), and which one each span has."""
    timeline, spans = candidate.timeline, candidate.timeline.spans
    columns = [
        spans.launch, spans.stream, spans.kernel, *spans.grid.T, *spans.block.T, spans.registers,
        spans.shared_memory_bytes, spans.copy_bytes,
    ]  # fmt: skip
    first, kinds = distinct_rows(columns)
    numbers = COLUMNS[COLUMNS.index("grid_x") : COLUMNS.index("simulated")]
    rows: list[dict[str, object]] = []
    for launch, stream, kernel, *rest, copied in zip(*(column[first].tolist() for column in columns), strict=True):
        stage = candidate.plan.launches[launch].stage
        rows.append(
            {
                "candidate": candidate.name,
                "launch": launch,
                "operator": timeline.launch_names[launch],
                "stream": stream,
                "stage": stage + 1 if stage >= 0 else None,
                "kernel": timeline.kernel_names[kernel],
                **dict(zip(numbers, rest, strict=True)),
                "simulated": int(timeline.simulated),
                "copy_bytes": copied,
                "basis": timeline.basis,
            }
        )
    return rows, kinds
