"""Who writes and who reads each tensor, segment by segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warploom.device.cuda.lowering.movement import MOVEMENTS
from warploom.device.cuda.lowering.segment import Segment
from warploom.graph import Graph

_PRODUCTS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})


@dataclass(frozen=True, slots=True)
class Usage:
    """All segments of a Graph.

    Attributes:
        graph: The Graph.
        segments: Of each Operator, in the Graph's order.
        writer: The segment that writes each tensor (graph inputs and constants have none).
        readers: The segments that read each tensor; one that reads it twice is named once.
    """

    graph: Graph
    segments: Sequence[tuple[Segment, ...]]
    writer: Mapping[str, Segment]
    readers: Mapping[str, Sequence[Segment]]

    @staticmethod
    def of(graph: Graph, segments: Sequence[tuple[Segment, ...]]) -> Usage:
        """The usage of segments in execution order."""
        writer: dict[str, Segment] = {}
        readers: dict[str, list[Segment]] = {}
        for segment in (segment for part in segments for segment in part):
            for name in segment.reads:
                readers.setdefault(name, []).append(segment)
            for name in segment.writes:
                writer[name] = segment
        return Usage(graph, segments, writer, readers)

    def sole_reader(self, name: str) -> Segment | None:
        """The only segment that reads a tensor; None if there are several, none, or the caller reads it too."""
        readers = self.readers.get(name, ())
        return readers[0] if len(readers) == 1 and name not in self.graph.outputs else None

    def is_only_output(self, name: str) -> bool:
        """Whether the caller alone reads a tensor that the Graph computes."""
        return name in self.graph.outputs and name in self.writer and not self.readers.get(name)

    def is_computed(self, name: str) -> bool:
        """Whether a kernel or library call writes it (not data movement)."""
        segment = self.writer.get(name)
        return segment is not None and not is_movement(segment)

    def is_concat(self, name: str) -> bool:
        """Whether it is the result of a Concat."""
        segment = self.writer.get(name)
        return segment is not None and segment.anchor is not None and segment.anchor.op == "Concat"

    def is_product(self, name: str) -> bool:
        """Whether a library product may write it."""
        segment = self.writer.get(name)
        return segment is not None and segment.anchor is not None and segment.anchor.op in _PRODUCTS


def is_movement(segment: Segment) -> bool:
    """Whether a segment only moves data."""
    return segment.anchor is not None and segment.anchor.op in MOVEMENTS
