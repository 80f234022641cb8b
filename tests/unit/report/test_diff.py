"""Two recordings compared: operators are found again, noise is told from regressions, unfair comparisons are said."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from warploom.cli.main import run
from warploom.device.protocol import Measurement
from warploom.errors import RecordingError, ReportError
from warploom.graph import Graph, Primitive
from warploom.recording.file import write_recording
from warploom.recording.recording import Candidate, Recording
from warploom.report.diff import diff_recordings, refuse_unfair
from warploom.report.matching import match_operators
from warploom.timeline import Profile

Maker = Callable[..., Recording]


def renamed(graph: Graph, new_name: Callable[[int, str], str]) -> Graph:
    """The graph with other names of operators."""
    operators = tuple(
        dataclasses.replace(operator, name=new_name(i, operator.name)) for i, operator in enumerate(graph.operators)
    )
    return dataclasses.replace(graph, operators=operators)


def renamed_recording(recording: Recording, new_name: Callable[[int, str], str]) -> Recording:
    names = {operator.name: new_name(i, operator.name) for i, operator in enumerate(recording.graph.operators)}

    def candidate(item: Candidate) -> Candidate:
        launches = tuple(
            dataclasses.replace(launch, operators=tuple(names[name] for name in launch.operators))
            for launch in item.plan.launches
        )
        timeline = dataclasses.replace(item.timeline, launch_names=tuple(launch.name for launch in launches))
        plan = dataclasses.replace(item.plan, launches=launches)
        return dataclasses.replace(item, plan=plan, timeline=timeline, schedule=None, stage_costs_us=())

    recording.graph = renamed(recording.graph, new_name)
    recording.candidates = tuple(candidate(item) for item in recording.candidates)
    recording.solo_us = {names[name]: value for name, value in recording.solo_us.items()}
    return recording


def latency(recording: Recording, name: str, *samples: float) -> Recording:
    recording.candidates = tuple(
        dataclasses.replace(item, measurement=Measurement(samples)) if item.name == name else item
        for item in recording.candidates
    )
    return recording


def slowed(recording: Recording, operator: str, by_ns: int) -> Recording:
    """An operator takes longer in every schedule, and everything after it comes later."""

    def candidate(item: Candidate) -> Candidate:
        launch = next(i for i, one in enumerate(item.plan.launches) if operator in one.operators)
        spans = item.timeline.spans
        end = int(spans.end_ns[spans.launch == launch].max())
        later = by_ns * ((spans.start_ns >= end) | (spans.launch == launch))
        start = spans.start_ns + np.where(spans.launch == launch, 0, later)
        moved = dataclasses.replace(spans, start_ns=start, end_ns=spans.end_ns + later)
        timeline = dataclasses.replace(item.timeline, spans=moved, duration_ns=item.timeline.duration_ns + by_ns)
        samples = tuple(sample + by_ns / 1000 for sample in item.measurement.samples_us)
        return dataclasses.replace(item, timeline=timeline, measurement=Measurement(samples))

    recording.candidates = tuple(candidate(item) for item in recording.candidates)
    return recording


# ---- matching


def test_that_names_match_operators(make_recording: Maker) -> None:
    graph = make_recording(3).graph
    found = match_operators(graph, make_recording(3).graph)
    assert [(one.before, one.after, one.how) for one in found] == [(i, i, "name") for i in range(len(graph.operators))]


def test_that_structure_matches_where_every_name_differs(make_recording: Maker) -> None:
    graph = make_recording(3).graph
    found = match_operators(graph, renamed(graph, lambda i, _: f"node_{1000 - i}"))
    assert [(one.before, one.after) for one in found] == [(i, i) for i in range(len(graph.operators))]
    assert {one.how for one in found} == {"structure"}


def test_that_names_that_moved_to_other_operators_do_not_mislead(make_recording: Maker) -> None:
    """An exporter that numbers its nodes gives most names to other operators once one is added in front."""
    graph = make_recording(3).graph
    numbered = renamed(graph, lambda i, _: f"Conv_{i}")
    shifted = renamed(graph, lambda i, _: f"Conv_{i + 1}")
    pairs = {one.before: one.after for one in match_operators(numbered, shifted)}
    kinds = [(graph.operators[i].kind, graph.operators[j].kind) for i, j in pairs.items()]
    assert all(a == b for a, b in kinds)
    assert len(pairs) == len(graph.operators)


def test_that_another_batch_is_still_the_same_operator(make_recording: Maker) -> None:
    graph = make_recording(1).graph
    tensors = {
        name: dataclasses.replace(one, shape=(8, *one.shape[1:])) if one.shape[:1] == (1,) else one
        for name, one in graph.tensors.items()
    }
    other = dataclasses.replace(graph, tensors=tensors)
    assert {one.how for one in match_operators(graph, other)} == {"name"}


def test_that_another_fusion_is_a_change_and_a_lost_operator_has_no_match(make_recording: Maker) -> None:
    graph = make_recording(1).graph
    stem = graph.operators[0]
    unfused = dataclasses.replace(stem, body=(*stem.body, Primitive("Relu", ("a",), ("b",))))
    other = dataclasses.replace(graph, operators=(unfused, *graph.operators[1:-1]))
    found = {graph.operators[one.before].name: one.how for one in match_operators(graph, other)}
    assert found["stem"] == "changed"
    assert "pool" not in found
    assert len(found) == len(graph.operators) - 1


# ---- figures


def test_that_a_recording_equals_itself(make_recording: Maker) -> None:
    found = diff_recordings(make_recording(2), make_recording(2))
    assert found.differences == ()
    assert found.judged.change == 0
    assert all(one.delta_us == 0 and one.how == "name" for one in found.operators)
    assert [one.name for one in found.latencies] == ["chosen (both)", "sequential", "parallel", "both"]
    assert not found.is_regression(0.0)


@pytest.mark.parametrize("schedule", ["chosen", "sequential", "parallel"])
def test_that_a_slower_operator_comes_first_with_what_it_costs(make_recording: Maker, schedule: str) -> None:
    found = diff_recordings(make_recording(2), slowed(make_recording(2), "m1/b1", 9000), schedule)
    assert found.operators[0].name == "m1/b1"
    assert found.operators[0].delta_us == pytest.approx(9.0)
    assert sum(abs(one.delta_us) for one in found.operators[1:]) == pytest.approx(0.0)
    assert found.judged.delta_us == pytest.approx(9.0)
    assert found.is_regression(0.05)
    assert not found.is_regression(0.50)


def test_that_overlapping_quartiles_are_noise_and_no_regression(make_recording: Maker) -> None:
    before = latency(make_recording(1), "both", 90.0, 100.0, 115.0)
    after = latency(make_recording(1), "both", 100.0, 110.0, 120.0)
    found = diff_recordings(before, after)
    assert found.judged.change == pytest.approx(0.10)
    assert found.judged.within_noise
    assert not found.is_regression(0.05)
    steady = diff_recordings(latency(before, "both", 99.0, 100.0, 101.0), latency(after, "both", 109.0, 110.0, 111.0))
    assert steady.is_regression(0.05)


def test_that_replays_tell_whether_an_operator_changed(make_recording: Maker) -> None:
    def profiled(recording: Recording, scale: list[float]) -> Recording:
        def candidate(item: Candidate) -> Candidate:
            spans = item.timeline.spans
            length = np.outer(scale, spans.end_ns - spans.start_ns).astype(np.int64)
            start = np.zeros_like(length)
            profile = Profile(np.full(len(scale), 10**6), 0, start, length)
            return dataclasses.replace(item, timeline=dataclasses.replace(item.timeline, profile=profile))

        recording.candidates = tuple(candidate(item) for item in recording.candidates)
        return recording

    noisy = diff_recordings(
        profiled(make_recording(1), [0.8, 1.0, 1.2]), profiled(make_recording(1), [0.9, 1.1, 1.3]), "sequential"
    )
    assert {one.within_noise for one in noisy.operators} == {True}
    apart = diff_recordings(
        profiled(make_recording(1), [0.9, 1.0, 1.1]), profiled(make_recording(1), [1.9, 2.0, 2.1]), "sequential"
    )
    assert {one.within_noise for one in apart.operators} == {False}


def test_that_operators_of_one_recording_are_listed_with_all_they_cost(make_recording: Maker) -> None:
    found = diff_recordings(make_recording(1), make_recording(2), "sequential")
    only = [one for one in found.operators if one.how == "only after"]
    assert {one.name for one in only} == {f"m1/{part}" for part in ("b0", "b1", "b2.1", "b2.2", "b3.1", "b3.2", "join")}
    assert all(one.before_us is None and one.delta_us == one.after_us for one in only)


# ---- what is different


def test_that_everything_unfair_is_said(make_recording: Maker) -> None:
    after = make_recording(1)
    after.device = dataclasses.replace(after.device, simulated=False, name="NVIDIA A100")
    after.candidates = tuple(
        dataclasses.replace(item, timeline=dataclasses.replace(item.timeline, simulated=False))
        for item in after.candidates
    )
    after.model = dataclasses.replace(after.model, sha256="cd" * 32)
    after.settings = dataclasses.replace(after.settings, batch=8)
    text = " ".join(diff_recordings(make_recording(1), after).differences)
    for words in ("file changed", "first is simulated, the second measured", "NVIDIA A100", "batch: 1 → 8"):
        assert words in text, words
    with pytest.raises(ReportError, match="simulated"):
        refuse_unfair(make_recording(1), after)


def test_that_recordings_without_a_common_operator_are_refused(make_recording: Maker) -> None:
    other = make_recording(1)
    kinds = tuple(
        dataclasses.replace(operator, name=f"x{i}", body=(Primitive("Exotic", ("a",), ("b",)),))
        for i, operator in enumerate(other.graph.operators)
    )
    other.graph = dataclasses.replace(other.graph, operators=kinds)
    with pytest.raises(ReportError, match="no operator in common"):
        diff_recordings(make_recording(1), other)


def test_that_a_schedule_that_one_lacks_is_named(make_recording: Maker) -> None:
    with pytest.raises(RecordingError, match="has no schedule 'greedy'"):
        diff_recordings(make_recording(1), make_recording(1), "greedy")


# ---- the command


@pytest.fixture
def files(make_recording: Maker, tmp_path: Path) -> tuple[str, str]:
    """A recording and one in which an operator takes 9 µs longer, all of it renamed."""
    write_recording(make_recording(2), tmp_path / "a.warploom")
    after = renamed_recording(slowed(make_recording(2), "m1/b1", 9000), lambda i, _: f"op{i}")
    write_recording(after, tmp_path / "b.warploom")
    return str(tmp_path / "a.warploom"), str(tmp_path / "b.warploom")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [([], 0), (["--fail-if-slower", "5%"], 1), (["--fail-if-slower", "5"], 1), (["--fail-if-slower", "60%"], 0)],
)
def test_that_the_exit_code_tells_a_regression(files: tuple[str, str], arguments: list[str], code: int) -> None:
    assert run(["diff", *files, *arguments]) == code


def test_that_the_table_is_read_from_worst_to_best(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    run(["diff", *files, "--fail-if-slower", "5%"])
    text = capsys.readouterr().out
    lines = text.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("operator"))
    assert lines[first + 1].split()[0] == "m1.b1"
    assert "+9.00" in lines[first + 1]
    assert "named op" in lines[first + 1]
    assert "B is slower: chosen (both) +14.0%, more than the 5% allowed." in text


def test_that_json_holds_every_operator(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", *files, "--fail-if-slower", "5%", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["regression"] is True
    assert found["limit"] == 0.05
    assert len(found["operators"]) == 16
    assert found["operators"][0]["delta_us"] == pytest.approx(9.0)
    assert found["judged"]["after_us"]["median"] - found["judged"]["before_us"]["median"] == pytest.approx(9.0)


@pytest.mark.parametrize(
    "arguments",
    [["--fail-if-slower", "often"], ["--fail-if-slower", "-5%"], ["--schedule", "no"], ["--fail-if-slower"]],
)
def test_that_bad_input_ends_with_2(files: tuple[str, str], arguments: list[str]) -> None:
    assert run(["diff", *files, *arguments]) == 2


def test_that_a_file_that_is_no_recording_ends_with_2(files: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "c.warploom").write_bytes(b"PK")
    assert run(["diff", files[0], str(tmp_path / "c.warploom")]) == 2
    assert run(["diff", files[0], str(tmp_path / "no.warploom")]) == 2
