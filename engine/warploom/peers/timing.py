"""Timing by the host's clock, for peers without events of a GPU."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from warploom.peers.protocol import Timing

WARM_UP_SECONDS = 0.2
"""Of executions before the samples: clocks and caches settle."""


def wall_clock(call: Callable[[], Any], repeats: int) -> Timing:
    """Latencies of a call that returns when its result is there."""
    until = time.perf_counter() + WARM_UP_SECONDS
    call()
    while time.perf_counter() < until:
        call()
    samples = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        samples.append(1e6 * (time.perf_counter() - start))
    return Timing(tuple(samples), "wall clock")
