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


def gui(
    file: Annotated[
        Path | None, typer.Argument(help="An ONNX file or a recording to open.", show_default=False)
    ] = None,
) -> int:
    """Open the window."""
    if file is not None and not file.exists():
        raise CommandError(f"There is no file {file} to open.")
    obstacle = window_obstacle()
    if obstacle:
        raise CommandError(obstacle)
    from warploom_app.main import main

    return main([str(file)] if file else [])


def window_obstacle() -> str | None:
    """Why the window cannot open here, in a sentence that says what to install; None when it can."""
    for module in ("PySide6", "pyqtgraph", "warploom_app"):
        if importlib.util.find_spec(module) is None:
            return f"The window needs {module}: install it with pip install 'warploom[app]'."
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
