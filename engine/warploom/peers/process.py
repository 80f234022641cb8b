"""A peer in a process of its own, seen from outside: a crash or a hang of it is an answer like any other."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from warploom.peers.messages import Answer, Command, Kind
from warploom.peers.problem_files import read_arrays
from warploom.peers.protocol import Array

_KEPT_OUTPUT = 2000
_GRACE_SECONDS = 5.0
_POLL_SECONDS = 0.25


class PeerProcess:
    """The process of one peer for one problem. A context manager; leaving it ends the process.

    Args:
        name: Of the peer.
        folder: The problem's.
        gpu: Which of the GPUs that this process sees it shall see, as its only one; None for all of them.
        check: Called often while an answer is waited for; what it raises ends the waiting.
    """

    def __init__(
        self, name: str, folder: Path, gpu: int | None = None, check: Callable[[], None] = lambda: None
    ) -> None:
        self.name = name
        self._check = check
        self._given_up = ""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", "warploom.peers.serve", name, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment_for(gpu),
            bufsize=0,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(_GRACE_SECONDS if kind is None else 0.0)

    def ask(self, command: Command, timeout_s: float) -> Answer:
        """Tells the peer to do something; an answer with an error where it crashes or takes too long."""
        self.tell(command)
        return self.hear(timeout_s)

    def tell(self, command: Command) -> None:
        """Tells the peer to do something, whose answer is heard later: several peers can work at it at once."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # it has ended: hearing it says how
            self._process.stdin.write(msgspec.json.encode(command) + b"\n")

    def hear(self, timeout_s: float) -> Answer:
        """The answer to what the peer was told; one with an error where it crashes or takes too long."""
        if self._given_up:
            return Answer(error=self._given_up)
        line = self._line(time.monotonic() + timeout_s)
        if line is None:
            self._given_up = f"It did not answer within {timeout_s:.0f} s."
            self.close()
            return Answer(error=self._given_up)
        return msgspec.json.decode(line, type=Answer) if line else Answer(error=self._epitaph())

    def outputs(self, timeout_s: float) -> tuple[dict[str, Array], str]:
        """The outputs of one execution, and an error ("" where there is none)."""
        answer = self.ask(Command(Kind.RUN), timeout_s)
        if answer.error:
            return {}, answer.error
        return read_arrays(Path(answer.path), answer.outputs), ""

    def close(self, grace_s: float = _GRACE_SECONDS) -> None:
        """Ends the process and what it started; it may end by itself for some seconds."""
        process = self._process
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            process.wait(grace_s)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._errors.close()

    def _line(self, deadline: float) -> bytes | None:
        """One line of the peer's answer; b"" where it ended, None where time is over."""
        stdout = self._process.stdout
        assert stdout is not None
        received = b""
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while not received.endswith(b"\n"):
                self._check()
                left = deadline - time.monotonic()
                if not selector.select(max(0.0, min(left, _POLL_SECONDS))):
                    if left <= _POLL_SECONDS:
                        return None
                    continue
                part = stdout.read(1 << 16)
                if not part:
                    return b""
                received += part
        return received

    def _epitaph(self) -> str:
        """How the process ended, with the last line that it wrote."""
        code = self._process.wait()
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - _KEPT_OUTPUT))
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        how = f"It was ended by the signal {-code}" if code < 0 else f"It ended with the exit code {code}"
        return f"{how}{': ' + lines[-1] if lines else ''}."


def environment_for(gpu: int | None) -> dict[str, str]:
    """This process's environment, in which only one GPU is seen, counted as this process counts them."""
    found = dict(os.environ)
    if gpu is not None:
        seen = [part.strip() for part in found.get("CUDA_VISIBLE_DEVICES", "").split(",") if part.strip()]
        found["CUDA_VISIBLE_DEVICES"] = seen[gpu] if gpu < len(seen) else str(gpu)
    return found
