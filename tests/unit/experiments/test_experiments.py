from __future__ import annotations

import csv
import dataclasses
import json
import os
import re
from pathlib import Path

import pytest

from warploom.cli.experiment import NAMES
from warploom.errors import CancelledError, CommandError
from warploom.experiments import charts, frameworks, pruning, schedules, utilization
from warploom.experiments.comparing import Compared
from warploom.experiments.laboratory import Laboratory, LaboratorySettings
from warploom.experiments.published import published_ios, published_peers
from warploom.experiments.registry import EXPERIMENTS
from warploom.experiments.result import Bars, ExperimentResult, ResultTable, geometric_mean, throughput_bars
from warploom.experiments.writing import show_cell, table_to_csv, write_result
from warploom.samples.bundled import bundled_models

SETTINGS = LaboratorySettings(
    device="sim:h200",
    precision="fp16",
    repeats=3,
    search_seconds=1.0,
    peers=(),
    networks=("randwire_small",),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("experiments")


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def laboratory(folder: Path, notes: list[str]) -> Laboratory:
    return Laboratory(folder, SETTINGS, notes.append)


def test_that_the_command_names_all_experiments() -> None:
    assert tuple(EXPERIMENTS) == NAMES


def test_that_schedules_are_compared_and_published_figures_stand_beside(laboratory: Laboratory) -> None:
    result = schedules.run(laboratory)
    measured, chosen, published, published_searches = result.tables
    latencies = {row[0]: row[1] for row in measured.rows}
    assert latencies["Sequential"] >= latencies["Warploom's choice"] > 0  # type: ignore[operator]
    assert all(latencies[name] is not None for name in schedules.TITLES.values())
    assert chosen.rows[0][2] >= 1.0  # type: ignore[operator]
    assert "simulated" in measured.source
    assert "V100" in published.source
    assert published_searches.source == published.source
    assert dict(published_searches.rows) == {"randwire_small": None}, "the paper has no such network"


def test_that_an_interrupted_experiment_goes_on_where_it_stopped(folder: Path, laboratory: Laboratory) -> None:
    schedules.run(laboratory)
    again: list[str] = []
    schedules.run(Laboratory(folder, SETTINGS, again.append))
    assert again == [], "nothing is made twice"
    with pytest.raises(CancelledError, match="What was measured so far is kept"):
        pruning.run(Laboratory(folder, SETTINGS, again.append, cancelled=lambda: True))


def test_that_a_search_that_is_interrupted_at_once_says_what_is_kept(tmp_path: Path) -> None:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 2  # when the job has begun

    with pytest.raises(CancelledError, match="What was measured so far is kept"):
        Laboratory(tmp_path, SETTINGS, cancelled=cancelled).record("randwire_small")
    assert asked > 2


def test_that_pieces_of_another_gpu_are_not_taken_for_this_one_s(tmp_path: Path) -> None:
    Laboratory(tmp_path, SETTINGS).record("randwire_small", mode="sequential")
    notes: list[str] = []
    moved = Laboratory(tmp_path, SETTINGS, notes.append)
    moved._names["sim:h200"] = "NVIDIA H201"
    moved.record("randwire_small", mode="sequential")
    assert "is of NVIDIA H200, not of the NVIDIA H201 here" in notes[0]


def test_that_own_models_are_compared_and_measured_again_when_they_change(tmp_path: Path) -> None:
    own = tmp_path / "mine.onnx"
    small = next(path for path in bundled_models() if path.stem == "randwire_small")
    own.write_bytes(small.read_bytes())
    settings = dataclasses.replace(SETTINGS, networks=(str(own),), peers=("ort-cpu",), precision="fp32")
    result = frameworks.run(Laboratory(tmp_path / "lab", settings))
    assert result.tables[0].columns[1] == "mine"
    assert all("published" not in table.title for table in result.tables)
    os.utime(own, (1, 1))
    notes: list[str] = []
    frameworks.run(Laboratory(tmp_path / "lab", settings, notes.append))
    assert any("mine, batch 1" in note for note in notes)
    with pytest.raises(CommandError, match="There is no file"):
        Laboratory(tmp_path, dataclasses.replace(SETTINGS, networks=("gone.onnx",))).networks(())
    with pytest.raises(CommandError, match="Two networks are called 'mine'"):
        Laboratory(tmp_path, dataclasses.replace(SETTINGS, networks=(str(own), str(own)))).networks(())


def test_that_damaged_pieces_are_made_again(tmp_path: Path) -> None:
    first = Laboratory(tmp_path, SETTINGS)
    first.record("randwire_small", mode="sequential")
    (kept,) = (tmp_path / "recordings").iterdir()
    kept.write_bytes(b"no recording")
    notes: list[str] = []
    Laboratory(tmp_path, SETTINGS, notes.append).record("randwire_small", mode="sequential")
    assert "made again" in notes[0]
    figure = first.figure("one", lambda: 1.5, float)
    assert first.figure("one", lambda: 2.5, float) == figure
    next((tmp_path / "figures").iterdir()).write_text("{")
    assert first.figure("one", lambda: 2.5, float) == 2.5


def test_that_limits_trade_search_for_latency(laboratory: Laboratory) -> None:
    result = pruning.run(laboratory)
    stages = {(row[1], row[2]): row[4] for row in result.tables[0].rows}
    assert stages[3, 8] > stages[1, 3]  # type: ignore[operator]
    assert len(result.charts) == 1


def test_that_active_warps_rise_with_concurrency(laboratory: Laboratory) -> None:
    result = utilization.run(laboratory)
    sequential, parallel = result.tables[0].rows
    assert sequential[3] == 1.0
    assert parallel[3] > 1.0  # type: ignore[operator]
    assert charts.draw_chart(result.charts[0], "svg").startswith(b"<?xml")


def test_that_frameworks_run_beside_and_one_that_cannot_is_a_note(folder: Path) -> None:
    asked = LaboratorySettings("sim:h200", "fp32", 3, 1.0, ("ort-cpu", "tvm"), ("randwire_small",))
    result = frameworks.run(Laboratory(folder, asked))
    assert {row[0] for row in result.tables[0].rows} == {
        "Warploom, sequential",
        "Warploom's choice",
        "ONNX Runtime, on the CPU",
    }
    assert any(note.startswith("TVM: ") for note in result.notes)
    ((network, best, theirs, ours, faster),) = result.tables[1].rows
    assert (network, best) == ("randwire_small", "ONNX Runtime, on the CPU")
    assert faster == pytest.approx(theirs / ours)  # type: ignore[operator]
    assert any("simulated" in note for note in result.notes)


def test_that_schedules_are_executed_at_other_batches_and_on_other_devices(folder: Path) -> None:
    quick = Laboratory(folder, SETTINGS)
    for name, size in (("batch-specialization", 3), ("device-specialization", 3)):
        table = EXPERIMENTS[name].run(quick).tables[0]
        assert len(table.rows) == size
        assert all(isinstance(cell, float) and cell > 0 for row in table.rows for cell in row[1:])


def test_that_an_unknown_network_or_peer_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no sample network 'alexandria'"):
        schedules.run(Laboratory(tmp_path, LaboratorySettings("sim:h200", networks=("alexandria",))))
    with pytest.raises(CommandError, match="no peer 'abacus'"):
        frameworks.run(
            Laboratory(tmp_path, LaboratorySettings("sim:h200", networks=("randwire_small",), peers=("abacus",)))
        )


def test_that_files_hold_tables_charts_and_notes(tmp_path: Path) -> None:
    table = ResultTable("A & B", ("what", "ms"), (("<x>", 1.5), ("y", None)), "measured: somewhere")
    runs = Compared({"x": 1.5}, samples_us={"x": (1.0, 2.0)})
    chart = Bars("Bars", ("one", "two"), (("x", (1.0, float("nan"))), ("y", (0.5, 1.0))))
    result = ExperimentResult("demo", "A demonstration", (table,), (chart,), ("a note",), {"runs": {"network": runs}})
    page, *others = write_result(result, tmp_path)
    text = page.read_text()
    assert "&lt;x&gt;" in text
    assert "A &amp; B" in text
    assert "a note" in text
    assert "<svg" in text
    assert not re.search(r"(src|href)=\"http", text), "it needs no network"
    assert {path.suffix for path in others} == {".svg", ".png", ".csv", ".json"}
    written = json.loads((tmp_path / "demo.json").read_text())
    assert written["tables"][0]["rows"] == [["<x>", 1.5], ["y", None]]
    assert written["runs"]["network"]["samples_us"] == {"x": [1.0, 2.0]}
    rows = list(csv.reader(table_to_csv(table).decode().splitlines()))
    assert rows[1] == ["<x>", "1.5", "measured: somewhere"]
    assert rows[2][1] == ""


@pytest.mark.parametrize(
    ("cell", "text"), [(None, "–"), (0.03456, "0.035"), (123.456, "123.5"), (4407, "4,407"), (5321.4, "5,321")]
)
def test_that_figures_keep_three_or_four_digits(cell: float | None, text: str) -> None:
    assert show_cell(cell) == text


def test_that_published_figures_agree_with_the_paper_s_means() -> None:
    ios = published_ios()
    means = {name: geometric_mean(list(row.values())) for name, row in ios.schedules_ms.items()}
    assert means["sequential"] == pytest.approx(5.74, abs=0.01)
    assert means["both"] == pytest.approx(4.11, abs=0.01)
    assert geometric_mean(list(ios.frameworks_ms["TensorRT 7.0"].values())) == pytest.approx(5.41, abs=0.01)
    assert published_peers().latencies_ms["inception_v3"]["fp16"]["PyTorch, compiled"] == 0.834


def test_that_throughput_is_relative_to_the_best() -> None:
    bars = throughput_bars("t", ("one",), {"slow": [2.0], "fast": [1.0], "none": [None]})
    heights = {name: values[0] for name, values in bars.series}
    assert (heights["slow"], heights["fast"]) == (0.5, 1.0)
    assert heights["none"] != heights["none"]
    assert geometric_mean([1.0, None]) is None
