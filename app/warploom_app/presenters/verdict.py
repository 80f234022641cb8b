"""The verdict: is it faster, by how much, is it right, and is it real? The largest text on the screen."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from warploom_app.presenters.results import Results
from warploom_app.presenters.units import column_unit, count, percent_change


@dataclass(frozen=True, slots=True)
class Verdict:
    """The parts of the line.

    Attributes:
        latency: From and to.
        speedup: Times as fast.
        warps: Active warps from and to.
        verified: Whether the outputs agree.
        verified_ok: False for outputs that do not agree, None where nobody compared.
        simulated: Whether a model of a device made the figures.
        device: Device, precision and batch.
        details: Everything, for the tooltip and screen readers.
    """

    latency: str
    speedup: str
    warps: str
    verified: str
    verified_ok: bool | None
    simulated: bool
    device: str
    details: str


def make_verdict(results: Results, compared: tuple[str, str]) -> Verdict:
    """The verdict on two schedules of a recording."""
    recording = results.recording
    before, after = (results.candidates[name] for name in compared)
    first, second = before.candidate.measurement.median_us, after.candidate.measurement.median_us
    unit = column_unit((first, second))
    ratio = first / second if second > 0 else 1.0
    warps = (before.statistics.warps.mean, after.statistics.warps.mean)
    verified, verified_ok = _verified(results)
    settings = recording.settings
    latency = f"{unit.of_us(first)} {unit.text}  →  {unit.of_us(second)} {unit.text}"
    speedup = _speedup(ratio)
    active = _tr("active warps {} → {} ({})").format(count(warps[0]), count(warps[1]), percent_change(*warps))
    device = _tr("{}, {}, batch {}").format(recording.device.name, settings.precision.value, settings.batch)
    kind = _tr("simulated") if recording.simulated else _tr("measured")
    names = f"{before.track.title} → {after.track.title}"
    return Verdict(
        latency=latency,
        speedup=speedup,
        warps=active,
        verified=verified,
        verified_ok=verified_ok,
        simulated=recording.simulated,
        device=device,
        details="\n".join((names, f"{latency} ({kind})", speedup, active, verified, device)),
    )


def _speedup(ratio: float) -> str:
    if abs(ratio - 1) < 0.005:
        return _tr("as fast")
    return _tr("{}× faster").format(f"{ratio:.2f}") if ratio > 1 else _tr("{}× slower").format(f"{1 / ratio:.2f}")


def _verified(results: Results) -> tuple[str, bool | None]:
    checked = results.recording.verification
    if checked is None:
        return _tr("not verified"), None
    error = f"{checked.max_rel_l2:.0e}".replace("e-0", "e-").replace("e+0", "e")
    if checked.ok:
        return _tr("verified, error {}").format(error), True
    return _tr("outputs differ, error {}").format(error), False


def _tr(text: str) -> str:
    return QCoreApplication.translate("Verdict", text)
