"""Keeps refined layouts between runs in the user's cache folder; the oldest go when there are too many."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from warploom_app.layout.messages import LayoutRequest, LayoutResult

_MOST_FILES = 64
_MOST_BYTES = 64 * 2**20


class LayoutCache:
    """One file per layout, named by the request's key. A cache that cannot be read or written is silently empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, request: LayoutRequest) -> LayoutResult | None:
        """The kept layout of exactly this request."""
        path = self._path(request)
        try:
            result = msgspec.msgpack.decode(path.read_bytes(), type=LayoutResult)
        except (OSError, msgspec.MsgspecError):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # used now: not the oldest any more
        fits = len(result.x) == len(result.y) == len(request.widths) and len(result.route_stops) == len(request.edges)
        return result if fits else None

    def put(self, request: LayoutRequest, result: LayoutResult) -> None:
        """Keeps a layout, replacing the file atomically."""
        import tempfile  # costs the layout process some milliseconds before its first answer

        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".part", delete=False) as file:
                file.write(msgspec.msgpack.encode(result))
            Path(file.name).replace(self._path(request))
            self._drop_oldest()

    def _path(self, request: LayoutRequest) -> Path:
        return self._folder / f"{request.key}.msgpack"

    def _drop_oldest(self) -> None:
        kept = [(entry.stat(), entry) for entry in self._folder.iterdir() if entry.suffix in (".msgpack", ".part")]
        kept.sort(key=lambda item: item[0].st_mtime, reverse=True)
        total = 0
        for count, (stat, path) in enumerate(kept):
            total += stat.st_size
            if count >= _MOST_FILES or total > _MOST_BYTES:
                path.unlink(missing_ok=True)
