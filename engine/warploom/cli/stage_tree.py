"""Prints a schedule as a tree: blocks, stages and groups, or the streams of a plan without stages, with times."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from warploom.schedule import Group, Stage

if TYPE_CHECKING:
    from rich.tree import Tree

    from warploom.recording.recording import Candidate, Recording


@dataclass(frozen=True, slots=True)
class TimedStage:
    """A stage of a candidate with its latencies.

    Attributes:
        index: Position in the schedule, from 0.
        block: Block that it belongs to, from 0; None where the search had no blocks.
        stage: Its groups.
        latency_us: From the end of the stage before to its own end, in the profiled execution.
        predicted_us: By the cost model; None where nobody asked it.
    """

    index: int
    block: int | None
    stage: Stage
    latency_us: float
    predicted_us: float | None


def timed_stages(candidate: Candidate) -> tuple[TimedStage, ...]:
    """The stages of a candidate; none for a plan without stages."""
    schedule = candidate.schedule
    if schedule is None:
        return ()
    blocks: Sequence[int | None] = schedule.blocks or (None,) * len(schedule.stages)
    costs = candidate.stage_costs_us
    latencies = _stage_latencies_us(candidate, len(schedule.stages))
    return tuple(
        TimedStage(index, block, stage, latency, costs[index] if index < len(costs) else None)
        for index, (block, stage, latency) in enumerate(zip(blocks, schedule.stages, latencies, strict=True))
    )


def _stage_latencies_us(candidate: Candidate, stages: int) -> Sequence[float]:
    """How long after the end of the stage before each stage ended; they add up to the end of the last one."""
    spans = candidate.timeline.spans
    stage_of_launch = np.array([launch.stage for launch in candidate.plan.launches], dtype=np.int64)
    ends = np.zeros(stages, dtype=np.int64)
    if len(spans):
        np.maximum.at(ends, stage_of_launch[spans.launch], spans.end_ns)
    ends = np.maximum.accumulate(ends)
    return [float(value) / 1e3 for value in np.diff(ends, prepend=0)]


def schedule_tree(recording: Recording, candidate: Candidate) -> Tree:
    """The tree of one candidate."""
    from rich.tree import Tree

    if candidate.schedule is None:
        return _launch_tree(recording, candidate)
    stages = timed_stages(candidate)
    total = sum(stage.latency_us for stage in stages)
    root = Tree(f"[bold]{_escape(candidate.name)}[/]  {len(stages)} stages  {total:,.1f} µs")
    for block, members in itertools.groupby(stages, key=lambda stage: stage.block):
        inside = list(members)
        if block is None:
            for stage in inside:
                _add_stage(root, stage, recording)
            continue
        latency = sum(stage.latency_us for stage in inside)
        branch = root.add(f"block {block + 1}  {latency:,.1f} µs  [dim]{len(inside)} stages[/]")
        for stage in inside:
            _add_stage(branch, stage, recording)
    return root


def _launch_tree(recording: Recording, candidate: Candidate) -> Tree:
    """The streams of a plan without stages: when each launch started, what it is, and what it waited for."""
    from rich.tree import Tree

    plan, spans = candidate.plan, candidate.timeline.spans
    never = np.iinfo(np.int64).max
    starts = np.full(len(plan.launches), never, dtype=np.int64)
    np.minimum.at(starts, spans.launch, spans.start_ns)
    total = candidate.timeline.duration_ns / 1e3
    root = Tree(f"[bold]{_escape(candidate.name)}[/]  {len(plan.launches)} launches without stages  {total:,.1f} µs")
    branches = [root.add(f"stream {stream + 1}") for stream in range(plan.streams)]
    for launch, start in zip(plan.launches, starts.tolist(), strict=True):
        when = "no kernel" if start == never else f"at {start / 1e3:,.1f} µs"
        (line,) = _group_lines([Group(launch.operators, merged=len(launch.operators) > 1)], recording)
        waits = ", ".join(_escape(plan.launches[wait].name) for wait in launch.waits)
        branches[launch.stream].add(f"{when}  {line}" + (f"  [dim]waits for {waits}[/]" if waits else ""))
    return root


def _add_stage(branch: Tree, timed: TimedStage, recording: Recording) -> None:
    predicted = "" if timed.predicted_us is None else f"  [dim]predicted {timed.predicted_us:,.1f} µs[/]"
    node = branch.add(f"stage {timed.index + 1}  {timed.latency_us:,.1f} µs{predicted}")
    for line in _group_lines(timed.stage.groups, recording):
        node.add(line)


def _group_lines(groups: Sequence[Group], recording: Recording) -> Iterator[str]:
    for group in groups:
        names = [_escape(f"{name} ({recording.graph.operator(name).label})") for name in group.operators]
        yield "merged: " + " & ".join(names) if group.merged else " > ".join(names)


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
