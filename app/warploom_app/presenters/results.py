"""Results: everything that the views show of a recording, worked out once, off the user interface's thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from warploom.graph import Graph
from warploom.recording.recording import Candidate, Recording
from warploom.report.summary import stage_count
from warploom.report.table import ComparisonTable, comparison_table, with_pair_first
from warploom.schedule.blocks import find_blocks
from warploom.timeline.caveats import caveats
from warploom.timeline.comparison import Comparison, OperatorComparison, compare
from warploom.timeline.explain import Reason, explain
from warploom.timeline.statistics import TimelineStatistics, critical_path, timeline_statistics
from warploom_app.presenters.links import Links
from warploom_app.presenters.names import (
    display_names,
    launch_hint,
    launch_kind,
    launch_label,
    named,
    scheduler_title,
)
from warploom_app.presenters.track import Track, make_track
from warploom_app.presenters.track_facts import facts
from warploom_app.presenters.track_links import data_links


@dataclass(frozen=True, slots=True, eq=False)
class CandidateResult:
    """One candidate, ready to be shown.

    Attributes:
        candidate: The recording's part.
        track: Its timeline.
        statistics: Figures of its timeline.
        stages: Number of stages.
    """

    candidate: Candidate
    track: Track
    statistics: TimelineStatistics
    stages: int


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two candidates side by side.

    Attributes:
        before: The upper one, usually the sequential schedule.
        after: The lower one.
        comparison: Operator by operator and stage by stage.
        operators: The comparison's operators by name.
        reasons: Where the second wins or loses, and why.
    """

    before: CandidateResult
    after: CandidateResult
    comparison: Comparison
    operators: Mapping[str, OperatorComparison]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """A recording as the views need it.

    Attributes:
        recording: Where it comes from.
        candidates: By name, in the recording's order.
        names: What the window calls each operator.
        table: The figures of all candidates.
    """

    recording: Recording
    candidates: Mapping[str, CandidateResult]
    names: Mapping[str, str]
    table: ComparisonTable
    _pairs: dict[tuple[str, str], Pair] = field(default_factory=dict)

    def pair(self, names: tuple[str, str]) -> Pair:
        """Two candidates side by side; worked out when first asked for."""
        if names not in self._pairs:
            before, after = (self.candidates[name] for name in names)
            comparison = compare(before.candidate, after.candidate, self.recording.solo_us)
            by_name = {one.name: one for one in comparison.operators}
            reasons = tuple(_renamed(reason, self.names) for reason in explain(comparison))
            self._pairs[names] = Pair(before, after, comparison, by_name, reasons)
        return self._pairs[names]

    @property
    def usual(self) -> tuple[str, str]:
        """What is compared unless the user asks for something else: sequential with the winner.

        A winner that is the sequential schedule itself is compared with the best of the others, so that it is seen
        why it won.
        """
        first, second = self.recording.sequential.name, self.recording.chosen
        if first == second:
            others = [one for one in self.recording.candidates if one.name != first]
            second = min(others, key=lambda one: one.measurement.median_us, default=self.recording.sequential).name
        return first, second


def make_results(recording: Recording) -> Results:
    """Works everything out (tens of milliseconds for a large network)."""
    names = display_names(recording.graph)
    candidates = {one.name: _result(recording, one, names) for one in recording.candidates}
    table = with_pair_first(comparison_table(recording), recording)
    results = Results(recording, candidates, names, table)
    results.pair(results.usual)
    return results


def _renamed(reason: Reason, names: Mapping[str, str]) -> Reason:
    return replace(reason, text=named(reason.text, reason.operators, names))


def _result(recording: Recording, candidate: Candidate, names: Mapping[str, str]) -> CandidateResult:
    track = candidate_track(recording.graph, candidate, names)
    return CandidateResult(
        candidate=candidate,
        track=track,
        statistics=timeline_statistics(candidate.timeline),
        stages=stage_count(candidate),
    )


def candidate_track(graph: Graph, candidate: Candidate, names: Mapping[str, str]) -> Track:
    """A candidate's timeline, ready to be drawn."""
    timeline, launches = candidate.timeline, candidate.plan.launches
    waits = candidate.plan.dependencies()
    labels = [launch_label(launch.operators, names) for launch in launches]
    called = dict(zip(timeline.launch_names, labels, strict=False))
    return make_track(
        candidate.name,
        scheduler_title(candidate.name),
        timeline,
        [launch.operators for launch in launches],
        labels,
        [launch_hint(graph, launch.operators) for launch in launches],
        [launch.stage for launch in launches],
        [launch_kind(graph, launch.operators) for launch in launches],
        data_links(graph, candidate.plan),
        Links.of(waits),
        critical_path(timeline, waits),
        facts(timeline),
        caveats([replace(timeline, name=scheduler_title(candidate.name))], lambda name: called.get(name, name)),
    )


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """One operator in the list; latencies are None where nobody measured.

    Attributes:
        name: The operator's name.
        title: What the window calls it.
        label: Its primitives.
        kind: Its kind.
        block: Its block.
        before_us: In the first of the compared schedules.
        after_us: In the second.
    """

    name: str
    title: str
    label: str
    kind: str
    block: int
    before_us: float | None = None
    after_us: float | None = None

    @property
    def delta_us(self) -> float | None:
        """How much longer it takes in the second schedule."""
        return None if self.before_us is None or self.after_us is None else self.after_us - self.before_us


def operator_rows(
    graph: Graph, names: Mapping[str, str], blocks: Mapping[str, int], pair: Pair | None = None
) -> tuple[OperatorRow, ...]:
    """The rows in the graph's order."""
    known = pair.operators if pair is not None else {}
    return tuple(
        OperatorRow(
            name=operator.name,
            title=names.get(operator.name, operator.name),
            label=operator.label,
            kind=operator.kind.value,
            block=blocks.get(operator.name, 0),
            before_us=known[operator.name].before_us if operator.name in known else None,
            after_us=known[operator.name].after_us if operator.name in known else None,
        )
        for operator in graph.operators
    )


def blocks_of(graph: Graph) -> dict[str, int]:
    """The block of each operator."""
    return {
        graph.operators[position].name: number
        for number, positions in enumerate(find_blocks(graph))
        for position in positions
    }


def block_times(blocks: Mapping[str, int], pair: Pair | None) -> dict[int, tuple[float, float]]:
    """Time that passes for each block in both schedules, in microseconds.

    Blocks follow one another: each one's time is that between the end of the blocks before it and its own, whatever
    the schedule's stages are, and all of them together last as long as the schedule.
    """
    if pair is None:
        return {}
    before, after = _ends(blocks, pair.before.track), _ends(blocks, pair.after.track)
    times: dict[int, tuple[float, float]] = {}
    for block in sorted(before.keys() | after.keys()):
        times[block] = before.get(block, 0.0), after.get(block, 0.0)
    return times


def _ends(blocks: Mapping[str, int], track: Track) -> dict[int, float]:
    """Microseconds from the end of what precedes each block to its own end."""
    spans = track.timeline.spans
    of_launch = np.array([blocks.get(members[0], -1) if members else -1 for members in track.operators], np.int64)
    known = np.flatnonzero((spans.launch >= 0) & (spans.copy_bytes == 0))
    block, end = of_launch[spans.launch[known]], spans.end_ns[known]
    times, reached = {}, 0
    for number in np.unique(block[block >= 0]).tolist():
        last = max(int(end[block == number].max()), reached)
        times[number] = (last - reached) / 1000.0
        reached = last
    return times
