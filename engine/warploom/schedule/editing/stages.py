"""Edits of a Schedule's stages and groups; what would break a dependency is refused with the operators named."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from warploom.errors import ScheduleError
from warploom.passes.merge import merge_obstacle
from warploom.schedule.editing.relations import describe, reads_within, topological
from warploom.schedule.schedule import Group, Schedule, Stage

if TYPE_CHECKING:
    from warploom.graph import Graph

NEW_GROUP = -1
"""In place of a group's index: a group of its own."""


def move_to_group(
    schedule: Schedule, graph: Graph, operators: Collection[str], stage: int, group: int = NEW_GROUP
) -> Schedule:
    """Operators moved into a group of a stage, or into a group of their own there.

    A stage that loses its last operator disappears. A merged operator that loses a member stays merged as long as two
    are left.

    Args:
        schedule: A schedule that fits the graph.
        graph: That it schedules.
        operators: Names of what moves.
        stage: Index of the stage, counted before the move.
        group: Index of the group in it, counted before the move, or `NEW_GROUP`.

    Raises:
        ScheduleError: If an operator would run before something that it reads, or beside it; or if the group is merged.
    """
    _check_known(schedule, operators)
    _check_index("stage", stage, len(schedule.stages))
    target = schedule.stages[stage]
    if group != NEW_GROUP:
        _check_index("group", group, len(target.groups))
        _refuse_merged(target.groups[group])
    moving = tuple(topological(graph, operators))
    stages = [_without(one, frozenset(moving)) for one in schedule.stages]
    groups = list(stages[stage].groups)
    if group == NEW_GROUP:
        groups.append(Group(moving))
    else:
        groups[group] = Group(tuple(topological(graph, {*groups[group].operators, *moving})))
    stages[stage] = Stage(tuple(groups))
    return _checked(schedule, stages, graph)


def move_to_new_stage(schedule: Schedule, graph: Graph, operators: Collection[str], before: int) -> Schedule:
    """Operators moved into a stage of their own, each in a group with those of them that it depends on.

    Args:
        schedule: A schedule that fits the graph.
        graph: That it schedules.
        operators: Names of what moves.
        before: Index of the stage that the new one precedes; the number of stages for a new last one.

    Raises:
        ScheduleError: If an operator would run before something that it reads.
    """
    _check_known(schedule, operators)
    _check_index("stage", before, len(schedule.stages) + 1)
    stages = [_without(one, frozenset(operators)) for one in schedule.stages]
    groups = _components([Group((name,)) for name in topological(graph, operators)], graph)
    stages.insert(before, Stage(tuple(groups)))
    blocks = schedule.blocks
    if blocks:
        neighbour = blocks[min(before, len(blocks) - 1)]
        blocks = (*blocks[:before], neighbour, *blocks[before:])
    return _checked(dataclasses.replace(schedule, blocks=blocks), stages, graph)


def merge_stages(schedule: Schedule, graph: Graph, first: int) -> Schedule:
    """A stage and the one after it as one stage; groups that depend on each other become one.

    Raises:
        ScheduleError: If there is no stage after it, or a merged group would have to run after another group.
    """
    _check_index("stage", first, len(schedule.stages))
    if first + 1 == len(schedule.stages):
        raise ScheduleError(f"Stage {first + 1} is the last one: there is no stage after it to merge it with.")
    both = (*schedule.stages[first].groups, *schedule.stages[first + 1].groups)
    stages = [*schedule.stages[:first], Stage(tuple(_components(both, graph))), *schedule.stages[first + 2 :]]
    blocks = schedule.blocks[: first + 1] + schedule.blocks[first + 2 :] if schedule.blocks else ()
    return _checked(dataclasses.replace(schedule, blocks=blocks), stages, graph)


def split_stage(schedule: Schedule, graph: Graph, stage: int, later: Collection[str]) -> Schedule:
    """A stage split in two: `later`, and what reads it inside the stage, moves into a stage after the rest.

    Raises:
        ScheduleError: If an operator is not in the stage, nothing would stay, or a merged group would be torn apart.
    """
    _check_index("stage", stage, len(schedule.stages))
    inside = schedule.stages[stage].operators
    for name in later:
        if name not in inside:
            raise ScheduleError(f"{name!r} is not in stage {stage + 1}.")
    moving = _with_readers(graph, frozenset(later), inside)
    if len(moving) == len(inside):
        raise ScheduleError(f"All of stage {stage + 1} reads {describe(later)}: nothing would stay in it.")
    parts = [_parted(group, moving) for group in schedule.stages[stage].groups]
    early = Stage(tuple(one for one, _ in parts if one.operators))
    late = Stage(tuple(other for _, other in parts if other.operators))
    stages = [*schedule.stages[:stage], early, late, *schedule.stages[stage + 1 :]]
    blocks = (*schedule.blocks[: stage + 1], *schedule.blocks[stage:]) if schedule.blocks else ()
    return _checked(dataclasses.replace(schedule, blocks=blocks), stages, graph)


def merge_operators(schedule: Schedule, graph: Graph, operators: Sequence[str]) -> Schedule:
    """Operators of one stage merged into one wider operator, a group of its own.

    Raises:
        ScheduleError: If they cannot be merged, with the reason, or are not in one stage.
    """
    _check_known(schedule, operators)
    obstacle = merge_obstacle(graph, operators)
    if obstacle:
        raise ScheduleError(f"{describe(operators)} cannot be merged: {obstacle}.")
    members = frozenset(operators)
    homes = [i for i, stage in enumerate(schedule.stages) if members & set(stage.operators)]
    if len(homes) > 1:
        raise ScheduleError(f"{describe(operators)} are in {len(homes)} stages: move them into one first.")
    rest = _without(schedule.stages[homes[0]], members)
    merged = Group(tuple(topological(graph, members)), merged=True)
    return _checked(schedule, _with_stage(schedule, homes[0], Stage((*rest.groups, merged))), graph)


def part_merged(schedule: Schedule, graph: Graph, stage: int, group: int) -> Schedule:
    """A merged group as one group for each of its operators.

    Raises:
        ScheduleError: If the group is not merged.
    """
    _check_index("stage", stage, len(schedule.stages))
    groups = schedule.stages[stage].groups
    _check_index("group", group, len(groups))
    if not groups[group].merged:
        raise ScheduleError(f"Group {group + 1} of stage {stage + 1} is not merged.")
    singles = tuple(Group((name,)) for name in groups[group].operators)
    return _checked(
        schedule, _with_stage(schedule, stage, Stage((*groups[:group], *singles, *groups[group + 1 :]))), graph
    )


def _with_stage(schedule: Schedule, index: int, stage: Stage) -> list[Stage]:
    return [*schedule.stages[:index], stage, *schedule.stages[index + 1 :]]


def _checked(schedule: Schedule, stages: Iterable[Stage], graph: Graph) -> Schedule:
    """The schedule with these stages, empty groups and stages left out, if it executes every operator in order."""
    stages = list(stages)
    _check_order(stages, graph)  # while stages still have the numbers that the user sees
    kept: list[Stage] = []
    blocks: list[int] = []
    for i, stage in enumerate(stages):
        groups = tuple(group for group in stage.groups if group.operators)
        if groups:
            kept.append(Stage(groups))
            blocks.extend(schedule.blocks[i : i + 1])
    return Schedule(schedule.name, tuple(kept), tuple(blocks))


def _check_order(stages: Sequence[Stage], graph: Graph) -> None:
    """Every operator after what it reads; in the words of somebody who moves operators, not of a file."""
    place = {
        name: (number, which, position)
        for number, stage in enumerate(stages)
        for which, group in enumerate(stage.groups)
        for position, name in enumerate(group.operators)
    }
    for reader, written in reads_within(graph, place):
        here, there = place[reader], place[written]
        if here[0] < there[0]:
            raise ScheduleError(
                f"{reader!r} reads what {written!r} computes, so it cannot run in stage {here[0] + 1}, before stage "
                f"{there[0] + 1}."
            )
        if here[0] == there[0] and here[1] != there[1]:
            raise ScheduleError(
                f"{reader!r} reads what {written!r} computes, so the two cannot run side by side in stage "
                f"{here[0] + 1}: put them into one group, or into stages one after the other."
            )


def _components(groups: Sequence[Group], graph: Graph) -> list[Group]:
    """Groups joined where one reads what another computes.

    Raises:
        ScheduleError: If a merged group would have to be joined.
    """
    home = {name: i for i, group in enumerate(groups) for name in group.operators}
    root = list(range(len(groups)))

    def find(i: int) -> int:
        while root[i] != i:
            i = root[i]
        return i

    for reader, written in reads_within(graph, home):
        one, other = sorted((find(home[reader]), find(home[written])))
        root[other] = one
    joined: dict[int, list[Group]] = {}
    for i, group in enumerate(groups):
        joined.setdefault(find(i), []).append(group)
    return [_joined(parts, graph) for parts in joined.values()]


def _joined(parts: Sequence[Group], graph: Graph) -> Group:
    if len(parts) == 1:
        return parts[0]
    for part in parts:
        _refuse_merged(part)
    return Group(tuple(topological(graph, [name for part in parts for name in part.operators])))


def _refuse_merged(group: Group) -> None:
    if group.merged:
        raise ScheduleError(
            f"{describe(group.operators)} are merged into one operator, which other operators cannot join: part them "
            "first."
        )


def _without(stage: Stage, names: frozenset[str]) -> Stage:
    """A stage without some operators; its groups keep their indices, so some may be empty."""
    return Stage(tuple(_kept(group, lambda name: name not in names) for group in stage.groups))


def _kept(group: Group, wanted: Callable[[str], bool]) -> Group:
    names = tuple(name for name in group.operators if wanted(name))
    return Group(names, group.merged and len(names) > 1)


def _parted(group: Group, moving: frozenset[str]) -> tuple[Group, Group]:
    early, late = _kept(group, lambda name: name not in moving), _kept(group, lambda name: name in moving)
    if early.operators and late.operators:
        _refuse_merged(group)
    return early, late


def _with_readers(graph: Graph, names: frozenset[str], inside: Sequence[str]) -> frozenset[str]:
    """Names and everything among `inside` that reads them, directly or not."""
    found = set(names)
    for name in topological(graph, inside):
        if any(graph.operators[p].name in found for p in graph.predecessors[graph.index[name]]):
            found.add(name)
    return frozenset(found)


def _check_known(schedule: Schedule, operators: Collection[str]) -> None:
    known = set(schedule.operators)
    if not operators:
        raise ScheduleError("No operator is selected.")
    for name in operators:
        if name not in known:
            raise ScheduleError(f"The schedule {schedule.name!r} has no operator {name!r}.")


def _check_index(what: str, index: int, count: int) -> None:
    if not 0 <= index < count:
        raise ScheduleError(f"There is no {what} {index + 1}.")
