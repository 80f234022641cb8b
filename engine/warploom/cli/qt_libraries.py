"""The system libraries that Qt's wheels expect, and the Debian or Ubuntu packages that hold them."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping

QT: Mapping[str, str] = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
}
"""Needed to draw anything at all, offscreen included."""

X11: Mapping[str, str] = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
"""Needed for a window on an X11 display: without one of them Qt ends the process instead of raising."""


def missing_libraries(needed: Mapping[str, str]) -> tuple[str, ...]:
    """Those of `needed` that the dynamic linker does not find here."""
    return tuple(library for library in needed if not _loads(library))


def how_to_install(libraries: tuple[str, ...]) -> str:
    """A sentence that names missing libraries and the one command that installs them all."""
    packages = {**QT, **X11}
    command = " ".join(["sudo apt install", *(packages[library] for library in libraries)])
    plural = "y" if len(libraries) == 1 else "ies"
    return f"The window needs the system librar{plural} {', '.join(libraries)}: install with {command}."


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
