from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from typing import BinaryIO

import pytest

from warploom.worker import server
from warploom.worker.framing import decode_event, encode_frame, read_frame
from warploom.worker.messages import (
    PROTOCOL_VERSION,
    CancelRequest,
    Event,
    Failed,
    Finished,
    Hello,
    ImportRequest,
    Phase,
    Request,
    Shutdown,
    Welcome,
)
from warploom.worker.observer import Cancelled, Emit
from warploom.worker.server import Server


class Conversation:
    """A server with a scripted job, in a thread, over two pipes."""

    def __init__(self) -> None:
        self.started: list[int] = []
        self._source, self.requests = _pipe()
        self.events, self._sink = _pipe()
        self.exit_codes: list[int] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def send(self, *requests: Request) -> None:
        for request in requests:
            self.requests.write(encode_frame(request))
        self.requests.flush()

    def receive(self) -> Event:
        body = read_frame(self.events)
        assert body is not None
        return decode_event(body)

    def wait(self) -> int:
        self._thread.join(10)
        assert not self._thread.is_alive()
        return self.exit_codes[0]

    def close(self) -> None:
        for stream in (self.requests, self.events):
            stream.close()
        self.wait()
        self._source.close()

    def _serve(self) -> None:
        self.exit_codes.append(Server(self._source, self._sink, self._job).serve())
        self._sink.close()

    def _job(self, request: Request, emit: Emit, cancelled: Cancelled) -> bool:
        self.started.append(request.job)
        emit(Phase(request.job, "search"))
        while isinstance(request, ImportRequest) and request.model == "endless" and not cancelled():
            time.sleep(0.001)
            emit(Phase(request.job, "still searching"))
        emit(Finished(request.job, cancelled=cancelled()))
        return isinstance(request, ImportRequest) and request.model == "lost"


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    reader, writer = os.pipe()
    return os.fdopen(reader, "rb"), os.fdopen(writer, "wb")


@pytest.fixture
def conversation() -> Iterator[Conversation]:
    conversation = Conversation()
    yield conversation
    conversation.close()


def endless(job: int) -> ImportRequest:
    return ImportRequest(job=job, model="endless")


def last_of(conversation: Conversation, job: int) -> Event:
    while not isinstance(event := conversation.receive(), Finished | Failed) or event.job != job:
        pass
    return event


def test_that_a_greeting_is_answered_even_while_a_job_runs(conversation: Conversation) -> None:
    conversation.send(endless(1), Hello(job=0))
    while not isinstance(event := conversation.receive(), Welcome):
        assert isinstance(event, Phase)
    assert event.protocol == PROTOCOL_VERSION
    assert event.pid == os.getpid()


def test_that_another_version_is_told_so(conversation: Conversation) -> None:
    conversation.send(Hello(job=3, protocol=PROTOCOL_VERSION + 1))
    answer = conversation.receive()
    assert isinstance(answer, Failed)
    assert answer.job == 3
    assert f"version {PROTOCOL_VERSION + 1}" in answer.message


def test_that_a_cancel_ends_the_running_job_and_no_other(conversation: Conversation) -> None:
    conversation.send(endless(1), endless(2), CancelRequest(job=1))
    first = last_of(conversation, 1)
    assert isinstance(first, Finished)
    assert first.cancelled
    conversation.send(CancelRequest(job=2))
    assert last_of(conversation, 2) == Finished(2, cancelled=True)
    assert conversation.started == [1, 2]


def test_that_a_job_may_be_cancelled_while_it_waits(conversation: Conversation) -> None:
    conversation.send(endless(1), endless(2), CancelRequest(job=2), CancelRequest(job=1))
    assert last_of(conversation, 1) == Finished(1, cancelled=True)
    assert last_of(conversation, 2) == Finished(2, cancelled=True)


def test_that_a_message_that_is_none_costs_itself_only(conversation: Conversation) -> None:
    body = b"\x82\xa4type\xa4brew\xa3job\x05"
    conversation.requests.write(len(body).to_bytes(4, "big") + body)
    conversation.send(Hello(job=6))
    failed, welcome = conversation.receive(), conversation.receive()
    assert isinstance(failed, Failed)
    assert failed.job == 5
    assert isinstance(welcome, Welcome)


def test_that_garbage_ends_the_server_with_a_sentence(conversation: Conversation) -> None:
    conversation.requests.write(b"GET / HTTP/1.1\r\n\r\n")
    conversation.requests.flush()
    failed = conversation.receive()
    assert isinstance(failed, Failed)
    assert "not the worker's protocol" in failed.message
    assert conversation.wait() == 2


@pytest.mark.parametrize("how", ["shutdown", "end of input", "nobody reads"])
def test_that_the_server_ends_in_mid_job(conversation: Conversation, how: str) -> None:
    conversation.send(endless(1))
    conversation.receive()
    if how == "shutdown":
        conversation.send(Shutdown())
    elif how == "end of input":
        conversation.requests.close()
    else:
        conversation.events.close()
    if how == "nobody reads":  # only the end of its input lets the reading thread go
        time.sleep(0.1)
        conversation.requests.close()
    assert conversation.wait() == 0


def test_that_a_job_that_lost_the_gpu_ends_the_process_after_its_last_event(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []
    monkeypatch.setattr(server, "_leave", left.append)
    conversation.send(ImportRequest(job=1, model="lost"), ImportRequest(job=2, model="quick"))
    assert last_of(conversation, 1) == Finished(job=1)
    assert last_of(conversation, 2) == Finished(job=2)
    assert left == [server.EXIT_LOST]
