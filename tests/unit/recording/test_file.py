"""The recording file: what is written is read back, whole or not at all."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import msgspec
import numpy as np
import pytest

from warploom.errors import RecordingError
from warploom.graph import MissingConstant
from warploom.recording.file import read_recording, recording_members, write_recording
from warploom.recording.members import array_from_bytes, array_to_bytes, write_members
from warploom.recording.recording import Recording, Verification
from warploom.timeline import UNATTRIBUTED, Counters, Profile, Timeline, WarpSeries


def assert_same_timeline(left: object, right: object) -> None:
    for field in dataclasses.fields(left):
        a, b = getattr(left, field.name), getattr(right, field.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
        elif dataclasses.is_dataclass(a):
            assert_same_timeline(a, b)
        else:
            assert a == b


def test_that_a_recording_is_read_back_as_written(example_recording: Recording, tmp_path: Path) -> None:
    path = tmp_path / "a.warploom"
    write_recording(example_recording, path)
    again = read_recording(path)
    for name in ("model", "device", "settings", "chosen", "search", "verification", "build_log", "environment"):
        assert getattr(again, name) == getattr(example_recording, name), name
    assert again.created == example_recording.created
    assert again.solo_us == example_recording.solo_us
    for before, after in zip(example_recording.candidates, again.candidates, strict=True):
        for name in ("name", "plan", "measurement", "schedule", "stage_costs_us", "decisions"):
            assert getattr(before, name) == getattr(after, name), name
        assert_same_timeline(before.timeline, after.timeline)
    assert again.graph.operators == example_recording.graph.operators
    assert all(isinstance(constant, MissingConstant) for constant in again.graph.constants.values())


def test_that_reading_what_was_read_and_written_again_changes_no_byte(
    example_recording: Recording, tmp_path: Path
) -> None:
    first, second = tmp_path / "a.warploom", tmp_path / "b.warploom"
    write_recording(example_recording, first)
    write_recording(read_recording(first), second)
    assert first.read_bytes() == second.read_bytes()


def test_that_counters_and_infinite_errors_survive(example_recording: Recording, tmp_path: Path) -> None:
    candidate = example_recording.candidates[0]
    counters = Counters(("active", "cycles"), np.arange(3), np.arange(3) + 1, np.ones((2, 3)))
    timeline = dataclasses.replace(candidate.timeline, counters=counters)
    changed = dataclasses.replace(candidate, timeline=timeline, stage_costs_us=())
    example_recording.candidates = (changed, *example_recording.candidates[1:])
    example_recording.verification = Verification(float("inf"), 1e-2, False)
    write_recording(example_recording, tmp_path / "a.warploom")
    again = read_recording(tmp_path / "a.warploom")
    assert again.candidates[0].timeline.counters is not None
    assert again.candidates[0].timeline.counters.names == ("active", "cycles")
    assert again.verification == example_recording.verification


def measured(timeline: Timeline) -> Timeline:
    """The timeline with everything that only a measured one has."""
    launches = len(timeline.launch_names)
    starts = np.arange(3 * launches, dtype=np.int64).reshape(3, launches)
    profile = Profile(
        replay_ns=np.array([900, 1000, 1100], dtype=np.int64),
        shown=1,
        launch_start_ns=starts,
        launch_end_ns=starts + 5,
        unprofiled_us=0.8,
        interval_ns=1000,
        alignment_residual_ns=250.0,
        attribution_error=0.08,
        unattributed=0.01,
        skewed_launches=(0, 1),
        note="the sample buffer was full",
    )
    warps = timeline.warps
    rest = WarpSeries(
        np.append(warps.streams, np.int32(UNATTRIBUTED)), warps.edges_ns, np.vstack([warps.warps, 0 * warps.warps[:1]])
    )
    copied = np.where(np.arange(len(timeline.spans)) == 0, 4096, 0)
    spans = dataclasses.replace(timeline.spans, copy_bytes=copied)
    lanes = ((7, "copy in"),)
    return dataclasses.replace(timeline, simulated=False, profile=profile, warps=rest, spans=spans, lane_names=lanes)


def test_that_a_profile_copies_and_lanes_survive(example_recording: Recording, tmp_path: Path) -> None:
    first = example_recording.candidates[0]
    timeline = measured(first.timeline)
    example_recording.candidates = (dataclasses.replace(first, timeline=timeline), *example_recording.candidates[1:])
    write_recording(example_recording, tmp_path / "a.warploom")
    again = read_recording(tmp_path / "a.warploom").candidates[0].timeline
    assert_same_timeline(timeline, again)
    assert again.profile is not None
    assert again.profile.overhead == pytest.approx(1.25)
    assert [again.stream_name(stream) for stream in (2, 7, UNATTRIBUTED)] == ["stream 2", "copy in", "unattributed"]


def test_that_a_recording_of_before_there_were_profiles_opens(example_recording: Recording, tmp_path: Path) -> None:
    members = recording_members(example_recording)
    document = msgspec.json.decode(members["recording.json"])
    for candidate in document["candidates"]:
        for name in ("profile", "lane_names", "copies"):
            del candidate["timeline"][name]
    members["recording.json"] = msgspec.json.encode(document)
    with (tmp_path / "a.warploom").open("wb") as stream:
        write_members(stream, members)
    timeline = read_recording(tmp_path / "a.warploom").candidates[0].timeline
    assert timeline.profile is None
    assert not timeline.spans.copy_bytes.any()
    assert len(timeline.spans.copy_bytes) == len(timeline.spans)


@pytest.mark.parametrize("member", ["profile/replay_ns", "profile/launch_start_ns", "spans/copy_bytes", "spans/grid"])
@pytest.mark.parametrize("how", ["missing", "too short"])
def test_that_a_missing_or_mismatched_array_gets_one_clear_sentence(
    example_recording: Recording, tmp_path: Path, member: str, how: str
) -> None:
    first = example_recording.candidates[0]
    changed = dataclasses.replace(first, timeline=measured(first.timeline))
    example_recording.candidates = (changed, *example_recording.candidates[1:])
    members, name = recording_members(example_recording), f"candidates/0/{member}.npy"
    if how == "missing":
        del members[name]
    else:
        members[name] = array_to_bytes(array_from_bytes(members[name])[:-1])
    with (tmp_path / "a.warploom").open("wb") as stream:
        write_members(stream, members)
    with pytest.raises(RecordingError) as caught:
        read_recording(tmp_path / "a.warploom")
    assert str(caught.value).count("\n") == 0
    assert (member if how == "missing" else "the column") in str(caught.value)


def test_that_a_path_that_is_no_utf8_can_be_recorded(example_recording: Recording, tmp_path: Path) -> None:
    example_recording.model = dataclasses.replace(example_recording.model, path="model-\udcff.onnx")
    write_recording(example_recording, tmp_path / "a.warploom")
    assert read_recording(tmp_path / "a.warploom").model.path.startswith("model-")


@pytest.mark.parametrize("fault", ["chosen", "candidates", "timeline", "stage costs", "latency", "operators"])
def test_that_a_recording_that_contradicts_itself_is_not_written(
    example_recording: Recording, tmp_path: Path, fault: str
) -> None:
    first = example_recording.candidates[0]
    rest = example_recording.candidates[1:]
    if fault == "chosen":
        example_recording.chosen = "nobody"
    elif fault == "candidates":
        example_recording.candidates = (first, first)
    elif fault == "timeline":
        example_recording.candidates = (dataclasses.replace(first, timeline=rest[1].timeline), *rest)
    elif fault == "stage costs":
        example_recording.candidates = (dataclasses.replace(first, stage_costs_us=(1.0,)), *rest)
    elif fault == "latency":
        measurement = dataclasses.replace(first.measurement, samples_us=())
        example_recording.candidates = (dataclasses.replace(first, measurement=measurement), *rest)
    else:
        operators = example_recording.graph.operators[:-1]
        example_recording.graph = dataclasses.replace(example_recording.graph, operators=operators, outputs=())
    with pytest.raises(RecordingError):
        write_recording(example_recording, tmp_path / "a.warploom")
    assert list(tmp_path.iterdir()) == []
