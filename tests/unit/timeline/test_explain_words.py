"""What a comparison calls the parts of a schedule."""

from __future__ import annotations

import dataclasses

from warploom.recording.recording import Candidate, Recording
from warploom.timeline.comparison import compare
from warploom.timeline.explain import explain


def _without_stages(candidate: Candidate) -> Candidate:
    launches = tuple(dataclasses.replace(launch, stage=-1) for launch in candidate.plan.launches)
    return dataclasses.replace(candidate, plan=dataclasses.replace(candidate.plan, launches=launches), schedule=None)


def test_that_a_plan_without_stages_is_told_in_episodes(example_recording: Recording) -> None:
    before, after = example_recording.sequential, example_recording.optimized
    assert before is not None
    assert after is not None
    staged, unstaged = compare(before, after), compare(before, _without_stages(after))
    assert (staged.unit, unstaged.unit) == ("stage", "episode")
    assert explain(unstaged)
    assert all(reason.title.startswith("Episode ") for reason in explain(unstaged))
    assert all(reason.title.startswith("Stage ") for reason in explain(staged))
