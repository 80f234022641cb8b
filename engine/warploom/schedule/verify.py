"""Checks schedules and stream plans against their Graph before anything executes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from warploom.errors import ScheduleError

if TYPE_CHECKING:
    from warploom.graph import Graph
    from warploom.schedule.schedule import Schedule, Stage
    from warploom.schedule.stream_plan import ByteRange, Launch, StreamPlan


def verify_schedule(schedule: Schedule, graph: Graph) -> None:
    """Checks that a schedule executes each Operator once, after everything that it reads.

    Groups of one stage run at the same time, so they must not depend on each other; a merged group runs its members
    at the same time, so neither may they.

    Raises:
        ScheduleError: Naming the first operator that is unknown, repeated, missing or too early.
    """
    what = f"The schedule {schedule.name!r}"
    _check_coverage(what, list(schedule.operators), graph)
    if schedule.blocks and len(schedule.blocks) != len(schedule.stages):
        raise ScheduleError(f"{what} has {len(schedule.stages)} stages but {len(schedule.blocks)} block numbers.")
    done = 0
    for number, stage in enumerate(schedule.stages):
        if not stage.groups or not all(group.operators for group in stage.groups):
            raise ScheduleError(f"{what} has an empty stage or group: stage {number}.")
        done |= _check_stage(what, number, stage, graph, done)


def _check_stage(what: str, number: int, stage: Stage, graph: Graph, done: int) -> int:
    executed = 0
    for group in stage.groups:
        inside = done
        for name in group.operators:
            position = graph.index[name]
            for before in graph.predecessors[position]:
                if not inside >> before & 1:
                    needed = graph.operators[before].name
                    raise ScheduleError(f"{what} runs {name!r} in stage {number} before {needed!r}, which it reads.")
            executed |= 1 << position
            if not group.merged:
                inside |= 1 << position
    return executed


def _check_coverage(what: str, names: Sequence[str], graph: Graph) -> None:
    seen: set[str] = set()
    for name in names:
        if name not in graph.index:
            raise ScheduleError(f"{what} names the operator {name!r}, which the graph {graph.name!r} does not have.")
        if name in seen:
            raise ScheduleError(f"{what} executes the operator {name!r} twice.")
        seen.add(name)
    for operator in graph.operators:
        if operator.name not in seen:
            raise ScheduleError(f"{what} never executes the operator {operator.name!r} of the graph {graph.name!r}.")


def verify_plan(plan: StreamPlan, graph: Graph, arena: Mapping[str, ByteRange] | None = None) -> None:
    """Checks that a plan computes the Graph and has no race (see `StreamPlan.verify`).

    1. Every Operator is launched exactly once; waits name earlier launches.
    2. Every read is ordered after its write by streams and waits.
    3. With an arena: of two tensors that share bytes, one is written only after the other's last use, the graph's
       outputs being used until the end. This orders every pair of launches of which one writes, and also finds
       a value that is overwritten, in good order, before it is read. What one launch reads and writes at the same
       bytes (in place) is its kernel's own business.

    "Ordered" is the happens-before relation: its closure is one bit mask of earlier launches per launch.

    Raises:
        ScheduleError: Naming the launches of the first fault.
    """
    _check_coverage(f"The plan {plan.name!r}", [name for launch in plan.launches for name in launch.operators], graph)
    before = _happens_before(plan)
    writer = _writers(plan, graph)
    _check_reads(plan, graph, before, writer)
    if arena is not None:
        _check_bytes(plan, graph, arena, before, writer)


def _happens_before(plan: StreamPlan) -> list[int]:
    """For each launch the bit mask of the launches that have ended when it starts."""
    for i, launch in enumerate(plan.launches):
        _check_launch(plan, i, launch)
    return list(plan.ancestors())


def _check_launch(plan: StreamPlan, i: int, launch: Launch) -> None:
    if not launch.operators:
        raise ScheduleError(f"Launch {i} of the plan {plan.name!r} executes nothing.")
    if launch.stream < 0:
        raise ScheduleError(f"Launch {i} ({launch.name!r}) of the plan {plan.name!r} has the stream {launch.stream}.")
    for wait in launch.waits:
        if not 0 <= wait < i:
            raise ScheduleError(
                f"Launch {i} ({launch.name!r}) of the plan {plan.name!r} waits for launch {wait}, "
                f"which is not enqueued before it."
            )


def _writers(plan: StreamPlan, graph: Graph) -> dict[str, int]:
    return {
        output: i
        for i, launch in enumerate(plan.launches)
        for name in launch.operators
        for output in graph.operator(name).outputs
    }


def _check_reads(plan: StreamPlan, graph: Graph, before: Sequence[int], writer: Mapping[str, int]) -> None:
    for i, launch in enumerate(plan.launches):
        for name in launch.operators:
            for tensor in graph.operator(name).inputs:
                write = writer.get(tensor)
                if write is not None and not before[i] >> write & 1:
                    raise ScheduleError(
                        f"In the plan {plan.name!r} {launch.name!r} (launch {i}) reads {tensor!r}, but is not ordered "
                        f"after {plan.launches[write].name!r} (launch {write}), which writes it."
                    )


def _check_bytes(
    plan: StreamPlan, graph: Graph, arena: Mapping[str, ByteRange], before: Sequence[int], writer: Mapping[str, int]
) -> None:
    uses = _uses(plan, graph, writer)
    ranges = sorted((r.offset, r.offset + r.size, name) for name, r in arena.items() if r.size and name in uses)
    active: list[tuple[int, str]] = []
    for start, end, name in ranges:
        active = [(other_end, other) for other_end, other in active if other_end > start]
        for _, other in active:
            _check_pair(plan, before, writer, uses, (other, name))
        active.append((end, name))


def _uses(plan: StreamPlan, graph: Graph, writer: Mapping[str, int]) -> dict[str, int]:
    """Per tensor the bit mask of the launches that touch it; a graph output is also used after the last launch."""
    uses = {tensor: 1 << launch for tensor, launch in writer.items()}
    for i, launch in enumerate(plan.launches):
        for name in launch.operators:
            operator = graph.operator(name)
            for tensor in (*operator.inputs, *operator.weights):
                uses[tensor] = uses.get(tensor, 0) | 1 << i
    for tensor in graph.outputs:
        uses[tensor] = uses.get(tensor, 0) | 1 << len(plan.launches)
    return uses


def _check_pair(
    plan: StreamPlan,
    before: Sequence[int],
    writer: Mapping[str, int],
    uses: Mapping[str, int],
    pair: tuple[str, str],
) -> None:
    """One of two tensors that share bytes must be written after every use of the other, or never be written."""
    late: list[tuple[str, str, int]] = []
    for old, new in (pair, pair[::-1]):
        if new not in writer:
            continue
        write = writer[new]
        remaining = uses[old] & ~(before[write] | 1 << write)
        if not remaining:
            return
        late.append((old, new, remaining.bit_length() - 1))
    if not late:
        return  # two inputs or constants share bytes: nothing writes them
    old, new, user = late[0]
    who = f"{plan.launches[user].name!r} (launch {user})" if user < len(plan.launches) else "the caller, as an output,"
    raise ScheduleError(
        f"In the plan {plan.name!r} {plan.launches[writer[new]].name!r} (launch {writer[new]}) writes {new!r} over "
        f"bytes of {old!r}, which {who} uses without being ordered before it."
    )
