"""Registry: which family of kernels computes which primitive. Families register themselves by a table in their module.

A module of `warploom.device.cuda.kernels` joins in by defining any of

- `FAMILIES: Mapping[str, Family]`, by family key (`family_key`): the operator's name, "DepthwiseConv" for depthwise;
- `POINTWISE: PointwiseFamily`: pointwise chains (one module only);
- `COPY: CopySteps`: strided copies with conversion (one module only);
- `OWN_PRODUCTS: OwnProducts`: further ways to compute a product that a library computes, too.

Primitives that move data without computing are not families: lowering makes them views, or hands `COPY` pairs of
Regions (Identity, Reshape, Flatten, Squeeze, Unsqueeze, Dropout, Transpose, Slice, Split, Concat, Expand, Tile,
DepthToSpace, SpaceToDepth, and conversions at the boundary).
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep, PlainStep, Region, Step
from warploom.errors import DeviceError
from warploom.graph import Graph, OperatorKind, Precision, Primitive
from warploom.graph.kinds import kind_of

FamilyLowering = Callable[[Segment, LoweringContext], tuple[Step, ...]]
"""Steps that read `context.region(name)` of what the segment reads and wholly write `context.region(name)` of what it
writes, padded channels included (with zeros)."""

Obstacle = Callable[[Primitive, Graph, Precision], str | None]
"""Why a primitive cannot be computed, as the end of a sentence that begins with its name; None when it can."""

CopySteps = Callable[[Sequence[tuple[Region, Region]]], tuple[KernelStep, ...]]
"""Copies each (read, write) pair, all independent of each other: best in one launch.

Both regions of a pair have the same logical shape, of any rank. Strides are any: 0 in a read broadcasts, negative ones
in a read go backwards from its offset. Types convert (floats saturate to the largest finite value of a smaller type).
Where the write is channels-last, its padded lanes [C, channels) are written with zeros.
"""


def no_obstacle(primitive: Primitive, graph: Graph, precision: Precision) -> str | None:  # noqa: ARG001 - an Obstacle
    """For families that compute every form of their primitives."""
    return None


def any_prologue(chain: Sequence[Primitive]) -> bool:  # noqa: ARG001 - a predicate
    """For families that take every pointwise chain before their anchor."""
    return True


@dataclass(frozen=True, slots=True)
class Family:
    """A family of kernels.

    Attributes:
        name: How the user is told that the primitive runs: "own kernel: pooling".
        lower: Makes the steps of a segment that one of its primitives anchors.
        obstacle: Says which forms it cannot compute.
        takes_prologue: Whether pointwise primitives before the anchor may be part of the segment.
        takes_epilogue: Whether pointwise primitives behind it may be.
        prologue_fits: Which of them, where not all.
    """

    name: str
    lower: FamilyLowering
    obstacle: Obstacle = no_obstacle
    takes_prologue: bool = False
    takes_epilogue: bool = False
    prologue_fits: Callable[[Sequence[Primitive]], bool] = any_prologue


@dataclass(frozen=True, slots=True)
class PointwiseFamily:
    """Generated kernels for pointwise chains.

    Attributes:
        ops: Names of the primitives that it knows.
        lower: Steps for segments without anchor that do not depend on each other: best in one launch. A segment may
            write several tensors, may read tensors that broadcast (`context.operand`), and changes types (Cast).
        obstacle: Says which forms it cannot compute.
    """

    ops: frozenset[str]
    lower: Callable[[tuple[Segment, ...], LoweringContext], tuple[PlainStep, ...]]
    obstacle: Obstacle = no_obstacle


def _never(primitive: Primitive, graph: Graph, precision: Precision) -> bool:  # noqa: ARG001 - a predicate
    return False


@dataclass(frozen=True, slots=True)
class OwnProducts:
    """Own kernels for products that a library computes, too: the faster way is measured.

    Attributes:
        ways: Ways to compute a whole segment, each by itself; empty where there is none.
        reads_anything: Whether they compute a primitive and read its first input in whatever order and type it lies,
            so that the caller's need not be converted before.
        writes_anything: Whether they compute a primitive and write floats as the caller wants them.
    """

    ways: Callable[[Segment, LoweringContext], tuple[tuple[PlainStep, ...], ...]]
    reads_anything: Callable[[Primitive, Graph, Precision], bool] = _never
    writes_anything: Callable[[Primitive, Graph, Precision], bool] = _never


@dataclass(frozen=True, slots=True)
class Registry:
    """All families.

    Attributes:
        pointwise: Pointwise chains.
        copy: Strided copies.
        families: The rest by family key.
        own_products: What competes with the libraries' products.
    """

    pointwise: PointwiseFamily
    copy: CopySteps
    families: Mapping[str, Family] = field(default_factory=dict)
    own_products: tuple[OwnProducts, ...] = ()

    def family(self, primitive: Primitive, graph: Graph) -> Family | None:
        """The family that computes a primitive; None for pointwise ones, data movement, and what nobody computes."""
        return self.families.get(family_key(primitive, graph))

    def own_ways(self, segment: Segment, context: LoweringContext) -> tuple[tuple[PlainStep, ...], ...]:
        """What competes with the libraries for a segment that a product anchors."""
        return tuple(way for own in self.own_products for way in own.ways(segment, context))


def family_key(primitive: Primitive, graph: Graph) -> str:
    """The name that a primitive's family is registered by."""
    depthwise = kind_of(primitive, graph.tensors) is OperatorKind.DEPTHWISE and primitive.inputs[1] in graph.constants
    return "DepthwiseConv" if depthwise else primitive.op


@functools.cache
def default_registry() -> Registry:
    """Every family that this package has.

    Raises:
        DeviceError: If two modules claim one primitive, or a module is missing (a broken installation).
    """
    from warploom.device.cuda import kernels
    from warploom.device.cuda.lowering.products import FAMILIES

    families: dict[str, Family] = dict(FAMILIES)
    pointwise: PointwiseFamily | None = None
    copy: CopySteps | None = None
    own_products: list[OwnProducts] = []
    for info in pkgutil.iter_modules(kernels.__path__):
        module = importlib.import_module(f"{kernels.__name__}.{info.name}")
        added: Mapping[str, Family] = getattr(module, "FAMILIES", {})
        clash = families.keys() & added.keys()
        if clash:
            raise DeviceError(f"{info.name} computes {', '.join(sorted(clash))}, which another module does already.")
        families.update(added)
        pointwise = getattr(module, "POINTWISE", pointwise)
        copy = getattr(module, "COPY", copy)
        own_products += [module.OWN_PRODUCTS] if hasattr(module, "OWN_PRODUCTS") else []
    if pointwise is None or copy is None:
        raise DeviceError("The CUDA device's pointwise or copy kernels are missing: install Warploom again.")
    return Registry(pointwise, copy, families, tuple(own_products))
