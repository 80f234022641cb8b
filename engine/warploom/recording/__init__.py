"""The recording: one piece of work saved in one file."""

from warploom.recording.recording import (
    Candidate,
    CandidateVerification,
    Environment,
    ModelFingerprint,
    Recording,
    SchedulerSummary,
    SearchSummary,
    Settings,
    Verification,
)

__all__ = [
    "Candidate",
    "CandidateVerification",
    "Environment",
    "ModelFingerprint",
    "Recording",
    "SchedulerSummary",
    "SearchSummary",
    "Settings",
    "Verification",
]
