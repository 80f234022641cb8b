"""What a kernel over rows computes: passes, the totals that they accumulate, and what is stored.

A row is whatever the reduced dimensions span. Each pass combines all elements of a row into a few totals that every
thread then knows; at the end totals are stored per row, or results per element.
"""

from __future__ import annotations

from dataclasses import dataclass

from warploom.device.cuda.steps import Region


@dataclass(frozen=True, slots=True)
class Total:
    """Something that a pass accumulates for every row.

    Attributes:
        name: Its variable.
        kind: Its C++ type.
        first: Its value for no elements.
    """

    name: str
    kind: str
    first: str


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over every row.

    Templates name variables in braces: totals of this and earlier passes, and what earlier passes finished.

    Attributes:
        totals: What is accumulated.
        update: Statements per element, with {x} and {index} (the element's place in its row).
        combine: Statements that add to the totals those of another thread, named {other_NAME}.
        finish: Name, type and value of what follows from the totals.
        reads: Names of further operands that `update` uses.
    """

    totals: tuple[Total, ...]
    update: tuple[str, ...]
    combine: tuple[str, ...]
    finish: tuple[tuple[str, str, str], ...] = ()
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """What a kernel computes.

    Attributes:
        stem: For its name.
        x: The tensor.
        reduced: Dimensions that a row spans.
        passes: Passes.
        results: What is stored per row: a template and where it goes (shape of x, stride 0 along rows).
        elements: What is stored per element: a template, with {x}, {index} and names of `reads`; and where it goes.
        reads: Further operands by name, in the shape of x.
    """

    stem: str
    x: Region
    reduced: frozenset[int]
    passes: tuple[Pass, ...]
    results: tuple[tuple[str, Region], ...] = ()
    elements: tuple[tuple[str, Region], ...] = ()
    reads: tuple[tuple[str, Region], ...] = ()
