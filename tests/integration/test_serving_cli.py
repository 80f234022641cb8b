"""The verbs build, run and bench, from a model file to answers and figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from warploom.cli.main import run
from warploom.recording.file import read_recording
from warploom.samples.network import Network


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    net = Network("pair")
    x = net.placeholder(3, 12, 12, name="x")
    y = net.placeholder(3, 12, 12, name="y")
    both = net.add(net.conv2d(x, 4, 3, act="relu"), net.conv2d(y, 4, 3))
    net.output(both, "sum/of both")
    net.output(net.pool2d(both, "global_avg"), "mean")
    return net.write(tmp_path_factory.mktemp("models") / "pair.onnx")


@pytest.fixture(scope="module")
def plan(model: Path) -> Path:
    path = model.with_suffix(".plan")
    assert run(["build", str(model), "-o", str(path), "--device", "sim:h200", "--search-seconds", "1"]) == 0
    return path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_that_build_says_what_it_built(model: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "pair.plan"
    command = ["build", str(model), "-o", str(path), "--device", "sim:v100", "--precision", "fp16", "--batches", "1,2"]
    assert run([*command, "--search-seconds", "1", "--workspace-mb", "8"]) == 0
    printed = capsys.readouterr().out
    assert "pair, fp16" in printed
    assert "V100" in printed
    assert "x float32 [2, 3, 12, 12], y float32 [2, 3, 12, 12]" in printed
    assert "smaller batches too" in printed
    assert "arena" in printed
    again = tmp_path / "again.plan"
    assert run(["build", str(path), "-o", str(again), "--device", "sim:h200"]) == 0
    assert "NVIDIA H200 (simulated)" in capsys.readouterr().out


def test_that_run_answers_from_files(plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in "xy":
        np.save(tmp_path / f"{name}.npy", np.random.default_rng(0).standard_normal((1, 3, 12, 12), np.float32))
    inputs = [argument for name in "xy" for argument in ("--input", f"{name}={tmp_path / name}.npy")]
    assert run(["run", str(plan), *inputs, "-o", str(tmp_path / "answers")]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert sorted(Path(line).name for line in printed) == ["mean.npy", "sum_of both.npy"]
    answers = {path.stem: np.load(path) for path in (tmp_path / "answers").iterdir()}
    np.testing.assert_allclose(answers["mean"][0, :, 0, 0], answers["sum_of both"][0].mean((1, 2)), rtol=1e-4)
    assert run(["run", str(plan), *inputs, "-o", str(tmp_path / "one.npy")]) == 2
    assert "has 2 outputs: name a folder" in said(capsys)


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        (["x={folder}/none.npy"], "cannot be read"),
        (["x={folder}/text.npy"], "is no array in NumPy's .npy format"),
        (["x={folder}/x.npy", "x={folder}/x.npy"], "'x' was given twice"),
        (["x={folder}/x.npy"], "The input 'y' is missing"),
        (["{folder}/x.npy"], "no input ''"),
        (["x={folder}/double.npy", "y={folder}/x.npy"], "'x' has the type float64, not float32"),
        (["x={folder}/nan.npy", "y={folder}/x.npy"], "'x' holds 1 NaN, the first at [0, 2, 3, 4]"),
    ],
)
def test_that_run_refuses_bad_inputs(
    plan: Path, tmp_path: Path, inputs: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    good = np.zeros((1, 3, 12, 12), np.float32)
    np.save(tmp_path / "x.npy", good)
    np.save(tmp_path / "double.npy", good.astype(np.float64))
    good[0, 2, 3, 4] = np.nan
    np.save(tmp_path / "nan.npy", good)
    (tmp_path / "text.npy").write_text("hello")
    arguments = [part for text in inputs for part in ("--input", text.format(folder=tmp_path))]
    assert run(["run", str(plan), *arguments, "-o", str(tmp_path / "out")]) == 2
    assert reason in said(capsys)
    assert not (tmp_path / "out").exists()


def test_that_run_replaces_nothing_that_it_reads(
    plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("x", "mean"):
        np.save(tmp_path / f"{name}.npy", np.zeros((1, 3, 12, 12), np.float32))
    files = {path: path.read_bytes() for path in (plan, tmp_path / "x.npy", tmp_path / "mean.npy")}
    inputs = ["-i", f"x={tmp_path / 'x.npy'}", "-i", f"y={tmp_path / 'mean.npy'}"]
    assert run(["run", str(plan), *inputs, "-o", str(tmp_path)]) == 2
    assert "mean.npy would replace a file that is read" in said(capsys)
    assert {path: path.read_bytes() for path in files} == files


def test_that_one_output_goes_to_one_file_that_is_checked_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = Network("one")
    net.output(net.conv2d(net.placeholder(3, 8, 8, name="x"), 4, 3), "y")
    model, plan, folder = net.write(tmp_path / "one.onnx"), tmp_path / "one.plan", tmp_path / "a=b"
    assert run(["build", str(model), "-o", str(plan), "--device", "sim:h200", "--search-seconds", "1"]) == 0
    folder.mkdir()
    np.save(folder / "x.npy", np.zeros((1, 3, 8, 8), np.float32))
    before = plan.read_bytes()
    for target, reason in (
        (plan, "would replace a file that is read"),
        (tmp_path / "none" / "y.npy", "does not exist"),
    ):
        assert run(["run", str(plan), "-i", str(folder / "x.npy"), "-o", str(target)]) == 2
        assert reason in said(capsys)
    assert plan.read_bytes() == before
    assert run(["run", str(plan), "-i", str(folder / "x.npy"), "-o", str(tmp_path / "y.npy")]) == 0
    assert np.load(tmp_path / "y.npy").shape == (1, 4, 6, 6)


def test_that_a_plan_for_another_gpu_needs_retuning(
    plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in "xy":
        np.save(tmp_path / f"{name}.npy", np.ones((1, 3, 12, 12), np.float32))
    inputs = [argument for name in "xy" for argument in ("--input", f"{name}={tmp_path / name}.npy")]
    command = ["run", str(plan), *inputs, "-o", str(tmp_path / "out"), "--device", "sim:a100"]
    assert run(command) == 2
    assert "NVIDIA A100" in (text := said(capsys))
    assert "--retune" in text
    assert run([*command, "--retune"]) == 0


@pytest.mark.parametrize(
    "option",
    [["--batch", "2"], ["--mode", "list"], ["--search-seconds", "25"], ["--no-verify"], ["--shape", "x=1,3,8,8"]],
)
def test_that_build_refuses_options_that_a_plan_would_ignore(
    plan: Path, tmp_path: Path, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["build", str(plan), "-o", str(tmp_path / "new.plan"), *option]) == 2
    assert f"{option[0].replace('--no-', '--')} goes with a model: pair.plan has decided that already" in said(capsys)
    assert not list(tmp_path.iterdir())


def test_that_a_latency_is_told_only_of_what_was_measured(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording, target = tmp_path / "pair.warploom", tmp_path / "pair.plan"
    options = ["--device", "sim:h200", "--search-seconds", "1", "--repeats", "2", "-o", str(recording)]
    assert run(["optimize", str(model), *options]) == 0
    for other, told in (([], True), (["--precision", "fp16"], False), (["--device", "sim:a100"], False)):
        capsys.readouterr()
        assert run(["build", str(recording), "-o", str(target), *other]) == 0
        assert ("µs" in capsys.readouterr().out) is told, other


def test_that_bench_measures_requests_and_keeps_their_timelines(
    plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "requests.warploom"
    command = ["bench", str(plan), "--repeats", "3", "--frames", "20", "--depth", "2", "--timeline", str(kept)]
    assert run([*command, "--fps", "30", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["simulated"] is True
    assert [row["name"] for row in report["latencies"]] == ["model", "pageable", "pinned", "overlapped"]
    assert report["camera"]["fps"] == 30
    recording = read_recording(kept)
    assert [candidate.name for candidate in recording.candidates] == ["pinned", "overlapped"]
    assert set(dict(recording.optimized.timeline.lane_names).values()) == {"copy in", "copy out"}
    assert run(["show", str(kept)]) == 0
    assert "overlapped" in capsys.readouterr().out


def test_that_bench_prints_a_table(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["bench", str(model), "--device", "sim:h200", "--repeats", "2", "--frames", "20", "--search-seconds", "1"]
    assert run([*command, "--fps", "100"]) == 0
    printed = capsys.readouterr().out
    assert "NVIDIA H200, simulated" in printed
    for row in (
        "model only",
        "pageable synchronous",
        "pinned asynchronous",
        "overlapped",
        "at 100 requests per second",
    ):
        assert row in printed
    assert "noisy" not in printed


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["build", "{model}", "--batches", "1,two"], "is not a list of whole numbers"),
        (["build", "{model}", "--batch", "2", "--batches", "1,4"], "exclude each other"),
        (["build", "{model}", "--profile", "1,3,12,12"], "not of the form NAME=MIN:OPT:MAX"),
        (["build", "{model}", "--profile", "x=1,3,12,12:2,3,12,12", "--profile", "y=1,3,12,12"], "as many shapes"),
        (["build", "{folder}/none.onnx"], "none.onnx"),
        (["build", "{folder}/none.plan"], "There is no plan at"),
        (["build", "{model}", "-o", "{folder}/none/a.plan"], "does not exist"),
        (["run", "{folder}/none.plan", "-i", "x.npy", "-o", "y.npy"], "x.npy cannot be read"),
        (["bench", "{plan}", "--precision", "fp16"], "has its precision already"),
    ],
)
def test_that_mistakes_on_the_command_line_are_told(
    model: Path, plan: Path, tmp_path: Path, arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    filled = [part.format(model=model, plan=plan, folder=tmp_path) for part in arguments]
    device = [] if arguments[0] != "build" else ["--device", "sim:h200"]
    assert run([*filled, *device]) == 2
    assert reason in said(capsys)
