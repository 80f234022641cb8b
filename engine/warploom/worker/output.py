"""Checks that a file can be written before the work whose result it will hold."""

from __future__ import annotations

import tempfile
from pathlib import Path

from warploom.errors import CommandError


def check_output(path: Path) -> None:
    """Makes sure that `path` can be created or replaced; leaves nothing behind.

    Raises:
        CommandError: If its folder is missing or cannot be written, or something other than a file is in the way.
    """
    folder = path.parent
    if path.is_dir():
        raise CommandError(f"The output {path} is a folder: name a file with -o.")
    if path.exists() and not path.is_file():
        raise CommandError(f"The output {path} is not a regular file: choose another with -o.")
    if not folder.is_dir():
        raise CommandError(f"The folder {folder} for the output {path.name} does not exist: make it first.")
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"0")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CommandError(f"The output {path} cannot be written ({reason}): choose another folder with -o.") from None
