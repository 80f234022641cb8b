"""Cuts plans where nothing is lost, and long parts into windows."""

from __future__ import annotations

from collections.abc import Iterator

from warploom.schedule.blocks import cut_vertices
from warploom.schedule.units import Units


def regions(units: Units) -> Iterator[range]:
    """The units between two that nothing can run beside, the second of them included."""
    start = 0
    for cut in (*cut_vertices(units), len(units) - 1):
        if cut >= start:
            yield range(start, cut + 1)
            start = cut + 1


def windows(whole: range, size: int, overlap: int = 0) -> Iterator[range]:
    """Windows of at most `size` units over a range, each beginning `overlap` units before the end of the one before."""
    start = whole.start
    while True:
        yield range(start, min(start + size, whole.stop))
        if start + size >= whole.stop:
            return
        start += size - overlap
