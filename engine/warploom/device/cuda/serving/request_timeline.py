"""The timeline of a whole request on a GPU: copies and kernels as long as they take alone, placed as they depend.

An estimate, and named so: the plan, every launch and every copy are measured; where they stand follows from the graph.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from warploom.device.cuda.capture import ORIGIN, Branch, capture
from warploom.device.cuda.replay import ReplayTimer
from warploom.device.cuda.solo import SoloStep
from warploom.device.cuda.timeline import draw_estimate
from warploom.device.serving import RequestMode
from warploom.timeline import Timeline
from warploom.timeline.copies import Copy, with_copies

if TYPE_CHECKING:
    from warploom.device.cuda.serving.context import CudaContext

_REPEATS = 15
_REPEATS_IN_GRAPH = 12


def request_timeline(context: CudaContext, mode: RequestMode) -> Timeline:
    """Draws one request of a context.

    Raises:
        CudaError: If the GPU fails.
    """
    serving = context.serving
    latency = statistics.median(context.measure_model(_REPEATS).events_us)
    with serving.tools.lock:
        alone = [_alone(context, work) for work in range(len(serving.document.works))]
    timeline = draw_estimate(serving.plan, alone, serving.tools.info, latency)
    into, out = _copies(context, mode)
    return with_copies(timeline, serving.plan.streams, into, out, overlapped=mode is RequestMode.OVERLAPPED)


def _alone(context: CudaContext, work: int) -> list[SoloStep]:
    """What a work takes alone, all of its steps as one; nothing for a work that starts nothing."""
    steps = context.bound(work)
    if not steps:
        return []
    streams = context.serving.tools.streams
    once = capture([Branch(ORIGIN, (), steps)], streams, list_nodes=True)
    once.close()
    graph = capture([Branch(ORIGIN, (), steps * _REPEATS_IN_GRAPH)], streams)
    try:
        timer = ReplayTimer(streams)
        timer.warm_up(graph, 2)
        return [SoloStep(statistics.median(timer.samples_us(graph, 7)) / _REPEATS_IN_GRAPH, once.kernels)]
    finally:
        graph.close()


def _copies(context: CudaContext, mode: RequestMode) -> tuple[list[Copy], list[Copy]]:
    document, slot = context.serving.document, context.slots[0]
    whole = context.measure_copies(_REPEATS)
    into = [Copy(_label("input", [p.name for p in document.inputs]), slot.bytes_in, _median(whole.into_us), 0)]
    if mode is not RequestMode.OVERLAPPED:
        last = max(len(document.works) - 2, 0)
        names = [port.name for port in document.outputs]
        out = [Copy(_label("output", names), slot.bytes_out, _median(whole.out_us), last)]
        return into, out
    leaving = [
        Copy(_label("output", names), sum(slot.outputs[name].nbytes for name in names), taken, max(max(works) - 1, 0))
        for works, names, taken in context.times_of_copies_out(_REPEATS)
    ]
    return into, leaving


def _median(samples: tuple[float, ...]) -> float:
    return float(statistics.median(samples))


def _label(what: str, names: list[str]) -> str:
    return f"{what} {names[0]}" if len(names) == 1 else f"{len(names)} {what}s"
