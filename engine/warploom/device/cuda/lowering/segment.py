"""Segment: the part of an Operator's body that one family of kernels computes, usually in one launch."""

from __future__ import annotations

from dataclasses import dataclass

from warploom.graph import Primitive


@dataclass(frozen=True, slots=True)
class Segment:
    """An anchor with the pointwise primitives fused into it, or a pointwise chain alone.

    Attributes:
        anchor: What decides the kernel; None for pointwise primitives alone, which then are the `epilogue`.
        prologue: Pointwise primitives, in order, that compute `anchor.inputs[0]` and that nothing else reads.
        epilogue: Pointwise primitives, in order, on the anchor's first output (of the same shape).
        reads: Tensors and constants read from outside, each once.
        writes: Tensors that others read (other segments, other Operators, or the caller). Nearly always one.
    """

    anchor: Primitive | None
    prologue: tuple[Primitive, ...]
    epilogue: tuple[Primitive, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]

    @property
    def body(self) -> tuple[Primitive, ...]:
        """All primitives in execution order."""
        anchor = () if self.anchor is None else (self.anchor,)
        return (*self.prologue, *anchor, *self.epilogue)

    @property
    def main(self) -> Primitive:
        """The anchor.

        Raises:
            TypeError: If it is a pointwise chain.
        """
        if self.anchor is None:
            raise TypeError("a pointwise chain has no anchor")
        return self.anchor
