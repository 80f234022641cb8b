"""What the window offers to open: sample models, those that ship and those that are built, and shipped recordings."""

from __future__ import annotations

from pathlib import Path

from warploom.errors import WarploomError
from warploom.paths import data_path
from warploom.samples.bundled import BUNDLED
from warploom.samples.recipes import RECIPES
from warploom_app.views.start_cards import Sample

_CARDS = ("inception_v3", "squeezenet", "randwire_small", "nasnet_large", "mobilenet_heads", "resnet50")


def samples() -> tuple[Sample, ...]:
    """The cards of the start page."""
    return tuple(Sample(name, _sentence(RECIPES[name].description)) for name in _CARDS if name in RECIPES)


def shipped_recordings() -> tuple[Path, ...]:
    """Recordings made on a GPU that came with this installation; maybe none."""
    try:
        return tuple(sorted(data_path("assets", "recordings").glob("*.warploom")))
    except WarploomError:
        return ()


def sample_file(name: str) -> Path | None:
    """The file of a sample that ships with Warploom; None for one that has to be built."""
    for bundled in BUNDLED:
        if bundled.recipe == name:
            try:
                return data_path("sample_models", bundled.file)
            except WarploomError:
                return None
    return None


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
