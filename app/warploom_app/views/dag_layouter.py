"""Brings a Graph to its geometry without ever holding up the window: measured in slices, laid out in a process."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from warploom.graph import Graph
from warploom_app.layout import LayoutCache, LayoutRequest, LayoutResult, quick_layout
from warploom_app.layout.process import LayoutProcess
from warploom_app.painters.dag_geometry import DagGeometry, prepare_geometry
from warploom_app.painters.dag_text import DagText
from warploom_app.presenters.dag_content import (
    DagContent,
    DagOptions,
    Detail,
    collapse,
    collapsible_blocks,
    full_content,
)
from warploom_app.views.dag_slices import SlicedWork

_SLOW_MS = 1500
_AT_ONCE = 150  # operators up to which the quick layout takes a few milliseconds: no need to wait for a process


@dataclass(frozen=True, slots=True, eq=False)
class DagArrangement:
    """A laid-out graph, ready to be drawn.

    Attributes:
        content: Its nodes and edges.
        full: The same with nothing collapsed: what a search goes through.
        options: How the user wants to see it.
        geometry: Where everything is.
        quality: "quick" or "refined".
    """

    content: DagContent
    full: DagContent
    options: DagOptions
    geometry: DagGeometry
    quality: str


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What is being laid out."""

    content: DagContent
    full: DagContent
    options: DagOptions
    request: LayoutRequest


class DagLayouter(QObject):
    """Arranges one graph at a time.

    Signals:
        arranged(DagArrangement): First the quick one, then the refined one (at once when the cache has it).
        failed(str): The refined one will not come; why, for the user.
        lasting(): The refined one takes so long that the user should know.
    """

    arranged = Signal(object)
    failed = Signal(str)
    lasting = Signal()

    def __init__(self, text: DagText, cache_folder: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self._cache = None if cache_folder is None else LayoutCache(cache_folder)
        self._work = SlicedWork(self)
        self._process = LayoutProcess(cache_folder, self)
        self._process.arrived.connect(self._prepare)
        self._process.failed.connect(self._process_failed)
        self._graph: Graph | None = None
        self._blocks: Mapping[int, Sequence[int]] = {}
        self._full: dict[Detail, DagContent] = {}
        self._task: _Task | None = None
        self._shown = False
        self._slow = QTimer(self, singleShot=True)
        self._slow.timeout.connect(self._tell_slow)

    @property
    def blocks(self) -> Mapping[int, Sequence[int]]:
        """The blocks of the graph that can be collapsed: number and operator positions; empty until it is measured."""
        return self._blocks

    @property
    def busy(self) -> bool:
        """Whether something is still to come."""
        return self._work.running or self._process.running

    def start(self, graph: Graph, options: DagOptions) -> None:
        """Arranges a graph; what is under way for another one, or with other options, is dropped."""
        self.cancel()
        self._shown = False
        if graph is not self._graph:
            self._graph, self._blocks, self._full = graph, {}, {}
        self._slow.start(_SLOW_MS)
        self._work.start(self._measure(graph, options))

    def cancel(self) -> None:
        """Drops what is under way and kills the process."""
        self._work.cancel()
        self._process.cancel()
        self._slow.stop()
        self._task = None

    def stop(self) -> bool:
        """Keeps what is on screen, and drops what would be better; False where nothing is on screen yet."""
        if self._shown and self.busy:
            self.cancel()
        return self._shown

    def forget(self) -> None:
        """Drops the graph, too."""
        self.cancel()
        self._graph, self._blocks, self._full = None, {}, {}

    def _measure(self, graph: Graph, options: DagOptions) -> Generator[None, None, None]:
        if not self._full:
            self._blocks = collapsible_blocks(graph)
            yield
        if options.detail not in self._full:
            self._full[options.detail] = yield from full_content(graph, options.detail, self._blocks)
        full = self._full[options.detail]
        content = collapse(full, options.collapsed)
        yield
        widths: list[float] = []
        for node in content.nodes:
            widths.append(self._text.node_width(node))
            if len(widths) % 50 == 0:
                yield
        heights = [self._text.node_height] * len(widths)
        if options.horizontal:
            widths, heights = heights, widths
        task = self._task = _Task(content, full, options, LayoutRequest(widths, heights, list(content.edges)))
        yield
        kept = self._cache.get(task.request) if self._cache is not None else None
        if kept is not None:
            yield from self._geometry(task, kept)
        elif len(widths) <= _AT_ONCE:
            yield from self._geometry(task, quick_layout(task.request))
            if widths and self._task is task:
                self._process.start(task.request)
        else:
            self._process.start(task.request)

    def _prepare(self, result: LayoutResult) -> None:
        if self._task is not None and not (result.quality == "quick" and self._shown):
            self._work.start(self._geometry(self._task, result))

    def _geometry(self, task: _Task, result: LayoutResult) -> Generator[None, None, None]:
        content, options = task.content, task.options
        geometry = yield from prepare_geometry(task.request, result, content.blocks, horizontal=options.horizontal)
        self._shown = True
        if result.quality == "refined":
            self._slow.stop()  # the process may take its time to end: nothing better is awaited
        self.arranged.emit(DagArrangement(content, task.full, options, geometry, result.quality))

    def _tell_slow(self) -> None:
        if self._shown and self._process.running:
            self.lasting.emit()
        elif self.busy:
            self._slow.start(_SLOW_MS)

    def _process_failed(self, why: str) -> None:
        if not self._shown and not self._work.running and self._task is not None:
            self._work.start(self._geometry(self._task, quick_layout(self._task.request)))
        self.failed.emit(why)
