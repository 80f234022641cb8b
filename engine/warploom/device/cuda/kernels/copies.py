"""Strided copies with conversion: whatever moves data without computing, and both sides of the boundary."""

from __future__ import annotations

import math
from collections.abc import Sequence

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


def copy_steps(pairs: Sequence[tuple[Region, Region]]) -> tuple[KernelStep, ...]:
    """Copies each (read, write) pair; one launch for all that need no transposition."""
    parts: list[Part] = []
    steps: list[KernelStep] = []
    for read, write in pairs:
        if not math.prod(write.layout.shape):
            continue
        tiled = _transposition(read, write)
        if tiled is None:
            parts.append(_part(read, write))
        else:
            steps.append(tiled)
    name = "copy" if len(parts) < 2 else f"copy_{len(parts)}_parts"
    return (*elementwise_steps(name, parts), *steps)


def _part(read: Region, write: Region) -> Part:
    source, target = read.layout.dtype, write.layout.dtype
    chain, name = IDENTITY, "x"
    if not (source.is_float and target.is_float) and source is not target:
        name = "y"
        chain = Chain((Primitive("Cast", ("x",), ("y",), (("to", target.value),)),), {"x": source, "y": target})
    return Part(chain, ((name, write),), (("x", read),), saturate=_narrows(source, target))


def _narrows(source: DType, target: DType) -> bool:
    return source.is_float and target in LARGEST and source is not target


def _transposition(read: Region, write: Region) -> KernelStep | None:
    """A copy through tiles in shared memory, if neighbours in one region are far apart in the other."""
    nest = make_nest((write, read))
    across = [position for position, axis in enumerate(nest.axes[:-1]) if axis.strides[1] == 1]
    inner = nest.inner
    if inner.strides[0] != 1 or inner.strides[1] in (0, 1) or len(across) != 1:
        return None
    along = nest.axes[across[0]]
    if min(inner.valid, along.size) < _LEAST_TILED:
        return None
    return _tiled(nest, across[0], read, write)


def _tiled(nest: Nest, across: int, read: Region, write: Region) -> KernelStep:
    inner, along = nest.inner, nest.axes[across]
    batch = [axis for position, axis in enumerate(nest.axes[:-1]) if position != across]
    tiles = Axis(-(-along.size // _TILE), 0, (0, 0)), Axis(-(-inner.size // _TILE), 0, (0, 0))
    names = [*(f"b{i}" for i in range(len(batch))), "tile_row", "tile_column"]
    kinds = [nest.index_type(operand) for operand in (0, 1)]
    bases = [offset(batch, operand, names[: len(batch)], kinds[operand]) for operand in (0, 1)]
    value = value_type(read.layout.dtype)
    stored = _stored(f"tile[threadIdx.x][threadIdx.y + k * {_ROWS}]", read.layout.dtype, write.layout.dtype)
    zero = f"({value_type(write.layout.dtype)})(0)"
    result = f"(column < {inner.valid} ? {stored} : {zero})" if inner.padded else stored
    lines = [
        f"__shared__ {value} tile[{_TILE}][{_TILE + 1}];",
        "const unsigned t = blockIdx.x;",
        *coordinates((*batch, *tiles), "t", names),
        "#pragma unroll",
        f"for (int k = 0; k < {_TILE // _ROWS}; ++k) {{",
        f"  const int column = tile_column * {_TILE} + (int)threadIdx.y + k * {_ROWS};",
        f"  const int row = tile_row * {_TILE} + (int)threadIdx.x;",
        f"  if (column < {inner.valid} && row < {along.size})",
        f"    tile[threadIdx.y + k * {_ROWS}][threadIdx.x] =",
        f"        wl::decode(x0[{bases[1]} + ({kinds[1]})column * {inner.strides[1]} + row]);",
        "}",
        "__syncthreads();",
        "#pragma unroll",
        f"for (int k = 0; k < {_TILE // _ROWS}; ++k) {{",
        f"  const int column = tile_column * {_TILE} + (int)threadIdx.x;",
        f"  const int row = tile_row * {_TILE} + (int)threadIdx.y + k * {_ROWS};",
        f"  if (column < {inner.size} && row < {along.size}) {{",
        f"    const {value_type(write.layout.dtype)} r[1] = {{{result}}};",
        f"    wl::store<1>(y0 + ({bases[0]} + ({kinds[0]})row * {along.strides[0]} + column), r);",
        "  }",
        "}",
    ]
    blocks = math.prod(axis.size for axis in (*batch, *tiles))
    name = f"transpose_{SHORT[read.layout.dtype]}_{SHORT[write.layout.dtype]}"
    return kernel_step(name, lines, (write,), (read,), grid=(blocks, 1, 1), block=(_TILE, _ROWS, 1))


def _stored(text: str, source: DType, target: DType) -> str:
    text = converted(text, source, target)
    return f"wl::saturated({text}, {LARGEST[target]})" if _narrows(source, target) else text


COPY = copy_steps
