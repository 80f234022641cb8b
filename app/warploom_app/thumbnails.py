"""Small pictures of recordings for the start page, drawn by a process of its own and kept in the cache.

`python -m warploom_app.thumbnails FILE...` draws what is not there yet; `Thumbnails` starts it and tells when a picture
has come.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, QProcess, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter

from warploom.paths import cache_folder
from warploom_app.theme import LIGHT

if TYPE_CHECKING:
    from warploom.recording.recording import Recording
    from warploom.timeline import Timeline

WIDTH, HEIGHT = 720, 160
"""Pixels; shown at about half of that, so that it is sharp at 200 % scaling."""

_GAP = 12
_VERSION = 3
_MOST_LANES = 8


class Caption(msgspec.Struct, frozen=True):
    """What a card says under its picture.

    Attributes:
        model: Name of the model.
        before: Sequential latency, with unit.
        after: That of the winner.
        change: "1.58× faster".
        device: Its name.
        simulated: Whether it is a model of a GPU.
    """

    model: str
    before: str
    after: str
    change: str
    device: str
    simulated: bool


def picture_path(recording: Path) -> Path:
    """Where the picture of a recording is kept; another name once the file changes.

    Raises:
        OSError: If the file cannot be looked at.
    """
    status = recording.stat()
    key = f"{_VERSION} {recording.absolute()} {status.st_mtime_ns} {status.st_size}"
    return cache_folder() / "thumbnails" / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.png"


def caption_of(picture: Path) -> Caption | None:
    """The caption that was written with a picture."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(picture.with_suffix(".json").read_bytes(), type=Caption)
    return None


class Thumbnails(QObject):
    """Finds pictures, and has the missing ones drawn.

    Signals:
        ready: The pictures of these recordings may be there now.
    """

    ready = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._asked: set[Path] = set()
        self._drawing: tuple[Path, ...] = ()

    def find(self, recording: Path) -> tuple[Path, Caption] | None:
        """Picture and caption of a recording, if they were drawn already."""
        with contextlib.suppress(OSError):
            picture = picture_path(recording)
            caption = caption_of(picture)
            if caption is not None and picture.is_file():
                return picture, caption
        return None

    def draw(self, recordings: Sequence[Path]) -> None:
        """Has pictures drawn that are not there; each file is tried once, one process at a time."""
        missing = [path for path in recordings if path not in self._asked and self.find(path) is None]
        if not missing or self._process is not None:
            return
        self._asked.update(missing)
        process = self._process = QProcess(self)
        process.setStandardErrorFile(QProcess.nullDevice())
        self._drawing = tuple(missing)
        # A bound method, never a closure: one that held the last reference to this object would let it go in the
        # middle of the process's own destruction.
        process.finished.connect(self._ended)
        process.start(sys.executable, ["-m", "warploom_app.thumbnails", *map(str, missing)])

    def close(self) -> None:
        """Ends the drawing."""
        process, self._process = self._process, None
        if process is not None:
            process.finished.disconnect()
            process.kill()
            process.waitForFinished(2000)

    def _ended(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        self.ready.emit(self._drawing)


def draw_picture(recording: Recording) -> QImage:
    """The sequential timeline over the chosen one, on one time axis."""
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    timelines = [recording.sequential.timeline, recording.optimized.timeline]
    longest = max(max(timeline.duration_ns for timeline in timelines), 1)
    painter = QPainter(image)
    height = (HEIGHT - _GAP) / 2
    for row, timeline in enumerate(timelines):
        _draw_lanes(painter, timeline, QRectF(0, row * (height + _GAP), WIDTH, height), longest)
    painter.end()
    return image


def _draw_lanes(painter: QPainter, timeline: Timeline, area: QRectF, longest_ns: int) -> None:
    spans = timeline.spans
    copies = {stream for stream, _ in timeline.lane_names}
    streams = sorted({int(stream) for stream in spans.stream} - copies)
    rows = max(min(len(streams), _MOST_LANES), 1)  # of many streams, neighbours share a lane
    lane = area.height() / rows
    lane = min(lane, area.height() / 2)
    scale = area.width() / longest_ns
    for position, stream in enumerate(streams):
        chosen = spans.stream == stream
        top = area.top() + position * rows // len(streams) * lane
        rectangles = [
            QRectF(start * scale, top + 1, max((end - start) * scale - 0.6, 0.6), max(lane - 2, 1))
            for start, end in zip(spans.start_ns[chosen].tolist(), spans.end_ns[chosen].tolist(), strict=True)
        ]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(LIGHT.stream(position)))
        painter.drawRects(rectangles)


def main(files: Sequence[str], read: Callable[[Path], Recording] | None = None) -> int:
    """Draws the pictures of recordings; one that cannot be read is left out."""
    from warploom.errors import WarploomError
    from warploom.recording.file import read_recording
    from warploom.report.verdict import verdict

    drawn = 0
    for file in files:
        with contextlib.suppress(WarploomError, OSError):
            recording = (read or read_recording)(Path(file))
            line = verdict(recording)
            caption = Caption(
                recording.model.name, line.before, line.after, line.change, recording.device.name, recording.simulated
            )
            picture = picture_path(Path(file))
            picture.parent.mkdir(parents=True, exist_ok=True)
            draw_picture(recording).save(str(picture))
            picture.with_suffix(".json").write_bytes(msgspec.json.encode(caption))
            drawn += 1
    return 0 if drawn == len(files) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
