"""The recordings of a real GPU that ship with Warploom, so that anybody sees measured timelines at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from warploom.errors import WarploomError
from warploom.paths import data_path

_ORDER = ("inception_v3", "sample_network", "squeezenet", "nasnet_large")
_FOLDER = "recordings"


@dataclass(frozen=True, slots=True)
class BundledRecording:
    """A recording in assets/recordings.

    Attributes:
        path: Of the file.
        model: Name of the model's recipe.
        precision: Of its arithmetic, as "fp16".
        gpu: As "H200".
    """

    path: Path
    model: str
    precision: str
    gpu: str

    @property
    def title(self) -> str:
        """What to call it in a list."""
        return f"{self.model} on an NVIDIA {self.gpu}, {self.precision}"


def bundled_recordings() -> tuple[BundledRecording, ...]:
    """The shipped recordings, the one to show first first; none where an installation lacks them. Opens no file."""
    try:
        folder = data_path("assets", _FOLDER)
    except WarploomError:
        return ()
    found = [_recording(path) for path in sorted(folder.glob("*.warploom"))]
    known = [one for one in found if one is not None]
    return tuple(sorted(known, key=lambda one: _ORDER.index(one.model) if one.model in _ORDER else len(_ORDER)))


def bundled_recording(model: str) -> BundledRecording | None:
    """The shipped recording of a model by the name of its recipe, or None."""
    return next((one for one in bundled_recordings() if one.model == model), None)


def _recording(path: Path) -> BundledRecording | None:
    """Files are named MODEL-PRECISION-GPU.warploom."""
    parts = path.stem.split("-")
    return BundledRecording(path, parts[0], parts[1], parts[2].upper()) if len(parts) == 3 else None
