"""Profiles executables: hands their plans to the profiling process and makes Timelines of what comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from warploom.device.cuda.profiler.assemble import describe, estimated_instead, measured_timeline
from warploom.device.cuda.profiler.client import trace_elsewhere
from warploom.device.cuda.profiler.trace import ProfileRequest, Trace
from warploom.device.profiling import ProfileOptions
from warploom.device.protocol import DeviceInfo
from warploom.errors import CancelledError, ProfileError
from warploom.graph import LogEntry
from warploom.timeline import Timeline

if TYPE_CHECKING:
    from warploom.device.cuda.executable import CudaExecutable


def profile_executables(
    executables: Sequence[CudaExecutable],
    info: DeviceInfo,
    index: int,
    options: ProfileOptions,
    cancelled: Callable[[], bool],
) -> tuple[list[Timeline], list[LogEntry]]:
    """A Timeline of each executable, and what the build log should say of it.

    A failure of the profiling process costs the measured timelines and nothing else.

    Args:
        executables: Of one Graph and precision.
        info: The device.
        index: N of "cuda:N".
        options: How to profile.
        cancelled: Whether the user wants no more of it.

    Raises:
        CudaError: If the GPU fails in this process.
    """
    if not executables:
        return [], []
    if not options.traced:
        untraced = [estimated_instead(one.estimate(), "no profile was asked for", None) for one in executables]
        return untraced, []
    latencies = [executable.latency_us() for executable in executables]
    session = executables[0].session
    plans = tuple(executable.plan for executable in executables)
    try:
        request = ProfileRequest(index, session.graph, session.precision, plans, options)
        traces: list[Trace] = trace_elsewhere(request, cancelled)
        timelines = [
            measured_timeline(trace, plan, info, latency)
            for trace, plan, latency in zip(traces, plans, latencies, strict=True)
        ]
    except (ProfileError, CancelledError, ValueError) as error:
        timelines = [
            estimated_instead(executable.estimate(), str(error), latency)
            for executable, latency in zip(executables, latencies, strict=True)
        ]
    return timelines, [_entry(timeline) for timeline in timelines]


def _entry(timeline: Timeline) -> LogEntry:
    line = "" if timeline.profile is None else describe(timeline.profile)
    return LogEntry("profile", (timeline.name,), timeline.basis, line)
