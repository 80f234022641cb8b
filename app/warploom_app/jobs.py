"""Jobs: what the engine is busy with, and the queue of runs that the user asked for."""

from __future__ import annotations

import enum
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from warploom.worker.messages import OptimizeOptions, SearchProgress

_PARTS = {
    "upload": 0.02, "import": 0.03, "search": 0.70, "measure": 0.07, "profile": 0.06, "verify": 0.09,
    "save": 0.02, "download": 0.01,
}  # fmt: skip
"""Which part of a run each step takes, roughly, in their order."""


@dataclass(frozen=True, slots=True)
class JobState:
    """Something in progress.

    Attributes:
        job: Its id.
        kind: "import", "build", "optimize", "try", "export" or "copy".
        subject: The file that it is about.
        host: Where it runs; "" for this machine.
        phase: The step that runs now, as the engine names it.
        detail: More about the step.
        fraction: How much of the step is done, where that is known.
        progress: The latest figures of the search.
        curve: Best latency so far in microseconds by seconds since the start.
        started_s: Monotonic time of its start.
        cancelling: Whether the user asked it to stop.
        schedulers: Those that a run lets compete, in their order.
    """

    job: int
    kind: str
    subject: str
    host: str = ""
    phase: str = ""
    detail: str = ""
    fraction: float | None = None
    progress: SearchProgress | None = None
    curve: tuple[tuple[float, float], ...] = ()
    started_s: float = field(default_factory=time.monotonic)
    cancelling: bool = False
    schedulers: tuple[str, ...] = ()

    @property
    def done(self) -> float | None:
        """How much of a whole run is done, roughly, from 0 to 1; None for other work."""
        if self.kind != "optimize" or self.phase not in _PARTS:
            return None
        names = list(_PARTS)
        before = sum(_PARTS[name] for name in names[: names.index(self.phase)])
        within = self._searched if self.phase == "search" else self.fraction
        return before + _PARTS[self.phase] * (within or 0.0)

    @property
    def _searched(self) -> float:
        """How much of the search: each scheduler counts as much as any other."""
        progress = self.progress
        if progress is None or progress.scheduler not in self.schedulers:
            return 0.0
        blocks = progress.block / max(progress.blocks, 1)
        return (self.schedulers.index(progress.scheduler) + min(blocks, 1.0)) / len(self.schedulers)

    @property
    def gained(self) -> float | None:
        """How many times faster the best schedule is than the first one that was found: one operator after another."""
        return self.curve[0][1] / self.curve[-1][1] if len(self.curve) > 1 and self.curve[-1][1] > 0 else None

    def searched(self, progress: SearchProgress) -> JobState:
        """The same job with newer figures of its search."""
        curve = self.curve
        best = progress.best_us
        if best is not None and (not curve or best < curve[-1][1]):
            curve = (*curve, (time.monotonic() - self.started_s, best))
        return replace(self, progress=progress, curve=curve, fraction=None)


class TaskState(enum.StrEnum):
    """Where a task stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Task:
    """One run that was asked for.

    Attributes:
        id: Unique in this window.
        model: The ONNX file.
        options: Its settings.
        host: Address of the machine that runs it; "" for this one.
        state: Where it stands.
        recording: Its result, once there is one.
        speedup: Of the result.
        message: Why it failed, or what there is to know.
        seconds: How long it took.
    """

    id: int
    model: Path
    options: OptimizeOptions
    host: str = ""
    state: TaskState = TaskState.WAITING
    recording: Path | None = None
    speedup: float | None = None
    message: str = ""
    seconds: float | None = None


class TaskQueue(QObject):
    """The tasks of a window, in the order in which they run.

    Signals:
        changed: Tasks came, went, moved or changed.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks: list[Task] = []
        self._next = 1

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks."""
        return tuple(self._tasks)

    @property
    def waiting(self) -> tuple[Task, ...]:
        """Those that did not begin yet."""
        return tuple(task for task in self._tasks if task.state is TaskState.WAITING)

    @property
    def unfinished(self) -> tuple[Task, ...]:
        """Those that wait or run."""
        return tuple(task for task in self._tasks if task.state not in ENDED)

    def find(self, task_id: int) -> Task | None:
        """The task of that id."""
        return next((task for task in self._tasks if task.id == task_id), None)

    def add(self, model: Path, options: OptimizeOptions, host: str = "") -> Task:
        """Puts a task at the end."""
        task = Task(self._next, model, options, host)
        self._next += 1
        self._tasks.append(task)
        self.changed.emit()
        return task

    def change(self, task_id: int, **changes: object) -> None:
        """A task moved on; one that was removed meanwhile is left alone."""
        for row, task in enumerate(self._tasks):
            if task.id == task_id:
                self._tasks[row] = replace(task, **changes)  # type: ignore[arg-type]
                self.changed.emit()

    def remove(self, task_ids: Iterable[int]) -> None:
        """Takes tasks out; the one that runs stays."""
        gone = set(task_ids)
        self._tasks = [task for task in self._tasks if task.id not in gone or task.state is TaskState.RUNNING]
        self.changed.emit()

    def clear_ended(self) -> None:
        """Takes out what is over."""
        self.remove(task.id for task in self._tasks if task.state in ENDED)

    def move(self, task_id: int, steps: int) -> None:
        """Lets a waiting task run earlier (negative) or later; it never passes one that began."""
        row = next((row for row, task in enumerate(self._tasks) if task.id == task_id), None)
        if row is None or self._tasks[row].state is not TaskState.WAITING:
            return
        target = row + steps
        if 0 <= target < len(self._tasks) and self._tasks[target].state is TaskState.WAITING:
            self._tasks.insert(target, self._tasks.pop(row))
            self.changed.emit()

    def again(self, task_id: int) -> None:
        """Lets a task that is over wait for another try."""
        task = self.find(task_id)
        if task is not None and task.state in ENDED:
            self._tasks.remove(task)
            self.add(task.model, task.options, task.host)
