"""What a plan file holds: the facts of its plans, and the parts that are read when they are needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from warploom.device.protocol import Array, DeviceInfo
from warploom.device.serving import FrozenPlan, Stamp
from warploom.graph import Graph, Precision
from warploom.recording.recording import ModelFingerprint
from warploom.schedule import StreamPlan

ALIGNMENT_BYTES = 256

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output: its name, shape and NumPy type."""

    name: str
    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        return f"{self.name} {self.dtype} {list(self.shape)}"


@dataclass(frozen=True, slots=True)
class ShapeFacts:
    """One shape that a plan file answers.

    Attributes:
        inputs: Inputs.
        outputs: Outputs.
        plan: What is executed.
        latency_us: Median latency of the plan alone when the file was built; None where nobody measured.
        paddable: Whether a smaller batch may be answered by filling up rows: shown when the file was built.
    """

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    plan: StreamPlan
    latency_us: float | None = None
    paddable: bool = False


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What a plan file says about itself.

    Attributes:
        model: Which model.
        precision: Arithmetic of float operators.
        device: What it was built on.
        stamp: What it is valid for.
        shapes: The shapes, in the order in which they were asked for.
        workspace_mb: Limit of library workspaces that it was built with.
    """

    model: ModelFingerprint
    precision: Precision
    device: DeviceInfo
    stamp: Stamp
    shapes: tuple[ShapeFacts, ...]
    workspace_mb: int | None = None


@dataclass(frozen=True, slots=True)
class ShapeParts:
    """The large parts of one shape, each read when it is called.

    Attributes:
        graph: The Graph with its weights.
        document: Of the frozen plan.
        offsets: Where its prepared weights begin in the block.
    """

    graph: Callable[[], Graph]
    document: Callable[[], bytes]
    offsets: Callable[[], Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class PlanContents:
    """A plan file, opened or about to be written.

    Attributes:
        facts: What it says about itself.
        shapes: The parts of each shape, as in `facts.shapes`.
        weights: Reads the block of all prepared weights.
        name: For messages: the path, or the model's name.
    """

    facts: PlanFacts
    shapes: tuple[ShapeParts, ...]
    weights: Callable[[], Array]
    name: str


def contents_of(facts: PlanFacts, graphs: Sequence[Graph], frozen: Sequence[FrozenPlan], name: str) -> PlanContents:
    """The contents of plans that were frozen just now."""
    block, offsets = pack([one.weights for one in frozen])
    parts = tuple(
        ShapeParts(_given(graph), _given(one.document), _given(places))
        for graph, one, places in zip(graphs, frozen, offsets, strict=True)
    )
    return PlanContents(facts, parts, lambda: block, name)


def ports(graph: Graph, names: Sequence[str]) -> tuple[Port, ...]:
    """Inputs or outputs of a Graph."""
    tensors = graph.tensors
    return tuple(Port(name, tensors[name].shape, str(tensors[name].dtype.to_numpy())) for name in names)


def pack(parts: Sequence[Mapping[str, Array]]) -> tuple[Array, list[dict[str, int]]]:
    """Bytes by name, side by side in one block; equal bytes lie there once.

    Returns:
        The block (uint8), and for each part where each name begins.
    """
    places: dict[bytes, int] = {}
    arrays: list[tuple[int, Array]] = []
    end = 0
    offsets: list[dict[str, int]] = []
    for part in parts:
        found: dict[str, int] = {}
        for name, array in part.items():
            digest = _digest(array)
            if digest not in places:
                places[digest] = end
                arrays.append((end, array))
                end += -(-array.size // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
            found[name] = places[digest]
        offsets.append(found)
    block = np.zeros(end, np.uint8)
    for start, array in arrays:
        block[start : start + array.size] = array
    return block, offsets


def _digest(array: Array) -> bytes:
    import hashlib

    return hashlib.blake2b(np.ascontiguousarray(array).data, digest_size=16).digest()


def _given(value: _Value) -> Callable[[], _Value]:
    return lambda: value
