"""AppState: the one state object of the window. Views read it, listen to its signals and hold no truth of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs
from PySide6.QtCore import QObject, Signal

from warploom.worker.messages import DeviceList, OptimizeOptions
from warploom_app.jobs import JobState
from warploom_app.presenters.track_choice import TrackChoice

if TYPE_CHECKING:
    from warploom.graph import Graph, LogEntry
    from warploom.graph.work import Work
    from warploom_app.presenters.results import Pair, Results


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """What is open.

    Attributes:
        title: What the window's title shows.
        graph: The Graph that was imported, or that the recording holds.
        model: The ONNX file; None for a recording whose model is not here.
        path: The recording's file; None before there is one.
        results: What the views show of the recording.
        names: What the window calls each operator.
        blocks: The block of each operator.
        work: What the whole graph computes and moves.
        log: The build log that came with the graph or the recording.
    """

    title: str
    graph: Graph
    model: Path | None = None
    path: Path | None = None
    results: Results | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    blocks: Mapping[str, int] = field(default_factory=dict)
    work: Work | None = None
    log: tuple[LogEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """Operators (by name) that are lit up in every view: hovered ones for a moment, pinned ones until Esc."""

    pinned: frozenset[str] = frozenset()
    hovered: frozenset[str] = frozenset()

    @property
    def shown(self) -> frozenset[str]:
        """What the inspector describes: the hovered operators, else the pinned ones."""
        return self.hovered or self.pinned


@dataclass(frozen=True, slots=True)
class Message:
    """What the bar above the view says.

    Attributes:
        text: One or two sentences.
        level: "error", "notice", or "done" for good news, which leave by themselves.
        action: Id of the action that helps (see `warploom_app.actions`), "" for none.
        details: More, shown on demand.
        path: A file that was written, to be opened from there.
    """

    text: str
    level: str = "error"
    action: str = ""
    details: str = ""
    path: Path | None = None


class AppState(QObject):
    """Everything that more than one view cares about.

    Signals:
        document_changed: Another file, or new results, are open.
        selection_changed: Something is hovered, pinned or let go.
        job_changed: A job began, moved on or ended.
        options_changed: The settings of the next run changed.
        devices_changed: The engine told which devices there are.
        message_changed: The bar above the view has something to say, or nothing any more.
        compared_changed: Other candidates are compared.
        shown_changed: More, fewer or otherwise ordered candidates are shown; the compared ones stay.
    """

    document_changed = Signal()
    selection_changed = Signal()
    job_changed = Signal()
    options_changed = Signal()
    devices_changed = Signal()
    message_changed = Signal()
    compared_changed = Signal()
    shown_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document: Document | None = None
        self._selection = Selection()
        self._job: JobState | None = None
        self._run: JobState | None = None
        self._host = ""
        self._options = OptimizeOptions()
        self._devices: DeviceList | None = None
        self._message: Message | None = None
        self._choice: TrackChoice | None = None

    @property
    def document(self) -> Document | None:
        """What is open."""
        return self._document

    @property
    def selection(self) -> Selection:
        """What is lit up."""
        return self._selection

    @property
    def job(self) -> JobState | None:
        """What is in progress: the short work that the user waits for (an import, an export), else the run."""
        return self._job or self._run

    @property
    def chore(self) -> JobState | None:
        """The short work in progress."""
        return self._job

    @property
    def run(self) -> JobState | None:
        """The run in progress: its search, measurements and profiles."""
        return self._run

    @property
    def host(self) -> str:
        """Where the next run takes place; "" for this machine."""
        return self._host

    @property
    def options(self) -> OptimizeOptions:
        """The settings of the next run."""
        return self._options

    @property
    def devices(self) -> DeviceList | None:
        """The devices, once the engine has told."""
        return self._devices

    @property
    def message(self) -> Message | None:
        """What the bar above the view says."""
        return self._message

    @property
    def choice(self) -> TrackChoice | None:
        """Which candidates are shown, and which two are compared; None without results."""
        if self._document is None or self._document.results is None:
            return None
        return self._choice or TrackChoice.of(self._document.results.usual)

    @property
    def compared(self) -> tuple[str, str] | None:
        """Names of the two candidates that are compared; None without results."""
        return self.choice.compared if self.choice is not None else None

    @property
    def pair(self) -> Pair | None:
        """The two candidates that are compared; None without results."""
        names = self.compared
        if names is None or self._document is None or self._document.results is None:
            return None
        return self._document.results.pair(names)

    def set_document(self, document: Document | None) -> None:
        """Opens something else (or closes it); lets go of what was selected in the old one."""
        self._document = document
        self._choice = None
        self._select(Selection())
        self.document_changed.emit()

    def set_job(self, job: JobState | None) -> None:
        """Short work began (or ended)."""
        if job != self._job:
            self._job = job
            self.job_changed.emit()

    def change_job(self, **changes: object) -> None:
        """The short work moved on."""
        if self._job is not None:
            self.set_job(replace(self._job, **changes))  # type: ignore[arg-type]

    def set_run(self, run: JobState | None) -> None:
        """A run began, moved on or ended."""
        if run != self._run:
            self._run = run
            self.job_changed.emit()

    def change_run(self, **changes: object) -> None:
        """The run moved on."""
        if self._run is not None:
            self.set_run(replace(self._run, **changes))  # type: ignore[arg-type]

    def set_options(self, options: OptimizeOptions) -> None:
        """The user changed the settings of the next run."""
        if options != self._options:
            self._options = options
            self.options_changed.emit()

    def set_target(self, host: str, device: str) -> None:
        """The user chose another device, here or on a host."""
        if (host, device) != (self._host, self._options.device):
            self._host = host
            self._options = structs.replace(self._options, device=device)
            self.options_changed.emit()

    def set_devices(self, devices: DeviceList) -> None:
        """The engine told which devices there are."""
        self._devices = devices
        self.devices_changed.emit()

    def set_compared(self, names: tuple[str, str]) -> None:
        """The user chose which candidates to compare."""
        choice = self.choice
        self.set_choice(choice.comparing(names) if choice is not None else TrackChoice.of(names))

    def set_choice(self, choice: TrackChoice) -> None:
        """The user chose which candidates to show, in which order, and which of them to compare."""
        before, self._choice = self.choice, choice
        if before is None or before.compared != choice.compared:
            self.compared_changed.emit()
        elif before.shown != choice.shown:
            self.shown_changed.emit()

    def show(self, message: Message) -> None:
        """Says something in the bar above the view."""
        self._message = message
        self.message_changed.emit()

    def clear_message(self) -> None:
        """Empties the bar."""
        if self._message is not None:
            self._message = None
            self.message_changed.emit()

    def hover(self, names: Iterable[str]) -> None:
        """The pointer is over these operators (none: over nothing)."""
        self._select(replace(self._selection, hovered=frozenset(names)))

    def pin(self, names: Iterable[str]) -> None:
        """The user clicked these operators: they stay lit."""
        self._select(replace(self._selection, pinned=frozenset(names)))

    def let_go(self) -> None:
        """Nothing is lit any more."""
        self._select(Selection())

    def _select(self, selection: Selection) -> None:
        if selection != self._selection:
            self._selection = selection
            self.selection_changed.emit()
