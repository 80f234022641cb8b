"""Exports the winning schedule as the JSON file that Warploom reads back."""

from __future__ import annotations

from warploom.recording.recording import Recording
from warploom.schedule.json_format import schedule_to_json
from warploom.schedule.plan_format import plan_to_json


def schedule_json(recording: Recording) -> bytes:
    """The schedule of the chosen candidate; its plan where that has no stages."""
    chosen = recording.optimized
    if chosen.schedule is None:
        return plan_to_json(chosen.plan, recording.graph)
    return schedule_to_json(chosen.schedule, recording.graph)
