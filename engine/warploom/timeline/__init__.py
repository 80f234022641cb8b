"""Timelines: what ran when, per stream; statistics and comparison. NumPy only."""

from warploom.timeline.timeline import UNATTRIBUTED, Counters, Profile, Spans, Timeline, WarpSeries

__all__ = ["UNATTRIBUTED", "Counters", "Profile", "Spans", "Timeline", "WarpSeries"]
