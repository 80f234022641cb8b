"""Runs the main job in this process, with its events shown as they come."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warploom.cli.interrupt import InterruptFlag
from warploom.cli.progress import open_progress
from warploom.worker.messages import Event, Finished, OptimizeOptions, OptimizeRequest
from warploom.worker.remote import RemoteHost


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """What the main job left.

    Attributes:
        summary: The object that `--json` prints.
        recording: The file that was written.
        cancelled: Whether the user stopped it; the recording holds the best found until then.
    """

    summary: dict[str, Any]
    recording: Path
    cancelled: bool


def run_optimize(
    model: Path, output: Path, options: OptimizeOptions, *, log: bool, host: RemoteHost | None = None
) -> JobOutcome:
    """Runs the main job on `model` to its end, on this machine or on another one.

    Raises:
        WarploomError: As the job does.
    """
    from warploom.worker.job import optimize

    finished: list[Finished] = []
    request = OptimizeRequest(job=1, model=str(model), output=str(output), options=options)
    with open_progress(log=log) as view, InterruptFlag() as interrupted:

        def emit(event: Event) -> None:
            view.show(event)
            if isinstance(event, Finished):
                finished.append(event)

        if host is None:
            optimize(request, emit, interrupted.is_set)
        else:
            from warploom.worker.output import check_output
            from warploom.worker.remote_job import optimize_remotely

            check_output(output, model)
            optimize_remotely(host, request, emit, interrupted.is_set)
    end = finished[-1]
    return JobOutcome(json.loads(end.summary), Path(end.recording), end.cancelled)
