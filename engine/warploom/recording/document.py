"""What `recording.json` holds: everything of a Recording but the Graph and the arrays."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math

import msgspec

from warploom.device.protocol import DeviceInfo
from warploom.graph import LogEntry
from warploom.recording.recording import (
    FORMAT_VERSION,
    CandidateVerification,
    Environment,
    ModelFingerprint,
    Recording,
    SearchSummary,
    Settings,
    Verification,
)
from warploom.schedule import Schedule, StreamPlan
from warploom.timeline import Profile, Timeline
from warploom.timeline.timeline import WarpsFrom

FORMAT = "warploom-recording"


class Header(msgspec.Struct, frozen=True):
    """What every version's document begins with; read before anything else is believed."""

    format: str = ""
    version: int = 0
    warploom: str = "?"


class ProfileDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A Profile without its arrays."""

    shown: int
    unprofiled_us: float | None = None
    interval_ns: int | None = None
    alignment_residual_ns: float | None = None
    attribution_error: float | None = None
    unattributed: float | None = None
    skewed_launches: tuple[int, ...] = ()
    warps_from: WarpsFrom = "samples"
    note: str = ""


class TimelineDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A Timeline without its arrays.

    `counters` is None where nothing sampled; `copies` says whether there is a column of copied bytes, which is left
    out where it would be zeros.
    """

    name: str
    device: str
    simulated: bool
    duration_ns: int
    launch_names: tuple[str, ...]
    kernel_names: tuple[str, ...]
    max_warps: int
    counters: tuple[str, ...] | None = None
    estimated: bool = False
    profile: ProfileDocument | None = None
    lane_names: tuple[tuple[int, str], ...] = ()
    copies: bool = False


class CandidateDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A Candidate without its arrays, which lie in the folder `candidates/<position>/`."""

    name: str
    plan: StreamPlan
    timeline: TimelineDocument
    schedule: Schedule | None = None
    decisions: tuple[LogEntry, ...] = ()


class CheckedDocument(msgspec.Struct, frozen=True):
    """One candidate's error; None stands for one that is not finite, which JSON cannot say."""

    name: str
    max_rel_l2: float | None
    ok: bool


class VerificationDocument(msgspec.Struct, frozen=True):
    """Verification, likewise."""

    max_rel_l2: float | None
    tolerance: float
    ok: bool
    candidates: tuple[CheckedDocument, ...] = ()
    reference: str = ""


class RecordingDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The whole document."""

    format: str = FORMAT
    version: int = FORMAT_VERSION
    warploom: str
    created: dt.datetime
    model: ModelFingerprint
    device: DeviceInfo
    settings: Settings
    candidates: tuple[CandidateDocument, ...]
    chosen: str
    search: SearchSummary
    verification: VerificationDocument | None = None
    build_log: tuple[LogEntry, ...] = ()
    environment: Environment
    solo_us: dict[str, float] = {}


def document_of(recording: Recording) -> RecordingDocument:
    """The document of a recording."""
    return RecordingDocument(
        warploom=recording.warploom_version,
        created=recording.created,
        model=printable_model(recording.model),
        device=recording.device,
        settings=recording.settings,
        candidates=tuple(
            CandidateDocument(
                name=candidate.name,
                plan=candidate.plan,
                timeline=_timeline(candidate.timeline),
                schedule=candidate.schedule,
                decisions=candidate.decisions,
            )
            for candidate in recording.candidates
        ),
        chosen=recording.chosen,
        search=_search(recording.search),
        verification=_verification(recording.verification),
        build_log=recording.build_log,
        environment=recording.environment,
        solo_us={name: value for name, value in recording.solo_us.items() if math.isfinite(value)},
    )


def verification_from(document: VerificationDocument | None) -> Verification | None:
    """The Verification of a document."""
    if document is None:
        return None
    return Verification(
        max_rel_l2=_or_infinite(document.max_rel_l2),
        tolerance=document.tolerance,
        ok=document.ok,
        candidates=tuple(
            CandidateVerification(checked.name, _or_infinite(checked.max_rel_l2), checked.ok)
            for checked in document.candidates
        ),
        reference=document.reference,
    )


def _verification(verification: Verification | None) -> VerificationDocument | None:
    if verification is None:
        return None
    return VerificationDocument(
        max_rel_l2=_or_none(verification.max_rel_l2),
        tolerance=verification.tolerance,
        ok=verification.ok,
        candidates=tuple(
            CheckedDocument(checked.name, _or_none(checked.max_rel_l2), checked.ok)
            for checked in verification.candidates
        ),
        reference=verification.reference,
    )


def _timeline(timeline: Timeline) -> TimelineDocument:
    return TimelineDocument(
        name=timeline.name,
        device=timeline.device,
        simulated=timeline.simulated,
        duration_ns=int(timeline.duration_ns),
        launch_names=timeline.launch_names,
        kernel_names=timeline.kernel_names,
        max_warps=int(timeline.max_warps),
        counters=None if timeline.counters is None else timeline.counters.names,
        estimated=timeline.estimated,
        profile=None if timeline.profile is None else _profile(timeline.profile),
        lane_names=timeline.lane_names,
        copies=has_copies(timeline),
    )


def has_copies(timeline: Timeline) -> bool:
    """Whether some of its spans are copies, so that their bytes are worth a column."""
    return bool(timeline.spans.copy_bytes.any())


def _profile(profile: Profile) -> ProfileDocument:
    return ProfileDocument(**{name: getattr(profile, name) for name in ProfileDocument.__struct_fields__})


def _search(search: SearchSummary) -> SearchSummary:
    """A scheduler that found nothing predicts infinity, which JSON cannot say."""
    schedulers = tuple(
        dataclasses.replace(part, latency_us=None if part.latency_us is None else _or_none(part.latency_us))
        for part in search.schedulers
    )
    return dataclasses.replace(search, schedulers=schedulers)


def printable_model(model: ModelFingerprint) -> ModelFingerprint:
    """A path whose bytes are no UTF-8 is kept readable, with signs for what is not."""
    path = model.path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return dataclasses.replace(model, path=path)


def _or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _or_infinite(value: float | None) -> float:
    return math.inf if value is None else value
