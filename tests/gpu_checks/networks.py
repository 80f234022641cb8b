"""Random networks with many branches, and the models that whole-network tests run."""

from __future__ import annotations

import atexit
import dataclasses
import functools
import os
import random
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx

from gpu_checks.compare import Array
from warploom.graph import Graph
from warploom.importer.load import import_model
from warploom.importer.options import ImportOptions
from warploom.importer.random_weights import Replacement, apply_replacements, find_replacements
from warploom.importer.reference import random_inputs, reference_outputs
from warploom.passes.pipeline import optimize_graph
from warploom.samples.builder import NetworkBuilder, Value
from warploom.samples.recipes import RECIPES, describe
from warploom.samples.writing import write_network

_WEIGHT_SEED = 1
_TILES = 4
_CONTRAST = 3.0
_NOISE = 0.5
REFERENCE_MODELS = ("squeezenet1_1", "inception_v3", "nasnetalarge")
"""Of the folder WARPLOOM_MODELS."""


def random_network(seed: int, *, steps: int = 40, channels: int = 24, size: int = 12, batch: int = 1) -> NetworkBuilder:
    """Convolutions, poolings, sums and concats between random earlier values; the last ones are joined."""
    chance = random.Random(seed)
    b = NetworkBuilder(batch=batch)
    values = [b.conv(b.input("input", 8, size, size), channels, 3, pad=1)]
    for _ in range(steps):
        x = chance.choice(values[-6:])
        values.append(_step(b, chance, values, x, channels))
    b.output(b.conv(b.concat(*values[-5:]), channels), "joined")
    b.output(b.global_pool(values[-6]), "pooled")
    return b


def _step(b: NetworkBuilder, chance: random.Random, values: Sequence[Value], x: Value, channels: int) -> Value:
    """One more value of the same shape."""
    other = chance.choice(values[-8:])
    match chance.randrange(8):
        case 0:
            return b.relu(b.conv(x, channels, 3, pad=1))
        case 1:
            return b.conv(b.relu(x), channels)
        case 2:
            return b.norm(b.conv(b.depthwise(b.relu(x), 5, bias=False), channels, bias=False))
        case 3:
            return b.max_pool(x, 3, pad=1) if x.power < 50 else b.conv(x, channels)
        case 4:
            return b.avg_pool(x, 3, pad=1)
        case 5:
            return b.conv(b.add(x, other), channels, 3, pad=1)
        case 6:
            return b.conv(b.concat(b.relu(x), other), channels)
        case _:
            return b.multiply(x, b.activation("Sigmoid", b.conv(b.global_pool(other), channels)))


@dataclasses.dataclass(frozen=True, slots=True)
class Model:
    """A model ready to be run and compared.

    Attributes:
        name: Its name.
        path: The file.
        options: Of the import.
        graph: With all passes applied and weights that make a comparison mean something.
        replacements: Weights that the file leaves out.
    """

    name: str
    path: Path
    options: ImportOptions
    graph: Graph
    replacements: tuple[Replacement, ...]

    def inputs(self, seed: int) -> dict[str, Array]:
        """Random inputs, for which the outputs are as large as they were meant to be."""
        return random_inputs(self.graph, seed)

    def pictures(self, seed: int) -> dict[str, Array]:
        """Random inputs of which every one makes other outputs (see `_picture`)."""
        return {
            name: _picture(value, seed) if value.ndim == 4 and value.dtype.kind == "f" else value
            for name, value in self.inputs(seed).items()
        }

    def reference(self, inputs: Mapping[str, Array], *, intermediates: bool = False) -> dict[str, Array]:
        """What ONNX Runtime computes from the original file with the same weights."""
        return reference_outputs(
            self.path, self.options, inputs, intermediates=intermediates, replacements=self.replacements
        )


def _picture(noise: Array, seed: int) -> Array:
    """Coarse random tiles, a random brightness per channel, and noise.

    Deep networks with random weights average white noise out: outputs for two such inputs differ by 0.4 to 2%, less
    than what bf16 rounds away even where nothing is wrong (up to 1.4 times less). With contrast they differ by 5% and
    more, so that an error can be told from rounding.
    """
    generator = np.random.default_rng(seed)
    batch, channels, height, width = noise.shape
    tiles = _CONTRAST * generator.standard_normal((batch, channels, _TILES, _TILES))
    rows, columns = -(-height // _TILES), -(-width // _TILES)
    coarse = np.repeat(np.repeat(tiles, rows, axis=2), columns, axis=3)[:, :, :height, :width]
    brightness = _CONTRAST * generator.standard_normal((batch, channels, 1, 1))
    return np.asarray(coarse + brightness + _NOISE * noise).astype(noise.dtype)


def load(path: Path, options: ImportOptions = ImportOptions()) -> Model:  # noqa: B008 - a frozen value
    """Imports a file; weights that it leaves out become random ones."""
    raw = import_model(path, options).graph
    replacements = find_replacements(raw, _WEIGHT_SEED)
    graph = optimize_graph(apply_replacements(raw, replacements)).graph
    return Model(path.stem, path, options, graph, replacements)


def load_network(b: NetworkBuilder, name: str, folder: Path) -> Model:
    """Writes a network and imports it."""
    return load(write_network(b, name, folder / f"{name}.onnx"))


def models_folder() -> Path | None:
    """Where the three reference models lie: WARPLOOM_MODELS, or beside the checkout."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "models"
    for folder in (os.environ.get("WARPLOOM_MODELS"), os.fspath(beside)):
        if folder and Path(folder).is_dir():
            return Path(folder)
    return None


def light_models() -> Mapping[str, Path]:
    """The light models inside the onnx package: real architectures without their weights."""
    folder = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    return {path.stem: path for path in sorted(folder.glob("*.onnx"))}


def model_names() -> Iterator[str]:
    """Every model that can be asked for, whether it is here or not."""
    yield from light_models()
    yield from REFERENCE_MODELS
    yield from (f"recipe_{name}" for name in RECIPES)


@functools.lru_cache(maxsize=1)
def model(name: str, size: int | None = None, batch: int = 1) -> Model:
    """A model by its name; the last one is kept, for tests of several precisions follow each other.

    Args:
        name: One of `model_names()`.
        size: Height and width (or tokens) of the input instead of the published ones.
        batch: Of the input.

    Raises:
        FileNotFoundError: If its file is not here.
    """
    if name.startswith("recipe_"):
        return _recipe(name.removeprefix("recipe_"), size, batch)
    path = light_models().get(name)
    if path is None:
        folder = models_folder()
        if folder is None or not (folder / f"{name}.onnx").is_file():
            raise FileNotFoundError(f"{name}.onnx: set WARPLOOM_MODELS to the folder that holds it")
        path = folder / f"{name}.onnx"
    return load(path, _options(path, size, batch))


def _options(path: Path, size: int | None, batch: int) -> ImportOptions:
    if size is None:
        return ImportOptions(batch=batch) if batch > 1 else ImportOptions()
    graph = import_model(path).graph
    image = graph.inputs[0]
    return ImportOptions(shapes={image: (batch, graph.tensors[image].shape[1], size, size)})


def _recipe(name: str, size: int | None, batch: int) -> Model:
    path = _written_models() / f"{name}-{size}-{batch}.onnx"
    loaded = load(write_network(describe(name, size=size, batch=batch), name, path))
    return dataclasses.replace(loaded, name=f"recipe_{name}")


@functools.cache
def _written_models() -> Path:
    """A folder for the recipes' files, which are read again for every reference; removed when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="warploom-models-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
