"""Two timelines side by side: parts add up, and the explanation follows from the data."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from warploom.recording.recording import Candidate, Recording
from warploom.schedule import StreamPlan
from warploom.timeline.comparison import Comparison, StageComparison, StageSide, compare
from warploom.timeline.explain import explain
from warploom.timeline.progress import progress, stage_numbers


def compared(recording: Recording, name: str = "both") -> Comparison:
    return compare(recording.sequential, recording.candidate(name), recording.solo_us)


def moved(candidate: Candidate, launch: int, by_ns: int) -> Candidate:
    """The candidate with everything from a launch on moved later."""
    spans = candidate.timeline.spans
    late = spans.start_ns >= spans.start_ns[np.flatnonzero(spans.launch == launch)[0]]
    shifted = dataclasses.replace(spans, start_ns=spans.start_ns + by_ns * late, end_ns=spans.end_ns + by_ns * late)
    duration = candidate.timeline.duration_ns + by_ns
    timeline = dataclasses.replace(candidate.timeline, spans=shifted, duration_ns=duration)
    return dataclasses.replace(candidate, timeline=timeline)


@pytest.mark.parametrize("name", ["sequential", "parallel", "both"])
def test_that_the_slices_of_launches_add_up_to_the_whole(example_recording: Recording, name: str) -> None:
    timeline = example_recording.candidate(name).timeline
    slices = progress(timeline)
    assert slices.length_ns.sum() == timeline.spans.end_ns.max()
    assert (slices.length_ns >= 0).all()
    assert (slices.idle_ns <= slices.length_ns).all()
    total = float(np.dot(timeline.warps.total, np.diff(timeline.warps.edges_ns)))
    assert slices.warp_ns.sum() == pytest.approx(total)


@pytest.mark.parametrize("name", ["sequential", "parallel", "both"])
def test_that_stages_add_up_to_both_timelines(example_recording: Recording, name: str) -> None:
    found = compared(example_recording, name)
    after, before = example_recording.candidate(name).timeline, example_recording.sequential.timeline
    assert sum(stage.after.elapsed_us for stage in found.stages) == pytest.approx(after.spans.end_ns.max() / 1000)
    assert sum(stage.before.elapsed_us for stage in found.stages) == pytest.approx(before.spans.end_ns.max() / 1000)


def test_that_every_operator_is_matched_once(example_recording: Recording) -> None:
    found = compared(example_recording)
    assert [item.name for item in found.operators] == [item.name for item in example_recording.graph.operators]
    assert sorted(name for stage in found.stages for name in stage.operators) == sorted(example_recording.graph.index)


def test_that_a_timeline_compared_with_itself_has_no_difference(example_recording: Recording) -> None:
    found = compared(example_recording, "sequential")
    assert all(operator.delta_us == 0 and operator.slowdown == 1 for operator in found.operators)
    assert all(stage.gain_us == 0 for stage in found.stages)
    assert explain(found) == ()


def test_that_a_merged_launch_is_divided_by_what_its_members_took_before(example_recording: Recording) -> None:
    found = {operator.name: operator for operator in compared(example_recording).operators}
    a, b = found["m0/b2.1"], found["m0/b3.1"]
    assert a.merged_with == ("m0/b3.1",)
    candidate = example_recording.candidate("both")
    launch = next(i for i, item in enumerate(candidate.plan.launches) if len(item.operators) == 2)
    mine = candidate.timeline.spans.launch == launch
    spans = candidate.timeline.spans
    assert a.after_us + b.after_us == pytest.approx((spans.end_ns[mine] - spans.start_ns[mine]).sum() / 1000)
    assert a.after_us / b.after_us == pytest.approx(a.before_us / b.before_us)


def test_that_durations_of_other_operators_are_their_spans(example_recording: Recording) -> None:
    spans = example_recording.sequential.timeline.spans
    for i, operator in enumerate(compared(example_recording).operators):
        assert operator.before_us == pytest.approx((spans.end_ns[i] - spans.start_ns[i]) / 1000)


def test_that_a_plan_without_stages_is_divided_into_episodes(example_recording: Recording) -> None:
    candidate = example_recording.candidate("both")
    launches = tuple(dataclasses.replace(launch, stage=-1) for launch in candidate.plan.launches)
    episodes = stage_numbers(candidate.timeline, np.full(len(launches), -1))
    assert sorted(set(episodes.tolist())) == list(range(episodes.max() + 1))
    start, end = candidate.timeline.spans.start_ns, candidate.timeline.spans.end_ns
    of_span = episodes[candidate.timeline.spans.launch]
    for number in range(episodes.max()):
        assert end[of_span == number].max() <= start[of_span == number + 1].min()
    free = dataclasses.replace(candidate, plan=StreamPlan("free", launches))
    found = compare(example_recording.sequential, free)
    assert len(found.stages) == episodes.max() + 1
    assert sum(stage.after.elapsed_us for stage in found.stages) == pytest.approx(end.max() / 1000)


def test_that_a_launch_that_ran_nothing_belongs_to_the_episode_before_it(example_recording: Recording) -> None:
    timeline = example_recording.sequential.timeline
    count = len(timeline.launch_names)
    every = stage_numbers(timeline, np.full(count, -1))
    kept = timeline.spans.launch != 3
    fields = (field.name for field in dataclasses.fields(timeline.spans))
    spans = dataclasses.replace(timeline.spans, **{name: getattr(timeline.spans, name)[kept] for name in fields})
    found = stage_numbers(dataclasses.replace(timeline, spans=spans), np.full(count, -1))
    assert every[3] > every[2]
    assert found[3] == found[2]
    assert found.tolist() == sorted(found.tolist())


def test_that_a_plan_of_views_alone_is_compared(example_recording: Recording) -> None:
    sequential = example_recording.sequential
    none = np.zeros(0, dtype=np.int64)
    spans = sequential.timeline.spans
    empty = dataclasses.replace(
        spans,
        **dict.fromkeys(("launch", "stream", "kernel", "start_ns", "end_ns", "registers"), none),
        shared_memory_bytes=none,
    )
    timeline = dataclasses.replace(sequential.timeline, spans=empty)
    found = compare(dataclasses.replace(sequential, timeline=timeline), sequential)
    assert all(operator.before_us == 0 and operator.slowdown is None for operator in found.operators)


def test_that_reasons_are_ranked_and_say_what_the_data_says(example_recording: Recording) -> None:
    found = compared(example_recording)
    reasons = explain(found)
    gains = [abs(reason.gain_us) for reason in reasons]
    assert gains == sorted(gains, reverse=True)
    best = max(found.stages, key=lambda stage: stage.gain_us)
    assert reasons[0].stage == best.stage
    assert reasons[0].title.startswith(f"Stage {best.stage + 1} saves")
    assert f"{best.before.elapsed_us:.1f}" in reasons[0].text
    assert f"{best.after.warps:,.0f}" in reasons[0].text
    assert any("merged into one launch" in reason.text for reason in reasons)


def test_that_a_wait_is_named_as_the_cause_of_a_loss(example_recording: Recording) -> None:
    both = example_recording.candidate("both")
    join = next(i for i, launch in enumerate(both.plan.launches) if launch.operators == ("m0/join",))
    found = compare(example_recording.sequential, moved(both, join, 20_000))
    worst = explain(found)[0]
    assert worst.gain_us < 0
    assert worst.operators == ("m0/join",)
    assert "m0/join starts" in worst.text
    assert "later" in worst.text


def test_that_a_slowed_operator_is_named_as_the_cause_of_a_loss(example_recording: Recording) -> None:
    both = example_recording.candidate("parallel")
    victim = next(i for i, launch in enumerate(both.plan.launches) if launch.operators == ("m1/b3.2",))
    later = moved(both, victim, 60_000)
    spans = later.timeline.spans
    stretched = dataclasses.replace(
        spans, start_ns=spans.start_ns - 60_000 * (spans.launch == victim)
    )  # it starts as before and ends 60 us later
    slow = dataclasses.replace(later, timeline=dataclasses.replace(later.timeline, spans=stretched))
    worst = explain(compare(example_recording.sequential, slow))[0]
    assert worst.gain_us < 0
    assert "m1/b3.2 takes" in worst.text
    assert "beside the others" in worst.text


def test_that_the_biggest_loss_is_told_however_small(example_recording: Recording) -> None:
    def stage(number: int, before: float, after: float) -> StageComparison:
        groups = ((f"a{number}",), (f"b{number}",))
        return StageComparison(number, groups, (), StageSide(before, 0.0, 100, 0.1), StageSide(after, 0.0, 100, 0.1))

    stages = (*(stage(i, 10.0 + i, 1.0) for i in range(9)), stage(9, 1.0, 1.2), stage(10, 1.0, 1.01))
    found = dataclasses.replace(compared(example_recording), stages=stages, operators=())
    reasons = explain(found, limit=4)
    assert [reason.stage for reason in reasons] == [8, 7, 6, 9]


def test_that_labels_replace_names(example_recording: Recording) -> None:
    reasons = explain(compared(example_recording), label=lambda name: f"<{name}>")
    assert any("<m0/b" in reason.text for reason in reasons)


def test_that_plans_of_several_thousand_launches_are_compared_quickly(
    make_recording: Callable[..., Recording],
) -> None:
    recording = make_recording(200)
    assert len(recording.sequential.plan.launches) > 1400
    assert len(compared(recording).operators) == len(recording.graph.operators)
