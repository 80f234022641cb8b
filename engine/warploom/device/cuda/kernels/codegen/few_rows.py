"""The text of products of a few rows with a constant matrix: they are as fast as the matrix can be read.

A warp reads whole rows of the transposed matrix, 16 bytes a lane, and multiplies them with every row of the other
factor; its lanes then add up. Sums are of float32 and always in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.access import Access
from warploom.device.cuda.kernels.codegen.types import LARGEST, value_type
from warploom.device.cuda.kernels.codegen.window import Fused
from warploom.device.cuda.layout import vector_lanes
from warploom.device.cuda.steps import Region

WARPS = 4
"""Warps of a block."""

_MOST_UNROLLED = 8


@dataclass(frozen=True, slots=True)
class FewRows:
    """A product y = after(x @ w.T + bias).

    Attributes:
        x: (M, K), neighbours along K.
        w: (N, K) with rows of `pitch` elements, padded with zeros to whole vectors.
        y: (M, N) of any strides.
        bias: (N,) in float32 or None.
        padded: Columns that are written, those beyond N with zeros.
        after: The epilogue; what it reads has the shape of y.
    """

    x: Region
    w: Region
    y: Region
    bias: Region | None
    padded: int
    after: Fused

    @property
    def rows(self) -> int:
        """M."""
        return self.x.layout.shape[0]

    @property
    def depth(self) -> int:
        """K."""
        return self.x.layout.shape[1]

    @property
    def columns(self) -> int:
        """N."""
        return self.y.layout.shape[1]


@dataclass(frozen=True, slots=True)
class Share:
    """What a warp computes.

    Attributes:
        columns: Columns of the result, in all rows.
        split: Warps that share the depth of the same columns.
    """

    columns: int
    split: int


def blocks_of(layer: FewRows, share: Share) -> int:
    """Blocks of a launch."""
    return -(-layer.padded // (share.columns * (WARPS // share.split)))


def body(layer: FewRows, share: Share) -> list[str]:
    """All statements: x0 is the few rows, x1 the matrix, then the bias, then what the epilogue reads."""
    lanes = vector_lanes(layer.w.layout.dtype)
    rows, columns, split = layer.rows, share.columns, share.split
    step = 32 * lanes * split
    rounds = -(-layer.depth // step)
    unroll = "#pragma unroll" if rounds <= _MOST_UNROLLED else "#pragma unroll 4"
    pitch = layer.w.layout.strides[0]
    return [
        "const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;",
        f"const int n0 = (blockIdx.x * {WARPS // split} + warp / {split}) * {columns};",
        f"float sum[{columns}][{rows}];",
        "#pragma unroll",
        f"for (int i = 0; i < {columns * rows}; ++i) sum[i / {rows}][i % {rows}] = 0.0f;",
        unroll,
        f"for (int round = 0; round < {rounds}; ++round) {{",
        f"  const int k = ((round * {split} + warp % {split}) * 32 + lane) * {lanes};",
        f"  if (k < {layer.depth}) {{",
        *(f"    {line}" for line in _products(layer, share, lanes, pitch)),
        "  }",
        "}",
        *_added_up(rows, columns, split),
        *_result(layer, share),
    ]


def _products(layer: FewRows, share: Share, lanes: int, pitch: int) -> list[str]:
    """Both factors of one vector along the depth, multiplied."""
    lines = []
    whole = layer.depth % lanes == 0
    # Where blocks cover more columns than the matrix has rows, its last row stands for those that are missing.
    exact = blocks_of(layer, share) * share.columns * (WARPS // share.split) == layer.columns
    for j in range(share.columns):
        row = f"n0 + {j}" if exact else f"min(n0 + {j}, {layer.columns - 1})"
        lines += [f"float w{j}[{lanes}];", f"wl::load<{lanes}>(x1 + ({row}) * {pitch}ll + k, w{j});"]
    for m in range(layer.rows):
        at = f"x0 + {m * layer.x.layout.strides[0]} + k"
        load = f"wl::load<{lanes}>({at}, v);" if whole else f"wl::load_some<{lanes}>({at}, {layer.depth} - k, v);"
        add = [f"sum[{j}][{m}] = fmaf(w{j}[l], v[l], sum[{j}][{m}]);" for j in range(share.columns)]
        loop = ["#pragma unroll", f"for (int l = 0; l < {lanes}; ++l) {{", *(f"  {line}" for line in add), "}"]
        lines += ["{", f"float v[{lanes}];", load, *loop, "}"]
    return lines


def _added_up(rows: int, columns: int, split: int) -> list[str]:
    """The sums of all lanes, and of all warps that share columns: lane i gets the i-th."""
    lines = [
        "float total = 0.0f;",
        "#pragma unroll",
        f"for (int i = 0; i < {columns * rows}; ++i) {{",
        f"  float part = sum[i / {rows}][i % {rows}];",
        "  #pragma unroll",
        "  for (int d = 16; d > 0; d >>= 1) part += wl::shuffle_xor(part, d);",
        "  if (lane == i) total = part;",
        "}",
    ]
    if split == 1:
        return lines
    return [
        *lines,
        f"__shared__ float parts[{WARPS}][32];",
        "parts[warp][lane] = total;",
        "__syncthreads();",
        f"if (warp % {split}) return;",
        "#pragma unroll",
        f"for (int i = 1; i < {split}; ++i) total += parts[warp + i][lane];",
    ]


def _result(layer: FewRows, share: Share) -> list[str]:
    """The epilogue of one element per lane, and its store."""
    y, after = layer.y, layer.after
    values = {after.value: "total"}
    lines: list[str] = []
    skip = 2
    if layer.bias is not None:
        lines.append(f"if (n < {layer.columns}) total += x2[n];")
        skip = 3
    for position, (name, region) in enumerate(after.reads):
        loads, values[name] = _access(region, f"x{skip + position}").load(f"e{position}")
        lines.extend(loads)
    statements, known = after.chain.emit(values, "w")
    kind, result = value_type(y.layout.dtype), known[after.result]
    if after.chain.exceeds_half and y.layout.dtype in LARGEST:
        result = f"wl::saturated({result}, {LARGEST[y.layout.dtype]})"
    if layer.padded > layer.columns:
        result = f"n < {layer.columns} ? {result} : ({kind})(0)"
    store = _access(y, "y0")
    return [
        f"const int m = lane % {layer.rows}, n = n0 + lane / {layer.rows};",
        f"if (lane >= {share.columns * layer.rows} || n >= {layer.padded}) return;",
        *lines,
        *statements,
        f"const {kind} r[1] = {{{result}}};",
        f"wl::store<1>({store.pointer}, r);",
    ]


def _access(region: Region, pointer: str) -> Access:
    """Access to one element of an operand with the shape of y."""
    down, across = region.layout.strides
    terms = [f"{name} * {stride}" for name, stride in (("m", down), ("n", across)) if stride]
    return Access(f"{pointer} + ({' + '.join(terms) or '0'})", region.layout.dtype, 0, 1)


def operands(layer: FewRows) -> Sequence[Region]:
    """What the kernel reads, in order."""
    bias = [layer.bias] if layer.bias is not None else []
    return [layer.x, layer.w, *bias, *(region for _, region in layer.after.reads)]
