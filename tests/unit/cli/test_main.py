from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from warploom.cli import main as cli
from warploom.cli.interrupt import InterruptFlag
from warploom.cli.options import CalibrationMethod, ExportFormat, Mode, PrecisionName, parse_shapes
from warploom.cli.qt_libraries import how_to_install, missing_libraries
from warploom.errors import CancelledError, CommandError
from warploom.graph.precision_plan import CHOICES
from warploom.paths import data_path, install_command
from warploom.recording.file import read_recording
from warploom.schedule.modes import MODES
from warploom.version import __version__
from warploom.worker.settings import check_settings


def run(*arguments: str) -> int:
    return cli.run(list(arguments))


def test_that_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"warploom {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("brew",),
        ("optimize",),
        ("optimize", "m.onnx", "-r", "0"),
        ("optimize", "m.onnx", "-r", "17"),
        ("optimize", "m.onnx", "-s", "0"),
        ("optimize", "m.onnx", "-s", "x"),
        ("optimize", "m.onnx", "--batch", "0"),
        ("optimize", "m.onnx", "--mode", "magic"),
        ("optimize", "m.onnx", "--precision", "fp8"),
        ("optimize", "m.onnx", "--shape", "x"),
        ("optimize", "m.onnx", "--shape", "x=1,-1"),
        ("optimize", "m.onnx", "--shape", "x=1,a"),
        ("optimize", "m.onnx", "--shape", "x=1,3,x,64"),
        ("optimize", "m.onnx", "--shape", "x=1,3,"),
        ("optimize", "m.onnx", "--shape", "x=1", "--shape", "x=2"),
        ("optimize", "m.onnx", "--repeats", "0"),
        ("export", "m.warploom", "--format", "gif", "-o", "x"),
        ("worker",),
        ("optimize", "m.onnx", "--calibration-method", "foo"),
        ("models", "buid"),
    ],
)
def test_that_a_usage_error_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1
    assert printed.err.startswith("warploom: ")
    assert "Value error" not in printed.err


def test_that_a_usage_error_names_the_help_of_its_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("optimize", "m.onnx", "--batch", "0") == 2
    assert capsys.readouterr().err.endswith(" Try 'warploom optimize --help'.\n")
    assert run("models", "buid") == 2
    assert capsys.readouterr().err.endswith("Did you mean 'build'? Try 'warploom models --help'.\n")


def test_that_no_arguments_print_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    printed = capsys.readouterr()
    assert "optimize" in printed.out + printed.err
    assert "warploom: " not in printed.err


def raising(error: BaseException) -> object:
    def verb() -> None:
        raise error

    return verb


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (CommandError("Do this."), 2, "warploom: Do this.\n"),
        (CancelledError("Cancelled."), 130, "warploom: Cancelled.\n"),
        (KeyboardInterrupt(), 130, "warploom: Interrupted.\n"),
        (BrokenPipeError(), 141, ""),
        (ValueError("two\nlines"), 1, "warploom: Warploom failed unexpectedly (ValueError: two lines)"),
        (MemoryError(), 1, "warploom: The machine has too little memory"),
    ],
)
def test_that_every_error_of_a_verb_becomes_a_sentence_and_an_exit_code(
    error: BaseException,
    code: int,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("WARPLOOM_DEBUG", raising=False)
    monkeypatch.setattr(cli.devices, "devices", raising(error))
    assert run("devices") == code
    printed = capsys.readouterr().err
    assert printed.startswith(sentence)
    assert "Traceback" not in printed
    assert len(printed.splitlines()) <= 1


INTERRUPTED_AT_THE_START = """
import importlib.abc, os, signal, sys

class Interrupts(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
signal.signal(signal.SIGINT, signal.default_int_handler)
from warploom.cli.entry import main
main()
"""


def test_that_an_interrupt_while_the_command_starts_leaves_no_traceback() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED_AT_THE_START], capture_output=True, text=True)
    assert done.returncode == -signal.SIGINT
    assert done.stderr == ""


COMMAND = [sys.executable, "-c", "from warploom.cli.entry import main; main()"]


@pytest.mark.parametrize("verb", ["--help", "ops", "devices"])
def test_that_a_reader_who_has_gone_is_no_regression(verb: str) -> None:
    with subprocess.Popen([*COMMAND, verb], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait() == cli.EXIT_NO_READER
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_that_closed_streams_do_not_matter(closed: str, tmp_path: Path) -> None:
    model, output = data_path("sample_models") / "randwire_small.onnx", tmp_path / "a b.warploom"
    arguments = ["optimize", model, "-o", output, "--device", "sim:h200", "--mode", "sequential", "--no-verify"]
    line = " ".join(shlex.quote(str(part)) for part in (*COMMAND, *arguments))
    assert subprocess.run(["sh", "-c", f"{line} {closed}"], capture_output=True).returncode == 0
    assert read_recording(output).graph.operators


def test_that_a_traceback_is_there_for_those_who_ask(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WARPLOOM_DEBUG", "1")
    monkeypatch.setattr(cli.devices, "devices", raising(ValueError("x")))
    assert run("devices") == 1
    assert "Traceback" in capsys.readouterr().err


def test_that_shapes_are_read_as_written() -> None:
    assert parse_shapes(["x=1,3,224,224", "a=b=2x3"]) == {"x": (1, 3, 224, 224), "a=b": (2, 3)}
    assert parse_shapes(["scalar="]) == {"scalar": ()}
    assert parse_shapes(None) == {}


def test_that_the_choices_of_the_command_line_are_those_of_the_engine() -> None:
    from warploom.precision import histogram
    from warploom.report.export import FORMATS

    assert tuple(PrecisionName) == CHOICES
    assert tuple(Mode) == tuple(MODES)
    assert set(ExportFormat) == set(FORMATS)
    assert tuple(CalibrationMethod) == tuple(histogram.CalibrationMethod)


def test_that_the_defaults_of_the_command_line_are_those_of_the_worker() -> None:
    from warploom.worker.messages import OptimizeOptions

    settings = check_settings(OptimizeOptions())
    assert settings.mode == Mode.BOTH
    assert settings.limits.max_group_operators == 3
    assert settings.limits.max_stage_groups == 8
    assert settings.limits.seconds == 25


def test_that_starting_imports_nothing_heavy() -> None:
    script = (
        "import sys; import warploom.cli.main as m; m.make_app(); "
        "print([n for n in ('numpy', 'onnx', 'onnxruntime', 'networkx', 'matplotlib', 'PySide6') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_that_the_second_interrupt_ends_the_work_at_once() -> None:
    import os
    import signal

    before = signal.getsignal(signal.SIGINT)
    with InterruptFlag() as flag:
        assert not flag.is_set()
        os.kill(os.getpid(), signal.SIGINT)
        assert flag.is_set()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("libraries", "packages"),
    [
        (("libEGL.so.1",), "libegl1"),
        (("libEGL.so.1", "libxkbcommon.so.0"), "libegl1 libxkbcommon0"),
        (("libGL.so.1", "libxcb-cursor.so.0", "libxkbcommon-x11.so.0"), "libgl1 libxcb-cursor0 libxkbcommon-x11-0"),
    ],
)
def test_that_missing_libraries_of_qt_are_named_with_their_packages(libraries: tuple[str, ...], packages: str) -> None:
    sentence = how_to_install(libraries)
    assert sentence.endswith(f"sudo apt install {packages}.")
    assert ", ".join(libraries) in sentence


def test_that_libraries_are_looked_for_where_the_linker_looks() -> None:
    assert missing_libraries({"libc.so.6": "libc6", "libwarploom-none.so.1": "none"}) == ("libwarploom-none.so.1",)


def test_that_the_window_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "PySide6" else find(name))
    assert run("gui") == 2
    assert install_command("app") in capsys.readouterr().err


def test_that_the_window_is_not_opened_for_a_file_that_is_not_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run("gui", str(tmp_path / "x.onnx")) == 2
    assert "x.onnx" in capsys.readouterr().err


def test_that_the_window_needs_a_display(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert run("gui") == 2
    message = capsys.readouterr().err
    assert "display" in message or "apt install" in message or "pip install" in message
