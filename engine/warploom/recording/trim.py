"""Makes a recording smaller: fewer candidates. What is measured stays as it was."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Iterable

from warploom.recording.recording import Recording, Verification


def trim_recording(recording: Recording, names: Iterable[str]) -> Recording:
    """A copy with these candidates only, and always the chosen one.

    Args:
        recording: The whole one; not changed.
        names: Candidates to keep; those that it lacks are passed over.
    """
    wanted = {*names, recording.chosen}
    kept = tuple(candidate for candidate in recording.candidates if candidate.name in wanted)
    return dataclasses.replace(recording, candidates=kept, verification=_of(recording.verification, wanted))


def _of(whole: Verification | None, names: Container[str]) -> Verification | None:
    """What was found out about some candidates; None where none of them was compared."""
    if whole is None:
        return None
    checks = tuple(check for check in whole.candidates if check.name in names)
    if not checks:
        return None
    error = max(check.max_rel_l2 for check in checks)
    return dataclasses.replace(whole, max_rel_l2=error, ok=all(check.ok for check in checks), candidates=checks)
