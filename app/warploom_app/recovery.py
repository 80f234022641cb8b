"""Recovery: writes down what a window has open and does, so that the next one can go on after a crash."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec
import platformdirs
from PySide6.QtCore import QObject, QTimer

from warploom.worker.messages import OptimizeOptions
from warploom_app.jobs import TaskQueue
from warploom_app.state import AppState

_DELAY_MS = 300


class UnfinishedTask(msgspec.Struct, frozen=True):
    """A run that waited or ran."""

    model: str
    options: OptimizeOptions
    host: str = ""


class Note(msgspec.Struct, frozen=True):
    """What one window has open.

    Attributes:
        pid: Its process.
        started: When that process began, as the kernel counts: numbers of processes are used again.
        document: The file that is open; "" for none.
        model: Its ONNX file, where that is another one; "" for none.
        tasks: Runs that are not over.
    """

    pid: int
    started: str
    document: str = ""
    model: str = ""
    tasks: tuple[UnfinishedTask, ...] = ()


class Recovery(QObject):
    """Follows the state; the note goes when the window closes as it should."""

    def __init__(self, state: AppState, queue: TaskQueue, folder: Path | None = None) -> None:
        super().__init__()
        self._state, self._queue = state, queue
        self._folder = folder or platformdirs.user_state_path("warploom", appauthor=False) / "windows"
        self._path = self._folder / f"{os.getpid()}.json"
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self.write)
        for signal in (state.document_changed, queue.changed):
            signal.connect(self._timer.start)

    def take(self) -> Note | None:
        """What the last window had open that crashed; its note is gone after that."""
        found: list[tuple[float, Note]] = []
        for path in self._folder.glob("*.json"):
            with contextlib.suppress(OSError, msgspec.MsgspecError):
                note = msgspec.json.decode(path.read_bytes(), type=Note)
                if note.pid != os.getpid() and _started(note.pid) == note.started:
                    continue  # another window, which is fine
                found.append((path.stat().st_mtime, note))
            with contextlib.suppress(OSError):
                path.unlink()
        return max(found, key=lambda one: one[0])[1] if found else None

    def write(self) -> None:
        """Writes the note now; a folder that cannot be written costs the recovery and nothing else."""
        document = self._state.document
        file = document.path or document.model if document is not None else None
        model = document.model if document is not None and document.path is not None else None
        tasks = tuple(UnfinishedTask(str(one.model), one.options, one.host) for one in self._queue.unfinished)
        note = Note(os.getpid(), _started(os.getpid()), str(file or ""), str(model or ""), tasks)
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            part = self._path.with_suffix(".part")
            part.write_bytes(msgspec.json.encode(note))
            part.replace(self._path)

    def close(self) -> None:
        """The window closes as it should."""
        self._timer.stop()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def _started(pid: int) -> str:
    """When a process began; "" when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
