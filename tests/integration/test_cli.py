from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import onnx
import onnx.parser
import pytest

from warploom.cli import main as cli
from warploom.samples.recipes import build

WARPLOOM = (sys.executable, "-m", "warploom")

BRANCHES = """
<ir_version: 8, opset_import: ["" : 17]>
branches (float[N,16,24,24] x, float[16,16,3,3] w, float[16,16,1,1] v) => (float[N,32,24,24] y) {
    a = Conv<pads=[1,1,1,1]>(x, w)
    b = Relu(a)
    c = Conv<pads=[1,1,1,1]>(b, w)
    d = Conv(x, v)
    e = Sigmoid(d)
    y = Concat<axis=1>(c, e)
}
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Two branches of convolutions that meet."""
    path = tmp_path / "branches.onnx"
    onnx.save(onnx.parser.parse_model(BRANCHES), path)
    return path


@pytest.fixture(scope="session")
def long_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network whose search takes half a minute."""
    path = tmp_path_factory.mktemp("long") / "randwire.onnx"
    build("randwire_large", path, light=True)
    return path


def run(*arguments: object) -> int:
    return cli.run([str(argument) for argument in arguments])


def warploom(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [*WARPLOOM, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_that_the_main_job_prints_one_json_object_and_saves_a_recording(model: Path, tmp_path: Path) -> None:
    done = warploom("optimize", model, "--device", "sim:h200", "--json", "-o", "b.warploom", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert {"model", "device", "precision", "batch", "operators", "schedules", "chosen", "speedup", "search"} <= set(
        summary
    )
    assert summary["model"] == "branches"
    assert summary["device"] == {"name": "NVIDIA H200", "simulated": True}
    assert set(summary["search"]) == {"seconds", "stages_costed", "states"}
    medians = {one["name"]: one["latency_us"]["median"] for one in summary["schedules"]}
    assert summary["chosen"] in medians
    assert medians[summary["chosen"]] == min(medians.values())
    assert summary["speedup"] == pytest.approx(medians["sequential"] / medians[summary["chosen"]])
    assert summary["speedup"] > 1
    assert summary["verified"]["ok"]
    for schedule in summary["schedules"]:
        assert set(schedule) >= {"name", "latency_us", "stages", "streams", "active_warps_mean"}
    assert files(tmp_path) == {"branches.onnx", "b.warploom"}
    assert "Traceback" not in done.stderr


def test_that_the_same_command_gives_the_same_figures(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def figures() -> object:
        assert run("optimize", model, "--json", "-o", model.with_suffix(".warploom")) == 0
        summary = json.loads(capsys.readouterr().out)
        del summary["search"]["seconds"]
        return summary

    assert figures() == figures()


def test_that_without_json_the_comparison_and_the_file_are_printed(model: Path, tmp_path: Path) -> None:
    done = warploom("optimize", model, "--no-verify", "--log", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "faster" in done.stdout.splitlines()[0]
    assert "not verified" in done.stdout.splitlines()[0]
    assert "Recording: branches.warploom" in done.stdout
    assert (tmp_path / "branches.warploom").is_file()
    assert "Searching schedules" in done.stderr
    assert "[choose]" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("mode", ["both", "parallel", "merge", "greedy"])
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_that_every_mode_and_precision_verifies(
    model: Path, mode: str, precision: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output = model.with_suffix(".warploom")
    options = ("--mode", mode, "--precision", precision, "--batch", 2, "-r", 2, "-s", 4, "--json", "-o", output)
    assert run("optimize", model, *options) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["verified"]["ok"]
    assert summary["batch"] == 2
    assert summary["precision"] == precision
    assert {"sequential", "greedy"} <= {one["name"] for one in summary["schedules"]}


def test_that_a_recording_is_shown_and_exported_in_every_format(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from warploom.report.export import FORMATS

    recording = tmp_path / "b.warploom"
    assert run("optimize", model, "-o", recording) == 0
    capsys.readouterr()
    assert run("show", recording) == 0
    shown = capsys.readouterr().out
    assert "stage 1" in shown
    assert "simulated on NVIDIA H200" in shown
    assert run("show", recording, "--log") == 0
    assert "[choose]" in capsys.readouterr().out
    assert run("show", recording, "--schedule", "sequential", "--json") == 0
    json.loads(capsys.readouterr().out)
    assert run("show", recording, "--schedule", "none") == 2
    for name in FORMATS:
        output = tmp_path / f"out.{name}"
        assert run("export", recording, "--format", name, "-o", output) == 0, capsys.readouterr().err
        assert output.stat().st_size > 100
    for name in ("csv", "parquet"):
        command = [*WARPLOOM, "export", str(recording), "--format", name, "-o", "-"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=True)
        assert done.stdout == (tmp_path / f"out.{name}").read_bytes()
        assert done.stderr == b""
    assert not (tmp_path / "-").exists()


def test_that_devices_and_operators_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("devices") == 0
    listed = capsys.readouterr().out
    assert all(f"sim:{name}" in listed for name in ("h200", "a100", "v100", "k80", "rtx4090"))
    assert "auto means" in listed
    assert run("ops", "conv", "NonZero") == 0
    listed = capsys.readouterr().out
    assert "Conv " in listed
    assert "yes" in listed
    assert "no" in listed
    assert "Relu" not in listed
    assert run("ops", "Frobnicate") == 2


def test_that_a_recipe_is_built_and_an_unknown_one_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("models", "build", "sample_network", "-o", tmp_path / "s.onnx") == 0
    onnx.checker.check_model(str(tmp_path / "s.onnx"))
    assert run("models", "build", "sample_net", "-o", tmp_path / "t.onnx") == 2
    assert "sample_network" in capsys.readouterr().err
    assert run("models", "list") == 0
    assert "nasnet_large" in capsys.readouterr().out
    assert files(tmp_path) == {"s.onnx"}


def test_that_the_demo_writes_a_recording_and_a_report(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment.pop("QT_QPA_PLATFORM", None)
    command = [*WARPLOOM, "demo"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".warploom", ".html"}
    for path in (tmp_path / "out").iterdir():
        assert str(path.relative_to(tmp_path)) in done.stdout
    assert "The window was not opened." in done.stdout
    assert "Traceback" not in done.stderr


def unknown_dimensions(path: Path) -> None:
    text = BRANCHES.replace("float[N,16,24,24] x", "float[N,16,H,W] x").replace(
        "float[N,32,24,24] y", "float[N,32,H,W] y"
    )
    onnx.save(onnx.parser.parse_model(text), path)


def unknown_operator(path: Path) -> None:
    text = BRANCHES.replace("Sigmoid(d)", "acme.Frobnicate(d)").replace('"" : 17', '"" : 17, "acme" : 1')
    onnx.save(onnx.parser.parse_model(text), path)


def cyclic(path: Path) -> None:
    model = onnx.parser.parse_model(BRANCHES)
    model.graph.node[0].input[0] = "c"
    path.write_bytes(model.SerializeToString())


def external(path: Path, location: str) -> None:
    model = onnx.parser.parse_model(BRANCHES)
    weight = onnx.TensorProto(name="w", data_type=onnx.TensorProto.FLOAT, dims=[16, 16, 3, 3])
    weight.data_location = onnx.TensorProto.EXTERNAL
    weight.external_data.add(key="location", value=location)
    model.graph.initializer.append(weight)
    del model.graph.input[1]
    path.write_bytes(model.SerializeToString())


def huge_header(path: Path) -> None:
    # Field 7 (the graph) with a length of two gigabytes, and nothing behind it.
    path.write_bytes(b"\x08\x08\x3a" + bytes([0xFF, 0xFF, 0xFF, 0xFF, 0x07]) + b"abc")


def sized(path: Path, dimension: str) -> None:
    onnx.save(onnx.parser.parse_model(BRANCHES.replace("N,16,24,24", f"1,16,{dimension},24")), path)


def truncated(path: Path) -> None:
    data = onnx.parser.parse_model(BRANCHES).SerializeToString()
    path.write_bytes(data[: len(data) // 2])


BAD_MODELS: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated": (truncated, "bad.onnx"),
    "empty": (lambda path: path.write_bytes(b""), "bad.onnx"),
    "not ONNX": (lambda path: path.write_text("import torch\n" * 100), "bad.onnx"),
    "a 2 GB header": (huge_header, "bad.onnx"),
    "missing": (lambda _: None, "bad.onnx"),
    "a folder": (lambda path: path.mkdir(), "bad.onnx"),
    "cyclic": (cyclic, "c"),
    "external data missing": (lambda path: external(path, "nowhere.bin"), "nowhere.bin"),
    "external data outside": (lambda path: external(path, "../outside.bin"), "outside.bin"),
    "unknown dimensions": (unknown_dimensions, "--shape x="),
    "an unknown operator": (unknown_operator, "acme::Frobnicate"),
    "a zero dimension": (lambda path: sized(path, "0"), "x"),
    "a huge dimension": (lambda path: sized(path, "99999999999"), "x"),
}


@pytest.mark.parametrize("case", BAD_MODELS)
def test_that_a_bad_model_is_one_sentence_and_leaves_nothing(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, words = BAD_MODELS[case]
    bad, output = tmp_path / "bad.onnx", tmp_path / "out" / "bad.warploom"
    output.parent.mkdir()
    make(bad)
    assert run("optimize", bad, "-o", output) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    sentence = printed.err.splitlines()[-1]
    assert sentence.startswith("warploom: ")
    assert words in sentence
    assert "Traceback" not in printed.err
    assert "unexpectedly" not in printed.err
    assert files(output.parent) == set()


def corrupt(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data[:-40])


def newer(path: Path) -> None:
    import zipfile

    changed = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            changed[name] = archive.read(name).replace(b'"version":1,', b'"version":99,')
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in changed.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(("spoil", "word"), [(corrupt, "b.warploom"), (newer, "newer")])
def test_that_a_bad_recording_is_one_sentence(
    spoil: Callable[[Path], None], word: str, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = model.parent / "b.warploom"
    assert run("optimize", model, "--no-verify", "-o", recording) == 0
    spoil(recording)
    capsys.readouterr()
    for arguments in (("show", recording), ("export", recording, "--format", "html", "-o", model.parent / "r.html")):
        assert run(*arguments) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert len(printed.err.splitlines()) == 1
        assert word in printed.err
    assert files(model.parent) == {"branches.onnx", "b.warploom"}


@pytest.mark.parametrize(
    "options",
    [
        ("--device", "cuda:0"),
        ("--device", "sim:abacus"),
        ("--device", "abacus"),
        ("--device", "sim:k80", "--precision", "bf16"),
        ("--shape", "nothing=1,3"),
        ("-o", "none/b.warploom"),
        ("-o", "/dev/null"),
        ("-o", "."),
    ],
)
def test_that_what_cannot_be_had_is_refused_in_one_sentence(
    options: tuple[str, ...], model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(model.parent)
    assert run("optimize", "branches.onnx", *options) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[-1].startswith("warploom: ")
    assert "Traceback" not in printed.err
    assert files(model.parent) == {"branches.onnx"}


@pytest.fixture
def mount(tmp_path: Path) -> object:
    """Mounts a memory file system with the given options; skips where that is not allowed."""
    mounted: list[Path] = []

    def mount(options: str) -> Path:
        folder = tmp_path / "mounted"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
        if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("mounting is not allowed here")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


def test_that_a_full_disk_is_said_and_nothing_half_written(
    model: Path, mount: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = mount("size=8k")
    assert run("optimize", model, "--no-verify", "-o", folder / "b.warploom") == 2
    assert "disk is full" in capsys.readouterr().err.splitlines()[-1]
    assert files(folder) == set()
    (folder / "filler").write_bytes(b"0" * 8192)
    assert run("optimize", model, "--no-verify", "-o", folder / "b.warploom") == 2
    assert "no space left" in capsys.readouterr().err.splitlines()[-1]
    assert files(folder) == {"filler"}


def test_that_a_file_that_may_not_grow_is_said_and_nothing_half_written(model: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    script = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096));"
        "from warploom.cli.main import main; main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", script, "optimize", str(model), "--no-verify", "-o", str(output / "b.warploom")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "b.warploom" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert files(output) == set()


def test_that_a_read_only_folder_is_refused_before_the_work(
    model: Path, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    if os.geteuid():
        folder = tmp_path / "locked"
        folder.mkdir(mode=0o555)
    else:
        folder = request.getfixturevalue("mount")("ro")
    assert run("optimize", model, "-o", folder / "b.warploom") == 2
    printed = capsys.readouterr().err
    assert "cannot be written" in printed
    assert "Searching" not in printed


def wait_for_search(stream: IO[str]) -> None:
    """Reads stderr until the long search has begun, and drains the rest in the background."""
    for line in stream:
        if "Searching schedules: both" in line:
            break
    threading.Thread(target=stream.read, daemon=True).start()


def start_long_search(long_model: Path, output: Path) -> subprocess.Popen[str]:
    command = [*WARPLOOM, "optimize", str(long_model), "--json", "-o", str(output)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    wait_for_search(process.stderr)
    time.sleep(0.3)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_that_an_interrupt_saves_the_best_so_far(number: signal.Signals, long_model: Path, tmp_path: Path) -> None:
    output = tmp_path / "r.warploom"
    with start_long_search(long_model, output) as process:
        process.send_signal(number)
        started = time.perf_counter()
        assert process.stdout is not None
        summary = json.loads(process.stdout.read())
        assert process.wait(20) == 130
        assert time.perf_counter() - started < 10
    assert summary["speedup"] > 1
    assert output.is_file()
    assert run("show", output) == 0


def test_that_a_terminal_sees_live_progress_and_stays_clean(model: Path, tmp_path: Path) -> None:
    terminal, its_end = os.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    command = [*WARPLOOM, "optimize", str(model), "--json", "--log", "-o", "b.warploom"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=its_end) as process:
        os.close(its_end)
        shown = bytearray()
        with contextlib.suppress(OSError):  # the end of a terminal is an input/output error
            while piece := os.read(terminal, 4096):
                shown += piece
        assert process.stdout is not None
        json.loads(process.stdout.read())
        assert process.wait(30) == 0
    os.close(terminal)
    assert b"Reading the model" in shown
    assert b"[choose]" in shown
    assert shown.rfind(b"\x1b[?25h") > shown.rfind(b"\x1b[?25l")  # the cursor is shown again


def test_that_a_killed_search_leaves_nothing(long_model: Path, tmp_path: Path) -> None:
    with start_long_search(long_model, tmp_path / "r.warploom") as process:
        process.kill()
        assert process.wait(10) == -signal.SIGKILL
    assert files(tmp_path) == set()


def test_that_output_into_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    command = f"{' '.join(WARPLOOM)} ops | head -1"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.startswith("operator")
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_that_output_onto_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    command = f"{' '.join(WARPLOOM)} ops > /dev/full"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert done.stderr == "warploom: The disk that the output goes to is full: free some space.\n"


def test_that_a_closed_output_is_no_error(tmp_path: Path) -> None:
    command = f"{' '.join(WARPLOOM)} ops >&-"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_that_files_of_another_kind_are_told_apart(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording, plan = tmp_path / "r.warploom", tmp_path / "r.plan"
    assert run("optimize", model, "--mode", "sequential", "-o", recording) == 0
    assert run("build", recording, "-o", plan) == 0
    capsys.readouterr()
    for arguments, words in (
        (("optimize", recording), "is a recording"),
        (("optimize", plan, "-o", tmp_path / "x"), "no ONNX model but a zip archive"),
        (("show", plan), "is a plan, no recording"),
        (("bench", recording.rename(tmp_path / "r2.plan")), "is no Warploom plan"),
    ):
        assert run(*arguments) == 2
        assert words in capsys.readouterr().err


def test_that_a_name_that_is_no_utf8_goes_all_the_way(model: Path, tmp_path: Path) -> None:
    named = Path(os.fsdecode(os.fsencode(tmp_path) + b"/n\xff.onnx"))
    named.write_bytes(model.read_bytes())
    recording, plan = named.with_suffix(".warploom"), named.with_suffix(".plan")
    assert run("optimize", named, "--mode", "sequential", "-o", recording) == 0
    assert run("show", recording, "--json") == 0
    assert run("build", named, "--mode", "sequential", "-o", plan) == 0
    assert recording.is_file()
    assert plan.is_file()


def test_that_an_interrupted_build_keeps_the_best_and_says_so(long_model: Path, tmp_path: Path) -> None:
    command = [*WARPLOOM, "build", str(long_model), "-o", str(tmp_path / "r.plan")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("Searching"):
                break
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert "warploom: Interrupted; the best schedule until then is in " in process.stderr.read()
        assert process.wait(20) == 130
    assert run("show", tmp_path / "r.plan") == 2
    assert (tmp_path / "r.plan").is_file()


def test_that_a_terminal_that_knows_only_ascii_is_served(model: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [*WARPLOOM, "optimize", str(model), "--no-verify"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert b"faster" in done.stdout
