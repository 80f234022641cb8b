"""What an import is asked for and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from warploom.graph import Graph, LogEntry


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How the unknown parts of a model are filled in.

    Attributes:
        batch: Size of the leading dimension of the inputs. None keeps a size that the model fixes and takes 1 where
            it is unknown.
        shapes: Shapes of inputs by name; they settle unknown dimensions and override fixed ones.
        random_weights: Seed of the random values that take the place of symbolic fill weights; None keeps the fills.
    """

    batch: int | None = None
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    random_weights: int | None = None


@dataclass(frozen=True, slots=True)
class ImportedModel:
    """A model file turned into a raw Graph: one canonical Primitive per Operator, nothing fused yet.

    Attributes:
        path: The file.
        name: The file's name without its suffix.
        sha256: Hash of the model file (external data excluded), in hexadecimal.
        opset: Version of the default ONNX operator set that the file uses.
        graph: Its operators, tensors and weights.
        log: What was folded, dropped and assumed, with reasons.
        node_count: Number of nodes in the file.
    """

    path: Path
    name: str
    sha256: str
    opset: int
    graph: Graph
    log: tuple[LogEntry, ...]
    node_count: int
