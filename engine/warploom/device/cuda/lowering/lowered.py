"""What lowering a Graph gives: where every tensor lies, the steps of every Operator, the weights to prepare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from warploom.device.cuda.layout import Layout
from warploom.device.cuda.steps import Program, Region
from warploom.graph import Graph, Precision
from warploom.graph.constant import Array

INPUT_PREFIX = "input/"
OUTPUT_PREFIX = "output/"
WEIGHT_PREFIX = "weight/"


@dataclass(frozen=True, slots=True)
class PreparedWeight:
    """A constant as kernels want it: made on the host when asked for, and not kept here.

    Attributes:
        layout: Layout on the device; an own, dense buffer.
        make: Gives the values in physical order (channels innermost where `layout` is channels-last, padding filled
            in), in any NumPy type that converts to the storage type without wrapping.
    """

    layout: Layout
    make: Callable[[], Array]

    def values(self) -> Array:
        """Contiguous values, `layout.elements` of them, in the storage type (bfloat16 as the uint16 of its bits)."""
        from warploom.device.cuda.lowering.conversion import stored

        return stored(self.make(), self.layout.dtype).reshape(-1)


@dataclass(frozen=True, slots=True)
class LoweredGraph:
    """A Graph on the GPU, before any GPU memory exists.

    Buffers are named as `Region.buffer` says. Those in `buffers` go into the arena; "weight/..." are uploaded once and
    stay; "input/NAME" (row-major, in the ONNX type, bfloat16 as float32) and "output/NAME" (row-major, every float as
    float32) belong to the executable.

    Attributes:
        graph: The Graph that was lowered (merged launches already made).
        precision: The arithmetic.
        placements: Where each computed tensor lies that exists in memory; views and slices name the buffer of another.
        buffers: Bytes of each buffer that tensors own.
        entry: Steps that convert the graph's inputs; they come before everything that reads one.
        programs: One per Operator, in the Graph's order. Conversions of the graph's outputs belong to the Operator that
            computes them (of those that are inputs or constants, to `entry`).
        weights: What to upload, by buffer name.
        inputs: The boundary region of each graph input, by its name.
        outputs: The boundary region of each graph output, by its name.
    """

    graph: Graph
    precision: Precision
    placements: Mapping[str, Region]
    buffers: Mapping[str, int]
    entry: Program
    programs: tuple[Program, ...]
    weights: Mapping[str, PreparedWeight]
    inputs: Mapping[str, Region]
    outputs: Mapping[str, Region]

    @property
    def weight_bytes(self) -> int:
        """Bytes of all prepared weights."""
        return sum(weight.layout.size_bytes for weight in self.weights.values())
