"""Idle SMs, the spread over replays, where time went, and what a reader must know."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from warploom.recording.recording import Candidate, Recording
from warploom.timeline import Counters, Profile, Timeline
from warploom.timeline.account import account, account_text
from warploom.timeline.caveats import caveats
from warploom.timeline.comparison import compare
from warploom.timeline.explain import explain
from warploom.timeline.sm_idle import sm_idle
from warploom.timeline.spread import Spread, replay_spread
from warploom.units import time_text


def counters(values: list[list[float]], *names: str) -> Counters:
    start = np.arange(len(values[0]), dtype=np.int64) * 10
    return Counters(names, start, start + 10, np.array(values))


# ---- idle SMs


@pytest.mark.parametrize("suffixes", [("avg", "avg"), ("avg", "max"), ("sum", "sum")])
def test_that_idle_sms_follow_from_sampled_cycles(suffixes: tuple[str, str]) -> None:
    names = (f"sm__cycles_active.{suffixes[0]}", f"sm__cycles_elapsed.{suffixes[1]}")
    found = sm_idle(counters([[10.0, 5.0, 20.0], [20.0, 20.0, 20.0]], *names), idle_ns=0, duration_ns=20)
    assert found.basis == "counters"
    assert found.share == pytest.approx(1 - 15 / 40), "the third sample lies after the end"


def test_that_a_sample_across_the_end_counts_in_part() -> None:
    names = ("sm__cycles_active.avg", "sm__cycles_elapsed.avg")
    found = sm_idle(counters([[20.0, 0.0], [20.0, 20.0]], *names), idle_ns=0, duration_ns=15)
    assert found.share == pytest.approx(1 - 20 / 30)


@pytest.mark.parametrize(
    "names",
    [
        ("sm__warps_active.sum", "sm__cycles_elapsed.avg"),
        ("sm__cycles_active.sum", "sm__cycles_elapsed.avg"),  # a sum over SMs against one SM's cycles
        ("sm__cycles_active.max", "sm__cycles_elapsed.max"),  # the busiest SM says nothing of the others
    ],
)
def test_that_other_counters_leave_it_to_the_spans(names: tuple[str, str]) -> None:
    found = sm_idle(counters([[10.0], [20.0]], *names), idle_ns=25, duration_ns=100)
    assert (found.share, found.basis) == (0.25, "spans")


def test_that_an_execution_of_no_length_has_no_idle_share() -> None:
    assert sm_idle(None, 0, 0).share == 0.0


# ---- spread


def test_that_replays_spread_as_their_quartiles_say(profile: Profile) -> None:
    found = replay_spread(profile)
    assert found is not None
    assert (found.replays, found.replay) == (3, Spread(1.6, 2.1, 2.6))
    assert found.launch(0) == Spread(1.5, 2.0, 2.5)
    assert found.launch(1) is None


def test_that_one_replay_has_no_spread(profile: Profile) -> None:
    one = dataclasses.replace(
        profile, replay_ns=profile.replay_ns[:1], launch_start_ns=profile.launch_start_ns[:1],
        launch_end_ns=profile.launch_end_ns[:1], shown=0,
    )  # fmt: skip
    assert replay_spread(one) is None
    assert replay_spread(None) is None


def test_that_ranges_overlap_where_they_share_a_time() -> None:
    assert Spread(1, 2, 3).overlaps(Spread(3, 4, 5))
    assert not Spread(1, 2, 3).overlaps(Spread(3.1, 4, 5))


# ---- account


def test_that_the_account_adds_up(make_timeline: Callable[..., Timeline]) -> None:
    before = make_timeline([(0, 0, 10, 30), (1, 0, 40, 60)], duration=70)
    after = make_timeline([(0, 0, 5, 30), (1, 1, 10, 35)], duration=40)
    found = account(before, after)
    assert found.saved_us == pytest.approx(0.030)
    assert found.side_by_side_us == pytest.approx(0.020)
    assert found.kernels_us == pytest.approx(-0.010), "20 + 20 ns became 25 + 25 ns"
    assert found.gaps_us == pytest.approx(0.020), "30 ns of gaps became 10 ns"
    assert found.side_by_side_us + found.kernels_us + found.gaps_us == pytest.approx(found.saved_us)


def test_that_the_account_of_a_recording_adds_up_and_is_told(example_recording: Recording) -> None:
    first, second = example_recording.sequential.timeline, example_recording.optimized.timeline
    found = account(first, second)
    assert found.side_by_side_us + found.kernels_us + found.gaps_us == pytest.approx(found.saved_us)
    text = account_text(found, "sequential", "Schedule both")
    assert text.startswith(f"Schedule both saves {time_text(found.saved_us)} against sequential: ")
    assert f"+{time_text(found.side_by_side_us)} from work side by side" in text


# ---- caveats


def test_that_a_flawless_measurement_needs_no_words(profiled: Timeline, profile: Profile) -> None:
    good = dataclasses.replace(profile, unprofiled_us=2.09, attribution_error=0.03, unattributed=0.0)
    assert caveats([dataclasses.replace(profiled, profile=good)]) == ()


def test_that_everything_doubtful_is_said(profiled: Timeline, profile: Profile) -> None:
    doubtful = dataclasses.replace(
        profile, unprofiled_us=1.5, attribution_error=0.25, unattributed=0.07, skewed_launches=(0, 1),
        warps_from="model", note="The driver forbids counters",
    )  # fmt: skip
    text = " ".join(caveats([dataclasses.replace(profiled, profile=doubtful)], label=str.upper))
    for words in ("forbids counters.", "40% longer", "2.10 µs instead of 1.50 µs", "first fork", "L0, L1", "7%", "25%"):
        assert words in text, words
    assert "modelled" in text


def test_that_a_mixture_of_methods_comes_first(profiled: Timeline) -> None:
    simulated = dataclasses.replace(profiled, name="other", simulated=True, profile=None)
    found = caveats([profiled, simulated])
    assert "different ways" in found[0]
    assert "made other" in found[1]


# ---- slowdown


def test_that_slowdown_is_against_the_operator_alone(example_recording: Recording) -> None:
    sequential, both = example_recording.sequential, example_recording.candidate("both")
    parallel = example_recording.candidate("parallel")
    for one in compare(sequential, both, example_recording.solo_us).operators:
        assert one.alone_us == one.before_us, "the sequential timeline ran it alone"
        assert one.slowdown == pytest.approx(one.after_us / one.before_us)
    crowded = {one.name: one for one in compare(parallel, both, example_recording.solo_us).operators}
    assert crowded["m0/b1"].alone_us == example_recording.solo_us["m0/b1"], "it had company before"
    assert crowded["stem"].alone_us == crowded["stem"].before_us
    unknown = {one.name: one for one in compare(parallel, both).operators}
    assert unknown["m0/b1"].slowdown is None


# ---- doubts about reasons


def replayed(item: Candidate, *, jitter_ns: int, skewed: tuple[int, ...] = ()) -> Candidate:
    """The candidate with five replays whose launches take up to `jitter_ns` more or less."""
    spans, count = item.timeline.spans, len(item.timeline.launch_names)
    length = (spans.end_ns - spans.start_ns)[np.argsort(spans.launch)]
    ends = length + np.linspace(-jitter_ns, jitter_ns, 5).astype(np.int64)[:, None]
    found = Profile(np.full(5, item.timeline.duration_ns), 2, np.zeros((5, count), dtype=np.int64), ends)
    profile = dataclasses.replace(found, skewed_launches=skewed)
    return dataclasses.replace(item, timeline=dataclasses.replace(item.timeline, profile=profile))


def test_that_a_gain_that_replays_vary_by_is_doubted(example_recording: Recording) -> None:
    sequential, both = example_recording.sequential, example_recording.candidate("both")

    def reasons(jitter_ns: int) -> list[str]:
        found = compare(replayed(sequential, jitter_ns=jitter_ns), replayed(both, jitter_ns=jitter_ns))
        return [reason.text for reason in explain(found)]

    assert not any("replays differ" in text for text in reasons(10))
    assert all("replays differ by as much" in text for text in reasons(10**6))
    assert not any("replays differ" in reason.text for reason in explain(compare(sequential, both)))


def test_that_a_fork_that_tracing_delays_is_marked(example_recording: Recording) -> None:
    sequential = replayed(example_recording.sequential, jitter_ns=1)
    both = replayed(example_recording.candidate("both"), jitter_ns=1, skewed=(1,))
    marked = [reason for reason in explain(compare(sequential, both)) if "tracing delays this fork" in reason.text]
    assert [set(reason.operators) for reason in marked] == [{"m0/b2.1", "m0/b3.1"}]
