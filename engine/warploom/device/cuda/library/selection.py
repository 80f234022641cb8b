"""Which of a step's candidate kernels are worth building and timing, and in which order. Pure.

Kernels that ship compiled cost two milliseconds each to try. Kernels that cuDNN compiles at run time cost a fifth of a
second, but a kernel of the same name compiled for another step costs a tenth of that. So every signature may compile a
few new ones, those that won before come first, and ones known in this process are tried beyond that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from warploom.device.cuda.errors import CudaError
from warploom.device.cuda.library.plan import Candidate, Kernel
from warploom.device.cuda.library.signature import LibraryStep
from warploom.device.cuda.steps import ConvStep


@dataclass(frozen=True, slots=True)
class Limits:
    """How many kernels of one source are tried for one signature; those that the library declines do not count.

    Attributes:
        compiled: Of those that ship compiled.
        run_time: Of those compiled at run time.
        new: Among these, of those whose name was not built before in this process.
        workspace_bytes: A kernel that needs more counts as declined; None for no such limit.
    """

    compiled: int = 8
    run_time: int = 5
    new: int = 3
    workspace_bytes: int | None = None


_GROUPED = Limits(compiled=4, run_time=3, new=2)
# By then kernels with the names that won most have been built, and further ones rarely win.
_BRISK = Limits(new=1)
_BRISK_AFTER_S = 7.0
_HURRIED = Limits(compiled=6, run_time=3, new=1)
_HURRY_AFTER_S = 40.0
# Several processes build at once, so more can be tried; what they built is timed in milliseconds.
_AHEAD = Limits(compiled=8, run_time=6, new=4)


def limits_for(step: LibraryStep, spent_s: float) -> Limits:
    """How much to try for a step.

    Args:
        step: For a grouped convolution only the first few kernels are good, later ones take milliseconds to run.
        spent_s: Seconds that choosing took so far.
    """
    if _is_grouped(step):
        return _GROUPED
    if spent_s > _HURRY_AFTER_S:
        return _HURRIED
    return _BRISK if spent_s > _BRISK_AFTER_S else Limits()


def limits_ahead(step: LibraryStep) -> Limits:
    """How much a process that builds kernels ahead of their choice builds for a step."""
    return _GROUPED if _is_grouped(step) else _AHEAD


def _is_grouped(step: LibraryStep) -> bool:
    return isinstance(step, ConvStep) and step.groups > 1


# Run-time compiled kernels of cuDNN 9.19 that were fastest for most convolutions of Inception V3, SqueezeNet and NASNet
# on an H200, the most frequent first. Where another version gives these names to other kernels, it only costs tries.
_PROVEN = tuple(f"eng4_k24={number}" for number in (19, 36, 16, 39, 29, 28))


@dataclass
class Experience:
    """What this process has seen of kernels compiled at run time.

    Attributes:
        built: Names built, per source.
        wins: How often each name was the fastest.
    """

    built: set[tuple[str, str]] = field(default_factory=set)
    wins: Counter[tuple[str, str]] = field(default_factory=Counter)

    def note_win(self, source: str, name: str) -> None:
        """A kernel was the fastest of a signature's."""
        self.wins[source, name] += 1

    def rank(self, source: str, name: str) -> tuple[int, int]:
        """Orders names: those that won most in this process first, then those that were seen to win elsewhere."""
        return -self.wins[source, name], _PROVEN.index(name) if name in _PROVEN else len(_PROVEN)


def kernels_to_try(
    candidates: Sequence[Candidate], limits: Limits, experience: Experience, declined: Callable[[CudaError], object]
) -> Iterator[Kernel]:
    """Builds the candidates worth timing one by one, cheap and promising ones first.

    Args:
        candidates: Of all sources; each source's in its own order of preference.
        limits: For each source.
        experience: Orders the candidates; learns what was built.
        declined: Told why a candidate could not be built.

    Raises:
        CudaError: If the GPU can no longer be used.
    """
    for source in dict.fromkeys(candidate.source for candidate in candidates):
        own = [candidate for candidate in candidates if candidate.source == source]
        left = {"compiled": limits.compiled, "run_time": limits.run_time, "new": limits.new}
        # A stable sort: the library's own order decides among those that never won.
        for candidate in sorted(own, key=lambda c: (not c.compiled, *experience.rank(c.source, c.name))):
            counts = _counts(candidate, experience)
            if not all(left[count] for count in counts):
                continue
            try:
                kernel = _within(limits, candidate.build())
            except CudaError as error:
                if error.sticky:
                    raise
                declined(error)
                continue
            for count in counts:
                left[count] -= 1
            experience.built.add((candidate.source, candidate.name))
            yield kernel


def _within(limits: Limits, kernel: Kernel) -> Kernel:
    """A kernel that keeps to the limit of workspaces."""
    needed, most = kernel.plan.workspace_bytes, limits.workspace_bytes
    if most is not None and needed > most:
        raise CudaError(f"It needs {needed} bytes of workspace, {most} are allowed.", call="choosing a kernel")
    return kernel


def _counts(candidate: Candidate, experience: Experience) -> tuple[str, ...]:
    """The limits that a candidate falls under."""
    if candidate.ahead:
        return ()
    if candidate.compiled:
        return ("compiled",)
    known = (candidate.source, candidate.name) in experience.built
    return ("run_time",) if known else ("run_time", "new")
