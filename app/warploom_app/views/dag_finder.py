"""Searches what the DAG view shows, in slices, and steps through the finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QObject, Signal

from warploom_app.presenters.dag_content import DagContent
from warploom_app.presenters.dag_search import SearchQuery, search
from warploom_app.views.dag_search_bar import DagSearchBar
from warploom_app.views.dag_slices import SlicedWork


class DagFinder(QObject):
    """Connects a search bar to a content.

    Signals:
        found(): There are other finds (`names`).
        wanted(str): The user goes to a find: the name of a node of the full content.
    """

    found = Signal()
    wanted = Signal(str)

    def __init__(self, bar: DagSearchBar, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bar = bar
        self._content: DagContent | None = None
        self._work = SlicedWork(self)
        self._names: list[str] = []
        self._current = -1
        bar.changed.connect(self._search)
        bar.moved.connect(self.move)

    @property
    def names(self) -> Sequence[str]:
        """The nodes found, in the graph's order."""
        return self._names

    @property
    def searching(self) -> bool:
        """Whether there may be more finds."""
        return self._work.running

    def set_content(self, content: DagContent | None) -> None:
        """Searches something else from now on."""
        if content is not self._content:
            self._content = content
            self._search(self._bar.query)

    def close(self) -> None:
        """Forgets the finds, not the text."""
        self._work.cancel()
        self._names, self._current = [], -1
        self.found.emit()

    def restart(self) -> None:
        """Searches again for what the bar says."""
        self._search(self._bar.query)

    def move(self, step: int) -> None:
        """Goes to the next or the previous find, around the ends."""
        if self._names:
            start = self._current if self._current >= 0 else (-1 if step > 0 else 0)
            self._current = (start + step) % len(self._names)
            self._show_count()
            self.wanted.emit(self._names[self._current])

    def _search(self, query: SearchQuery) -> None:
        self._work.cancel()
        self._names, self._current = [], -1
        if self._content is None or self._bar.isHidden():
            self.found.emit()
            return
        self._work.start(self._steps(self._content, query))

    def _steps(self, content: DagContent, query: SearchQuery) -> Iterator[None]:
        names: list[str] = []
        yield from search(content.nodes, query, names)
        self._names = names
        self._show_count(query)
        self.found.emit()

    def _show_count(self, query: SearchQuery | None = None) -> None:
        query = query or self._bar.query
        if query.error:
            self._bar.show_count(self.tr("not valid"), error=query.error)
        elif not query.text.strip():
            self._bar.show_count("")
        elif not self._names:
            self._bar.show_count(self.tr("none found"))
        elif self._current < 0:
            self._bar.show_count(self.tr("{} found").format(f"{len(self._names):,}"))
        else:
            self._bar.show_count(self.tr("{} of {}").format(f"{self._current + 1:,}", f"{len(self._names):,}"))
