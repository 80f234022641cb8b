"""Timelines that nothing traced say so wherever they are kept or shown."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from warploom.recording.file import read_recording, write_recording
from warploom.recording.recording import Recording
from warploom.report.export import export_recording
from warploom.report.verdict import verdict


def _estimated(recording: Recording) -> Recording:
    candidates = [
        dataclasses.replace(item, timeline=dataclasses.replace(item.timeline, simulated=False, estimated=True))
        for item in recording.candidates
    ]
    device = dataclasses.replace(recording.device, simulated=False)
    return dataclasses.replace(recording, candidates=type(recording.candidates)(candidates), device=device)


def test_that_an_estimate_survives_the_file_and_marks_the_verdict(example_recording: Recording, tmp_path: Path) -> None:
    path = tmp_path / "estimated.warploom"
    write_recording(_estimated(example_recording), path)
    back = read_recording(path)
    assert not back.simulated
    assert back.timeline_basis == "estimated"
    assert verdict(back).basis == "measured"  # the latencies are
    assert verdict(back).warps.startswith("estimated active warps ")


def test_that_exports_name_an_estimate(example_recording: Recording, tmp_path: Path) -> None:
    recording = _estimated(example_recording)
    export_recording(recording, "html", tmp_path / "r.html")
    export_recording(recording, "chrome-trace", tmp_path / "r.json")
    assert "timelines estimated" in (tmp_path / "r.html").read_text(encoding="utf-8")
    events = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["traceEvents"]
    names = [event["args"]["name"] for event in events if event["name"] == "process_name"]
    assert names
    assert all("estimated" in name for name in names)


def test_that_what_was_simulated_is_never_called_estimated(example_recording: Recording) -> None:
    assert example_recording.timeline_basis == ("simulated" if example_recording.simulated else "measured")
