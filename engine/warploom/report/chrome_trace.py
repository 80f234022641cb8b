"""Exports the two timelines as a Chrome trace (Trace Event Format, JSON), which Perfetto and chrome://tracing open.

One process per schedule, one thread per stream or copy lane; a complete event per span, a flow per wait between
streams, a counter of the active warps with one series per stream, and one for each hardware counter. Times are
microseconds with nanoseconds after the point. What spans of one kernel share is formatted once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from warploom.recording.recording import Candidate, Recording
from warploom.report.counter_tracks import counter_tracks
from warploom.report.distinct import distinct_rows
from warploom.report.lanes import lane, lane_numbers, lanes_of
from warploom.report.measured import timeline_facts
from warploom.report.pair import Shown, shown_pair
from warploom.report.verdict import verdict
from warploom.timeline.thin import thin_samples, thin_warps
from warploom.timeline.timeline import IntArray, Timeline

MOST_STEPS = 200_000
"""Of a counter; more are averaged over equal steps, since each one costs as much as a span."""
_EVENTS_AT_ONCE = 50_000

Event = dict[str, Any]


def chrome_trace(recording: Recording) -> bytes:
    """The file's content."""
    return b"".join(chrome_trace_parts(recording))


def chrome_trace_parts(recording: Recording) -> Iterator[bytes]:
    """The file's content piece by piece: a million spans are some 300 MB."""
    head = {
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
            "timelines": {shown.title: _facts(shown.candidate.timeline) for shown in shown_pair(recording)},
        },
    }
    yield msgspec.json.encode(head)[:-1] + b',"traceEvents":['
    separator = ""
    for position, shown in enumerate(shown_pair(recording)):
        events = _process_events(position + 1, shown, recording)
        while chunk := ",\n".join(itertools.islice(events, _EVENTS_AT_ONCE)):
            yield (separator + chunk).encode("utf-8", "replace")
            separator = ",\n"
    yield b"]}"


def _facts(timeline: Timeline) -> dict[str, str]:
    facts = {fact.name: fact.text for fact in timeline_facts(timeline)}
    steps = timeline.warps.warps.shape[1]
    if steps > MOST_STEPS:
        facts["Active warps"] = f"means over equal steps; {steps:,} were recorded"
    return facts


def _process_events(pid: int, shown: Shown, recording: Recording) -> Iterator[str]:
    candidate = shown.candidate
    title = f"{shown.title}, {candidate.timeline.basis} {recording.device.name}"
    yield _metadata(pid, 0, "process_name", {"name": title})
    yield _metadata(pid, 0, "process_sort_index", {"sort_index": pid})
    for number, item in enumerate(lanes_of(candidate)):
        # Perfetto takes thread 0 for the idle thread of a core, so lanes start at 1 here.
        yield _metadata(pid, number + 1, "thread_name", {"name": item.name})
        yield _metadata(pid, number + 1, "thread_sort_index", {"sort_index": number})
    threads = lane_numbers(lanes_of(candidate), candidate.timeline.spans.stream) + 1
    yield from _span_events(pid, candidate, threads)
    yield from _flow_events(pid, candidate, threads)
    yield from _warp_events(pid, candidate.timeline)
    yield from _counter_events(pid, candidate.timeline)


def _metadata(pid: int, tid: int, name: str, args: Event) -> str:
    return _text({"ph": "M", "pid": pid, "tid": tid, "ts": 0, "name": name, "args": args})


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode("utf-8", "replace")


def _span_events(pid: int, candidate: Candidate, threads: IntArray) -> Iterator[str]:
    spans = candidate.timeline.spans
    first, kinds = distinct_rows(
        [threads, spans.launch, spans.kernel, *spans.grid.T, *spans.block.T, spans.registers,
         spans.shared_memory_bytes, spans.copy_bytes]
    )  # fmt: skip
    tails = [_tail(pid, candidate, int(threads[i]), i) for i in first.tolist()]
    lengths = spans.end_ns - spans.start_ns
    for start, length, kind in zip(spans.start_ns.tolist(), lengths.tolist(), kinds.tolist(), strict=True):
        yield f'{{"ph":"X","ts":{start / 1000},"dur":{length / 1000}{tails[kind]}'


def _tail(pid: int, candidate: Candidate, thread: int, i: int) -> str:
    """Everything of an event but its times."""
    timeline, spans = candidate.timeline, candidate.timeline.spans
    launch, copied = int(spans.launch[i]), int(spans.copy_bytes[i])
    stage = candidate.plan.launches[launch].stage
    args: Event = {
        "kernel": timeline.kernel_names[int(spans.kernel[i])],
        "launch": launch,
        "stage": stage + 1 if stage >= 0 else None,
    }
    if copied:
        args["bytes"] = copied
    else:
        args |= {
            "grid": spans.grid[i].tolist(),
            "block": spans.block[i].tolist(),
            "registers per thread": int(spans.registers[i]),
            "shared memory per block (bytes)": int(spans.shared_memory_bytes[i]),
        }
    profile = timeline.profile
    if profile is not None and launch in profile.skewed_launches:
        args["delayed by tracing"] = True
    event = {
        "pid": pid, "tid": thread, "name": timeline.launch_names[launch], "cat": "copy" if copied else "kernel",
        "args": args,
    }  # fmt: skip
    return f",{_text(event)[1:]}"


def _flow_events(pid: int, candidate: Candidate, threads: IntArray) -> Iterator[str]:
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
            source, target = last[before], first[i]
            leave = max(int(spans.end_ns[source]) - 1, int(spans.start_ns[source]))
            common = {"pid": pid, "id": pid * 1_000_000_000 + number, "name": "wait", "cat": "wait"}
            yield _text({"ph": "s", "tid": int(threads[source]), "ts": leave / 1000, **common})
            yield _text(
                {"ph": "f", "bp": "e", "tid": int(threads[target]), "ts": int(spans.start_ns[target]) / 1000, **common}
            )


def _first_and_last_span(launch: Any, end_ns: Any, count: int) -> tuple[Sequence[int], Sequence[int]]:
    """Index of each launch's first span (spans are ordered by start) and of the one that ends last; -1 for none."""
    first, last = np.full(count, -1, dtype=np.int64), np.full(count, -1, dtype=np.int64)
    order = np.arange(len(launch))
    first[launch[::-1]] = order[::-1]  # of several assignments to one place, the last one stays
    by_end = np.argsort(end_ns, kind="stable")
    last[launch[by_end]] = order[by_end]
    return first.tolist(), last.tolist()


def _warp_events(pid: int, timeline: Timeline) -> Iterator[str]:
    series = thin_warps(timeline.warps, max(MOST_STEPS // max(len(timeline.warps.streams), 1), 1))
    names = [lane(timeline, stream).name for stream in series.streams.tolist()]
    if not names or not series.warps.shape[1]:
        return
    values = np.hstack((np.round(series.warps, 1), np.zeros((len(names), 1))))
    keys = [_text(name) for name in names]
    for edge, step in zip(series.edges_ns.tolist(), values.T.tolist(), strict=True):
        args = ",".join([f"{key}:{value}" for key, value in zip(keys, step, strict=True)])
        yield f'{{"ph":"C","pid":{pid},"tid":0,"ts":{edge / 1000},"name":"active warps","args":{{{args}}}}}'


def _counter_events(pid: int, timeline: Timeline) -> Iterator[str]:
    counters = timeline.counters
    if counters is None:
        return
    every = max(-(-len(counters.start_ns) // MOST_STEPS), 1)
    starts = np.maximum(counters.start_ns[::every], 0).tolist()
    for track in counter_tracks(counters):
        name = _text(f"{track.title} ({track.unit})" if track.unit else track.title)
        values = thin_samples(track.values, every).tolist()
        for start, value in zip(starts, values, strict=True):
            yield f'{{"ph":"C","pid":{pid},"tid":0,"ts":{start / 1000},"name":{name},"args":{{"value":{value:.6g}}}}}'
        end = max(int(counters.end_ns[-1]), 0) / 1000
        yield f'{{"ph":"C","pid":{pid},"tid":0,"ts":{end},"name":{name},"args":{{"value":0}}}}'
