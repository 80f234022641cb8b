"""Takes stdin and stdout of a child process for a protocol alone, so that no library garbles it."""

from __future__ import annotations

import os
import signal
import sys
from typing import IO


def claim_standard_streams() -> tuple[IO[bytes], IO[bytes]]:
    """The process's stdin and stdout as binary streams of the protocol's own.

    File descriptor 0 becomes the null device and 1 becomes stderr, for native libraries and child processes too:
    whatever they print lands in the log.
    """
    sys.stdout.flush()
    source = os.fdopen(_private_copy(0), "rb", buffering=0)
    sink = os.fdopen(_private_copy(1), "wb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return source, sink


def _private_copy(descriptor: int) -> int:
    """A copy that child processes do not inherit (else they would keep the pipe open after this process's end)."""
    copy = os.dup(descriptor)
    os.set_inheritable(copy, False)
    return copy


def leave_interrupts_to_the_parent() -> None:
    """Ctrl-C in a terminal reaches every process of it; the one that started this one decides what it means."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
