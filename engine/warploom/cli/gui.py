"""`warploom gui`: opens the window, or says what is missing for it."""

from __future__ import annotations

import importlib
import importlib.util
import os
from pathlib import Path
from typing import Annotated

import typer

from warploom.cli.qt_libraries import QT, X11, how_to_install, missing_libraries
from warploom.errors import CommandError
from warploom.paths import install_command


def gui(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="ONNX files or recordings to open.", show_default=False),
    ] = None,
    new_window: Annotated[bool, typer.Option("--new-window", help="Open one more window.")] = False,
    install_desktop: Annotated[
        bool, typer.Option("--install-desktop", help="Add a menu entry, file types and icons for this user.")
    ] = False,
    uninstall_desktop: Annotated[bool, typer.Option("--uninstall-desktop", help="Remove them.")] = False,
) -> int:
    """Open the window; a window that is open already takes the files."""
    if install_desktop or uninstall_desktop:
        from warploom.cli import desktop_entry

        for path in desktop_entry.install() if install_desktop else desktop_entry.uninstall():
            typer.echo(str(path))
        return 0
    given = files or []
    for file in given:
        if not file.exists():
            raise CommandError(f"There is no file {file} to open.")
    obstacle = window_obstacle()
    if obstacle:
        raise CommandError(obstacle)
    if not new_window:
        from warploom.cli.running_window import hand_over

        if hand_over(given):
            return 0
    from warploom_app.main import run

    return run(given)


def window_obstacle() -> str | None:
    """Why the window cannot open here, in a sentence that says what to install; None when it can."""
    for module in ("PySide6", "pyqtgraph", "warploom_app"):
        if importlib.util.find_spec(module) is None:
            return f"The window needs {module}: install it with {install_command('app')}."
    missing = missing_libraries({**QT, **X11} if _uses_x11() else QT)
    if missing:
        return how_to_install(missing)
    try:
        importlib.import_module("PySide6.QtWidgets")
    except ImportError as error:
        return f"The window cannot start because Qt does not load: {error}."
    if not has_display():
        return "The window needs a display, and neither DISPLAY nor WAYLAND_DISPLAY is set."
    return None


def has_display() -> bool:
    """Whether a window can appear (or Qt was told to draw elsewhere, as the tests do)."""
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def _uses_x11() -> bool:
    if os.environ.get("WAYLAND_DISPLAY"):
        return False
    return os.environ.get("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "") == "xcb"
