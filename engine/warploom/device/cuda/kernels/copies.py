"""Strided copies with conversion: whatever moves data without computing, and both sides of the boundary."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.chain import IDENTITY, Chain, converted
from warploom.device.cuda.kernels.codegen.elementwise import Part, elementwise_steps
from warploom.device.cuda.kernels.codegen.kernel import kernel_step
from warploom.device.cuda.kernels.codegen.nest import Axis, Nest, coordinates, make_nest, offset
from warploom.device.cuda.kernels.codegen.types import LARGEST, SHORT, value_type
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import DType, Primitive

_TILE = 32
_ROWS = 8
# Below this, neighbouring threads that write side by side read few enough lines for the cache to catch.
_LEAST_TILED = 16
# Each has 4 KiB of shared memory, of which a block has 48 for free.
_MOST_TOGETHER = 10


def copy_steps(pairs: Sequence[tuple[Region, Region]]) -> tuple[KernelStep, ...]:
    """Copies each (read, write) pair: one launch for all that need no transposition, one for all that do."""
    parts: list[Part] = []
    tiled: list[_Tiled] = []
    for read, write in pairs:
        if not math.prod(write.layout.shape):
            continue
        transposition = _transposition(read, write)
        if transposition is None:
            parts.append(_part(read, write))
        else:
            tiled.append(transposition)
    name = "copy" if len(parts) < 2 else f"copy_{len(parts)}_parts"
    together = (_tiled_step(tiled[i : i + _MOST_TOGETHER]) for i in range(0, len(tiled), _MOST_TOGETHER))
    return (*elementwise_steps(name, parts), *together)


def _part(read: Region, write: Region) -> Part:
    source, target = read.layout.dtype, write.layout.dtype
    chain, name = IDENTITY, "x"
    if not (source.is_float and target.is_float) and source is not target:
        name = "y"
        chain = Chain((Primitive("Cast", ("x",), ("y",), (("to", target.value),)),), {"x": source, "y": target})
    return Part(chain, ((name, write),), (("x", read),), saturate=_narrows(source, target))


def _narrows(source: DType, target: DType) -> bool:
    return source.is_float and target in LARGEST and source is not target


@dataclass(frozen=True, slots=True)
class _Tiled:
    """A copy through tiles in shared memory: neighbours in one region are far apart in the other.

    Attributes:
        nest: Over the written region, then the read one.
        across: The axis along which the read region has neighbours.
    """

    nest: Nest
    across: int

    @property
    def batch(self) -> list[Axis]:
        """The axes that are neither rows nor columns of tiles."""
        return [axis for position, axis in enumerate(self.nest.axes[:-1]) if position != self.across]

    @property
    def grid(self) -> list[Axis]:
        """What blocks run over: the batch, then rows and columns of tiles."""
        sides = (self.nest.axes[self.across].size, self.nest.inner.size)
        return [*self.batch, *(Axis(-(-side // _TILE), 0, (0, 0)) for side in sides)]

    @property
    def blocks(self) -> int:
        """One per tile."""
        return math.prod(axis.size for axis in self.grid)

    def lines(self, first: int, write: str, read: str) -> list[str]:
        """Statements of the blocks from `first` on, given the pointers."""
        inner, along = self.nest.inner, self.nest.axes[self.across]
        target, source = (region.layout.dtype for region in self.nest.operands)
        names = [*(f"b{i}" for i in range(len(self.batch))), "tile_row", "tile_column"]
        kinds = [self.nest.index_type(operand) for operand in (0, 1)]
        bases = [offset(self.batch, operand, names[: len(self.batch)], kinds[operand]) for operand in (0, 1)]
        stored = _stored(f"tile[threadIdx.x][threadIdx.y + k * {_ROWS}]", source, target)
        result = f"(column < {inner.valid} ? {stored} : ({value_type(target)})(0))" if inner.padded else stored
        return [
            f"__shared__ {value_type(source)} tile[{_TILE}][{_TILE + 1}];",
            f"const unsigned t = blockIdx.x{f' - {first}u' if first else ''};",
            *coordinates(self.grid, "t", names),
            "#pragma unroll",
            f"for (int k = 0; k < {_TILE // _ROWS}; ++k) {{",
            f"  const int column = tile_column * {_TILE} + (int)threadIdx.y + k * {_ROWS};",
            f"  const int row = tile_row * {_TILE} + (int)threadIdx.x;",
            f"  if (column < {inner.valid} && row < {along.size})",
            f"    tile[threadIdx.y + k * {_ROWS}][threadIdx.x] =",
            f"        wl::decode({read}[{bases[1]} + ({kinds[1]})column * {inner.strides[1]} + row]);",
            "}",
            "__syncthreads();",
            "#pragma unroll",
            f"for (int k = 0; k < {_TILE // _ROWS}; ++k) {{",
            f"  const int column = tile_column * {_TILE} + (int)threadIdx.x;",
            f"  const int row = tile_row * {_TILE} + (int)threadIdx.y + k * {_ROWS};",
            f"  if (column < {inner.size} && row < {along.size}) {{",
            f"    const {value_type(target)} r[1] = {{{result}}};",
            f"    wl::store<1>({write} + ({bases[0]} + ({kinds[0]})row * {along.strides[0]} + column), r);",
            "  }",
            "}",
        ]


def _transposition(read: Region, write: Region) -> _Tiled | None:
    """How a copy goes through tiles; None where neighbours of one region are neighbours of the other."""
    nest = make_nest((write, read))
    across = [position for position, axis in enumerate(nest.axes[:-1]) if axis.strides[1] == 1]
    inner = nest.inner
    if inner.strides[0] != 1 or inner.strides[1] in (0, 1) or len(across) != 1:
        return None
    along = nest.axes[across[0]]
    return None if min(inner.valid, along.size) < _LEAST_TILED else _Tiled(nest, across[0])


def _tiled_step(parts: Sequence[_Tiled]) -> KernelStep:
    """One launch: each part has blocks of its own."""
    writes, reads = ([part.nest.operands[operand] for part in parts] for operand in (0, 1))
    lines: list[str] = []
    first = 0
    for i, part in enumerate(parts):
        until = first + part.blocks
        inside = part.lines(first, f"y{i}", f"x{i}")
        lines += [f"if (blockIdx.x < {until}u) {{", *inside, "return;", "}"] if len(parts) > 1 else inside
        first = until
    types = zip(reads, writes, strict=True)
    kinds = dict.fromkeys(f"{SHORT[read.layout.dtype]}_{SHORT[write.layout.dtype]}" for read, write in types)
    name = f"transpose_{f'{len(parts)}_parts_' if len(parts) > 1 else ''}{'_'.join(kinds)}"
    return kernel_step(name, lines, writes, reads, grid=(first, 1, 1), block=(_TILE, _ROWS, 1))


def _stored(text: str, source: DType, target: DType) -> str:
    text = converted(text, source, target)
    return f"wl::saturated({text}, {LARGEST[target]})" if _narrows(source, target) else text


COPY = copy_steps
