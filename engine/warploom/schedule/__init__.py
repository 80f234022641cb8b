"""Schedules, stream plans and the schedulers that make them."""

from warploom.schedule.schedule import Group, Schedule, Stage
from warploom.schedule.stream_plan import Launch, StreamPlan

__all__ = ["Group", "Launch", "Schedule", "Stage", "StreamPlan"]
