"""Plans from recordings: the schedule that won, with the weights, which a recording's file does not hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from warploom.api.optimizing import ignore, never
from warploom.errors import PlanError
from warploom.serving.opening import serving_device

if TYPE_CHECKING:
    from warploom.device.serving import ServingDevice
    from warploom.graph import Graph, Precision
    from warploom.recording.recording import Recording
    from warploom.serving.building import Scheduled
    from warploom.serving.contents import PlanContents


def contents_of_recording(
    source: str | Path | Recording,
    device: str | None,
    precision: str | None,
    workspace_mb: int | None,
    *,
    prove_rows: bool,
) -> tuple[PlanContents, ServingDevice]:
    """A plan of a recording's best schedule, and the device that it is for.

    Args:
        source: The recording or its file.
        device: Where it shall run; None for the recording's own.
        precision: None for the recording's own.
        workspace_mb: The largest workspace of a library's kernel, in MiB.
        prove_rows: Whether rows of a batch are shown to be independent.

    Raises:
        WarploomError: If the recording or its model cannot be read, or another precision needs the model.
    """
    from warploom.recording.file import read_recording
    from warploom.serving.building import build_contents

    recording = read_recording(Path(source)) if isinstance(source, str | Path) else source
    opened = serving_device(device or recording.settings.device, workspace_mb)
    own: Precision = recording.settings.precision
    chosen = _named_precision(precision, own) if precision else own
    scheduled = _scheduled(recording)
    there, here = recording.device, opened.info
    if chosen is not own or (there.name, there.simulated) != (here.name, here.simulated):
        scheduled = replace(scheduled, latency_us=None)  # measured there, not here
    contents, _ = build_contents(
        recording.model,
        [scheduled],
        opened,
        chosen,
        workspace_mb=workspace_mb,
        prove_rows=prove_rows,
    )
    return contents, opened


def _named_precision(name: str, own: Precision) -> Precision:
    """Another precision for a recording's schedule.

    Raises:
        PlanError: If one of them was decided operator by operator, which needs the model.
    """
    from warploom.graph import UNIFORM, Precision

    if name != own and (name not in UNIFORM or own not in UNIFORM):
        raise PlanError(f"The recording is in {own}: build from the model to have a plan in {name}.")
    return Precision(name)


def _scheduled(recording: Recording) -> Scheduled:
    """The schedule that won, with the weights, which a recording's file does not hold."""
    from warploom.graph.constant import MissingConstant
    from warploom.serving.building import Scheduled

    best = recording.optimized
    graph = recording.graph
    if any(isinstance(constant, MissingConstant) for constant in graph.constants.values()):
        graph = _imported_again(recording)
    best.plan.verify(graph)
    return Scheduled(graph, best.plan, best.measurement.median_us)


def _imported_again(recording: Recording) -> Graph:
    """The Graph of a recording, from the model file that it names.

    Raises:
        PlanError: If that file is another one now.
        ModelImportError: If it is not there.
    """
    from warploom.worker.context import JobContext
    from warploom.worker.load import load_model

    fingerprint, settings = recording.model, recording.settings
    context = JobContext(1, ignore, never)
    model = load_model(fingerprint.path, settings.batch, dict(settings.shapes), context, settings.precision_plan)
    if model.imported.sha256 != fingerprint.sha256:
        raise PlanError(
            f"The model {fingerprint.path} has changed since the recording was made: optimize it again, then build."
        )
    return model.graph
