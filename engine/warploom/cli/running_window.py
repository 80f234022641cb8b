"""Finds a window that is open already and hands it files, before anything of Qt is loaded."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path

_LONGEST_PATH = 100  # of a Unix socket; the system's limit is 107
_PATIENCE_S = 3.0


def socket_path() -> Path:
    """Where the window of this user and display listens; its folder is this user's alone.

    Raises:
        OSError: If there is no such folder and none can be made.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(runtime) / "warploom" if runtime else Path(tempfile.gettempdir()) / f"warploom-{os.getuid()}"
    display = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or ""
    name = f"window-{hashlib.sha256(display.encode()).hexdigest()[:12]}"
    if len(str(folder / name)) > _LONGEST_PATH:
        name += hashlib.sha256(str(folder).encode()).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"warploom-{os.getuid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.stat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise PermissionError(f"{folder} can be used by others")
    return folder / name


def hand_over(files: Sequence[Path]) -> bool:
    """Gives files to the window that is open; it comes to the front.

    Returns:
        Whether there is one and it took them. One that does not answer counts as none.
    """
    message = json.dumps({"files": [str(path.absolute()) for path in files]}).encode() + b"\n"
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_PATIENCE_S)
        connection.connect(str(socket_path()))
        connection.sendall(message)
        return connection.recv(16) == b"ok\n"
    return False
