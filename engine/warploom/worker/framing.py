"""Frames of the worker's protocol: a 4-byte big-endian length, then one message in msgpack.

Both sides read and write bytes streams (pipes, or an ssh connection); nothing here knows of processes.
"""

from __future__ import annotations

import contextlib
import struct
import threading
from typing import IO, TypeVar

import msgspec

from warploom.errors import CommandError
from warploom.worker.messages import Event, Request

MAX_FRAME_BYTES = 256 * 2**20
"""Longest message accepted; a graph document of 100,000 operators takes about a tenth of it."""

_LENGTH = struct.Struct(">I")
_Message = TypeVar("_Message")

_request_decoder = msgspec.msgpack.Decoder(Request)
_event_decoder = msgspec.msgpack.Decoder(Event)


def encode_frame(message: Request | Event) -> bytes:
    """One message as a frame.

    Raises:
        CommandError: If it is longer than a frame may be.
    """
    body = msgspec.msgpack.encode(message)
    if len(body) > MAX_FRAME_BYTES:
        raise CommandError(f"A message of {len(body):,} bytes is longer than the worker's protocol allows.")
    return _LENGTH.pack(len(body)) + body


def decode_request(body: bytes) -> Request:
    """The request in a frame's body; CommandError if it is none."""
    request: Request = _decode(_request_decoder, body)
    return request


def decode_event(body: bytes) -> Event:
    """The event in a frame's body; CommandError if it is none."""
    event: Event = _decode(_event_decoder, body)
    return event


def _decode(decoder: msgspec.msgpack.Decoder[_Message], body: bytes) -> _Message:
    try:
        return decoder.decode(body)
    except msgspec.MsgspecError as error:
        raise CommandError(f"A message of the worker's protocol cannot be understood: {error}.") from None


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The body of the next frame, or None at the end of the stream.

    Raises:
        CommandError: If the stream ends inside a frame, or what it holds is not this protocol. Nothing that follows
            can be trusted then: the reader has to give up.
    """
    header = _read_exactly(stream, _LENGTH.size)
    if not header:
        return None
    if len(header) < _LENGTH.size:
        raise CommandError("The stream of the worker's protocol ended inside a message.")
    (length,) = _LENGTH.unpack(header)
    _check_length(length)
    body = _read_exactly(stream, length)
    if len(body) < length:
        raise CommandError("The stream of the worker's protocol ended inside a message.")
    return body


def _read_exactly(stream: IO[bytes], size: int) -> bytes:
    """`size` bytes, or fewer at the end of the stream (pipes may hand over less at a time)."""
    parts: list[bytes] = []
    while size > 0 and (part := stream.read(min(size, 2**20))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _check_length(length: int) -> None:
    if not 0 < length <= MAX_FRAME_BYTES:
        raise CommandError(
            f"The stream is not the worker's protocol: it announces a message of {length:,} bytes "
            f"(something else than warploom writes to it)."
        )


class FrameSplitter:
    """Cuts frames out of bytes that arrive piece by piece, for readers that must not block (the window)."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Takes more bytes and returns the bodies of the frames that are whole now.

        Raises:
            CommandError: If the bytes are not this protocol.
        """
        self._buffer += data
        bodies: list[bytes] = []
        position = 0
        while len(self._buffer) - position >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer, position)
            _check_length(length)
            end = position + _LENGTH.size + length
            if len(self._buffer) < end:
                break
            bodies.append(bytes(self._buffer[position + _LENGTH.size : end]))
            position = end
        del self._buffer[:position]
        return bodies

    @property
    def pending(self) -> int:
        """Bytes of a frame that is not whole yet."""
        return len(self._buffer)


class FrameWriter:
    """Writes whole frames to a stream from any thread; silent once nobody reads any more."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._broken = False

    @property
    def broken(self) -> bool:
        """Whether the reader has gone."""
        return self._broken

    def write(self, message: Request | Event) -> None:
        """Sends one message; a reader that has gone is remembered, not raised."""
        frame = encode_frame(message)
        with self._lock:
            if self._broken:
                return
            try:
                self._stream.write(frame)
                self._stream.flush()
            except (OSError, ValueError):  # a broken pipe, or a stream that was closed meanwhile
                self._broken = True
                with contextlib.suppress(OSError, ValueError):
                    self._stream.close()  # drops what is buffered, which would fail again at exit
