"""Starts the profiling process, waits for its answer, and ends it when the user cancels."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from warploom.device.cuda.profiler.service import ANSWER, REQUEST
from warploom.device.cuda.profiler.trace import ProfileRequest, Trace, decode_traces
from warploom.errors import CancelledError, ProfileError

_LOOK_S = 0.02
_LONGEST_S = 900.0
_STDERR = "stderr"


def service_command() -> list[str]:
    """The command line of the profiling process, without its folder."""
    return [sys.executable, "-m", "warploom.device.cuda.profiler.service"]


def trace_elsewhere(
    request: ProfileRequest, cancelled: Callable[[], bool], command: Sequence[str] | None = None
) -> list[Trace]:
    """Traces plans in a process of its own.

    Args:
        request: What to trace.
        cancelled: Whether the user wants no more of it; asked all the time.
        command: Of the process; `service_command()` by default.

    Raises:
        ProfileError: If the process fails, with the reason.
        CancelledError: If the user cancelled; the process has ended then.
    """
    with tempfile.TemporaryDirectory(prefix="warploom-profile-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        try:
            (folder / REQUEST).write_bytes(request.encode())
        except OSError as error:
            raise ProfileError(f"the plans cannot be handed over ({error.strerror or error})") from error
        _run([*(command or service_command()), name], folder, cancelled)
        return _answer(folder)


def _run(command: Sequence[str], folder: Path, cancelled: Callable[[], bool]) -> None:
    with (folder / _STDERR).open("wb") as stderr:
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr)
        except OSError as error:
            raise ProfileError(f"the profiling process does not start ({error.strerror or error})") from error
        deadline = time.monotonic() + _LONGEST_S
        try:
            while process.poll() is None:
                if cancelled():
                    raise CancelledError("the profile was cancelled")
                if time.monotonic() > deadline:
                    raise ProfileError(f"the profiling process did not answer within {_LONGEST_S:.0f} s")
                time.sleep(_LOOK_S)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode and not (folder / ANSWER).exists():
        raise ProfileError(f"the profiling process failed ({_how(process.returncode)}{_last_line(folder)})")


def _answer(folder: Path) -> list[Trace]:
    try:
        return decode_traces((folder / ANSWER).read_bytes())
    except OSError as error:
        raise ProfileError(f"the profiling process left no answer{_last_line(folder)}") from error
    except (msgspec.DecodeError, KeyError, ValueError) as error:
        raise ProfileError(f"the answer of the profiling process cannot be read ({error})") from error


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    import signal

    return f"killed by {signal.Signals(-code).name}"


def _last_line(folder: Path) -> str:
    try:
        lines = (folder / _STDERR).read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return f": {lines[-1][:200]}" if lines else ""
