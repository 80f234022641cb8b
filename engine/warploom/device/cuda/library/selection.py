"""Which of a step's candidate kernels are worth building and timing, and in which order. Pure.

Kernels that ship compiled cost two milliseconds each to try. Kernels that cuDNN compiles at run time cost a fifth of a
second, but a kernel of the same name compiled for another step costs a tenth of that. So every signature may compile a
few new ones, those that won before come first, and ones known in this process are tried beyond that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from warploom.device.cuda.library.plan import Candidate


@dataclass(frozen=True, slots=True)
class Limits:
    """How many candidates of one source are tried for one signature.

    Attributes:
        compiled: Of those that ship compiled.
        known: Of those compiled at run time whose name was built before in this process.
        new: Of those compiled at run time that were not.
    """

    compiled: int = 10
    known: int = 8
    new: int = 4


GROUPED = Limits(compiled=4, known=2, new=2)
"""For grouped convolutions: the first few are good, later ones take milliseconds to run."""

HURRIED = Limits(compiled=6, known=6, new=1)
"""For when the time for choosing is nearly used up."""


@dataclass
class Experience:
    """What this process has seen of run-time compiled kernels.

    Attributes:
        built: Names built, per source.
        wins: How often each name was the fastest.
    """

    built: set[tuple[str, str]] = field(default_factory=set)
    wins: Counter[tuple[str, str]] = field(default_factory=Counter)

    def note_built(self, candidate: Candidate) -> None:
        """A candidate was built."""
        self.built.add((candidate.source, candidate.name))

    def note_win(self, source: str, name: str) -> None:
        """A kernel was the fastest of a signature's."""
        self.wins[source, name] += 1


def worth_trying(candidates: Sequence[Candidate], limits: Limits, experience: Experience) -> Iterator[Candidate]:
    """Candidates to try, cheap and promising ones first.

    Experience may grow while this runs: a candidate whose name is built meanwhile counts as known from then on.
    """
    for source in dict.fromkeys(candidate.source for candidate in candidates):
        own = [candidate for candidate in candidates if candidate.source == source]
        yield from [candidate for candidate in own if candidate.compiled][: limits.compiled]
        yield from _run_time_compiled([c for c in own if not c.compiled], limits, experience)


def _run_time_compiled(own: list[Candidate], limits: Limits, experience: Experience) -> Iterator[Candidate]:
    # A stable sort: the library's own order decides among those that never won.
    order = sorted(own, key=lambda candidate: -experience.wins[candidate.source, candidate.name])
    new = known = 0
    for candidate in order:
        if (candidate.source, candidate.name) in experience.built:
            known += 1
            if known <= limits.known:
                yield candidate
        elif new < limits.new:
            new += 1
            yield candidate
