"""Makes desktops know Warploom: its menu entry, the types of its files, and their icons, in the user's own folders."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from warploom.atomic import write_bytes_atomically
from warploom.errors import CommandError
from warploom.paths import data_path

ONNX_TYPE = "application/x-onnx"
RECORDING_TYPE = "application/x-warploom"

_ENTRY = """[Desktop Entry]
Type=Application
Version=1.5
Name=Warploom
GenericName=GPU schedule profiler
Comment=See and search how a neural network's operators run side by side on an NVIDIA GPU
Comment[de]=Zeigt und sucht, wie die Operatoren eines neuronalen Netzes auf einer NVIDIA-GPU nebeneinander laufen
Exec={command} gui %F
TryExec={program}
Icon=warploom
Terminal=false
Categories=Development;Profiling;
MimeType={types};
Keywords=ONNX;CUDA;GPU;profiler;schedule;
StartupWMClass=warploom
StartupNotify=true
Actions=new-window;

[Desktop Action new-window]
Name=New Window
Name[de]=Neues Fenster
Exec={command} gui --new-window
"""

_TYPES = f"""<?xml version="1.0" encoding="UTF-8"?>
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="{ONNX_TYPE}">
    <comment>ONNX model</comment>
    <comment xml:lang="de">ONNX-Modell</comment>
    <icon name="application-x-onnx"/>
    <glob pattern="*.onnx"/>
  </mime-type>
  <mime-type type="{RECORDING_TYPE}">
    <comment>Warploom recording</comment>
    <comment xml:lang="de">Warploom-Aufzeichnung</comment>
    <sub-class-of type="application/zip"/>
    <icon name="application-x-warploom"/>
    <glob pattern="*.warploom"/>
  </mime-type>
</mime-info>
"""

_UPDATERS = (("update-mime-database", "mime"), ("update-desktop-database", "applications"))


def install() -> tuple[Path, ...]:
    """Writes everything; returns the files.

    Raises:
        CommandError: If a folder cannot be written.
    """
    home = _data_home()
    icon = data_path("assets", "icons", "warploom.svg").read_text(encoding="utf-8")
    contents = dict(zip(_files(home), (_entry(), _TYPES, icon, icon, icon), strict=True))
    try:
        for path, text in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes_atomically(path, text.encode(), CommandError)
    except OSError as error:
        raise CommandError(f"{error.filename or home} cannot be written: {error.strerror}.") from None
    _update(home)
    return tuple(contents)


def uninstall() -> tuple[Path, ...]:
    """Removes what `install` wrote; returns what was there.

    Raises:
        CommandError: If a file cannot be removed.
    """
    home = _data_home()
    removed = []
    for path in _files(home):
        try:
            path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise CommandError(f"{path} cannot be removed: {error.strerror}.") from None
        removed.append(path)
    _update(home)
    return tuple(removed)


def _data_home() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def _files(home: Path) -> tuple[Path, ...]:
    icons = home / "icons" / "hicolor" / "scalable"
    return (
        home / "applications" / "warploom.desktop",
        home / "mime" / "packages" / "warploom.xml",
        icons / "apps" / "warploom.svg",
        icons / "mimetypes" / "application-x-onnx.svg",
        icons / "mimetypes" / "application-x-warploom.svg",
    )


def _entry() -> str:
    beside = Path(sys.executable).with_name("warploom")
    installed = str(beside) if beside.is_file() else shutil.which("warploom")
    program = installed or sys.executable
    command = _quoted(program) if installed else f"{_quoted(program)} -m warploom"
    return _ENTRY.format(command=command, program=program, types=";".join((ONNX_TYPE, RECORDING_TYPE)))


def _quoted(program: str) -> str:
    """An argument of an Exec line."""
    for character in ("\\", '"', "`", "$"):
        program = program.replace(character, "\\" + character)
    return f'"{program}"'.replace("\\", "\\\\").replace("%", "%%") if " " in program or "\\" in program else program


def _update(home: Path) -> None:
    """Lets the desktop read its folders again; where its tools are missing it does so at the next login."""
    for program, folder in _UPDATERS:
        if (found := shutil.which(program)) and (home / folder).is_dir():
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run([found, str(home / folder)], capture_output=True, check=False, timeout=30)
