"""The `warploom` command: registers the verbs and turns every error into one sentence and an exit code.

Exit codes: 0 done, 1 a regression that `diff` found or a defect of Warploom, 2 something the user can put right,
130 interrupted, 141 cut short because the reader of the output has gone. They are documented in docs/command-line.md.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from warploom.cli import (
    bench,
    build,
    demo,
    devices,
    diff,
    doctor,
    experiment,
    export,
    gui,
    models,
    ops,
    optimize,
    peers,
    run_plan,
    show,
    worker,
)
from warploom.errors import CancelledError, WarploomError
from warploom.version import __version__

EXIT_DEFECT = 1
EXIT_USER = 2
EXIT_INTERRUPTED = 130
EXIT_NO_READER = 141  # as a shell says that a program was ended by SIGPIPE

_ClickException: type[Exception] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"warploom {__version__}")
        raise typer.Exit


def _root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """See, search and compare how a neural network's operators run side by side on an NVIDIA GPU."""


def make_app() -> typer.Typer:
    """The command with all of its verbs."""
    app = typer.Typer(
        name="warploom",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"max_content_width": 110},
    )
    app.callback()(_root)
    app.command("optimize")(optimize.optimize)
    app.command("build")(build.build)
    app.command("run")(run_plan.run)
    app.command("bench")(bench.bench)
    app.command("show")(show.show)
    app.command("diff")(diff.diff)
    app.command("export")(export.export)
    app.add_typer(models.app, name="models")
    app.command("experiment")(experiment.experiment)
    app.command("peers")(peers.peers)
    app.command("devices")(devices.devices)
    app.command("doctor")(doctor.doctor)
    app.command("ops")(ops.ops)
    app.command("worker")(worker.worker)
    app.command("gui")(gui.gui)
    app.command("demo")(demo.demo)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """The command, with everything that it needs imported. Leaves through SystemExit."""
    _open_closed_streams()
    _survive_narrow_encodings()
    code = run(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_flush_quietly() or code)


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit code."""
    try:
        code = _exit_code(make_app()(list(arguments), prog_name="warploom", standalone_mode=False))
        if code == EXIT_INTERRUPTED:  # what typer makes of a Ctrl-C
            raise KeyboardInterrupt
    except typer.Exit as stop:
        return stop.exit_code
    except (typer.Abort, KeyboardInterrupt, CancelledError) as stop:
        _say(str(stop) or "Interrupted.")
        return EXIT_INTERRUPTED
    except _ClickException as error:
        return _usage_error(error)
    except WarploomError as error:
        _say(str(error))
        return EXIT_USER
    except BrokenPipeError:
        return EXIT_NO_READER  # `| head`: nobody is left to tell, and 1 would be a regression
    except SystemExit as stop:  # which typer and rich make of the same, with the code 1
        if not isinstance(stop.__context__, BrokenPipeError):
            raise
        return EXIT_NO_READER
    except Exception as error:
        return _no_room() if getattr(error, "errno", None) == errno.ENOSPC else _defect(error)
    return code


def _exit_code(value: object) -> int:
    """A verb that returns an int chose its exit code; anything else is success."""
    return value if isinstance(value, int) else 0


def _usage_error(error: Any) -> int:
    message = " ".join(str(error.format_message()).split())
    if not message:  # no arguments: the help was printed already
        return EXIT_USER
    message = message.replace("Value error, ", "")  # typer's words for what an enumeration refused
    context = getattr(error, "ctx", None)
    sentence = message if message.endswith("?") else f"{message.rstrip('.')}."
    _say(f"{sentence} Try '{context.command_path if context else 'warploom'} --help'.")
    return EXIT_USER


def _defect(error: Exception) -> int:
    from warploom.worker.dispatch import unexpected

    if os.environ.get("WARPLOOM_DEBUG"):
        import traceback

        traceback.print_exc()
    _say(f"{unexpected(error)} WARPLOOM_DEBUG=1 shows the details.")
    return EXIT_DEFECT


def _say(message: str) -> None:
    typer.echo(f"warploom: {message}", err=True)


def _open_closed_streams() -> None:
    """What a parent has closed (`2>&-`) is written to nowhere; else the next file opened would take its number."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - until the end


def _survive_narrow_encodings() -> None:
    """A sign that the terminal cannot show (an arrow in an ASCII locale) must not end the program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _no_room() -> int:
    """What is printed goes to a file, and that file's disk is full: every file of ours says so by itself."""
    _say("The disk that the output goes to is full: free some space.")
    return EXIT_USER


def _flush_quietly() -> int:
    """Flushes stdout; if that is not possible, keeps Python from complaining about it at exit.

    Returns:
        An exit code if what was printed is lost, else 0; a reader that has gone (`| head`) lost nothing.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _no_room() if error.errno == errno.ENOSPC else 0
    return 0
