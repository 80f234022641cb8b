from __future__ import annotations

import logging

import pytest

from warploom.device.cuda.errors import CudaError
from warploom.errors import CommandError
from warploom.worker import dispatch
from warploom.worker.messages import Event, Failed, Hello, ImportRequest


def failure_of(request: object) -> Failed:
    events: list[Event] = []
    dispatch.run_job(request, events.append, lambda: False)  # type: ignore[arg-type]
    (event,) = events
    assert isinstance(event, Failed)
    return event


def test_that_an_error_meant_for_the_user_keeps_its_sentence(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise CommandError("Do this.")

    monkeypatch.setattr(dispatch, "_run", refuse)
    failed = failure_of(ImportRequest(job=4, model="m"))
    assert (failed.job, failed.code, failed.message) == (4, "command", "Do this.")
    assert "CommandError" in failed.details
    assert not caplog.records


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (KeyError("x"), "unexpectedly (KeyError: 'x')"),
        (MemoryError(), "too little memory"),
        (ValueError(), "(ValueError)"),
    ],
)
def test_that_a_defect_becomes_a_sentence_with_the_traceback_apart(
    error: Exception, sentence: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(*_: object) -> None:
        raise error

    monkeypatch.setattr(dispatch, "_run", crash)
    with caplog.at_level(logging.ERROR):
        failed = failure_of(ImportRequest(job=4, model="m"))
    assert failed.code == "internal"
    assert sentence in failed.message
    assert "\n" not in failed.message
    assert type(error).__name__ in failed.details
    assert "job 4 failed" in caplog.text


def test_that_a_job_that_lost_the_gpu_says_so_and_gives_up_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(*_: object) -> None:
        raise CudaError("The GPU fell off the bus.", call="x", sticky=True)

    monkeypatch.setattr(dispatch, "_run", lose)
    events: list[Event] = []
    assert dispatch.run_job(ImportRequest(job=4, model="m"), events.append, lambda: False)
    (failed,) = events
    assert isinstance(failed, Failed)
    assert failed.message == "The GPU fell off the bus. The worker process ends; the next job gets a new one."


def test_that_what_is_no_job_is_refused() -> None:
    assert "Hello" in failure_of(Hello(job=1)).message
