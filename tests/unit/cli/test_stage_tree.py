from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from warploom.cli import main as cli
from warploom.cli.stage_tree import schedule_tree
from warploom.recording.recording import Recording


def test_that_a_plan_without_stages_is_shown_stream_by_stream(
    example_recording: Recording, capsys: pytest.CaptureFixture[str]
) -> None:
    from rich import print as rich_print

    staged = example_recording.candidate("both")
    plain = dataclasses.replace(staged, schedule=None, stage_costs_us=())
    rich_print(schedule_tree(example_recording, plain))
    printed = capsys.readouterr().out
    assert "without stages" in printed
    assert all(f"stream {stream + 1}" in printed for stream in range(plain.plan.streams))
    assert all(launch.operators[0] in printed for launch in plain.plan.launches)
    assert "waits for" in printed


def test_that_every_mode_ends_with_a_recording_that_can_be_shown(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = repository / "sample_models" / "randwire_small.onnx"
    for mode in ("opara", "local"):
        file = tmp_path / f"{mode}.warploom"
        arguments = ["optimize", str(model), "--device", "sim:h200", "--mode", mode, "--no-verify", "-o", str(file)]
        assert cli.run([*arguments, "--search-seconds", "2"]) == 0
        assert cli.run(["show", str(file)]) == 0
        assert "without stages" in capsys.readouterr().out


def test_that_a_saved_plan_runs_on_another_batch_and_device(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(repository / "sample_models" / "randwire_small.onnx")
    for mode, stages in (("list", 0), ("greedy", 21)):
        first, second = str(tmp_path / "first.warploom"), str(tmp_path / "second.warploom")
        saved = str(tmp_path / f"{mode}.json")
        assert cli.run(["optimize", model, "--device", "sim:h200", "--mode", mode, "--no-verify", "-o", first]) == 0
        assert cli.run(["export", first, "-f", "schedule-json", "-o", saved]) == 0
        capsys.readouterr()
        again = ["optimize", model, "--device", "sim:k80", "--batch", "2", "--schedule", saved, "--json", "-o", second]
        assert cli.run(again) == 0
        found = json.loads(capsys.readouterr().out)
        assert [schedule["name"] for schedule in found["schedules"]] == ["sequential", "saved"]
        assert found["schedules"][1]["stages"] == stages
        assert (found["chosen"], found["batch"], found["verified"]["ok"]) == ("saved", 2, True)


def test_that_a_saved_schedule_of_another_model_is_refused(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = repository / "sample_models"
    first, saved = str(tmp_path / "first.warploom"), str(tmp_path / "saved.json")
    arguments = ["--device", "sim:h200", "--mode", "list", "--no-verify", "-o", first]
    assert cli.run(["optimize", str(models / "randwire_small.onnx"), *arguments]) == 0
    assert cli.run(["export", first, "-f", "schedule-json", "-o", saved]) == 0
    capsys.readouterr()
    assert cli.run(["optimize", str(models / "squeezenet_light.onnx"), "--schedule", saved, "-o", first]) != 0
    printed = capsys.readouterr().err
    assert "names the operator" in printed
    assert "Traceback" not in printed
