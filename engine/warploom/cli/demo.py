"""`warploom demo`: the main job on a bundled model, with a report and, where there is a display, the window."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from warploom.recording.recording import Recording

SECONDS_TO_FAIL = 2.0
"""A window that is still there after this long is taken to have opened."""


def demo(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files go.")] = Path("out"),
    device: Annotated[str, typer.Option("--device", help="Where to run.")] = "auto",
    window: Annotated[bool, typer.Option("--window/--no-window", help="Open the window at the end.")] = True,
) -> None:
    """Optimize a bundled model, print the comparison, write a recording and a report, open the window."""
    from warploom.cli.comparison import print_comparison
    from warploom.cli.interrupt import kept
    from warploom.cli.run_job import run_optimize
    from warploom.recording.file import read_recording
    from warploom.samples.bundled import default_model, default_recipe
    from warploom.worker.messages import OptimizeOptions

    model = default_model()
    make_folder(folder)
    _say_device(device)
    outcome = run_optimize(model, folder / f"{model.stem}.warploom", OptimizeOptions(device=device), log=False)
    recording = read_recording(outcome.recording)
    print_comparison(recording)
    if recording.simulated:
        _show_measured(default_recipe())
    typer.echo(f"\nmodel      {model}")
    typer.echo(f"recording  {outcome.recording}")
    _write_report(recording, folder / f"{model.stem}.html")
    if outcome.cancelled:
        raise kept(outcome.recording)
    if window:
        _open_window(outcome.recording)


def make_folder(folder: Path) -> None:
    """Creates the output folder.

    Raises:
        CommandError: If that is impossible.
    """
    from warploom.errors import CommandError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CommandError(f"The folder {folder} cannot be made ({reason}): name another one.") from None


def _say_device(device: str) -> None:
    from warploom.device.registry import AUTO, default_device

    if device == AUTO:
        name, why = default_device()
        typer.echo(f"Device: {name}. {why}")


def _show_measured(recipe: str) -> None:
    """What a real GPU made of the same network, beside the simulated run: from a recording that ships."""
    from warploom.cli.comparison import print_comparison
    from warploom.recording.bundled import bundled_recording
    from warploom.recording.file import read_recording

    shipped = bundled_recording(recipe)
    if shipped is None:
        return
    typer.echo(f"\nThat was simulated. Measured: {shipped.title}")
    print_comparison(read_recording(shipped.path))
    typer.echo(f"In the window: {_this_program()} gui {shipped.path}")


def _write_report(recording: Recording, report: Path) -> None:
    """The report needs the extra `report`; the demo goes on without it."""
    from warploom.errors import ReportError
    from warploom.report.export import export_recording

    try:
        export_recording(recording, "html", report)
        typer.echo(f"report     {report}")
    except ReportError as error:
        typer.echo(f"report     not written: {error}")


def _open_window(recording: Path) -> None:
    """Opens the window in a process of its own: whatever is wrong with Qt here, the demo has succeeded."""
    from warploom.cli.gui import window_obstacle

    again = f"{_this_program()} gui {recording}"
    obstacle = window_obstacle()
    if obstacle:
        typer.echo(f"\nThe window was not opened. {obstacle} Then: {again}")
        return
    command = [sys.executable, "-m", "warploom", "gui", str(recording)]
    window = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        code = window.wait(SECONDS_TO_FAIL)
    except subprocess.TimeoutExpired:
        typer.echo(f"\nThe window is open. Again: {again}")
        return
    if code:
        typer.echo(f"\nThe window did not open (exit code {code}). Try: {again}")


def _this_program() -> str:
    """How the user started the command: the environment that `make demo` creates is not on the PATH."""
    return sys.argv[0] if Path(sys.argv[0]).name == "warploom" else "warploom"
