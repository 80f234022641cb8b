"""Checks that the parts of a Recording agree, so that everything that reads one may rely on it."""

from __future__ import annotations

import math

from warploom.errors import RecordingError
from warploom.graph import Graph
from warploom.recording.recording import Candidate, Recording
from warploom.schedule import Schedule, StreamPlan
from warploom.timeline.check import check_timeline


def check_recording(recording: Recording) -> None:
    """Checks names, indices and lengths across the parts.

    1. There is a candidate, names are unique, the chosen one is among them.
    2. Plans and schedules name every operator of the Graph exactly once; waits point back.
    3. Timelines are consistent and name the plan's launches; stage costs are one per stage.
    4. Latencies are finite and there is at least one.

    Raises:
        RecordingError: Naming the first fault.
        ProfileError: If a timeline is inconsistent in itself.
    """
    names = [candidate.name for candidate in recording.candidates]
    _require(bool(names), "it holds no schedule")
    _require(len(set(names)) == len(names), "two schedules have the same name")
    _require(recording.chosen in names, f"the chosen schedule {recording.chosen!r} is not in it")
    for candidate in recording.candidates:
        _check_candidate(recording.graph, candidate)


def _check_candidate(graph: Graph, candidate: Candidate) -> None:
    where = f"schedule {candidate.name!r}"
    samples = candidate.measurement.samples_us
    _require(bool(samples), f"{where} has no measurement")
    _require(all(math.isfinite(sample) and sample >= 0 for sample in samples), f"{where} has an impossible latency")
    _check_plan(graph, candidate.plan, where)
    if candidate.schedule is not None:
        _check_schedule(graph, candidate.schedule, where)
    _check_stage_costs(candidate, where)
    launches = tuple(launch.name for launch in candidate.plan.launches)
    _require(candidate.timeline.launch_names == launches, f"the timeline of {where} shows another plan")
    check_timeline(candidate.timeline)


def _check_plan(graph: Graph, plan: StreamPlan, where: str) -> None:
    operators = [name for launch in plan.launches for name in launch.operators]
    _check_cover(graph, operators, f"the plan of {where}")
    for i, launch in enumerate(plan.launches):
        _require(launch.stream >= 0, f"the plan of {where} uses the stream {launch.stream}")
        _require(all(0 <= wait < i for wait in launch.waits), f"launch {i} of {where} waits for a later one")


def _check_schedule(graph: Graph, schedule: Schedule, where: str) -> None:
    _check_cover(graph, list(schedule.operators), where)
    blocks = len(schedule.blocks)
    _require(blocks in (0, len(schedule.stages)), f"{where} names blocks for {blocks} of {len(schedule.stages)} stages")


def _check_stage_costs(candidate: Candidate, where: str) -> None:
    stages = len(candidate.schedule.stages) if candidate.schedule is not None else 0
    costs = candidate.stage_costs_us
    _require(len(costs) in (0, stages), f"{where} has {len(costs)} stage costs for {stages} stages")
    _require(not any(math.isnan(cost) for cost in costs), f"{where} has a stage cost that is no number")


def _check_cover(graph: Graph, operators: list[str], where: str) -> None:
    unknown = [name for name in operators if name not in graph.index]
    _require(not unknown, f"{where} names operators that the graph lacks: {', '.join(unknown[:3])}")
    complete = len(operators) == len(graph.operators) == len(set(operators))
    _require(complete, f"{where} does not name every operator exactly once")


def _require(holds: bool, fault: str) -> None:
    if not holds:
        raise RecordingError(f"The recording does not agree with itself: {fault}.")
