"""Runs the job that a request asks for and turns every end of it, a crash included, into an event."""

from __future__ import annotations

import logging
import traceback

from warploom.errors import CommandError, WarploomError
from warploom.worker.messages import (
    DevicesRequest,
    DoctorRequest,
    Failed,
    ImportRequest,
    ModelFilesRequest,
    OptimizeRequest,
    Request,
    TryRequest,
)
from warploom.worker.observer import Cancelled, Emit

_logger = logging.getLogger(__name__)

_LOST = " The worker process ends; the next job gets a new one."


def run_job(request: Request, emit: Emit, cancelled: Cancelled) -> bool:
    """Runs one job to its last event: `Finished`, `Failed`, or the one answer. Raises nothing of the job's own.

    Returns:
        Whether this process is lost for further jobs: after some faults it cannot use the GPU any more.
    """
    _logger.debug("job %d: %s", request.job, type(request).__name__)
    try:
        _run(request, emit, cancelled)
    except WarploomError as error:
        message = f"{error}{_LOST}" if error.sticky else str(error)
        emit(Failed(job=request.job, code=error.code, message=message, details=traceback.format_exc()))
        return error.sticky
    except Exception as error:
        _logger.exception("job %d failed", request.job)
        emit(Failed(job=request.job, code="internal", message=unexpected(error), details=traceback.format_exc()))
    return False


def unexpected(error: BaseException) -> str:
    """A sentence about an error that Warploom did not raise on purpose."""
    if isinstance(error, MemoryError):
        return "The machine has too little memory for this job: try a smaller model or batch."
    text = " ".join(str(error).split())
    return f"Warploom failed unexpectedly ({type(error).__name__}{': ' if text else ''}{text[:300]}): please report it."


def _run(request: Request, emit: Emit, cancelled: Cancelled) -> None:
    match request:
        case OptimizeRequest():
            from warploom.worker.job import optimize

            optimize(request, emit, cancelled)
        case TryRequest():
            from warploom.worker.trial import try_schedule

            try_schedule(request, emit, cancelled)
        case ImportRequest():
            from warploom.worker.job import import_graph

            import_graph(request, emit, cancelled)
        case DevicesRequest():
            from warploom.worker.devices import list_for_user

            emit(list_for_user(request.job))
        case DoctorRequest():
            from warploom.worker.devices import examine_for_user

            emit(examine_for_user(request.job))
        case ModelFilesRequest():
            from warploom.worker.load import list_model_files

            emit(list_model_files(request))
        case _:
            raise CommandError(f"A worker cannot run a request of the kind {type(request).__name__!r}.")
