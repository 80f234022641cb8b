"""The sample models that the window offers: recipes, and the files that are there already."""

from __future__ import annotations

from pathlib import Path

from warploom.errors import WarploomError
from warploom.samples.recipes import RECIPES
from warploom_app.views.start_page import Sample

_CARDS = ("sample_network", "squeezenet", "inception_v3", "randwire_large", "nasnet_large", "resnet50")


def samples() -> tuple[Sample, ...]:
    """The cards of the start page, simplest first."""
    return tuple(Sample(name, RECIPES[name].description) for name in _CARDS if name in RECIPES)


def sample_files() -> dict[str, Path]:
    """Ready files by their recipe's name."""
    from warploom.samples.bundled import bundled_models

    try:
        return {path.stem: path for path in bundled_models()}
    except WarploomError:
        return {}
