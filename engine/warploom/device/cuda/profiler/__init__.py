"""Measured timelines: a process of its own traces and samples replays (CUPTI); this one makes Timelines of them."""
