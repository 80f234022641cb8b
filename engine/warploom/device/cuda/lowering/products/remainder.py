"""Puts a product and the rest of its epilogue together: one way to compute a segment per way to split it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.products.fusion import Fusion
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import Choice, PlainStep, Region, Step

MakeProduct = Callable[[Fusion, Region], tuple[PlainStep, ...]]
"""Makes the steps that compute a fusion and write it to a region that the library can address."""


def alternatives(
    segment: Segment,
    context: LoweringContext,
    splits: Sequence[Fusion],
    products: Sequence[MakeProduct],
    scratch: Callable[[], Region],
    *,
    writable: Callable[[Region], bool],
    costly: Callable[[Region], bool] = lambda region: False,  # noqa: ARG005 - a predicate
) -> tuple[Step, ...]:
    """The steps of a segment that a product anchors.

    Args:
        segment: The segment; it writes one tensor.
        context: The context.
        splits: Ways to split the epilogue, most fused first.
        products: Ways to make the steps of a fusion; of the later ones only the least fused is tried.
        scratch: Makes a region that the library can write, for a result that is not final; called once at most.
        writable: Whether the library can write to a region.
        costly: Whether it may do so slower than into memory of its own: then writing there and copying is a way, too.
    """
    target = context.region(segment.writes[0])
    made: list[Region] = []

    def inner() -> Region:
        if not made:
            made.append(scratch())
        return made[0]

    ways: list[tuple[PlainStep, ...]] = []
    tried = [*((products[0], fusion) for fusion in splits), *((product, splits[-1]) for product in products[1:])]
    for product, fusion in tried:
        rest = segment.epilogue[fusion.taken :]
        if not rest and writable(target):
            ways.append(product(fusion, target))
            if costly(target) and len(ways) == 1:
                ways.append((*product(fusion, inner()), *context.copy((inner(), target))))
        else:
            between = inner()
            ways.append((*product(fusion, between), *_rest(segment, context, fusion, between, target)))
    ways += context.own_products(segment, context)
    return ways[0] if len(ways) == 1 else (Choice(tuple(ways)),)


def _rest(
    segment: Segment, context: LoweringContext, fusion: Fusion, between: Region, target: Region
) -> tuple[PlainStep, ...]:
    rest = segment.epilogue[fusion.taken :]
    if not rest:
        return context.copy((between, target))
    written = {name for primitive in rest for name in primitive.outputs}
    reads = dict.fromkeys(name for primitive in rest for name in primitive.inputs if name and name not in written)
    chain = Segment(None, (), tuple(rest), tuple(reads), segment.writes)
    inside = context.with_placements({fusion.result: between})
    return context.pointwise_steps((chain,), inside)
