"""The job that runs a schedule edited by hand, beside those of its recording, and adds it to them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from warploom.errors import CommandError, DeviceError, ModelImportError
from warploom.graph import LogEntry
from warploom.recording.recording import (
    SEQUENTIAL,
    Candidate,
    CandidateVerification,
    Recording,
    SchedulerSummary,
    Verification,
)
from warploom.schedule.plan_search import PlanResult
from warploom.schedule.saved import SavedSchedule, saved_from_json
from warploom.worker.candidates import PlannedCandidate
from warploom.worker.context import JobContext
from warploom.worker.load import LoadedModel, load_model
from warploom.worker.messages import Finished, TryRequest
from warploom.worker.observer import Cancelled, Emit
from warploom.worker.output import check_output

if TYPE_CHECKING:
    from warploom.device import Device
    from warploom.worker.execution import Outcome
    from warploom.worker.verification import OutputCheck

EDITED = "edited"
"""Scheduler of a candidate that was made by hand."""


def try_schedule(request: TryRequest, emit: Emit, cancelled: Cancelled) -> None:
    """Reads the recording, measures the schedule in turns with the others, compares outputs, and saves.

    On the recording's own device the sequential and the chosen schedule are measured again beside it, so that the
    three compare. On another device all of them are.

    Raises:
        WarploomError: If a step fails or the user cancels; nothing is written then.
    """
    from warploom.recording.file import read_recording, write_recording
    from warploom.report.summary import summary

    context = JobContext(request.job, emit, cancelled)
    check_output(Path(request.output))
    recording = read_recording(Path(request.recording))
    _check_name(request.name)
    tried = _tried(request, recording, context)
    context.phase("save", request.output)
    write_recording(tried, Path(request.output))
    emit(Finished(request.job, recording=request.output, summary=msgspec.json.encode(summary(tried))))


def _check_name(name: str) -> None:
    if not name.strip() or name == SEQUENTIAL:
        raise CommandError(f"A schedule cannot be called {name!r}: choose another name for it.")


def _tried(request: TryRequest, recording: Recording, context: JobContext) -> Recording:
    from warploom.worker.execution import choose, execute_candidates
    from warploom.worker.record import solo_latencies

    saved = saved_from_json(request.schedule, recording.graph, request.name)
    device = _open(request, recording)
    moved = device.info.id != recording.device.id
    model = _model(request, recording, device, context)
    graph = recording.graph if model is None else model.graph
    costs = device.cost_model(graph, recording.settings.precision)
    edited = _planned_edit(saved)
    others = _others(recording, request.name, everything=moved)
    outcomes = execute_candidates(
        [*others, edited], graph, device, recording.settings.precision, recording.settings.repeats, context
    )
    context.stop_if_cancelled()
    checks = _checks(request, recording, edited, model, device, context)
    kept = [] if moved else [one for one in recording.candidates if one.name not in outcomes]
    candidates = _candidates(recording, edited, outcomes, kept)
    verification = _verification(recording, edited.name, checks, moved=moved)
    chosen = choose(_as_outcomes(candidates), _known(verification), context)
    return dataclasses.replace(
        recording,
        graph=graph,
        device=device.info,
        settings=dataclasses.replace(recording.settings, device=device.info.id),
        candidates=candidates,
        chosen=chosen,
        verification=verification,
        build_log=(*recording.build_log, *context.log),
        solo_us=solo_latencies(graph, costs) if moved else recording.solo_us,
        search=dataclasses.replace(recording.search, schedulers=_schedulers(recording, edited)),
    )


def _open(request: TryRequest, recording: Recording) -> Device:
    from warploom.device.registry import open_device

    name = request.device or recording.device.id
    try:
        device = open_device(name)
    except DeviceError as error:
        if request.device:
            raise
        raise DeviceError(
            f"The recording was made on {recording.device.name}, which cannot be used here ({error}) "
            "Choose a simulated GPU to try the edit on."
        ) from error
    if not request.device and device.info.name != recording.device.name:
        raise DeviceError(
            f"The recording was made on {recording.device.name}, but {name} is a {device.info.name} here: choose a "
            "device to run all of its schedules on."
        )
    return device


def _model(request: TryRequest, recording: Recording, device: Device, context: JobContext) -> LoadedModel | None:
    """The model with its weights; None where it is not needed, or only to compare outputs and not there."""
    if device.info.simulated and not request.verify:
        return None
    settings = recording.settings
    try:
        path = request.model or recording.model.path
        model = load_model(path, settings.batch, dict(settings.shapes), context, settings.precision_plan)
    except ModelImportError as error:
        if not device.info.simulated:
            raise
        context.note([LogEntry("verify", (request.name,), "skipped", str(error))])
        return None
    if model.imported.sha256 != recording.model.sha256 or tuple(model.graph.index) != tuple(recording.graph.index):
        raise ModelImportError(
            f"{path} is not the model of the recording any more: optimize it again, or put the old file back."
        )
    return model


def _planned_edit(saved: SavedSchedule) -> PlannedCandidate:
    return PlannedCandidate(EDITED, saved.schedule, saved.plan, PlanResult(saved.plan, float("inf"), 0, 0, 0.0))


def _others(recording: Recording, name: str, *, everything: bool) -> list[PlannedCandidate]:
    """The candidates that are run again beside the edited one."""
    wanted = {recording.sequential.name, recording.chosen}
    return [
        PlannedCandidate(one.name, one.schedule, one.plan, PlanResult(one.plan, float("inf"), 0, 0, 0.0))
        for one in recording.candidates
        if one.name != name and (everything or one.name in wanted)
    ]


def _checks(
    request: TryRequest,
    recording: Recording,
    edited: PlannedCandidate,
    model: LoadedModel | None,
    device: Device,
    context: JobContext,
) -> dict[str, OutputCheck]:
    if model is None or not request.verify or context.cancelled():
        return {}
    from warploom.worker.verification import check_outputs

    context.phase("verify", f"{edited.name} against onnxruntime on the original model")
    return check_outputs({edited.name: edited.plan}, model, device, recording.settings.precision, context)


def _candidates(
    recording: Recording, edited: PlannedCandidate, outcomes: dict[str, Outcome], kept: Sequence[Candidate]
) -> tuple[Candidate, ...]:
    """The recording's candidates in their order with what was measured anew, and the edited one last."""
    untouched = {one.name: one for one in kept}
    result: list[Candidate] = []
    for one in recording.candidates:
        if one.name == edited.name:
            continue
        found = outcomes.get(one.name)
        if found is not None:
            result.append(dataclasses.replace(one, measurement=found.measurement, timeline=found.timeline))
        elif one.name in untouched:
            result.append(one)
    mine = outcomes[edited.name]
    log = (LogEntry(EDITED, (edited.name,), "added", "a schedule that was edited by hand"),)
    result.append(Candidate(edited.name, edited.plan, mine.measurement, mine.timeline, edited.schedule, decisions=log))
    return tuple(result)


def _as_outcomes(candidates: Sequence[Candidate]) -> dict[str, Outcome]:
    from warploom.worker.execution import Outcome

    return {one.name: Outcome(one.measurement, one.timeline) for one in candidates}


def _verification(
    recording: Recording, edited: str, checks: dict[str, OutputCheck], *, moved: bool
) -> Verification | None:
    """What is known of all candidates; nothing of the old ones on another device."""
    new = tuple(CandidateVerification(name, check.error, check.passed) for name, check in checks.items())
    before = recording.verification
    if moved or before is None:
        old: tuple[CandidateVerification, ...] = ()
    else:
        old = tuple(one for one in before.candidates if one.name != edited)
    if not (*old, *new):
        return None
    tolerance = next((check.tolerance for check in checks.values()), before.tolerance if before else 0.0)
    each = (*old, *new)
    return Verification(max(one.max_rel_l2 for one in each), tolerance, all(one.ok for one in each), each)


def _known(verification: Verification | None) -> dict[str, OutputCheck]:
    from warploom.worker.verification import OutputCheck

    if verification is None:
        return {}
    return {one.name: OutputCheck(one.max_rel_l2, verification.tolerance) for one in verification.candidates}


def _schedulers(recording: Recording, edited: PlannedCandidate) -> tuple[SchedulerSummary, ...]:
    others = tuple(one for one in recording.search.schedulers if one.name != edited.name)
    return (*others, SchedulerSummary(edited.name, None, 0, 0, 0.0))
