"""Makes a recording smaller: fewer candidates. What is measured stays as it was."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from warploom.recording.recording import Recording


def trim_recording(recording: Recording, names: Iterable[str]) -> Recording:
    """A copy with these candidates only, and always the chosen one.

    Args:
        recording: The whole one; not changed.
        names: Candidates to keep; those that it lacks are passed over.
    """
    wanted = {*names, recording.chosen}
    kept = tuple(candidate for candidate in recording.candidates if candidate.name in wanted)
    return dataclasses.replace(recording, candidates=kept)
