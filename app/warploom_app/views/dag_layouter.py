"""Brings a Graph to its geometry without ever holding up the window: measured in slices, laid out in a process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from warploom.graph import Graph
from warploom_app.layout import LayoutCache, LayoutRequest, LayoutResult, quick_layout
from warploom_app.layout.process import LayoutProcess
from warploom_app.painters.dag_geometry import DagGeometry, prepare_geometry
from warploom_app.painters.dag_text import DagText
from warploom_app.presenters.dag_nodes import DagNode, dag_blocks, dag_edges, dag_nodes
from warploom_app.views.dag_slices import SlicedWork

_AT_ONCE = 150  # operators up to which the quick layout takes a few milliseconds: no need to wait for a process


@dataclass(frozen=True, slots=True, eq=False)
class DagArrangement:
    """A laid-out graph, ready to be drawn."""

    nodes: Sequence[DagNode]
    geometry: DagGeometry
    quality: str


class DagLayouter(QObject):
    """Arranges one graph at a time.

    Signals:
        arranged(DagArrangement): First the quick one, then the refined one (at once when the cache has it).
        failed(str): The refined one will not come; why, for the user.
    """

    arranged = Signal(object)
    failed = Signal(str)

    def __init__(self, text: DagText, cache_folder: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self._cache = None if cache_folder is None else LayoutCache(cache_folder)
        self._work = SlicedWork(self)
        self._process = LayoutProcess(cache_folder, self)
        self._process.arrived.connect(self._prepare)
        self._process.failed.connect(self._process_failed)
        self._nodes: list[DagNode] = []
        self._blocks: Sequence[Sequence[int]] = ()
        self._request: LayoutRequest | None = None
        self._shown = False

    @property
    def busy(self) -> bool:
        """Whether something is still to come."""
        return self._work.running or self._process.running

    def start(self, graph: Graph) -> None:
        """Arranges a graph; what is under way for another one is dropped."""
        self.cancel()
        self._shown = False
        self._work.start(self._measure(graph))

    def cancel(self) -> None:
        """Drops what is under way and kills the process."""
        self._work.cancel()
        self._process.cancel()

    def _measure(self, graph: Graph) -> Iterator[None]:
        nodes: list[DagNode] = []
        widths: list[float] = []
        for node in dag_nodes(graph):
            nodes.append(node)
            widths.append(self._text.node_width(node))
            if len(nodes) % 20 == 0:
                yield
        edges = dag_edges(graph)
        yield
        blocks = dag_blocks(graph)
        yield
        request = LayoutRequest(widths, [self._text.node_height] * len(widths), edges)
        self._nodes, self._blocks, self._request = nodes, blocks, request
        kept = self._cache.get(request) if self._cache is not None else None
        if kept is not None:
            yield from self._geometry(request, kept)
        elif len(nodes) <= _AT_ONCE:
            yield from self._geometry(request, quick_layout(request))
            if nodes:
                self._process.start(request)
        else:
            self._process.start(request)

    def _prepare(self, result: LayoutResult) -> None:
        if self._request is not None and not (result.quality == "quick" and self._shown):
            self._work.start(self._geometry(self._request, result))

    def _geometry(self, request: LayoutRequest, result: LayoutResult) -> Iterator[None]:
        done: list[DagGeometry] = []
        yield from prepare_geometry(request, result, self._blocks, done)
        self._shown = True
        self.arranged.emit(DagArrangement(self._nodes, done[0], result.quality))

    def _process_failed(self, why: str) -> None:
        if not self._shown and not self._work.running and self._request is not None:
            self._work.start(self._geometry(self._request, quick_layout(self._request)))
        self.failed.emit(why)
