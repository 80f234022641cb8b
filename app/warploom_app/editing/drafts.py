"""Drafts: the edits of schedules that are not on show, so that looking at something else loses none of them."""

from __future__ import annotations

from collections.abc import Iterable

from warploom.recording.recording import Candidate
from warploom.schedule.editing.history import Draft, History
from warploom_app.editing.draft_files import Home


class Drafts:
    """One history for each schedule that was edited."""

    def __init__(self) -> None:
        self._kept: dict[Home, History] = {}

    def keep(self, home: Home, history: History | None) -> None:
        """Keeps a history; one without edits in force is forgotten."""
        self._kept.pop(home, None)
        if history is not None and history.applied:
            self._kept[home] = history

    def find(self, home: Home, original: Draft) -> History | None:
        """The edits of a schedule; None if there are none, or if it is another one by now."""
        history = self._kept.get(home)
        return history if history is not None and history.original == original else None

    def has(self, path: str, name: str) -> bool:
        """Whether a schedule of a recording has edits that are not on show."""
        return (path, name) in self._kept

    def settle(self, candidates: Iterable[Candidate]) -> tuple[Home, ...]:
        """Forgets edits that became candidates; returns whose they were."""
        done = {one.plan.launches for one in candidates}
        gone = tuple(home for home, one in self._kept.items() if one.current.plan.launches in done)
        for home in gone:
            del self._kept[home]
        return gone

    def __len__(self) -> int:
        return len(self._kept)
