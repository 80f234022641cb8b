"""Exports the winning schedule as the JSON file that Warploom reads back."""

from __future__ import annotations

from warploom.errors import ReportError
from warploom.recording.recording import Recording
from warploom.schedule.json_format import schedule_to_json


def schedule_json(recording: Recording) -> bytes:
    """The schedule of the chosen candidate.

    Raises:
        ReportError: If its plan has no stages.
    """
    chosen = recording.optimized
    if chosen.schedule is None:
        raise ReportError(f"The schedule {chosen.name!r} has no stages, so it cannot be written as schedule-json.")
    return schedule_to_json(chosen.schedule, recording.graph)
