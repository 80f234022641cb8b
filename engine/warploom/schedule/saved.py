"""Reads a saved schedule, whichever of the known formats it has."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from warploom.errors import ScheduleError
from warploom.schedule import ios_format, json_format, plan_format
from warploom.schedule.lowering import lower_schedule
from warploom.schedule.schedule import Schedule
from warploom.schedule.stream_plan import StreamPlan

if TYPE_CHECKING:
    from warploom.graph import Graph

MAX_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class SavedSchedule:
    """What a file holds.

    Attributes:
        plan: What a device executes.
        schedule: Its stages; None for a plan without stages.
        origin: What the file says of itself: its name in it, and of which format it is.
    """

    plan: StreamPlan
    schedule: Schedule | None
    origin: str


class _Probe(msgspec.Struct):
    """What tells the formats apart."""

    name: str = ""
    format: str = ""
    blocks: list[object] | None = None


def read_saved(path: Path, graph: Graph, name: str) -> SavedSchedule:
    """The schedule in a file, for this graph, under a name of the caller's.

    Schedules of Warploom name operators. Those of the original IOS are matched by structure (`ios_format`).

    Raises:
        ScheduleError: If the file cannot be read, has no known format, or does not fit the graph; naming the file,
            and the operator.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ScheduleError(f"it has more than {MAX_BYTES:,} bytes.")
        data = path.read_bytes()
        probe = msgspec.json.decode(data, type=_Probe)
        return _read(probe, data, graph, name)
    except OSError as error:
        raise ScheduleError(f"The schedule file {path} cannot be read: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise ScheduleError(f"{path} is not a schedule file: {error}.") from error
    except ScheduleError as error:
        raise ScheduleError(f"{path}: {error}") from error


def saved_from_json(data: bytes, graph: Graph, name: str) -> SavedSchedule:
    """The same from the text of such a file.

    Raises:
        ScheduleError: If it has no known format or does not fit the graph; naming the operator.
    """
    try:
        return _read(msgspec.json.decode(data, type=_Probe), data, graph, name)
    except msgspec.DecodeError as error:
        raise ScheduleError(f"This is not a schedule: {error}.") from error


def _read(probe: _Probe, data: bytes, graph: Graph, name: str) -> SavedSchedule:
    if probe.format == plan_format.FORMAT:
        plan = dataclasses.replace(plan_format.plan_from_json(data, graph), name=name)
        return SavedSchedule(plan, None, f"{probe.name!r}, a plan without stages")
    if probe.format or probe.blocks is None:
        schedule, kind = json_format.schedule_from_json(data, graph), "a schedule"
    else:
        schedule, kind = ios_format.schedule_from_ios(data, graph), "a schedule of the original IOS"
    schedule = dataclasses.replace(schedule, name=name)
    return SavedSchedule(lower_schedule(schedule, graph), schedule, f"{probe.name!r}, {kind}")
