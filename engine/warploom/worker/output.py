"""Checks that a file can be written before the work whose result it will hold."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from warploom.errors import CommandError


def check_output(path: Path, source: Path | None = None) -> None:
    """Makes sure that `path` can be created or replaced; leaves nothing behind.

    Args:
        path: Where the result is going to be written.
        source: What is read to make it, if that is of another kind and so must not be replaced by it.

    Raises:
        CommandError: If its folder is missing or cannot be written, something other than a file is in the way, or it
            is the source.
    """
    try:
        target = Path(os.path.realpath(path))  # what is written goes where a link leads
        _check_place(path, target, source)
        with tempfile.TemporaryFile(dir=target.parent) as probe:
            probe.write(b"0")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CommandError(f"The output {path} cannot be written ({reason}): choose another with -o.") from None


def _check_place(path: Path, target: Path, source: Path | None) -> None:
    folder = target.parent if path.is_symlink() else path.parent
    if target.is_symlink():
        raise CommandError(f"The output {path} is a loop of links: choose another with -o.")
    if path.is_dir():
        raise CommandError(f"The output {path} is a folder: name a file with -o.")
    if path.exists() and not path.is_file():
        raise CommandError(f"The output {path} is not a regular file: choose another with -o.")
    if source is not None and path.exists() and source.exists() and path.samefile(source):
        raise CommandError(f"The output {path} would replace the file that it is made from: choose another with -o.")
    if not folder.is_dir():
        raise CommandError(f"The folder {folder} for the output {path.name} does not exist: make it first.")
