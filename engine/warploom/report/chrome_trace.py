"""Exports the two timelines as a Chrome trace (Trace Event Format, JSON), which Perfetto and chrome://tracing open.

One process per schedule, one thread per stream; a complete event per span, a flow per wait between streams, and a
counter of the active warps with one series per stream. Times are microseconds with nanoseconds after the point.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from warploom.recording.recording import Candidate, Recording
from warploom.report.pair import Shown, shown_pair
from warploom.report.verdict import verdict

Event = dict[str, Any]


def chrome_trace(recording: Recording) -> bytes:
    """The file's content."""
    events: list[Event] = []
    for position, shown in enumerate(shown_pair(recording)):
        events += _process_events(position + 1, shown, recording)
    trace = {
        "displayTimeUnit": "ns",
        "otherData": {
            "producer": f"Warploom {recording.warploom_version}",
            "model": recording.model.name,
            "device": recording.device.name,
            "simulated": recording.simulated,
            "precision": recording.settings.precision.value,
            "batch": recording.settings.batch,
            "created": recording.created.isoformat(),
            "verdict": verdict(recording).text,
        },
        "traceEvents": events,
    }
    return msgspec.json.encode(trace)


def _process_events(pid: int, shown: Shown, recording: Recording) -> list[Event]:
    candidate = shown.candidate
    # Perfetto takes thread 0 for the idle thread of a core, so streams start at 1 here.
    streams = sorted({launch.stream for launch in candidate.plan.launches})
    events = [
        _metadata(
            pid, 0, "process_name", {"name": f"{shown.title}, {candidate.timeline.basis} {recording.device.name}"}
        ),
        _metadata(pid, 0, "process_sort_index", {"sort_index": pid}),
    ]
    for stream in streams:
        events.append(_metadata(pid, stream + 1, "thread_name", {"name": f"stream {stream}"}))
        events.append(_metadata(pid, stream + 1, "thread_sort_index", {"sort_index": stream}))
    events += _span_events(pid, candidate)
    events += _flow_events(pid, candidate)
    events += _counter_events(pid, candidate)
    return events


def _metadata(pid: int, tid: int, name: str, args: Event) -> Event:
    return {"ph": "M", "pid": pid, "tid": tid, "ts": 0, "name": name, "args": args}


def _span_events(pid: int, candidate: Candidate) -> Iterator[Event]:
    timeline, spans = candidate.timeline, candidate.timeline.spans
    stages = [launch.stage + 1 if launch.stage >= 0 else None for launch in candidate.plan.launches]
    columns = (
        spans.launch, spans.stream, spans.kernel, spans.start_ns, spans.end_ns,
        spans.grid, spans.block, spans.registers, spans.shared_memory_bytes,
    )  # fmt: skip
    for launch, stream, kernel, start, end, grid, block, registers, shared in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        yield {
            "ph": "X",
            "pid": pid,
            "tid": stream + 1,
            "ts": start / 1000,
            "dur": (end - start) / 1000,
            "name": timeline.launch_names[launch],
            "cat": "kernel",
            "args": {
                "kernel": timeline.kernel_names[kernel],
                "launch": launch,
                "stage": stages[launch],
                "grid": grid,
                "block": block,
                "registers per thread": registers,
                "shared memory per block (bytes)": shared,
            },
        }


def _flow_events(pid: int, candidate: Candidate) -> Iterator[Event]:
    """An arrow per wait, from the last span of the launch waited for to the first span of the one that waits.

    An arrow binds to the slice that encloses its time on its thread, hence one nanosecond before the end.
    """
    spans = candidate.timeline.spans
    launches = candidate.plan.launches
    first, last = _first_and_last_span(spans.launch, spans.end_ns, len(launches))
    number = 0
    for i, launch in enumerate(launches):
        for before in launch.waits:
            if last[before] < 0 or first[i] < 0:
                continue
            number += 1
            source, target = int(last[before]), int(first[i])
            leave = max(int(spans.end_ns[source]) - 1, int(spans.start_ns[source]))
            common = {"pid": pid, "id": pid * 1_000_000_000 + number, "name": "wait", "cat": "wait"}
            yield {"ph": "s", "tid": launches[before].stream + 1, "ts": leave / 1000, **common}
            yield {
                "ph": "f", "bp": "e", "tid": launch.stream + 1, "ts": int(spans.start_ns[target]) / 1000, **common
            }  # fmt: skip


def _first_and_last_span(launch: Any, end_ns: Any, count: int) -> tuple[Sequence[int], Sequence[int]]:
    """Index of each launch's first span (spans are ordered by start) and of the one that ends last; -1 for none."""
    first, last = np.full(count, -1, dtype=np.int64), np.full(count, -1, dtype=np.int64)
    order = np.arange(len(launch))
    first[launch[::-1]] = order[::-1]  # of several assignments to one place, the last one stays
    by_end = np.argsort(end_ns, kind="stable")
    last[launch[by_end]] = order[by_end]
    return first.tolist(), last.tolist()


def _counter_events(pid: int, candidate: Candidate) -> Iterator[Event]:
    series = candidate.timeline.warps
    names = [f"stream {stream}" for stream in series.streams.tolist()]
    values = np.round(series.warps, 1).T.tolist()
    if not values:
        return
    edges = series.edges_ns.tolist()
    for edge, row in zip(edges, [*values, [0.0] * len(names)], strict=True):
        args = dict(zip(names, row, strict=True))
        yield {"ph": "C", "pid": pid, "tid": 0, "ts": edge / 1000, "name": "active warps", "args": args}
