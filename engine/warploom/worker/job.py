"""The jobs: the main one, from a model file to a recording of compared schedules, and the import alone.

Both take a request, send events, and end with `Finished` or raise a WarploomError. They know nothing of processes:
the worker runs them for the window, the command line in its own process.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from warploom.graph import LogEntry
from warploom.worker.context import JobContext
from warploom.worker.load import LoadedModel, load_model
from warploom.worker.messages import Finished, GraphReady, ImportRequest, OptimizeOptions, OptimizeRequest
from warploom.worker.observer import Cancelled, Emit
from warploom.worker.output import check_output

if TYPE_CHECKING:
    from warploom.device import Device
    from warploom.recording.recording import Recording
    from warploom.worker.candidates import PlannedCandidate
    from warploom.worker.settings import JobSettings
    from warploom.worker.verification import OutputCheck

_REPORT_EVERY_S = 1.0


def import_graph(request: ImportRequest, emit: Emit, cancelled: Cancelled) -> None:
    """Reads a model, runs the passes and sends the fused Graph.

    Raises:
        WarploomError: If the model cannot be read, or the user cancelled.
    """
    context = JobContext(request.job, emit, cancelled)
    model = load_model(request.model, request.batch, request.shapes, context)
    _send_graph(model, context)
    emit(Finished(request.job))


def optimize(request: OptimizeRequest, emit: Emit, cancelled: Cancelled) -> None:
    """Runs the main job: import, search, measure, verify, profile, save.

    When the user cancels during the search, the best schedules found so far are measured and saved; they are not
    compared with the reference then.

    Raises:
        WarploomError: If a step fails; nothing is written then.
    """
    context = JobContext(request.job, emit, cancelled)
    check_output(Path(request.output), Path(request.model))
    recording = record_model(request, context)
    stopped = cancelled()
    _save(recording, request, context)
    emit(_finished(request, recording, stopped=stopped))


def record_model(request: OptimizeRequest, context: JobContext) -> Recording:
    """The main job up to its Recording, whose Graph still has its weights; nothing is written.

    Raises:
        WarploomError: If a step fails.
    """
    from warploom.worker.precision import decide_precision
    from warploom.worker.settings import check_settings

    settings = check_settings(request.options)
    device = _open_device(request.options, context)
    with _given_back(device):
        model = load_model(request.model, request.options.batch, request.options.shapes, context)
        _send_graph(model, context)
        model, settings = decide_precision(model, settings, device, context)
        return _record(request, settings, device, model, context)


def _open_device(options: OptimizeOptions, context: JobContext) -> Device:
    from warploom.device.registry import AUTO, default_device, open_device

    if options.device == AUTO:
        chosen, why = default_device()
        context.note([LogEntry("device", (chosen,), "chosen", why)])
    return open_device(options.device, options.workspace_mb)


def _send_graph(model: LoadedModel, context: JobContext) -> None:
    from warploom.graph.document import graph_to_document

    context.emit(GraphReady(context.job, model.imported.name, graph_to_document(model.graph)))


def _record(
    request: OptimizeRequest, settings: JobSettings, device: Device, model: LoadedModel, context: JobContext
) -> Recording:
    from warploom.worker.candidates import plan_candidates, prepare_merges, saved_candidates
    from warploom.worker.execution import choose, execute_candidates
    from warploom.worker.record import Findings, assemble, solo_latencies
    from warploom.worker.settings import measured_limits
    from warploom.worker.support import check_support

    check_support(model.graph, device, settings.precision)
    if not device.info.simulated:
        context.phase("search", f"kernels for {device.info.name}")
    with _reported_choices(device, context):
        costs = device.cost_model(model.graph, settings.precision)
        if settings.schedule is None:
            prepare_merges(model.graph, costs, settings.mode, settings.limits)
    limits = settings.limits if device.info.simulated else measured_limits(settings.limits)
    if settings.schedule is not None:
        planned = saved_candidates(model.graph, costs, settings.schedule, context)
    else:
        planned = plan_candidates(model.graph, costs, settings.mode, limits, context)
    outcomes = execute_candidates(
        planned, model.graph, device, settings.precision, settings.repeats, context, settings.profile
    )
    _note_device(device, context)
    fastest_first = sorted(planned, key=lambda candidate: outcomes[candidate.name].measurement.median_us)
    checks = _verify(fastest_first, request, settings, device, model, context)
    _note_device(device, context)
    chosen = choose(outcomes, checks, context)
    findings = Findings(planned, outcomes, checks, chosen, solo_latencies(model.graph, costs))
    return assemble(request, settings, device.info, model, findings, context.log)


@contextmanager
def _reported_choices(device: Device, context: JobContext) -> Iterator[None]:
    """While a device chooses kernels: says how far it is, and ends it when the user cancels."""
    from warploom.device import PreparingDevice

    if not isinstance(device, PreparingDevice):
        yield
        return
    said = -_REPORT_EVERY_S

    def report(done: int, count: int, _: str) -> None:
        nonlocal said
        context.stop_if_cancelled()
        if (now := time.monotonic()) - said >= _REPORT_EVERY_S:
            said = now
            context.phase("search", f"kernels for {device.info.name}, {done} of {count} chosen")

    device.observe(report)
    try:
        yield
    finally:
        device.observe(None)


@contextmanager
def _given_back(device: Device) -> Iterator[None]:
    """Gives back what a device holds for the job's Graph when that ends."""
    from warploom.device import PreparingDevice

    try:
        yield
    finally:
        if isinstance(device, PreparingDevice):
            device.forget_graphs()


def _note_device(device: Device, context: JobContext) -> None:
    """Takes what the device has to say over into the build log."""
    from warploom.device import LoggingDevice

    if isinstance(device, LoggingDevice):
        context.note(device.take_log())


def _verify(
    planned: Sequence[PlannedCandidate],
    request: OptimizeRequest,
    settings: JobSettings,
    device: Device,
    model: LoadedModel,
    context: JobContext,
) -> dict[str, OutputCheck]:
    """Compares outputs, unless the user does not want it or has cancelled."""
    if not request.options.verify or context.cancelled():
        why = "asked for with --no-verify" if not request.options.verify else "the job was cancelled"
        context.note([LogEntry("verify", (model.imported.name,), "skipped", why)])
        return {}
    from warploom.worker.verification import check_outputs

    context.phase("verify", "the original model on onnxruntime")
    plans = {candidate.name: candidate.plan for candidate in planned}
    return check_outputs(plans, model, device, settings.precision, context)


def _save(recording: Recording, request: OptimizeRequest, context: JobContext) -> None:
    from warploom.recording.file import write_recording

    context.phase("save", request.output)
    write_recording(recording, Path(request.output))


def _finished(request: OptimizeRequest, recording: Recording, *, stopped: bool) -> Finished:
    from warploom.report.summary import summary

    encoded = msgspec.json.encode(summary(recording))
    return Finished(request.job, recording=request.output, summary=encoded, cancelled=stopped)
