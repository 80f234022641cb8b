"""Packs the launches of a plan into few streams without ordering anything that was not in order before."""

from __future__ import annotations

import dataclasses

from warploom.schedule.stream_plan import StreamPlan


def pack_streams(plan: StreamPlan) -> StreamPlan:
    """The same plan on fewer streams.

    What follows one another on a stream stays together. Such a chain takes over the stream of a chain that has ended
    for certain when it begins, by what its first launch waits for: of those the one that was enqueued last, so that
    neighbours in time stay neighbours on the screen. Waits stay as they are, and no launch waits for more than before
    (`StreamPlan.dependencies` knows that the stream adds nothing).

    Schedulers that give every independent chain a stream of its own (Nimble's assignment: as many as a minimum path
    cover of the minimum equivalent graph has) would otherwise fill a screen with nearly empty lanes.
    """
    before = plan.ancestors()
    stream_of: dict[int, int] = {}
    last: list[int] = []
    streams: list[int] = []
    for i, launch in enumerate(plan.launches):
        stream = stream_of.get(launch.stream)
        if stream is None:
            free = [one for one, end in enumerate(last) if end >= 0 and before[i] >> end & 1 and _ended(plan, end, i)]
            stream = max(free, key=lambda one: last[one], default=len(last))
            if stream == len(last):
                last.append(i)
            stream_of[launch.stream] = stream
        last[stream] = i
        streams.append(stream)
    launches = (
        dataclasses.replace(launch, stream=stream) for launch, stream in zip(plan.launches, streams, strict=True)
    )
    return StreamPlan(plan.name, tuple(launches))


def _ended(plan: StreamPlan, end: int, now: int) -> bool:
    """Whether nothing comes after a launch on its stream from here on."""
    return all(launch.stream != plan.launches[end].stream for launch in plan.launches[now:])
