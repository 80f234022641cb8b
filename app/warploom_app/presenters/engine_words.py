"""What the engine says, in the window's language: its sentences are English, and are translated phrase by phrase here.

The engine knows no languages. Its sentences are built from few phrases, which this catalogue names: `{n}` stands for a
figure with its unit, `{}` for anything else. A phrase that it does not name stays English.
"""

from __future__ import annotations

import re
from functools import cache

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

_CONTEXT = "Engine"
_FIGURE = r"([+−-]?\d[\d.,]*(?:e-?\d+)?(?:\s?(?:µs|ms|ns|s|%|×)(?![a-z]))?)"
_ANYTHING = r"(.+?)"

_PHRASES = (
    QT_TRANSLATE_NOOP("Engine", "No NVIDIA GPU can be used here ({}), so a simulated one stands in for it."),
    QT_TRANSLATE_NOOP("Engine", "no NVIDIA driver is installed"),
    QT_TRANSLATE_NOOP("Engine", "Stage {n} saves {n}"),
    QT_TRANSLATE_NOOP("Engine", "Stage {n} loses {n}"),
    QT_TRANSLATE_NOOP("Engine", "Episode {n} saves {n}"),
    QT_TRANSLATE_NOOP("Engine", "Episode {n} loses {n}"),
    QT_TRANSLATE_NOOP("Engine", "saves {n} against"),
    QT_TRANSLATE_NOOP("Engine", "loses {n} against"),
    QT_TRANSLATE_NOOP("Engine", "takes as long as"),
    QT_TRANSLATE_NOOP("Engine", "from work side by side"),
    QT_TRANSLATE_NOOP("Engine", "because less runs side by side"),
    QT_TRANSLATE_NOOP("Engine", "from kernels that take less time"),
    QT_TRANSLATE_NOOP("Engine", "to kernels that take longer in company"),
    QT_TRANSLATE_NOOP("Engine", "from fewer gaps"),
    QT_TRANSLATE_NOOP("Engine", "to more gaps"),
    QT_TRANSLATE_NOOP("Engine", "{n} before, {n} now"),
    QT_TRANSLATE_NOOP("Engine", "replays differ by as much"),
    QT_TRANSLATE_NOOP("Engine", "tracing delays this fork"),
    QT_TRANSLATE_NOOP("Engine", "starts {n} later after what precedes it"),
    QT_TRANSLATE_NOOP("Engine", "starts {n} sooner after what precedes it"),
    QT_TRANSLATE_NOOP("Engine", "itself takes {n} instead of {n}"),
    QT_TRANSLATE_NOOP("Engine", "{n} of gaps between launches are gone"),
    QT_TRANSLATE_NOOP("Engine", "the shared input is read once"),
    QT_TRANSLATE_NOOP("Engine", "{n} more pass in waits and launch gaps"),
    QT_TRANSLATE_NOOP("Engine", "takes {n} merged instead of {n}"),
    QT_TRANSLATE_NOOP("Engine", "takes {n} beside the others instead of {n}"),
    QT_TRANSLATE_NOOP("Engine", "takes {n} here instead of {n}"),
    QT_TRANSLATE_NOOP("Engine", "one of them {n} operators merged into one launch"),
    QT_TRANSLATE_NOOP("Engine", "{n} operators merged into one launch"),
    QT_TRANSLATE_NOOP("Engine", "{n} groups side by side"),
    QT_TRANSLATE_NOOP("Engine", "active warps {n} → {n} ({n} → {n} of the device)"),
    QT_TRANSLATE_NOOP("Engine", "and {n} more"),
    QT_TRANSLATE_NOOP("Engine", "on one stream"),
    QT_TRANSLATE_NOOP("Engine", "A model of the GPU made {}: they show what it expects, not what hardware did."),
    QT_TRANSLATE_NOOP("Engine", "these timelines"),
    QT_TRANSLATE_NOOP("Engine", "this timeline"),
    QT_TRANSLATE_NOOP("Engine", "the replay shown took {n} longer than without the profiler ({n} instead of {n})."),
    QT_TRANSLATE_NOOP("Engine", "the replay shown took {n} shorter than without the profiler ({n} instead of {n})."),
    QT_TRANSLATE_NOOP("Engine", "tracing delays the first fork; the starts of {} are later than without it."),
    QT_TRANSLATE_NOOP("Engine", "{n} of the sampled warps belong to no stream for sure."),
    QT_TRANSLATE_NOOP("Engine", "not verified"),
    QT_TRANSLATE_NOOP("Engine", "verified, error {n}"),
    QT_TRANSLATE_NOOP("Engine", "as fast as sequential"),
    QT_TRANSLATE_NOOP("Engine", "{n} faster"),
    QT_TRANSLATE_NOOP("Engine", "{n} slower"),
    QT_TRANSLATE_NOOP("Engine", "stream {n}"),
    QT_TRANSLATE_NOOP("Engine", "copy in"),
    QT_TRANSLATE_NOOP("Engine", "copy out"),
    QT_TRANSLATE_NOOP("Engine", "unattributed"),
    QT_TRANSLATE_NOOP("Engine", "Report (HTML)"),
    QT_TRANSLATE_NOOP("Engine", "Report (PDF)"),
    QT_TRANSLATE_NOOP("Engine", "Figure of the timelines"),
    QT_TRANSLATE_NOOP("Engine", "Figure of active warps"),
    QT_TRANSLATE_NOOP("Engine", "Spans (CSV)"),
    QT_TRANSLATE_NOOP("Engine", "Active warps and counters (CSV)"),
    QT_TRANSLATE_NOOP("Engine", "Operators (CSV)"),
    QT_TRANSLATE_NOOP("Engine", "Spans (Parquet)"),
    QT_TRANSLATE_NOOP("Engine", "Trace for Perfetto (JSON)"),
    QT_TRANSLATE_NOOP("Engine", "Schedule (JSON)"),
)
"""Longer phrases before those that are parts of them."""


def in_words(text: str) -> str:
    """A sentence of the engine in the window's language, as far as it is known."""
    for phrase in map(str, _PHRASES):
        said = QCoreApplication.translate(_CONTEXT, phrase)
        if said != phrase:
            text = _pattern(phrase).sub(_template(said), text)
    return text


@cache
def _pattern(phrase: str) -> re.Pattern[str]:
    parts = re.split(r"(\{n?\})", phrase)
    places = {"{n}": _FIGURE, "{}": _ANYTHING}
    inside = "".join(places.get(part) or re.escape(part) for part in parts)
    before, after = (r"\b" if edge.isalnum() else "" for edge in (phrase[0], phrase[-1]))
    return re.compile(f"{before}{inside}{after}")


@cache
def _template(said: str) -> str:
    r"""A translation as what `re.sub` writes: its places, from the left, are the groups \1, \2, ..."""
    pieces = re.split(r"\{n?\}", said.replace("\\", r"\\"))
    return "".join(f"{piece}\\{i + 1}" for i, piece in enumerate(pieces[:-1])) + pieces[-1]
