"""The verdict on two schedules: is it faster, by how much, is it right, and is it real?"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from warploom.report.verdict import verdict
from warploom.units import time_unit
from warploom_app.presenters.engine_words import in_words
from warploom_app.presenters.results import Results
from warploom_app.presenters.units import count, percent_change


@dataclass(frozen=True, slots=True)
class VerdictLine:
    """The parts of the line.

    Attributes:
        latency: From and to.
        speedup: Times as fast.
        warps: Active warps from and to.
        verified: Whether the outputs agree.
        verified_ok: False for outputs that do not agree, None where nobody compared.
        basis: How the timelines came about: "simulated", "estimated" or "measured".
        device: Device, precision and batch.
        details: Everything, for the tooltip and screen readers.
    """

    latency: str
    speedup: str
    warps: str
    verified: str
    verified_ok: bool | None
    basis: str
    device: str
    details: str


def make_verdict(results: Results, compared: tuple[str, str]) -> VerdictLine:
    """The verdict on any two schedules of a recording, in the words of the report's first line."""
    recording = results.recording
    before, after = (results.candidates[name] for name in compared)
    first, second = before.candidate.measurement.median_us, after.candidate.measurement.median_us
    unit = time_unit(first)
    report = verdict(recording)
    latency = f"{unit.text(first)} {unit.name}  →  {unit.text(second)} {unit.name}"
    speedup = _speedup(first / second if second > 0 else 1.0)
    mean = (before.statistics.warps.mean, after.statistics.warps.mean)
    change = percent_change(*mean)
    warps = _tr("active warps {} → {}").format(count(mean[0]), count(mean[1])) + (f" ({change})" if change else "")
    settings = recording.settings
    device = _tr("{}, {}, batch {}").format(recording.device.name, settings.precision.value, settings.batch)
    names = f"{before.track.title} → {after.track.title}"
    verified = in_words(report.verified)
    return VerdictLine(
        latency=latency,
        speedup=speedup,
        warps=warps,
        verified=verified,
        verified_ok=report.ok,
        basis=recording.timeline_basis,
        device=device,
        details="\n".join((names, f"{latency} ({report.basis})", speedup, warps, verified, device)),
    )


def _speedup(ratio: float) -> str:
    if abs(ratio - 1) < 0.005:
        return _tr("as fast")
    return _tr("{}× faster").format(f"{ratio:.2f}") if ratio > 1 else _tr("{}× slower").format(f"{1 / ratio:.2f}")


def _tr(text: str) -> str:
    return QCoreApplication.translate("Verdict", text)
