"""Precisions from the command line and from Python, on a simulated GPU: recordings, plans, edits and refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import warploom
from warploom.cli.main import run
from warploom.errors import CalibrationError, CommandError, PlanError, UnsupportedOperatorError
from warploom.graph import DType, Precision
from warploom.graph.quantized import is_quantized
from warploom.importer.load import import_model
from warploom.importer.options import ImportOptions
from warploom.importer.reference import reference_outputs
from warploom.recording.file import read_recording
from warploom.samples.network import Network
from warploom.schedule.plan_format import plan_to_json
from warploom.worker.job import optimize
from warploom.worker.messages import OptimizeOptions, OptimizeRequest, TryRequest
from warploom.worker.trial import try_schedule

QUICK = ["--device", "sim:h200", "--search-seconds", "1", "--repeats", "1"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Large enough that integers gain on the simulated GPU."""
    net = Network("wide")
    x = net.placeholder(64, 40, 40, name="x")
    stem = net.conv2d(x, 256, 3, pad=1, act="relu")
    both = net.concat(net.conv2d(stem, 256, 3, pad=1, act="relu"), net.conv2d(stem, 256, 1, act="relu"))
    net.output(net.pool2d(net.conv2d(both, 256, 1), "global_avg"), "y")
    return net.write(tmp_path_factory.mktemp("models") / "wide.onnx")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    values = np.random.default_rng(8).standard_normal((4, 64, 40, 40)).astype(np.float32)
    np.save(folder / "some.npy", values)
    return folder


@pytest.fixture(scope="module")
def integers(model: Path, inputs: Path) -> Path:
    path = model.with_name("wide-int8.warploom")
    assert (
        run(["optimize", str(model), "-o", str(path), *QUICK, "--precision", "int8", "--calibrate", str(inputs)]) == 0
    )
    return path


def test_that_int8_is_recorded_with_its_scales_and_its_noise(integers: Path, model: Path) -> None:
    recording = read_recording(integers)
    assert recording.settings.precision is Precision.INT8
    plan = recording.settings.precision_plan
    assert plan is not None
    assert {name for name, _ in plan.operators} == {
        operator.name for operator in recording.graph.operators if is_quantized(operator)
    }
    assert len(plan.operators) == 4
    assert all(scale > 0 for _, scale in plan.scales)
    told = [entry for entry in recording.build_log if entry.step == "precision" and entry.decision == "quantized"]
    assert {entry.subject[0] for entry in told} == {name for name, _ in plan.operators}
    assert recording.verification is not None
    assert recording.verification.ok
    half = warploom.optimize(
        model, device="sim:h200", precision="fp16", mode="sequential", repeats=1, search_seconds=1, verify=False
    )
    assert recording.sequential.measurement.median_us < half.sequential.measurement.median_us


def test_that_a_plan_of_integers_answers_like_the_model(integers: Path, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "wide.plan"
    assert run(["build", str(integers), "-o", str(path)]) == 0
    x = np.random.default_rng(9).standard_normal((1, 64, 40, 40)).astype(np.float32)
    expected = reference_outputs(model, ImportOptions(), {"x": x})["y"]
    with warploom.load_plan(path) as plan:
        found = plan({"x": x})["y"]
    assert 0.0 < np.linalg.norm(found - expected) < 0.1 * np.linalg.norm(expected)


def test_that_an_edited_schedule_keeps_the_precisions(integers: Path, tmp_path: Path) -> None:
    recording = read_recording(integers)
    schedule = plan_to_json(recording.sequential.plan, recording.graph)
    output = tmp_path / "edited.warploom"
    request = TryRequest(job=2, recording=str(integers), output=str(output), name="mine", schedule=schedule)
    try_schedule(request, lambda _: None, lambda: False)
    edited = read_recording(output)
    assert edited.settings.precision_plan == recording.settings.precision_plan
    assert edited.graph.operators == recording.graph.operators
    assert edited.verification is not None
    assert {one.name: one.ok for one in edited.verification.candidates}["mine"]


def test_that_auto_keeps_its_budget(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "auto.warploom"
    command = ["optimize", str(model), "-o", str(path), *QUICK, "--precision", "auto", "--json"]
    assert run(command) == 0
    assert json.loads(capsys.readouterr().out)["precision"] == "fp16"
    assert run([*command, "--error-budget", "2.6e-4"]) == 0
    assert json.loads(capsys.readouterr().out)["precision"] == "mixed"
    recording = read_recording(path)
    assert {recording.graph.tensors[name].dtype for name in recording.graph.producer} == {
        DType.FLOAT16,
        DType.FLOAT32,
    }
    assert recording.verification is not None
    assert recording.verification.max_rel_l2 < 4e-4
    assert run([*command, "--error-budget", "1e-12"]) == 0
    assert json.loads(capsys.readouterr().out)["precision"] == "fp32"


def test_that_python_builds_plans_of_several_batches(model: Path, inputs: Path) -> None:
    with warploom.build(
        model,
        device="sim:h200",
        precision="int8",
        calibrate=inputs,
        batch=(1, 2),
        mode="sequential",
        repeats=1,
        search_seconds=1.0,
        verify=False,
    ) as plan:
        assert plan.facts.precision is Precision.INT8
        assert plan({"x": np.zeros((2, 64, 40, 40), np.float32)})["y"].shape[0] == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": "int4"}, "There is no precision 'int4'; there are fp32, tf32, fp16, bf16, int8, auto"),
        ({"precision": "mixed"}, "There is no precision 'mixed'"),
        ({"precision": "fp16", "calibrate": "here"}, "fp16 needs no calibration"),
        ({"precision": "fp16", "error_budget": 0.01}, "goes with auto, not fp16"),
        ({"precision": "auto", "error_budget": 0.0}, "between 0 and 1"),
        ({"precision": "auto", "error_budget": float("nan")}, "between 0 and 1"),
        ({"precision": "int8", "calibration_method": "luck"}, "no calibration method 'luck'"),
    ],
)
def test_that_options_that_make_no_sense_are_refused(model: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        warploom.optimize(model, device="sim:h200", **options)  # type: ignore[arg-type]


def test_that_calibration_data_that_does_not_fit_writes_nothing(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "no.warploom"
    np.save(tmp_path / "other.npy", np.zeros((1, 3, 8, 8), np.float32))
    command = ["optimize", str(model), "-o", str(output), *QUICK, "--precision", "int8", "--calibrate", str(tmp_path)]
    assert run(command) == 2
    assert "other.npy has the shape [1, 3, 8, 8]" in capsys.readouterr().err
    assert not output.exists()


def test_that_a_gpu_without_integer_arithmetic_says_so_before_it_calibrates(model: Path) -> None:
    with pytest.raises(UnsupportedOperatorError, match="has no int8 arithmetic"):
        warploom.optimize(model, device="sim:v100", precision="int8", calibrate=Path("nowhere"))


def test_that_the_precision_of_a_recording_of_integers_stays(integers: Path) -> None:
    with pytest.raises(PlanError, match="The recording is in int8"):
        warploom.build(integers, precision="fp16")
    assert run(["build", str(integers), "--calibrate", "somewhere"]) == 2


def test_that_a_missing_folder_is_named(model: Path, tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="There is no folder"):
        warploom.optimize(model, device="sim:h200", precision="int8", calibrate=tmp_path / "none")


def test_that_files_without_weights_are_calibrated_with_random_ones(tmp_path: Path) -> None:
    from warploom.samples.bundled import bundled_models

    source = next(path for path in bundled_models() if path.stem == "squeezenet_light")
    assert import_model(source).graph.constants
    options = OptimizeOptions(device="sim:h200", precision="int8", mode="sequential", repeats=1)
    output = tmp_path / "squeezenet.warploom"
    optimize(OptimizeRequest(1, str(source), str(output), options), lambda _: None, lambda: False)
    recording = read_recording(output)
    assert recording.settings.precision is Precision.INT8
    assert recording.verification is not None
    assert recording.verification.ok
    assert recording.verification.max_rel_l2 < 0.05
