"""Which colours the operator graph gets: the choice in the window, turned into the DAG view's colours."""

from __future__ import annotations

from warploom_app.presenters.dag_colours import (
    ColourBy,
    Colouring,
    colour_by_episode,
    colour_by_latency,
    colour_by_stage,
    colour_by_stream,
    colour_by_warps,
    operator_warps,
)
from warploom_app.presenters.results import Pair
from warploom_app.theme import Theme

__all__ = ["ColourBy", "colouring"]


def colouring(what: ColourBy, pair: Pair | None, theme: Theme) -> Colouring | None:
    """The colours of the second of the compared schedules; None for the usual ones (by kind)."""
    if pair is None or what is ColourBy.KIND:
        return None
    if what is ColourBy.STAGE:
        if not pair.comparison.staged:
            return colour_by_episode({one.name: one.stage for one in pair.comparison.operators}, theme)
        return colour_by_stage(pair.after.candidate.plan, theme)
    if what is ColourBy.STREAM:
        return colour_by_stream(pair.after.candidate.plan, theme)
    if what is ColourBy.WARPS:
        return colour_by_warps(operator_warps(pair.after.candidate), theme)
    return colour_by_latency({name: one.after_us for name, one in pair.operators.items()}, theme)
