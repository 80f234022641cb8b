from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from warploom.errors import WarploomError
from warploom.recording.file import read_recording
from warploom.recording.recording import Recording
from warploom.samples.bundled import bundled_models
from warploom.schedule.editing.stages import merge_stages
from warploom.schedule.editing.streams import move_to_stream
from warploom.schedule.json_format import schedule_to_json
from warploom.schedule.plan_format import plan_to_json
from warploom.worker.job import optimize
from warploom.worker.messages import Event, Finished, OptimizeOptions, OptimizeRequest, TryRequest
from warploom.worker.trial import try_schedule


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of the small RandWire on a simulated GPU, beside its model."""
    folder = tmp_path_factory.mktemp("trial")
    source = next(path for path in bundled_models() if path.stem == "randwire_small")
    shutil.copy(source, folder / "model.onnx")
    options = OptimizeOptions(device="sim:h200", mode="ios-both", repeats=2)
    request = OptimizeRequest(
        job=1, model=str(folder / "model.onnx"), output=str(folder / "made.warploom"), options=options
    )
    optimize(request, lambda _: None, lambda: False)
    return folder / "made.warploom"


@pytest.fixture
def file(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may write to."""
    return Path(shutil.copy(made, tmp_path / "edited.warploom"))


def tried(file: Path, schedule: bytes, name: str = "mine", **more: object) -> Recording:
    events: list[Event] = []
    request = TryRequest(
        job=2,
        recording=str(file),
        output=str(file),
        name=name,
        schedule=schedule,
        **more,  # type: ignore[arg-type]
    )
    try_schedule(request, events.append, lambda: False)
    assert isinstance(events[-1], Finished)
    return read_recording(file)


def edited_stages(recording: Recording) -> bytes:
    schedule = recording.candidate("greedy").schedule
    assert schedule is not None
    return schedule_to_json(merge_stages(schedule, recording.graph, 0), recording.graph)


def edited_plan(recording: Recording) -> bytes:
    plan = recording.optimized.plan
    moved = move_to_stream(plan, recording.graph, [plan.launches[-1].operators[0]], plan.streams)
    return plan_to_json(moved, recording.graph)


def test_that_an_edited_schedule_joins_the_recording_measured_and_verified(file: Path) -> None:
    before = read_recording(file)
    after = tried(file, edited_stages(before))
    assert [one.name for one in after.candidates] == [*(one.name for one in before.candidates), "mine"]
    mine = after.candidate("mine")
    assert mine.schedule is not None
    assert mine.measurement.median_us > 0
    assert len(mine.timeline.spans) > 0
    assert after.verification is not None
    assert {one.name for one in after.verification.candidates} >= {"mine", before.chosen}
    assert after.verification.ok
    best = min(one.measurement.median_us for one in after.candidates)
    assert after.optimized.measurement.median_us == best


def test_that_a_plan_joins_too_and_an_older_one_of_the_name_is_replaced(file: Path) -> None:
    before = read_recording(file)
    tried(file, edited_stages(before))
    after = tried(file, edited_plan(before), verify=False)
    assert [one.name for one in after.candidates].count("mine") == 1
    assert after.candidate("mine").schedule is None
    assert after.verification is not None
    assert "mine" not in {one.name for one in after.verification.candidates}, "this one was not compared"


def test_that_another_device_runs_every_schedule(file: Path) -> None:
    before = read_recording(file)
    after = tried(file, edited_plan(before), device="sim:v100")
    assert after.device.id == "sim:v100"
    assert after.settings.device == "sim:v100"
    assert all(one.timeline.device == after.device.name for one in after.candidates)
    assert after.verification is not None
    assert [one.name for one in after.verification.candidates] == ["mine"]


def test_that_a_missing_model_is_no_obstacle_to_simulation(file: Path) -> None:
    before = read_recording(file)
    after = tried(file, edited_plan(before), model=str(file.parent / "gone.onnx"))
    assert "mine" in {one.name for one in after.candidates}
    assert any("gone.onnx" in entry.reason for entry in after.build_log)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "sequential"}, "cannot be called 'sequential'"),
        ({"name": " "}, "cannot be called"),
        ({"schedule": b"{}"}, "not a schedule"),
        ({"device": "cuda:77"}, "cuda:77"),
    ],
)
def test_that_what_cannot_be_tried_is_refused_and_nothing_is_written(
    file: Path, change: dict[str, object], message: str
) -> None:
    before = file.read_bytes()
    arguments: dict[str, object] = {"schedule": edited_plan(read_recording(file)), **change}
    with pytest.raises(WarploomError, match=message):
        tried(file, **arguments)  # type: ignore[arg-type]
    assert file.read_bytes() == before


def test_that_another_model_under_the_name_is_noticed(file: Path, made: Path) -> None:
    other = next(path for path in bundled_models() if path.stem == "squeezenet_light")
    with pytest.raises(WarploomError, match="not the model of the recording any more"):
        tried(file, edited_plan(read_recording(made)), model=str(other))
