"""RecordingsFolder: where the window keeps the recordings that it makes, and which of them it lets go."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection
from pathlib import Path

import platformdirs

from warploom.errors import RecordingError
from warploom.worker.messages import OptimizeOptions

SUFFIX = ".warploom"


class RecordingsFolder:
    """A folder of recordings, and beside it the sample models that were built."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or platformdirs.user_data_path("warploom", appauthor=False) / "recordings"

    @property
    def path(self) -> Path:
        """The folder (which may not be there yet)."""
        return self._path

    def new_file(self, model: Path, options: OptimizeOptions, host: str = "") -> Path:
        """A name that is free, for the result of a run.

        Raises:
            RecordingError: If the folder cannot be made.
        """
        self._make()
        where = "-".join(part for part in (host, options.device) if part)
        device = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in where)
        stem = f"{model.stem}-{device}-{options.precision}-{time.strftime('%Y%m%d-%H%M%S')}"
        path, number = self._path / f"{stem}{SUFFIX}", 2
        while path.exists():
            path, number = self._path / f"{stem}-{number}{SUFFIX}", number + 1
        return path

    def for_edits(self, source: Path) -> Path:
        """Where a recording is written that has one more schedule: itself, or a copy of a file that is not ours.

        Raises:
            RecordingError: If the folder cannot be made.
        """
        if source.parent == self._path:
            return source
        self._make()
        path, number = self._path / f"{source.stem}-edited{SUFFIX}", 2
        while path.exists():
            path, number = self._path / f"{source.stem}-edited-{number}{SUFFIX}", number + 1
        return path

    def _make(self) -> None:
        try:
            self._path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or error
            raise RecordingError(f"The folder for recordings, {self._path}, cannot be made: {reason}.") from None

    def samples(self) -> Path:
        """The folder of sample models that were built (created when missing)."""
        folder = self._path.parent / "samples"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def prune(self, most_files: int, most_bytes: int, spared: Collection[Path]) -> tuple[Path, ...]:
        """Removes the oldest recordings beyond a number or a total size.

        Args:
            most_files: How many may stay.
            most_bytes: How much they may take together.
            spared: Files that stay whatever their age.

        Returns:
            What was removed.
        """
        found = []
        for path in self._path.glob(f"*{SUFFIX}"):
            with contextlib.suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        removed, files, total = [], 0, 0
        for _, size, path in sorted(found, reverse=True):
            files, total = files + 1, total + size
            if (files > most_files or total > most_bytes) and path not in spared:
                with contextlib.suppress(OSError):
                    path.unlink()
                    removed.append(path)
        for path in self._path.glob(f".*{SUFFIX}.part"):  # of a fetch that a crash cut off
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > 86_400:
                    path.unlink()
        return tuple(removed)
