from __future__ import annotations

import dataclasses
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
