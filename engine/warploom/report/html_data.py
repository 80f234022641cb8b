"""What the HTML report's script draws: both timelines as plain columns of numbers, made for a <script> element."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from warploom.graph import Graph
from warploom.recording.recording import Recording
from warploom.report.naming import places, title
from warploom.report.pair import Shown, shown_pair
from warploom.report.palette import STREAM_COLOURS

_INSIDE_SCRIPT = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def script_data(recording: Recording) -> str:
    """JSON that may stand inside a <script> element: nothing in it can end the element."""
    names = places(recording.graph)
    data = {
        "basis": recording.timeline_basis,
        "colours": STREAM_COLOURS,
        "operators": [
            {"name": operator.name, "place": names[operator.name], "title": title(operator)}
            for operator in recording.graph.operators
        ],
        "timelines": [_timeline(shown, recording.graph) for shown in shown_pair(recording)],
    }
    return msgspec.json.encode(data).decode("utf-8", "replace").translate(_INSIDE_SCRIPT)


def _timeline(shown: Shown, graph: Graph) -> Mapping[str, Any]:
    plan, timeline = shown.candidate.plan, shown.candidate.timeline
    spans, warps = timeline.spans, timeline.warps
    return {
        "title": shown.title,
        "duration": timeline.duration_ns,
        "maxWarps": timeline.max_warps,
        "streams": max(plan.streams, 1),
        "kernels": timeline.kernel_names,
        "launches": [
            {"operators": [graph.index[name] for name in launch.operators], "stage": launch.stage}
            for launch in plan.launches
        ],
        "spans": {
            "launch": spans.launch.tolist(),
            "stream": spans.stream.tolist(),
            "kernel": spans.kernel.tolist(),
            "start": spans.start_ns.tolist(),
            "end": spans.end_ns.tolist(),
            "grid": spans.grid.ravel().tolist(),
            "block": spans.block.ravel().tolist(),
            "registers": spans.registers.tolist(),
            "shared": spans.shared_memory_bytes.tolist(),
        },
        "warps": {
            "streams": warps.streams.tolist(),
            "edges": warps.edges_ns.tolist(),
            "values": np.round(warps.warps, 1).tolist(),
        },
    }
