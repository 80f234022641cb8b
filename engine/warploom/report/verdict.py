"""The verdict: the one line that comes first in every report and in the window."""

from __future__ import annotations

import math
from dataclasses import dataclass

from warploom.recording.recording import Recording, Verification
from warploom.timeline.statistics import warp_statistics
from warploom.units import time_unit


@dataclass(frozen=True, slots=True)
class Verdict:
    """The line in parts, ready to be shown; `text` joins them.

    Attributes:
        before: Sequential latency, with unit.
        after: The chosen schedule's latency, with unit.
        speedup: As a factor.
        change: "1.58× faster", "as fast".
        warps: "active warps 2,140 → 3,390 (+58%)", with "estimated" where nothing traced them.
        verified: "verified, error 4e-4", "not verified", or what is wrong.
        ok: True when verified, False when an output is wrong, None when nobody compared.
        basis: "simulated" or "measured".
        device: Name of the device.
        chosen: Name of the schedule that won.
    """

    before: str
    after: str
    speedup: float
    change: str
    warps: str
    verified: str
    ok: bool | None
    basis: str
    device: str
    chosen: str

    @property
    def text(self) -> str:
        """The whole line."""
        return " · ".join(
            (f"{self.before} → {self.after}", self.change, self.warps, self.verified, f"{self.basis} {self.device}")
        )


def verdict(recording: Recording) -> Verdict:
    """The verdict of a recording."""
    before, after = recording.sequential, recording.optimized
    unit = time_unit(before.measurement.median_us)
    warps = [
        warp_statistics(item.timeline.warps, item.timeline.duration_ns, item.timeline.max_warps).mean
        for item in (before, after)
    ]
    return Verdict(
        before=f"{unit.text(before.measurement.median_us)} {unit.name}",
        after=f"{unit.text(after.measurement.median_us)} {unit.name}",
        speedup=recording.speedup,
        change=_change(recording.speedup),
        warps=_warps(*warps, estimated=recording.timeline_basis == "estimated"),
        verified=_verified(recording.verification),
        ok=None if recording.verification is None else recording.verification.ok,
        basis="simulated" if recording.simulated else "measured",
        device=recording.device.name,
        chosen=recording.chosen,
    )


def _change(speedup: float) -> str:
    if speedup <= 0 or abs(speedup - 1.0) < 0.005:
        return "as fast as sequential"
    return f"{speedup:.2f}× faster" if speedup > 1 else f"{1 / speedup:.2f}× slower"


def _warps(before: float, after: float, *, estimated: bool) -> str:
    line = f"{'estimated ' if estimated else ''}active warps {before:,.0f} → {after:,.0f}"
    return f"{line} ({after / before - 1:+.0%})" if before > 0 else line


def _verified(verification: Verification | None) -> str:
    if verification is None:
        return "not verified"
    if not math.isfinite(verification.max_rel_l2):
        return "WRONG: an output is not finite"
    error = f"{verification.max_rel_l2:.0e}".replace("e-0", "e-").replace("e+00", "")
    if verification.ok:
        return f"verified, error {error}"
    return f"WRONG: error {error}, allowed {verification.tolerance:.0e}"
