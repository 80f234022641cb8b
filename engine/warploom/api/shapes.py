"""The shapes that a plan shall hold, from batch sizes or from profiles of inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from warploom.api.optimizing import Shapes
from warploom.errors import PlanError

Profiles = Mapping[str, Sequence[Sequence[int]]]


def wanted_shapes(
    batch: int | Sequence[int] | None, shapes: Shapes | None, profiles: Profiles | None
) -> list[dict[str, Any]]:
    """The options `batch` and `shapes` of every shape, each shape once.

    Raises:
        PlanError: If profiles and batches are mixed, or profiles differ in length.
    """
    fixed = {name: tuple(shape) for name, shape in (shapes or {}).items()}
    if profiles:
        if batch is not None:
            raise PlanError("Give profiles or batch sizes: a profile's shapes say the batch themselves.")
        lengths = {len(several) for several in profiles.values()}
        if len(lengths) != 1 or lengths == {0}:
            raise PlanError("Every profile needs as many shapes as the others, one at least.")
        rows: list[dict[str, Any]] = [
            {"shapes": {**fixed, **{name: tuple(several[i]) for name, several in profiles.items()}}}
            for i in range(lengths.pop())
        ]
    else:
        sizes = [batch] if batch is None or isinstance(batch, int) else list(batch)
        if not sizes:
            raise PlanError("Give one batch size at least.")
        rows = [{"batch": size, "shapes": fixed} for size in sizes]
    return [row for i, row in enumerate(rows) if row not in rows[:i]]
