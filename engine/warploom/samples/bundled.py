"""The small ready models that ship with Warploom: where they are, and how each was built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from warploom.paths import data_path


@dataclass(frozen=True, slots=True)
class Bundled:
    """A model file in sample_models/.

    Attributes:
        file: Its name.
        recipe: The recipe that it was built from.
        light: Whether its weights are fills (see `recipes.build`).
    """

    file: str
    recipe: str
    light: bool


BUNDLED = (
    Bundled("inception_v3_light.onnx", "inception_v3", light=True),
    Bundled("squeezenet_light.onnx", "squeezenet", light=True),
    Bundled("randwire_small.onnx", "randwire_small", light=False),
)
"""The default model of the demo comes first: wide enough to gain from concurrency, and known to many."""


def bundled_models() -> tuple[Path, ...]:
    """The shipped model files, the default one first.

    Raises:
        WarploomError: If the installation lacks one.
    """
    return tuple(data_path("sample_models", bundled.file) for bundled in BUNDLED)


def default_model() -> Path:
    """The model that the demo runs.

    Raises:
        WarploomError: If the installation lacks it.
    """
    return bundled_models()[0]


def default_recipe() -> str:
    """The recipe that the demo's model was built from."""
    return BUNDLED[0].recipe
