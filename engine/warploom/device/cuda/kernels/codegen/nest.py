"""Loop nests over strided operands of one shape: merges dimensions, orders them as memory lies, finds vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from warploom.device.cuda.steps import Region

VECTOR_BYTES = 16
_INT_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension of a nest.

    Attributes:
        size: Iterations, padded channels included.
        valid: Iterations that are elements of the tensor; the rest are padded lanes.
        strides: Elements between neighbours, for each operand.
    """

    size: int
    valid: int
    strides: tuple[int, ...]

    @property
    def padded(self) -> bool:
        """Whether it has lanes beyond the tensor."""
        return self.valid < self.size


@dataclass(frozen=True, slots=True)
class Nest:
    """Dimensions, outermost first; there is always at least one.

    Attributes:
        axes: The dimensions.
        operands: What the strides are of.
    """

    axes: tuple[Axis, ...]
    operands: tuple[Region, ...]

    @property
    def inner(self) -> Axis:
        """The dimension that neighbouring lanes run along."""
        return self.axes[-1]

    @property
    def count(self) -> int:
        """All iterations."""
        return math.prod(axis.size for axis in self.axes)

    def inner_stride(self, operand: int) -> int:
        """An operand's stride along the innermost dimension."""
        return self.axes[-1].strides[operand]

    def index_type(self, operand: int) -> str:
        """The C++ type of an operand's offsets."""
        reach = sum(abs(axis.strides[operand]) * (axis.size - 1) for axis in self.axes)
        return "int" if reach <= _INT_MAX // 2 else "long long"

    def vector(self, most: int, *, vectorized: Sequence[int] | None = None) -> int:
        """The widest vector, up to `most` lanes, that divides the innermost dimension and keeps accesses aligned.

        Args:
            most: Lanes, a power of two.
            vectorized: Operands that matter; all by default. Those whose innermost stride is neither 0 nor 1 are
                accessed lane by lane and never matter.
        """
        which = range(len(self.operands)) if vectorized is None else vectorized
        lanes = most
        while lanes > 1 and not self._fits(lanes, which):
            lanes //= 2
        return lanes

    def _fits(self, lanes: int, operands: Sequence[int]) -> bool:
        if self.inner.size % lanes and len(self.axes) > 1:
            return False
        return self.inner.size >= lanes and all(self._is_aligned(operand, lanes) for operand in operands)

    def _is_aligned(self, operand: int, lanes: int) -> bool:
        if self.inner_stride(operand) != 1:
            return True
        region = self.operands[operand]
        unit = min(lanes, VECTOR_BYTES // region.layout.dtype.itemsize)
        return region.offset % unit == 0 and all(axis.strides[operand] % unit == 0 for axis in self.axes[:-1])


def make_nest(operands: Sequence[Region], *, lead: int = 0, merge: bool = True) -> Nest:
    """The nest over regions of one logical shape, in the memory order of the leading one.

    Args:
        operands: Regions; those read may repeat (stride 0) or run backwards.
        lead: The operand that decides the order, and whose padded channels are iterated over.
        merge: Whether dimensions that are one in all operands become one.
    """
    layouts = [region.layout for region in operands]
    first = layouts[lead]
    axes = []
    for dimension, size in enumerate(first.shape):
        strides = tuple(layout.strides[dimension] for layout in layouts)
        full = first.channels if dimension == 1 and first.channels_last else size
        if full > 1:
            axes.append(Axis(full, size, strides))
    axes.sort(key=lambda axis: abs(axis.strides[lead]), reverse=True)
    if merge:
        axes = merged(axes)
    none = (0,) * len(operands)
    return Nest(tuple(axes) or (Axis(1, 1, none),), tuple(operands))


def merged(axes: Sequence[Axis]) -> list[Axis]:
    """Dimensions, outermost first, of which neighbours that are one dimension in all operands have become one."""
    result: list[Axis] = []
    for axis in axes:
        if result and _continues(result[-1], axis):
            result[-1] = Axis(result[-1].size * axis.size, result[-1].valid * axis.valid, axis.strides)
        else:
            result.append(axis)
    return result


def _continues(outer: Axis, inner: Axis) -> bool:
    if outer.padded or inner.padded:
        return False
    return all(a == b * inner.size for a, b in zip(outer.strides, inner.strides, strict=True))


def coordinates(axes: Sequence[Axis], index: str, names: Sequence[str], *, lanes: int = 1) -> list[str]:
    """Statements that split a flat index into coordinates, one variable per dimension.

    Args:
        axes: Dimensions, outermost first.
        index: An unsigned variable; the last coordinate counts vectors of `lanes`.
        names: Names of the variables.
        lanes: Elements per step of the innermost dimension.
    """
    sizes = [axis.size for axis in axes]
    sizes[-1] = -(-sizes[-1] // lanes)
    return split_index(index, list(zip(names, sizes, strict=True)))


def split_index(index: str, dimensions: Sequence[tuple[str, int]]) -> list[str]:
    """Statements that split the unsigned variable `index` into one variable per (name, size), outermost first."""
    lines = []
    rest = index
    wide = [dimension for dimension in dimensions if dimension[1] > 1]
    for name, size in reversed(wide[1:]):
        lines.append(f"const unsigned {name}_rest = {rest} / {size}u;")
        lines.append(f"const int {name} = (int)({rest} - {name}_rest * {size}u);")
        rest = f"{name}_rest"
    lines.extend(f"const int {name} = (int){rest};" for name, _ in wide[:1])
    lines.extend(f"const int {name} = 0;" for name, size in dimensions if size <= 1)
    return lines


def offset(axes: Sequence[Axis], operand: int, names: Sequence[str], kind: str, *, lanes: int = 1) -> str:
    """The C++ expression of an operand's offset at the coordinates."""
    terms = []
    for position, (axis, name) in enumerate(zip(axes, names, strict=True)):
        stride = axis.strides[operand] * (lanes if position == len(axes) - 1 else 1)
        if stride and axis.size > 1:
            variable = name if kind == "int" else f"({kind}){name}"
            terms.append(variable if stride == 1 else f"{variable} * {stride}{'ll' if kind != 'int' else ''}")
    return " + ".join(terms) or "0"
