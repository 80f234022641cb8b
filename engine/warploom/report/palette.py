"""Colours of reports and figures: Okabe and Ito's palette for streams, which colour-blind readers tell apart."""

from __future__ import annotations

STREAM_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#f0e442", "#7d848d")
COPY_COLOUR = "#9a8fb8"
UNATTRIBUTED_COLOUR = "#c3c8cf"


def stream_colour(stream: int) -> str:
    """The colour of a stream; they repeat after eight."""
    return STREAM_COLOURS[stream % len(STREAM_COLOURS)]
