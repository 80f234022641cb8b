"""ScheduleEditor: the schedule under edit, with undo and redo; what is not possible is refused with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType

from PySide6.QtCore import QObject, QTimer, Signal

from warploom.errors import ScheduleError
from warploom.graph import Graph
from warploom.recording.recording import Candidate
from warploom.schedule import Schedule, StreamPlan
from warploom.schedule.editing import stages, streams
from warploom.schedule.editing.history import Draft, History
from warploom.schedule.json_format import schedule_to_json
from warploom.schedule.plan_format import plan_to_json
from warploom.schedule.saved import saved_from_json
from warploom_app.editing.draft_files import DraftFiles
from warploom_app.editing.drafts import Drafts
from warploom_app.editing.moves import NEW_GROUP, Move, Target, moved, staged
from warploom_app.editing.picture import DraftPicture, draft_picture

_SAVE_AFTER_MS = 1000


class ScheduleEditor(QObject):
    """Knows no widgets.

    Signals:
        changed: Another draft is shown: after an edit, undo, redo, or the beginning.
        refused: An edit is not possible (the reason).
    """

    changed = Signal()
    refused = Signal(str)

    def __init__(self, parent: QObject | None = None, files: DraftFiles | None = None) -> None:
        """An editor of nothing.

        Args:
            parent: As of every QObject.
            files: Where edits outlive the window; None where they need not.
        """
        super().__init__(parent)
        self._files = files
        self._saving = QTimer(self)
        self._saving.setSingleShot(True)
        self._saving.setInterval(_SAVE_AFTER_MS)
        self._saving.timeout.connect(self.save)
        self._graph: Graph | None = None
        self._names: Mapping[str, str] = MappingProxyType({})
        self._solo: Mapping[str, float] = MappingProxyType({})
        self._history: History | None = None
        self._picture = DraftPicture((), 0, (), 0.0)
        self.drafts = Drafts()
        self.home, self.source = "", ""

    def begin(
        self,
        graph: Graph,
        names: Mapping[str, str],
        solo_us: Mapping[str, float],
        candidate: Candidate,
        home: str = "",
    ) -> None:
        """Starts from a candidate, or goes on with the edits that it has; those of another one are kept.

        Args:
            graph: What is scheduled.
            names: What the window calls the operators.
            solo_us: Latency of each operator alone.
            candidate: Where the edits begin.
            home: The recording that it is in.
        """
        self.put_away()
        self._graph, self._names, self._solo = graph, names, solo_us
        self.home, self.source = home, candidate.name
        original = Draft(candidate.plan, candidate.schedule)
        self._set(self.drafts.find((home, candidate.name), original) or self._kept(original))

    def put_away(self) -> None:
        """Keeps the edits under the name of where they began."""
        if self._history is not None:
            self.drafts.keep((self.home, self.source), self._history)
            self.save()

    def save(self) -> None:
        """Writes the edits down, or that there are none any more."""
        self._saving.stop()
        history = self._history
        if self._files is None or history is None:
            return
        home = self.home, self.source
        if history.applied:
            self._files.keep(home, self._json(history.original), self._json(history.current))
        elif history.steps:  # without any, another window may have some
            self._files.forget(home)

    def has_draft(self, home: str, source: str) -> bool:
        """Whether a schedule has edits that are not on show."""
        return self.drafts.has(home, source) or (self._files is not None and self._files.has((home, source)))

    def settle(self, candidates: Sequence[Candidate]) -> None:
        """Forgets edits that became candidates of a recording."""
        for home in self.drafts.settle(candidates):
            if self._files is not None:
                self._files.forget(home)

    def _kept(self, original: Draft) -> History:
        """The history that an earlier window left behind; the bare beginning without one that fits."""
        history, graph = History(original), self._graph
        files, key = self._files, (self.home, self.source)
        # The original as JSON takes a tenth of a second for thousands of operators, and most have no edits.
        data = files.find(key, self._json(original)) if files is not None and files.has(key) else None
        if data is None or graph is None:
            return history
        try:
            saved = saved_from_json(data, graph, original.plan.name)
        except ScheduleError:
            return history
        return history.edited(self.tr("earlier edits"), Draft(saved.plan, saved.schedule))

    def clear(self) -> None:
        """Shows nothing; edits are kept."""
        self.put_away()
        self._graph, self._history, self.home, self.source = None, None, "", ""
        self._picture = DraftPicture((), 0, (), 0.0)
        self.changed.emit()

    @property
    def graph(self) -> Graph | None:
        """What is scheduled; None while there is nothing."""
        return self._graph

    @property
    def names(self) -> Mapping[str, str]:
        """What the window calls the operators."""
        return self._names

    @property
    def solo_us(self) -> Mapping[str, float]:
        """Latency of each operator alone."""
        return self._solo

    @property
    def draft(self) -> Draft | None:
        """The schedule as it is now."""
        return self._history.current if self._history is not None else None

    @property
    def picture(self) -> DraftPicture:
        """Where everything stands."""
        return self._picture

    @property
    def staged(self) -> bool:
        """Whether the draft has stages."""
        return self.draft is not None and self.draft.schedule is not None

    @property
    def edited(self) -> bool:
        """Whether it differs from where it began."""
        return self.edits > 0

    @property
    def edits(self) -> int:
        """How many edits are in force."""
        return self._history.applied if self._history is not None else 0

    @property
    def undo_label(self) -> str | None:
        """What undo would take back."""
        return self._history.undo_label if self._history is not None else None

    @property
    def redo_label(self) -> str | None:
        """What redo would bring back."""
        return self._history.redo_label if self._history is not None else None

    def as_json(self) -> bytes:
        """The draft as a file that Warploom reads."""
        draft = self.draft
        assert draft is not None
        return self._json(draft)

    def _json(self, draft: Draft) -> bytes:
        graph = self._graph
        assert graph is not None
        return plan_to_json(draft.plan, graph) if draft.schedule is None else schedule_to_json(draft.schedule, graph)

    # -- edits

    def undo(self) -> None:
        """Takes the last edit back."""
        if self._history is not None and self._history.undo_label is not None:
            self._set(self._history.undone())

    def redo(self) -> None:
        """Brings back what undo took."""
        if self._history is not None and self._history.redo_label is not None:
            self._set(self._history.redone())

    def start_over(self) -> None:
        """Takes all edits back; they can be brought back one by one."""
        history = self._history
        if history is not None and history.applied:
            self._set(History(history.original, history.steps))

    def move(self, move: Move) -> bool:
        """Moves operators; whether that was possible."""
        return self._apply(self._label(move), lambda draft, graph: moved(draft, graph, move))

    def refusal(self, move: Move) -> str:
        """Why a move is not possible, "" where it is; nothing is changed."""
        draft, graph = self.draft, self._graph
        if draft is None or graph is None:
            return ""
        try:
            moved(draft, graph, move)
        except ScheduleError as error:
            return self._in_words(error)
        return ""

    def _label(self, move: Move) -> str:
        match move.target:
            case Target.GROUP:
                return self.tr("move to stage {}").format(move.number + 1)
            case Target.NEW_STAGE:
                return self.tr("move to a new stage")
        return self.tr("move to stream {}").format(move.number)

    def move_to_group(self, operators: Collection[str], stage: int, group: int = NEW_GROUP) -> bool:
        """Moves operators into a group of a stage, or a group of their own there."""
        return self.move(Move(Target.GROUP, frozenset(operators), stage, group))

    def move_to_new_stage(self, operators: Collection[str], before: int) -> bool:
        """Moves operators into a stage of their own."""
        return self.move(Move(Target.NEW_STAGE, frozenset(operators), before))

    def merge_with_next(self, stage: int) -> bool:
        """Makes one stage of a stage and the one after it."""
        label = self.tr("merge stages {} and {}").format(stage + 1, stage + 2)
        return self._edit_stages(label, lambda one, graph: stages.merge_stages(one, graph, stage))

    def split(self, stage: int, later: Collection[str]) -> bool:
        """Splits a stage: `later`, and what reads it, runs after the rest."""
        label = self.tr("split stage {}").format(stage + 1)
        return self._edit_stages(label, lambda one, graph: stages.split_stage(one, graph, stage, later))

    def move_to_stream(self, operators: Collection[str], stream: int, before: str | None = None) -> bool:
        """Moves launches to another stream, and before another launch."""
        return self.move(Move(Target.STREAM, frozenset(operators), stream, before=before))

    def drop_barriers(self) -> bool:
        """Lets every launch wait for nothing but what it reads."""
        return self._edit_plan(
            self.tr("drop the barriers"), lambda draft, graph: streams.without_barriers(draft.plan, graph)
        )

    def merge_operators(self, operators: Collection[str]) -> bool:
        """Makes one wider operator of several that read the same tensor."""
        label = self.tr("merge {} operators").format(len(operators))
        if self.staged:
            return self._edit_stages(label, lambda one, graph: stages.merge_operators(one, graph, list(operators)))
        return self._edit_plan(label, lambda draft, graph: streams.merge_launches(draft.plan, graph, operators))

    def part(self, operator: str) -> bool:
        """Makes single operators of a merged one."""
        label = self.tr("part a merged operator")
        if not self.staged:
            return self._edit_plan(label, lambda draft, graph: streams.part_launch(draft.plan, graph, operator))

        def parted(one: Schedule, graph: Graph) -> Schedule:
            stage, group = place_of(one, operator)
            return stages.part_merged(one, graph, stage, group)

        return self._edit_stages(label, parted)

    def _edit_stages(self, label: str, edit: Callable[[Schedule, Graph], Schedule]) -> bool:
        return self._apply(label, lambda draft, graph: Draft.of(edit(staged(draft), graph), graph))

    def _edit_plan(self, label: str, edit: Callable[[Draft, Graph], StreamPlan]) -> bool:
        return self._apply(label, lambda draft, graph: Draft(edit(draft, graph)))

    def _apply(self, label: str, make: Callable[[Draft, Graph], Draft]) -> bool:
        history, graph = self._history, self._graph
        if history is None or graph is None:
            return False
        try:
            draft = make(history.current, graph)
        except ScheduleError as error:
            self.refused.emit(self._in_words(error))
            return False
        after = history.edited(label, draft)
        if after is not history:
            self._set(after)
        return True

    def _in_words(self, error: ScheduleError) -> str:
        """The reason, with operators called as everywhere else in the window."""
        return re.sub("'([^']+)'", lambda found: self._names.get(found[1], found[1]), str(error))

    def _set(self, history: History) -> None:
        self._history = history
        self._picture = draft_picture(history.current.plan, self._names, self._solo, self._graph)
        if self._files is not None and history.steps:
            self._saving.start()
        self.changed.emit()


def place_of(schedule: Schedule, operator: str) -> tuple[int, int]:
    """Stage and group of an operator.

    Raises:
        ScheduleError: If the schedule does not have it.
    """
    for number, stage in enumerate(schedule.stages):
        for which, group in enumerate(stage.groups):
            if operator in group.operators:
                return number, which
    raise ScheduleError(f"The schedule {schedule.name!r} has no operator {operator!r}.")
