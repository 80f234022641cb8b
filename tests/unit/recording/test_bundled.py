"""The recordings that ship: small, whole, measured, and of the models that the start page offers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from warploom.recording.bundled import BundledRecording, bundled_recording, bundled_recordings
from warploom.recording.file import read_recording
from warploom.recording.recording import CandidateVerification, Verification
from warploom.recording.trim import trim_recording
from warploom.samples.bundled import default_recipe
from warploom.samples.recipes import RECIPES

MOST_BYTES = 2_000_000


def test_that_the_four_models_of_the_paper_ship_the_demos_first() -> None:
    models = [one.model for one in bundled_recordings()]
    assert set(models) == {"inception_v3", "sample_network", "squeezenet", "nasnet_large"} <= set(RECIPES)
    assert models[0] == default_recipe()
    assert bundled_recording("no_such_model") is None


@pytest.mark.parametrize("shipped", bundled_recordings(), ids=lambda one: one.model)
def test_that_a_shipped_recording_is_small_and_measured(shipped: BundledRecording) -> None:
    assert shipped.path.stat().st_size <= MOST_BYTES
    assert shipped.title == f"{shipped.model} on an NVIDIA H200, fp16"
    recording = read_recording(shipped.path)
    assert recording.device.name == "NVIDIA H200"
    assert recording.settings.precision == shipped.precision
    assert recording.model.path == f"{shipped.model}.onnx"
    assert recording.timeline_basis == "measured"
    assert recording.speedup > 1.2
    assert {"sequential", "ios-both", recording.chosen} == {candidate.name for candidate in recording.candidates}
    for candidate in recording.candidates:
        profile, counters = candidate.timeline.profile, candidate.timeline.counters
        assert profile is not None
        assert counters is not None
        assert profile.note == ""
        assert profile.warps_from == "samples"
        assert profile.alignment_residual_ns is not None
        assert profile.alignment_residual_ns <= 2000
        sampled = counters.values[0] / np.maximum(counters.values[1], 1)
        np.testing.assert_allclose(candidate.timeline.warps.total, sampled, rtol=1e-9, atol=1e-6)


def test_that_a_trimmed_recording_keeps_the_chosen_schedule() -> None:
    first = bundled_recordings()[0]
    recording = read_recording(first.path)
    trimmed = trim_recording(recording, ["sequential", "nobody"])
    assert [candidate.name for candidate in trimmed.candidates] == ["sequential", recording.chosen]
    assert len(recording.candidates) == 3


def test_that_a_trimmed_recording_says_what_was_verified_of_the_rest() -> None:
    checks = tuple(
        CandidateVerification(name, error, ok=True) for name, error in (("sequential", 1e-4), ("other", 9e-4))
    )
    recording = read_recording(bundled_recordings()[0].path)
    whole = dataclasses.replace(recording, verification=Verification(9e-4, 1e-3, ok=True, candidates=checks))
    kept = trim_recording(whole, ["sequential"]).verification
    assert kept is not None
    assert (kept.max_rel_l2, kept.candidates) == (1e-4, checks[:1])
    only_other = dataclasses.replace(whole, verification=Verification(9e-4, 1e-3, ok=True, candidates=checks[1:]))
    assert trim_recording(only_other, ["sequential"]).verification is None
