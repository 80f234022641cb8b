"""The IOS schedulers: the dynamic program of Ding et al. (MLSys 2021) in the modes parallel, merge and both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warploom.graph import Graph, LogEntry
from warploom.schedule.beam import search_by_beam
from warploom.schedule.costing import StageCosting
from warploom.schedule.exact import Found, Mode, search_exactly
from warploom.schedule.explain import explain_stages
from warploom.schedule.merge_sets import MergeSets, find_merge_sets
from warploom.schedule.part import Part, bits
from warploom.schedule.schedule import Group, Schedule, Stage
from warploom.schedule.search import SearchLimits, SearchObserver, SearchResult
from warploom.schedule.sequential import single_stage
from warploom.schedule.waists import Piece, cut_into_pieces

if TYPE_CHECKING:
    from warploom.cost import CostModel

PARALLEL = Mode("parallel", parallel=True, merge=False)
MERGE = Mode("merge", parallel=False, merge=True)
BOTH = Mode("both", parallel=True, merge=True)


def schedule_parallel(
    graph: Graph, cost_model: CostModel, limits: SearchLimits, observer: SearchObserver
) -> SearchResult:
    """IOS with concurrent groups only ("IOS-Parallel")."""
    return search(graph, cost_model, limits, observer, mode=PARALLEL)


def schedule_merge(graph: Graph, cost_model: CostModel, limits: SearchLimits, observer: SearchObserver) -> SearchResult:
    """IOS with merged operators only ("IOS-Merge"): each stage is one operator or several merged into one."""
    return search(graph, cost_model, limits, observer, mode=MERGE)


def schedule_both(graph: Graph, cost_model: CostModel, limits: SearchLimits, observer: SearchObserver) -> SearchResult:
    """IOS with the better of the two for every stage ("IOS-Both")."""
    return search(graph, cost_model, limits, observer, mode=BOTH)


def search(
    graph: Graph,
    cost_model: CostModel,
    limits: SearchLimits,
    observer: SearchObserver,
    *,
    mode: Mode,
    parts: Sequence[Sequence[int]] | None = None,
) -> SearchResult:
    """Schedules a graph piece by piece and puts the pieces' stages one after another.

    Args:
        graph: What to schedule.
        cost_model: Asked for every stage that is considered; for each operator alone first of all.
        limits: r, s and budgets.
        observer: Told where the search stands; may cancel it. What is not searched then stays sequential; what
            is not searched for lack of time becomes greedy where that is faster.
        mode: Which kinds of stage to use.
        parts: Positions of the operators of each part, where the caller has cut the graph; found here otherwise.
    """
    if parts is None:
        pieces = cut_into_pieces(graph, limits.max_states)
    else:
        pieces = [Piece(tuple(positions), i) for i, positions in enumerate(parts)]
    return _Search(graph, cost_model, limits, observer, mode, pieces).run()


@dataclass(frozen=True, slots=True)
class _Searched:
    found: Found
    log: tuple[LogEntry, ...] = ()


class _Search:
    """One run; holds what all pieces share."""

    def __init__(
        self,
        graph: Graph,
        cost_model: CostModel,
        limits: SearchLimits,
        observer: SearchObserver,
        mode: Mode,
        pieces: Sequence[Piece],
    ) -> None:
        self._graph = graph
        self._limits = limits
        self._mode = mode
        self._pieces = pieces
        self._step = f"ios-{mode.name}"
        self._costing = StageCosting(mode.name, cost_model, limits, observer, len(pieces))
        self._solo: dict[str, float] = {}

    def run(self) -> SearchResult:
        costing = self._costing
        names = [operator.name for operator in self._graph.operators]
        self._solo = dict(zip(names, costing.all_costs([single_stage(name) for name in names]), strict=True))
        costing.best_us = sum(self._solo.values())
        costing.report(now=True)
        searched: list[_Searched] = []
        for piece in self._pieces:
            searched.append(self._search_piece(piece))
            sequential = sum(self._solo[name] for name in self._names(piece))
            costing.best_us += searched[-1].found.latency_us - sequential
            costing.block += 1
            costing.report()
        costing.report(now=True)
        return self._result(searched)

    def _names(self, piece: Piece) -> list[str]:
        return [self._graph.operators[position].name for position in piece.positions]

    def _search_piece(self, piece: Piece) -> _Searched:
        part = Part.of(self._graph, piece.positions)
        if self._costing.stopped():
            return _Searched(self._unsearched(part))
        merges = MergeSets((), ())
        if self._mode.merge:
            merges = find_merge_sets(self._graph, piece.positions, self._limits.max_stage_groups, self._step)
        bit = {position: i for i, position in enumerate(piece.positions)}
        masks = [sum(1 << bit[position] for position in members) for members in merges.sets]
        found = search_exactly(part, masks, self._mode, self._limits, self._costing, self._solo)
        if found is not None:
            return _Searched(self._at_least(found, part), (*merges.log, *self._lazy_entries(piece, found)))
        found = search_by_beam(part, masks, self._mode, self._limits, self._costing, self._solo)
        return _Searched(self._at_least(found, part), (*merges.log, self._beam_entry(piece)))

    def _at_least(self, found: Found, part: Part) -> Found:
        """What was found, or what takes no search where the search was stopped before it found anything better."""
        if found.complete:
            return found
        return min(found, self._unsearched(part), key=lambda one: one.latency_us)

    def _unsearched(self, part: Part) -> Found:
        """Sequential stages; when it is not the user who waits, greedy ones where they are faster."""
        stages = tuple(single_stage(name) for name in part.names)
        sequential = Found(stages, tuple(self._solo[name] for name in part.names), complete=False)
        if self._costing.cancelled or not self._mode.parallel:
            return sequential
        wide = _greedy_stages(part, self._limits.max_stage_groups)
        greedy = Found(wide, tuple(self._costing.all_costs(wide)), complete=False)
        return min(sequential, greedy, key=lambda found: found.latency_us)

    def _lazy_entries(self, piece: Piece, found: Found) -> list[LogEntry]:
        if not found.predicted:
            return []
        names = self._names(piece)
        reason = (
            f"Its {len(names)} operators have more than {self._limits.costed_exhaustively} possible stages: "
            f"{found.predicted} of them were ruled out by a prediction instead of being costed."
        )
        return [LogEntry(self._step, (names[0], names[-1]), "costed lazily", reason)]

    def _beam_entry(self, piece: Piece) -> LogEntry:
        names = self._names(piece)
        limits = self._limits
        reason = (
            f"Its {len(names)} operators have more than {limits.max_states} states or {limits.max_transitions} endings "
            f"for r = {limits.max_group_operators}, s = {limits.max_stage_groups}: the best schedule may be missed."
        )
        return LogEntry(self._step, (names[0], names[-1]), "searched by beam", reason)

    def _result(self, searched: Sequence[_Searched]) -> SearchResult:
        costing = self._costing
        stages = tuple(stage for result in searched for stage in result.found.stages)
        costs = [cost for result in searched for cost in result.found.costs_us]
        blocks = tuple(i for i, result in enumerate(searched) for _ in result.found.stages)
        log = [*self._cut_entries(), *(entry for result in searched for entry in result.log)]
        log += explain_stages(self._step, stages, costs, self._solo)
        log += self._stop_entries(searched)
        return SearchResult(
            schedule=Schedule(self._step, stages, blocks),
            latency_us=sum(costs),
            states=costing.states,
            stages_costed=costing.stages_costed,
            seconds=costing.seconds,
            cancelled=costing.cancelled,
            log=tuple(log),
        )

    def _cut_entries(self) -> list[LogEntry]:
        blocks = 1 + max((piece.block for piece in self._pieces), default=-1)
        count = len(self._graph.operators)
        reason = f"Nothing can run beside the last operator of a block: {count} operators in {blocks} blocks."
        entries = [LogEntry(self._step, (self._graph.name,), "cut into blocks", reason)]
        for piece in self._pieces:
            if piece.crossing:
                names = self._names(piece)
                reason = (
                    f"Its block has too many states to search as a whole; {piece.crossing} results cross this cut, "
                    f"behind {len(names)} operators."
                )
                entries.append(LogEntry(self._step, (names[0], names[-1]), "cut at a waist", reason))
        return entries

    def _stop_entries(self, searched: Sequence[_Searched]) -> list[LogEntry]:
        left = sum(not result.found.complete for result in searched)
        if not left:
            return []
        why = "cancelled" if self._costing.cancelled else f"out of its {self._limits.seconds} seconds"
        reason = f"The search was {why}: {left} of {len(searched)} blocks are not searched to the end."
        return [LogEntry(self._step, (self._graph.name,), "stopped early", reason)]


def _greedy_stages(part: Part, most_groups: int) -> tuple[Stage, ...]:
    """All operators that are ready, at most `most_groups` at a time."""
    level: list[int] = []
    members: dict[int, list[str]] = {}
    for i, name in enumerate(part.names):
        level.append(1 + max((level[before] for before in bits(part.predecessors[i])), default=-1))
        members.setdefault(level[i], []).append(name)
    return tuple(
        Stage(tuple(Group((name,)) for name in members[depth][i : i + most_groups]))
        for depth in sorted(members)
        for i in range(0, len(members[depth]), most_groups)
    )
