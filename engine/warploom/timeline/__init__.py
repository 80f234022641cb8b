"""Timelines: what ran when, per stream; statistics and comparison. NumPy only."""

from warploom.timeline.timeline import Counters, Spans, Timeline, WarpSeries

__all__ = ["Counters", "Spans", "Timeline", "WarpSeries"]
