"""The recipes: which sample models can be built, and the one function that builds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from warploom.errors import CommandError
from warploom.samples.builder import NetworkBuilder
from warploom.samples.networks.bert_small import bert_small
from warploom.samples.networks.googlenet import googlenet
from warploom.samples.networks.inception_v3 import inception_v3
from warploom.samples.networks.mobilenet_heads import mobilenet_heads
from warploom.samples.networks.nasnet_large import nasnet_large
from warploom.samples.networks.randwire import randwire_large, randwire_small
from warploom.samples.networks.resnet50 import resnet50
from warploom.samples.networks.sample_network import sample_network
from warploom.samples.networks.squeezenet import squeezenet
from warploom.samples.networks.yolo import yolo
from warploom.samples.writing import write_network

MAX_BATCH = 4096


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to build one sample model.

    Attributes:
        name: What `warploom models build` calls it.
        description: One line for `warploom models list`.
        size: Height of its input (tokens for an encoder) as published.
        describe: Describes the network to a builder, for an input of the given size.
        paper_operators: Schedulable operators that the IOS paper's own builder has; None for other networks.
    """

    name: str
    description: str
    size: int
    describe: Callable[[NetworkBuilder, int], None]
    paper_operators: int | None = None


_ALL = (
    Recipe("sample_network", "four 3x3 convolutions in three branches, the IOS paper's example", 15, sample_network),
    Recipe("inception_v3", "Inception V3 up to the global pool, as in the IOS paper", 299, inception_v3, 119),
    Recipe(
        "randwire_large",
        "RandWire, four random stages of separable convolutions, as in the IOS paper",
        224,
        randwire_large,
        120,
    ),
    Recipe("nasnet_large", "NASNet-A large up to the global pool, as in the IOS paper", 331, nasnet_large, 374),
    Recipe("squeezenet", "SqueezeNet with complex bypass, as in the IOS paper", 224, squeezenet, 50),
    Recipe("googlenet", "GoogLeNet with batch normalization", 224, googlenet),
    Recipe("resnet50", "ResNet-50, a control with little parallelism", 224, resnet50),
    Recipe(
        "mobilenet_heads",
        "MobileNet on 1280 x 720 frames with heads at three scales, nine outputs",
        720,
        mobilenet_heads,
    ),
    Recipe("yolo", "YOLO-style detector with three heads", 640, yolo),
    Recipe("bert_small", "four-layer BERT encoder on 128 tokens", 128, bert_small),
    Recipe("randwire_small", "two small random stages, with real weights in 0.2 MB", 64, randwire_small),
)

RECIPES: Mapping[str, Recipe] = {recipe.name: recipe for recipe in _ALL}
"""The recipes by name, in the order in which they are listed."""


def build(
    name: str, path: Path, batch: int = 1, *, light: bool = False, size: int | None = None, seed: int = 0
) -> Path:
    """Builds a sample model and writes it; the same arguments give the same bytes.

    Args:
        name: A key of `RECIPES`.
        path: The .onnx file to write, replaced in one step.
        batch: Size of the batch axis.
        light: Writes weights as ConstantOfShape: a tiny file for looking at schedules.
        size: Input size other than the published one.
        seed: Chooses the random weights.

    Returns:
        The path written.

    Raises:
        CommandError: If there is no such recipe, the batch is out of range or the file cannot be written.
    """
    builder = describe(name, batch=batch, size=size)
    return write_network(builder, name, path, seed=seed, light=light)


def describe(name: str, *, batch: int = 1, size: int | None = None, width: float = 1.0) -> NetworkBuilder:
    """The network as a builder holds it, before weights are made.

    Args:
        name: A key of `RECIPES`.
        batch: Size of the batch axis.
        size: Input size other than the published one.
        width: Factor on all channels.

    Raises:
        CommandError: If there is no such recipe or the batch is out of range.
    """
    recipe = RECIPES.get(name)
    if recipe is None:
        raise CommandError(f"There is no sample model {name!r}; there are: {', '.join(RECIPES)}.")
    if not 1 <= batch <= MAX_BATCH:
        raise CommandError(f"A batch of {batch} is out of range: choose 1 to {MAX_BATCH}.")
    builder = NetworkBuilder(batch=batch, width=width)
    recipe.describe(builder, size or recipe.size)
    return builder
