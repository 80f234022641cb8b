"""What the window says about two schedules: where the time went, for which reasons, and what to know beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QCoreApplication

from warploom.timeline.account import account_of, account_text
from warploom.timeline.caveats import caveats
from warploom.timeline.explain import Reason
from warploom_app.presenters.engine_words import in_words
from warploom_app.presenters.names import scheduler_title
from warploom_app.presenters.results import Pair


@dataclass(frozen=True, slots=True)
class Why:
    """Of one pair.

    Attributes:
        account: Where all of the difference went, in one sentence; "" without one.
        reasons: Single places, the biggest effect first.
        caveats: What a reader must know before believing figures and timelines.
    """

    account: str = ""
    reasons: tuple[Reason, ...] = ()
    caveats: tuple[str, ...] = ()


def why(pair: Pair | None, names: Mapping[str, str], remarks: Sequence[str] = ()) -> Why:
    """All of it; nothing without a pair.

    Args:
        pair: The compared candidates.
        names: What the window calls the operators.
        remarks: What to know of the whole recording.
    """
    if pair is None:
        return Why()
    one, other = pair.before.candidate, pair.after.candidate
    if one.name == other.name:
        return Why(reasons=pair.reasons)
    titles = scheduler_title(one.name), scheduler_title(other.name)
    account = account_text(account_of(pair.before.statistics, pair.after.statistics), *titles)
    timelines = [replace(each.timeline, name=title) for each, title in zip((one, other), titles, strict=True)]
    known = (*remarks, *caveats(timelines, lambda name: names.get(name, name)))
    said = [in_words(text) for text in known]
    reasons = tuple(replace(one, title=in_words(one.title), text=in_words(one.text)) for one in pair.reasons)
    return Why(in_words(account), reasons, tuple(said if pair.comparison.staged else (*said, episodes_text())))


def episodes_text() -> str:
    """What a schedule has that is not divided into stages."""
    return QCoreApplication.translate(
        "Why", "This schedule has no stages: an episode lasts from one moment at which nothing runs to the next."
    )
