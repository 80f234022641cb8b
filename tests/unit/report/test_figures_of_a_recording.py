"""Summary, table, verdict and names: the same figures wherever they are shown."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest

from warploom.cli.main import run
from warploom.device.protocol import Measurement
from warploom.recording.file import write_recording
from warploom.recording.recording import Candidate, Recording, SchedulerSummary, SearchSummary, Verification
from warploom.report.measured import fact_rows
from warploom.report.naming import place, places, title
from warploom.report.pair import shown_pair
from warploom.report.summary import summary
from warploom.report.table import ComparisonTable, TableRow, comparison_table
from warploom.report.verdict import verdict
from warploom.schedule.floor import critical_path
from warploom.timeline import Counters, Profile, Timeline
from warploom.units import change_text, column_unit, number_text, time_text, time_unit


def with_latency(candidate: Candidate, *samples_us: float) -> Candidate:
    return dataclasses.replace(candidate, measurement=Measurement(samples_us))


def row_of(table: ComparisonTable, name: str) -> TableRow:
    return next(row for row in table.rows if row.name == name)


# ---- summary


def test_that_the_summary_has_exactly_the_promised_keys(example_recording: Recording) -> None:
    found = summary(example_recording)
    assert list(found) == [
        "model", "device", "precision", "batch", "operators", "schedules", "chosen", "speedup", "search", "remarks",
        "verified",
    ]  # fmt: skip
    assert list(found["device"]) == ["name", "simulated"]
    assert list(found["search"]) == ["seconds", "stages_costed", "states"]
    assert list(found["verified"]) == ["max_rel_l2", "tolerance", "ok"]
    for schedule in found["schedules"]:
        assert list(schedule) == [
            "name", "latency_us", "stages", "stages_sum_us", "floor_us", "streams", "active_warps_mean", "timeline"
        ]  # fmt: skip
        assert list(schedule["latency_us"]) == ["median", "p25", "p75"]


def test_that_the_summary_says_what_the_recording_holds(example_recording: Recording) -> None:
    found = summary(example_recording)
    chosen = example_recording.optimized
    mine = found["schedules"][-1]
    assert (found["model"], found["operators"], found["precision"], found["batch"]) == ("branching", 16, "fp16", 1)
    assert found["chosen"] == mine["name"] == "both"
    assert mine["latency_us"]["median"] == chosen.measurement.median_us
    assert (mine["stages"], mine["streams"]) == (8, 4)
    assert mine["stages_sum_us"] == (sum(chosen.stage_costs_us) if chosen.stage_costs_us else None)
    assert mine["floor_us"] == (critical_path(example_recording.graph, example_recording.solo_us)[0] or None)
    assert found["speedup"] == pytest.approx(
        found["schedules"][0]["latency_us"]["median"] / chosen.measurement.median_us
    )
    assert found["search"] == {"seconds": pytest.approx(0.09), "stages_costed": 135, "states": 360}


def test_that_the_summary_is_json_whatever_happened(example_recording: Recording) -> None:
    example_recording.verification = Verification(math.inf, 1e-2, False)
    assert json.loads(json.dumps(summary(example_recording), allow_nan=False))["verified"]["max_rel_l2"] is None
    example_recording.verification = None
    assert "verified" not in summary(example_recording)


# ---- table


def test_that_the_table_has_a_column_per_schedule_and_marks_the_winner(example_recording: Recording) -> None:
    table = comparison_table(example_recording)
    assert table.columns == ("sequential", "parallel", "both")
    assert table.columns[table.chosen] == "both"
    assert all(len(row.values) == len(row.texts) == 3 for row in table.rows)


def test_that_table_and_summary_agree(example_recording: Recording) -> None:
    table, found = comparison_table(example_recording), summary(example_recording)
    for i, schedule in enumerate(found["schedules"]):
        assert row_of(table, "Latency, median").values[i] == schedule["latency_us"]["median"]
        assert row_of(table, "Stages").values[i] == schedule["stages"]
        assert row_of(table, "Active warps, mean").values[i] == schedule["active_warps_mean"]
    assert row_of(table, "Speedup").values[table.chosen] == pytest.approx(found["speedup"])


def test_that_a_row_keeps_one_unit(example_recording: Recording) -> None:
    first, *rest = example_recording.candidates
    example_recording.candidates = (with_latency(first, 1500.0, 1510.0, 1520.0), *rest)
    row = row_of(comparison_table(example_recording), "Latency, median")
    assert row.unit == "ms"
    assert row.texts[0] == "1.510"
    assert row.texts[2].startswith("0.064")


def test_that_rows_that_nobody_filled_are_left_out(example_recording: Recording) -> None:
    example_recording.verification = None
    example_recording.search = SearchSummary.of([SchedulerSummary("other", None, 0, 0, 0.0)])
    names = [row.name for row in comparison_table(example_recording).rows]
    assert "Output error" not in names
    assert "Predicted latency" not in names


def test_that_an_infinite_error_is_shown_as_such(example_recording: Recording) -> None:
    checks = example_recording.verification
    assert checks is not None
    broken = dataclasses.replace(checks.candidates[2], max_rel_l2=math.inf, ok=False)
    example_recording.verification = dataclasses.replace(checks, candidates=(*checks.candidates[:2], broken))
    row = row_of(comparison_table(example_recording), "Output error")
    assert row.texts[2] == "∞"
    assert row.values[2] is None


# ---- verdict


def test_that_the_verdict_is_one_line_with_everything(example_recording: Recording) -> None:
    line = verdict(example_recording)
    assert line.text == (
        "111.3 µs → 64.3 µs · 1.73× faster · active warps 477 → 742 (+56%) · verified, error 3e-4 · "
        "simulated NVIDIA H200"
    )


@pytest.mark.parametrize(
    ("samples", "words"),
    [((50.0,), "2.23× faster"), ((111.3,), "as fast"), ((222.68,), "2.00× slower"), ((0.0,), "as fast")],
)
def test_that_the_verdict_calls_faster_what_is_faster(
    example_recording: Recording, samples: tuple[float, ...], words: str
) -> None:
    *others, last = example_recording.candidates
    example_recording.candidates = (*others, with_latency(last, *samples))
    assert verdict(example_recording).change.startswith(words)


def test_that_a_sequential_winner_is_shown_beside_the_best_of_the_others(example_recording: Recording) -> None:
    example_recording.chosen = "sequential"
    assert [item.title for item in shown_pair(example_recording)] == ["sequential (chosen)", "best other (both)"]
    assert verdict(example_recording).change == "as fast as sequential"


# ---- names and units


def test_that_an_operator_is_called_by_the_module_of_its_weights(example_recording: Recording) -> None:
    stem = example_recording.graph.operators[0]
    for weights, expected in [
        (("Mixed_5b.branch1x1.conv.weight",), "Mixed_5b.branch1x1"),
        (("fc.weight", "fc.bias"), "fc"),
        (("/features/0/Conv.weight",), "features.0"),
        (("const_12",), "stem"),
        ((), "stem"),
    ]:
        found = place(dataclasses.replace(stem, weights=weights))
        assert found == expected, weights


def test_that_operators_that_share_a_place_keep_their_own_names(example_recording: Recording) -> None:
    graph = example_recording.graph
    shared = tuple(dataclasses.replace(operator, weights=("shared.weight",)) for operator in graph.operators[:2])
    found = places(dataclasses.replace(graph, operators=(*shared, *graph.operators[2:])))
    assert [found["stem"], found["m0/b0"]] == ["stem", "m0/b0"]
    assert len(set(found.values())) == len(found)


def test_that_titles_say_what_is_computed(example_recording: Recording) -> None:
    found = {operator.name: title(operator) for operator in example_recording.graph.operators}
    assert found["stem"] == "Conv 3×3"
    assert found["m0/join"] == "Concat"
    assert found["pool"] == "GlobalAvgPool"


def test_that_numbers_are_written_as_readers_expect() -> None:
    assert time_unit(999.9).name == "µs"
    assert time_unit(1000.0).name == "ms"
    assert [time_text(value) for value in (0.84, 9.994, 12.34, 749.71)] == ["0.84 µs", "9.99 µs", "12.3 µs", "749.7 µs"]
    assert [time_text(value) for value in (999.97, 1234.4, 12345.6)] == ["1.000 ms", "1.234 ms", "12.35 ms"]
    assert time_text(2.5e6) == "2.500 s"
    assert time_text(math.inf) == "–"
    assert column_unit([0.5, 20.0]).text(0.5) == "0.50"
    assert column_unit([0.5, 20.0, 15_000.0]).text(0.5) == "0.001"
    assert number_text(None, 2) == number_text(math.nan, 2) == "–"
    assert number_text(12345.678, 1) == "12,345.7"
    assert number_text(0.00031, -1) == "3.1e-04"
    assert [change_text(value, 2) for value in (-0.001, 0.0, 1.5, -1.5)] == ["0.00", "0.00", "+1.50", "-1.50"]


# ---- how timelines were made


def profiled(timeline: Timeline) -> Timeline:
    """As a GPU would be recorded, with counters and everything doubtful."""
    launches = np.zeros((3, len(timeline.launch_names)), dtype=np.int64)
    profile = Profile(
        np.array([60_000, 66_000, 70_000]), 1, launches, launches + 900, unprofiled_us=60.0, interval_ns=1000,
        alignment_residual_ns=420.0, attribution_error=0.071, unattributed=0.034, skewed_launches=(0,), note="Few SMs",
    )  # fmt: skip
    edges = np.arange(0, timeline.duration_ns, 1000)
    cycles = np.array([[750.0], [1000.0]]) * np.ones(len(edges) - 1)
    names = ("sm__cycles_active.avg", "sm__cycles_elapsed.avg")
    counters = Counters(names, edges[:-1], edges[1:], cycles)
    return dataclasses.replace(timeline, simulated=False, profile=profile, counters=counters)


def test_that_everything_about_a_measurement_is_listed(example_recording: Recording) -> None:
    timeline = profiled(example_recording.optimized.timeline)
    rows = {row.name: row.texts for row in fact_rows([example_recording.sequential.timeline, timeline])}
    assert rows["Basis"] == ("simulated", "measured")
    assert rows["SMs idle"][1] == "25.0% (by counters)"
    assert rows["Replays profiled"] == ("–", "3")
    assert rows["Replay, quartiles"][1] == "63.0 / 66.0 / 68.0 µs"
    assert rows["Profiling overhead"][1] == "1.10×"
    assert rows["Clock residual"][1] == "0.42 µs"
    assert rows["Attribution error"][1] == "7.1%"
    assert rows["Unattributed warps"][1] == "3.4%"
    assert rows["Delayed by tracing"][1] == "stem"
    assert rows["Note"][1] == "Few SMs"
    assert rows["Streams overlap most"][0] == "–"
    assert "stream 0 + stream 1: " in rows["Streams overlap most"][1]


def test_that_the_summary_holds_the_same_facts_as_numbers(example_recording: Recording) -> None:
    example_recording.candidates = tuple(
        dataclasses.replace(item, timeline=profiled(item.timeline)) for item in example_recording.candidates
    )
    found = summary(example_recording)["schedules"][2]["timeline"]
    assert found["sm_idle"] == {"share": pytest.approx(0.25), "basis": "counters"}
    assert found["profile"]["overhead"] == pytest.approx(1.1)
    assert found["profile"]["replay_us"] == {"median": 66.0, "p25": 63.0, "p75": 68.0}
    assert found["profile"]["skewed"] == ["stem"]
    assert sum(pair["us"] for pair in found["overlaps"]) >= found["overlap_us"] > 0
    assert found["critical_path"][0] == "stem"
    assert found["critical_path"][-1] == "pool"
    json.dumps(found, allow_nan=False)
    assert row_of(comparison_table(example_recording), "SMs idle").texts[0] == "25.0"


def test_that_show_tells_where_the_time_went_and_what_to_doubt(
    example_recording: Recording, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    example_recording.candidates = tuple(
        dataclasses.replace(item, timeline=profiled(item.timeline)) for item in example_recording.candidates
    )
    write_recording(example_recording, tmp_path / "r.warploom")
    assert run(["show", str(tmp_path / "r.warploom")]) == 0
    text = capsys.readouterr().out
    assert "Profiling overhead    1.10×" in text
    assert "Schedule both saves" in text
    assert "! sequential: tracing delays the first fork; the starts of stem are later than without it." in text
