"""What every step of a job carries along: where events go, whether to stop, and the build log so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from warploom.errors import CancelledError
from warploom.graph import LogEntry
from warploom.worker.messages import LogLine, Phase
from warploom.worker.observer import Cancelled, Emit


@dataclass(slots=True)
class JobContext:
    """One running job.

    Attributes:
        job: The request's id.
        emit: Takes the events.
        cancelled: Whether the user asked to stop.
        log: The build log, in order.
    """

    job: int
    emit: Emit
    cancelled: Cancelled
    log: list[LogEntry] = field(default_factory=list)

    def phase(self, name: str, detail: str = "") -> None:
        """Says that a step begins."""
        self.emit(Phase(self.job, name, detail))

    def note(self, entries: Iterable[LogEntry]) -> None:
        """Adds decisions to the build log and sends them."""
        for entry in entries:
            self.log.append(entry)
            self.emit(LogLine(self.job, entry.step, entry.subject, entry.decision, entry.reason))

    def stop_if_cancelled(self) -> None:
        """For the steps before there is anything to keep.

        Raises:
            CancelledError: If the user asked to stop.
        """
        if self.cancelled():
            raise CancelledError("Cancelled before there was a schedule to keep; nothing was written.")
