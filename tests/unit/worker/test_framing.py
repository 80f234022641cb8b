from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warploom.errors import CommandError
from warploom.worker.framing import (
    MAX_FRAME_BYTES,
    FrameSplitter,
    FrameWriter,
    decode_event,
    decode_request,
    encode_frame,
    read_frame,
)
from warploom.worker.messages import (
    CancelRequest,
    Finished,
    GraphReady,
    LogLine,
    OptimizeOptions,
    OptimizeRequest,
    SearchProgress,
)

REQUEST = OptimizeRequest(
    job=7, model="m.onnx", output="m.warploom", options=OptimizeOptions(shapes={"x": (1, 3, 224, 224)}, batch=2)
)
EVENTS = (
    SearchProgress(job=7, scheduler="both", block=1, blocks=3, states=9, stages_costed=4, best_us=None, elapsed_s=0.5),
    LogLine(job=7, step="fuse", subject=("a", "b"), decision="fused", reason="nobody else reads it"),
    GraphReady(job=7, model="m", document=b"\x00\xff{}"),
    Finished(job=7, recording="m.warploom", summary=b"{}", cancelled=True),
)


class Trickle(io.RawIOBase):
    """A pipe that hands over at most a few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self._data = io.BytesIO(data)
        self._step = step

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(size, self._step))


def test_that_a_request_survives_the_way_through_a_slow_pipe() -> None:
    stream = Trickle(encode_frame(REQUEST) + encode_frame(CancelRequest(job=7)), 3)
    first, second = read_frame(stream), read_frame(stream)
    assert first is not None
    assert second is not None
    assert decode_request(first) == REQUEST
    assert decode_request(second) == CancelRequest(job=7)
    assert read_frame(stream) is None


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60))
def test_that_a_splitter_finds_the_same_frames_however_the_bytes_arrive(sizes: list[int]) -> None:
    data = b"".join(encode_frame(event) for event in EVENTS)
    splitter = FrameSplitter()
    found = []
    position = 0
    while position < len(data):
        size = sizes[len(found) % len(sizes)]
        found += [decode_event(body) for body in splitter.feed(data[position : position + size])]
        position += size
    assert tuple(found) == EVENTS
    assert splitter.pending == 0


@pytest.mark.parametrize("length", [0, MAX_FRAME_BYTES + 1, 2**32 - 1])
def test_that_an_absurd_length_is_called_not_the_protocol(length: int) -> None:
    data = struct.pack(">I", length) + b"x"
    with pytest.raises(CommandError, match="not the worker's protocol"):
        read_frame(io.BytesIO(data))
    with pytest.raises(CommandError, match="not the worker's protocol"):
        FrameSplitter().feed(data)


@pytest.mark.parametrize("cut", [1, 3, 4, 10])
def test_that_a_stream_that_ends_inside_a_frame_is_an_error(cut: int) -> None:
    with pytest.raises(CommandError, match="ended inside a message"):
        read_frame(io.BytesIO(encode_frame(REQUEST)[:cut]))


@pytest.mark.parametrize("body", [b"\xc1", b"\x01", b"\x80", b"\x81\xa4type\xa5brew!", b"hello world"])
def test_that_a_body_that_is_no_message_is_an_error_with_a_sentence(body: bytes) -> None:
    with pytest.raises(CommandError, match="cannot be understood"):
        decode_request(body)


def test_that_an_event_is_not_taken_for_a_request() -> None:
    with pytest.raises(CommandError, match="cannot be understood"):
        decode_request(encode_frame(EVENTS[0])[4:])


def test_that_a_writer_goes_quiet_when_its_reader_has_gone() -> None:
    class Broken(io.BytesIO):
        def write(self, data: object) -> int:
            raise BrokenPipeError(data)

    writer = FrameWriter(Broken())
    writer.write(EVENTS[0])
    assert writer.broken
    writer.write(EVENTS[1])
