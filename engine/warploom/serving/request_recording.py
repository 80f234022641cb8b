"""The timelines of whole requests as a Recording: with and without overlap, to be compared in the window."""

from __future__ import annotations

import dataclasses

from warploom.device.protocol import Measurement
from warploom.device.serving import RequestMode
from warploom.recording.recording import Candidate, Recording, SearchSummary, Settings
from warploom.serving.bench import BenchReport
from warploom.serving.plan import Plan

_MODES = (RequestMode.PINNED, RequestMode.OVERLAPPED)


def request_recording(plan: Plan, report: BenchReport, repeats: int) -> Recording:
    """Two candidates of one plan: copies before and behind the kernels, and copies that overlap them.

    Args:
        plan: Open on its device.
        report: What was measured of it.
        repeats: Requests of each kind.
    """
    facts = plan.facts
    settings = Settings(device=plan.device.info.id, precision=facts.precision, batch=report.batch, repeats=repeats)
    return Recording(
        model=facts.model,
        graph=plan.graph(),
        device=plan.device.info,
        settings=settings,
        candidates=tuple(_candidate(plan, mode, repeats) for mode in _MODES),
        chosen=RequestMode.OVERLAPPED.value,
        search=SearchSummary.of(()),
    )


def _candidate(plan: Plan, mode: RequestMode, repeats: int) -> Candidate:
    executed = dataclasses.replace(plan.shapes[0].plan, name=mode.value)
    timeline = dataclasses.replace(plan.timeline(mode), name=mode.value)
    samples = plan.measure_requests(mode, repeats)
    return Candidate(mode.value, executed, Measurement(samples.events_us), timeline)
