"""`warploom gui`: opens the window, or says what is missing for it."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import os
from pathlib import Path
from typing import Annotated

import typer

from warploom.errors import CommandError

APT_PACKAGES = {
    "libEGL": "libegl1",
    "libGL.so": "libgl1",
    "libxkbcommon": "libxkbcommon0",
    "libxkbcommon-x11": "libxkbcommon-x11-0",
    "libxcb-cursor": "libxcb-cursor0",
    "libxcb-icccm": "libxcb-icccm4",
    "libxcb-keysyms": "libxcb-keysyms1",
    "libxcb-shape": "libxcb-shape0",
    "libfontconfig": "libfontconfig1",
    "libfreetype": "libfreetype6",
    "libglib-2": "libglib2.0-0",
    "libdbus-1": "libdbus-1-3",
    "libX11": "libx11-6",
}
"""Shared libraries that Qt's wheels expect from the system, and the Debian or Ubuntu packages that hold them."""


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
    try:
        importlib.import_module("PySide6.QtWidgets")
    except ImportError as error:
        return _missing_library(str(error))
    if not has_display():
        return "The window needs a display, and neither DISPLAY nor WAYLAND_DISPLAY is set."
    return _missing_plugin_library()


def has_display() -> bool:
    """Whether a window can appear (or Qt was told to draw elsewhere, as the tests do)."""
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def _missing_plugin_library() -> str | None:
    """Qt ends the process without an exception where its X11 plugin lacks this library, so it is tried before."""
    if os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM", "xcb") != "xcb":
        return None
    try:
        ctypes.CDLL("libxcb-cursor.so.0")
    except OSError as error:
        return _missing_library(str(error))
    return None


def _missing_library(message: str) -> str:
    """Names the apt package for the library that an error of the dynamic linker names."""
    library = message.partition(":")[0].strip()
    matches = [name for name in APT_PACKAGES if library.startswith(name)]
    if not matches:
        return f"The window cannot start because Qt does not load: {message}."
    package = APT_PACKAGES[max(matches, key=len)]
    return f"The window needs the system library {library}: install it with sudo apt install {package}."
