"""How a timeline came about and how far it can be trusted: a few words for its header, sentences for its note."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from warploom.timeline import Profile, Timeline
from warploom_app.presenters.units import count


def basis_text(timeline: Timeline) -> str:
    """The badge: "simulated", "estimated" or "measured"."""
    texts = {"simulated": _tr("simulated"), "estimated": _tr("estimated"), "measured": _tr("measured")}
    return texts[timeline.basis]


def facts(timeline: Timeline) -> tuple[str, ...]:
    """What the header of a track says beside its badge, the most important first."""
    if timeline.simulated:
        return (_tr("a model of the device made this"),)
    found = [_tr("kernels placed by what each takes alone")] if timeline.estimated else []
    profile = timeline.profile
    return (*found, *_of_profile(profile)) if profile is not None else tuple(found)


def _of_profile(profile: Profile) -> list[str]:
    found = []
    if profile.overhead is not None:
        change = (profile.overhead - 1) * 100
        text = _tr("{}% longer than unprofiled") if change > 0 else _tr("{}% shorter than unprofiled")
        found.append(text.format(f"{abs(change):.1f}"))
    if profile.skewed_launches:
        found.append(_tr("first fork late"))
    sources = {"model": _tr("warps modelled"), "events": _tr("only stages timed"), "samples": ""}
    if sources[profile.warps_from]:
        found.append(sources[profile.warps_from])
    if profile.unattributed:
        found.append(_tr("{} of warps in no stream").format(f"{profile.unattributed:.1%}"))
    if profile.attribution_error is not None:
        found.append(_tr("streams' shares ±{}").format(f"{profile.attribution_error:.0%}"))
    if profile.interval_ns:
        found.append(_tr("a sample every {} µs").format(f"{profile.interval_ns / 1e3:,.1f}"))
    if profile.alignment_residual_ns is not None:
        found.append(_tr("clocks ±{} ns").format(count(profile.alignment_residual_ns)))
    return found


def _tr(text: str) -> str:
    return QCoreApplication.translate("TrackFacts", text)
