"""Ctrl-C for long work: the first one asks it to stop and keep its best, the second one ends it at once."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from warploom.errors import CancelledError


class InterruptFlag:
    """A context manager that catches SIGINT (and SIGTERM, which schedulers and `timeout` send) while work runs."""

    def __init__(self) -> None:
        self._raised = False
        self._previous: dict[int, Any] = {}

    def is_set(self) -> bool:
        """Whether the user asked to stop."""
        return self._raised

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._raised:
            raise KeyboardInterrupt
        self._raised = True


def kept(file: Path) -> CancelledError:
    """The user interrupted the work, and the file holds the best schedule until then."""
    return CancelledError(f"Interrupted; the best schedule until then is in {file}.")
