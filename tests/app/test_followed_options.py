"""The settings of the next run follow the recording that is open, and the user's own come back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
from pytestqt.qtbot import QtBot

from warploom.graph import Precision, PrecisionPlan
from warploom.recording.recording import Recording
from warploom.worker.messages import OptimizeOptions
from warploom_app.followed_options import FollowedOptions
from warploom_app.presenters.results import block_times, blocks_of, make_results
from warploom_app.presenters.run_options import as_recorded
from warploom_app.state import AppState


def _made_with(recording: Recording, **settings: object) -> Recording:
    return replace(recording, settings=replace(recording.settings, **settings))


def test_that_the_next_run_shows_how_a_recording_was_made(qtbot: QtBot, example_recording: Recording) -> None:  # noqa: ARG001
    state = AppState()
    own = OptimizeOptions(precision="tf32", verify=False)
    state.set_options(own)
    followed = FollowedOptions(state)
    followed.follow(_made_with(example_recording, precision=Precision.FP16, batch=8, mode="greedy", max_stage_groups=5))
    assert state.options == msgspec.structs.replace(
        own, precision="fp16", batch=8, mode="greedy", max_stage_groups=5,
        repeats=example_recording.settings.repeats, search_seconds=example_recording.settings.search_seconds,
    )  # fmt: skip
    assert followed.own == own
    followed.follow(_made_with(example_recording, precision=Precision.BF16))
    assert state.options.precision == "bf16"
    followed.give_back()
    assert state.options == own


def test_that_what_the_user_changes_then_is_the_users_own(qtbot: QtBot, example_recording: Recording) -> None:  # noqa: ARG001
    state = AppState()
    followed = FollowedOptions(state)
    followed.follow(_made_with(example_recording, precision=Precision.FP16))
    changed = msgspec.structs.replace(state.options, repeats=7)
    state.set_options(changed)
    assert followed.own == changed
    followed.give_back()
    assert state.options == changed


def test_that_precisions_chosen_by_operator_are_named_as_they_were_asked_for(example_recording: Recording) -> None:
    plan = PrecisionPlan(Precision.MIXED, ())
    auto = _made_with(example_recording, precision=Precision.MIXED, precision_plan=plan).settings
    assert as_recorded(OptimizeOptions(), auto).precision == "auto"
    integers = _made_with(example_recording, precision=Precision.INT8, precision_plan=plan).settings
    assert as_recorded(OptimizeOptions(), integers).precision == "int8"
    unknown = _made_with(example_recording, mode="of another release").settings
    assert as_recorded(OptimizeOptions(mode="greedy"), unknown).mode == "greedy"


def test_that_blocks_share_the_time_of_a_schedule_whatever_its_stages_are(
    make_recording: Callable[..., Recording],
) -> None:
    recording = make_recording(modules=3)
    results = make_results(recording)
    blocks = blocks_of(recording.graph)
    for name in results.candidates:
        pair = results.pair((recording.sequential.name, name))
        times = block_times(blocks, pair)
        assert set(times) == set(blocks.values())
        for side, result in enumerate((pair.before, pair.after)):
            passed = [both[side] for both in times.values()]
            assert min(passed) > 0
            assert abs(sum(passed) - result.candidate.timeline.spans.end_ns.max() / 1000) < 1e-6
