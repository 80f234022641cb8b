"""What the HTML report's script draws: names and tables as JSON, long columns packed, for two <script> elements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from warploom.graph import Graph
from warploom.recording.recording import Recording
from warploom.report.columns import ColumnPacker
from warploom.report.counter_tracks import CounterTrack, counter_tracks
from warploom.report.distinct import distinct_rows
from warploom.report.lanes import Lane, lane, lane_numbers, lanes_of
from warploom.report.naming import places, title
from warploom.report.pair import Shown, shown_pair
from warploom.report.palette import STREAM_COLOURS
from warploom.timeline import Timeline
from warploom.timeline.thin import thin_samples, thin_spans, thin_warps
from warploom.timeline.timeline import IntArray, Spans

MOST_SPANS = 2_000_000
"""With more in one timeline, spans that nobody could tell apart are joined."""
MOST_VALUES = 1 << 20
"""Of warps, and of counters, in one timeline; longer series are averaged over equal steps."""
JOINED_STEPS = 200_000
_WARP_STEP = 0.1
_INSIDE_SCRIPT = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


@dataclass(frozen=True, slots=True)
class ScriptData:
    """Contents of the two <script> elements, and what was left out.

    Attributes:
        json: Nothing in it can end the element.
        columns: Base64.
        thinned: A sentence for each series that the report holds less exactly than the recording.
    """

    json: str
    columns: str
    thinned: tuple[str, ...]


def script_data(recording: Recording) -> ScriptData:
    """Everything that the script needs."""
    names = places(recording.graph)
    writer = _Writer(recording.graph)
    data = {
        "colours": STREAM_COLOURS,
        "operators": [
            {"name": operator.name, "place": names[operator.name], "title": title(operator)}
            for operator in recording.graph.operators
        ],
        "timelines": [writer.timeline(shown) for shown in shown_pair(recording)],
    }
    text = msgspec.json.encode(data).decode("utf-8", "replace").translate(_INSIDE_SCRIPT)
    return ScriptData(text, writer.packer.text(), tuple(writer.thinned))


class _Writer:
    """Packs timelines one after the other into the same columns."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.packer = ColumnPacker()
        self.thinned: list[str] = []

    def timeline(self, shown: Shown) -> dict[str, Any]:
        timeline = shown.candidate.timeline
        lanes = lanes_of(shown.candidate)
        return {
            "title": shown.title,
            "basis": timeline.basis,
            "duration": timeline.duration_ns,
            "maxWarps": timeline.max_warps,
            "lanes": [_lane(item) for item in lanes],
            "kernels": timeline.kernel_names,
            "launches": [
                {"operators": [self.graph.index[name] for name in launch.operators], "stage": launch.stage}
                for launch in shown.candidate.plan.launches
            ],
            "spans": self._spans(shown.title, timeline, lanes),
            "warps": self._warps(shown.title, timeline),
            "counters": self._counters(shown.title, timeline),
        }

    def _spans(self, name: str, timeline: Timeline, lanes: tuple[Lane, ...]) -> dict[str, Any]:
        """Spans; `launch` 0 stands for several joined ones, others are counted from 1."""
        spans, pack = timeline.spans, self.packer
        if len(spans) > MOST_SPANS:
            return self._joined_spans(name, timeline, lanes)
        order = np.argsort(spans.start_ns, kind="stable")
        first, shape = distinct_rows(_shape_columns(spans))
        return {
            "start": pack.ascending(spans.start_ns[order]),
            "length": pack.integers((spans.end_ns - spans.start_ns)[order]),
            "lane": pack.integers(lane_numbers(lanes, spans.stream)[order]),
            "launch": pack.integers(spans.launch[order] + 1),
            "shape": pack.integers(shape[order]),
            "shapes": [column[first].tolist() for column in _shape_columns(spans)],
        }

    def _joined_spans(self, name: str, timeline: Timeline, lanes: tuple[Lane, ...]) -> dict[str, Any]:
        resolution = max(timeline.duration_ns // JOINED_STEPS, 1)
        stream, start, end = thin_spans(timeline.spans, resolution)
        order = np.argsort(start, kind="stable")
        none = np.zeros(len(start), dtype=np.int64)
        self.thinned.append(
            f"{name}: {len(timeline.spans):,} spans are joined into {len(start):,} where less than {resolution:,} ns "
            "is between them; the CSV and Parquet exports hold each of them"
        )
        pack = self.packer
        return {
            "start": pack.ascending(start[order]),
            "length": pack.integers((end - start)[order]),
            "lane": pack.integers(lane_numbers(lanes, stream)[order]),
            "launch": pack.integers(none),
            "shape": pack.integers(none),
            "shapes": [[] for _ in _shape_columns(timeline.spans)],
        }

    def _warps(self, name: str, timeline: Timeline) -> dict[str, Any]:
        whole = timeline.warps
        series = thin_warps(whole, max(MOST_VALUES // max(len(whole.streams), 1), 1))
        if series is not whole:
            step = timeline.duration_ns / max(series.warps.shape[1], 1)
            self.thinned.append(
                f"{name}: active warps are means over {step:,.0f} ns ({whole.warps.shape[1]:,} steps recorded)"
            )
        return {
            "lanes": [_lane(lane(timeline, stream)) for stream in series.streams.tolist()],
            "edges": self.packer.ascending(series.edges_ns),
            "values": [self.packer.decimals(row, _WARP_STEP) for row in series.warps],
        }

    def _counters(self, name: str, timeline: Timeline) -> dict[str, Any] | None:
        tracks = counter_tracks(timeline.counters)
        if timeline.counters is None or not tracks:
            return None
        start, end = timeline.counters.start_ns, timeline.counters.end_ns
        every = -(-len(start) * len(tracks) // MOST_VALUES)
        if every > 1:
            self.thinned.append(f"{name}: counters are means over {every:,} samples ({len(start):,} recorded)")
        last = np.minimum(np.arange(every, len(end) + every, every), len(end)) - 1
        return {
            "start": self.packer.ascending(np.maximum(start[::every], 0)),
            "end": self.packer.ascending(np.maximum(end[last], 0)),
            "tracks": [self._track(track, every) for track in tracks],
        }

    def _track(self, track: CounterTrack, every: int) -> dict[str, Any]:
        values = thin_samples(track.values, every)
        most = 100.0 if track.unit == "%" else float(values.max(initial=0.0))
        return {
            "name": track.name, "title": track.title, "unit": track.unit, "most": most,
            "values": self.packer.floats(values),
        }  # fmt: skip


def _lane(item: Lane) -> dict[str, Any]:
    return {"stream": item.stream, "name": item.name, "colour": item.colour}


def _shape_columns(spans: Spans) -> list[IntArray]:
    """What spans of one kernel mostly share: told once in the report, however often the kernel runs."""
    return [
        spans.kernel, *spans.grid.T, *spans.block.T, spans.registers, spans.shared_memory_bytes, spans.copy_bytes
    ]  # fmt: skip
