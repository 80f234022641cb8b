"""Measures candidates interleaved, so that a drift of the machine touches all of them alike."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.device import Executable, Measurement

ROUNDS = 10


def measure_interleaved(executables: Mapping[str, Executable], repeats: int) -> dict[str, Measurement]:
    """Measures every executable `repeats` times in turns of a few executions each.

    Args:
        executables: Compiled candidates by name.
        repeats: Samples of each.
    """
    samples: dict[str, list[float]] = {name: [] for name in executables}
    for count in _turns(repeats):
        for name, executable in executables.items():
            samples[name].extend(executable.measure(count).samples_us)
    return {name: Measurement(tuple(values)) for name, values in samples.items()}


def _turns(repeats: int) -> list[int]:
    """`repeats` split into at most `ROUNDS` turns of nearly equal size."""
    rounds = min(ROUNDS, repeats)
    return [repeats // rounds + (turn < repeats % rounds) for turn in range(rounds)]
