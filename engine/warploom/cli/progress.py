"""Shows the events of a job while it runs: a live line on a terminal, plain lines elsewhere. Always on stderr."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from warploom.worker.messages import Event, Failed, LogLine, Phase, SearchProgress

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

    from warploom.graph import LogEntry

PHASE_WORDS = {
    "upload": "Sending the model",
    "import": "Reading the model",
    "search": "Searching schedules",
    "measure": "Measuring",
    "verify": "Checking outputs",
    "profile": "Profiling",
    "save": "Saving",
    "download": "Fetching the recording",
}

MOST_SUBJECTS = 6


class ProgressView(Protocol):
    """Takes events as they come; a context manager that leaves the terminal clean."""

    def show(self, event: Event) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_progress(*, log: bool) -> ProgressView:
    """The view that suits stderr; `log` also prints the build log, line by line."""
    return LiveProgress(log=log) if sys.stderr.isatty() else PlainProgress(log=log)


def phase_text(phase: Phase) -> str:
    """A phase in words."""
    words = PHASE_WORDS.get(phase.name, phase.name.capitalize())
    return f"{words}: {phase.detail}" if phase.detail else words


def search_text(progress: SearchProgress) -> str:
    """Where a search stands, in one line."""
    best = "" if progress.best_us is None else f"   best {progress.best_us:,.1f} µs"
    return (
        f"{progress.scheduler}: block {progress.block} of {progress.blocks}   {progress.states:,} states   "
        f"{progress.stages_costed:,} stages costed{best}   {progress.elapsed_s:.1f} s"
    )


def log_text(line: LogLine | LogEntry) -> str:
    """One decision of the build log, in one line; of many subjects the first ones."""
    named = ", ".join(line.subject[:MOST_SUBJECTS])
    more = f" and {len(line.subject) - MOST_SUBJECTS} more" if len(line.subject) > MOST_SUBJECTS else ""
    return f"[{line.step}] {named}{more}: {line.decision}: {line.reason}"


class PlainProgress:
    """One line per phase, for files, pipes and dumb terminals."""

    def __init__(self, *, log: bool) -> None:
        self._log = log

    def show(self, event: Event) -> None:
        """Prints phases, and log lines where they are wanted; search progress would flood a file."""
        if isinstance(event, Phase):
            self._write(phase_text(event))
        elif isinstance(event, LogLine) and self._log:
            self._write(log_text(event))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def _write(self, text: str) -> None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


class LiveProgress:
    """A spinner with the current phase and the search's figures."""

    def __init__(self, *, log: bool) -> None:
        self._log = log
        self._console: Console | None = None
        self._status: Status | None = None

    def show(self, event: Event) -> None:
        """Updates the live line; log lines scroll above it."""
        if self._status is None or self._console is None:
            return
        if isinstance(event, Phase):
            self._status.update(phase_text(event))
        elif isinstance(event, SearchProgress):
            self._status.update(search_text(event))
        elif isinstance(event, LogLine) and self._log:
            self._console.print(log_text(event), markup=False, highlight=False, soft_wrap=True)
        elif isinstance(event, Failed):
            self._status.stop()

    def __enter__(self) -> Self:
        from rich.console import Console

        self._console = Console(stderr=True)
        self._status = self._console.status("Starting")
        self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()
