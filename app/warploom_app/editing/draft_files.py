"""DraftFiles: edits of schedules on disk, so that neither closing the window nor a crash loses them."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import msgspec
import platformdirs

Home = tuple[str, str]
"""A recording's path, and the name of the candidate that the edits began with."""

_MOST_FILES = 100


class _Kept(msgspec.Struct, frozen=True):
    """One file.

    Attributes:
        original: Digest of what the edits began with: they fit nothing else.
        schedule: What they led to, as JSON.
    """

    original: str
    schedule: str


class DraftFiles:
    """One file for each schedule with edits. What cannot be written or read is as if it were not there."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or platformdirs.user_state_path("warploom", appauthor=False) / "drafts"

    def keep(self, home: Home, original: bytes, schedule: bytes) -> None:
        """Writes a draft; the oldest of too many go."""
        body = msgspec.json.encode(_Kept(_digest(original), schedule.decode()))
        path = self._path(home)
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.write_bytes(body)  # not synced to the disk: this runs while the user edits, and must not wait
            part.replace(path)
            files = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
            for old in files[:-_MOST_FILES]:
                old.unlink()

    def forget(self, home: Home) -> None:
        """Removes a draft."""
        with contextlib.suppress(OSError):
            self._path(home).unlink(missing_ok=True)

    def has(self, home: Home) -> bool:
        """Whether there is a draft, be it of this or of an older version of the schedule."""
        return self._path(home).is_file()

    def find(self, home: Home, original: bytes) -> bytes | None:
        """The draft of a schedule; None without, or where the schedule is another one by now."""
        try:
            kept = msgspec.json.decode(self._path(home).read_bytes(), type=_Kept)
        except (OSError, msgspec.MsgspecError):
            return None
        return kept.schedule.encode() if kept.original == _digest(original) else None

    def _path(self, home: Home) -> Path:
        return self._folder / f"{_digest(chr(0).join(home).encode())[:32]}.json"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
