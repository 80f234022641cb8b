"""Pooling of 8-bit integers as integers: four channels in two words, conversions only where the result is stored.

A thread computes 16 channels of one pixel. Bytes are biased to be unsigned and spread over halves of words, which hold
maxima and sums of up to 256 of them without a carry into their neighbour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from warploom.device.cuda.kernels.codegen.access import Access, each_lane
from warploom.device.cuda.kernels.codegen.kernel import blocks_for, kernel_step, named_source
from warploom.device.cuda.kernels.codegen.nest import split_index
from warploom.device.cuda.kernels.codegen.types import SHORT, STORAGE, float_literal, value_type
from warploom.device.cuda.kernels.pointwise import operand
from warploom.device.cuda.layout import is_image_layout
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.requantizing import BYTES, Ending, ending_of
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import DType, Primitive

LANES = 16
_BLOCK = 128
_MOST_TAPS = 256

_HELPERS = """#ifndef WL_INTEGER_LANES
#define WL_INTEGER_LANES
namespace wl {
WL_FUNCTION unsigned greater_halves(unsigned a, unsigned b) { return __vmaxu2(a, b); }
WL_FUNCTION unsigned float_word(float x) { return __float_as_uint(x); }
}
#endif
"""


@dataclass(frozen=True, slots=True)
class IntegerPool:
    """One pooling operator over two dimensions.

    Attributes:
        primitive: MaxPool or AveragePool in canonical form.
        x: (N, C, H, W) of int8 or uint8, channels innermost in whole vectors.
        y: (N, C, P, Q), channels innermost.
        scale: The value of one step of x.
        zero: The integer of x that means zero.
        ending: From the pooled value to what is written.
        reads: What else the ending reads, broadcast to the shape of y.
    """

    primitive: Primitive
    x: Region
    y: Region
    scale: float
    zero: int
    ending: Ending
    reads: tuple[tuple[str, Region], ...] = ()

    @property
    def window(self) -> tuple[tuple[int, int], tuple[int, int], tuple[int, ...]]:
        """Sizes, strides, and padding (top, left, bottom, right)."""
        rows, columns = self.primitive.integers("kernel_shape")
        down, along = self.primitive.integers("strides", (1, 1))
        return (rows, columns), (down, along), self.primitive.integers("pads", (0,) * 4)

    @property
    def bias(self) -> int:
        """What makes its bytes unsigned."""
        return 128 if self.x.layout.dtype is DType.INT8 else 0


def lower_integer_pool(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...] | None:
    """The step of a pooling operator on integers; None where the kernel does not know its form."""
    pool = segment.main
    if not segment.prologue or pool.op not in ("MaxPool", "AveragePool") or len(pool.integers("kernel_shape")) != 2:
        return None
    data = segment.prologue[0]
    if len(segment.prologue) > 1 or data.op != "DequantizeLinear" or len(segment.writes) != 1:
        return None
    scalars = [context.scalar(name) for name in data.inputs[1:] if name]
    x, y = context.region(data.inputs[0]), context.region(segment.writes[0])
    if None in scalars or x.layout.dtype not in BYTES or not _fits(pool, x, y):
        return None
    ending = ending_of(segment, context)
    reads = tuple(
        (name, operand(name, segment.epilogue, y.layout, context))
        for name in ending.chain.inputs
        if name != pool.outputs[0]
    )
    zero = int(scalars[1] or 0) if len(scalars) > 1 else 0
    return (integer_pool_step(IntegerPool(pool, x, y, float(scalars[0] or 0.0), zero, ending, reads)),)


def _fits(pool: Primitive, x: Region, y: Region) -> bool:
    kernel, pads = pool.integers("kernel_shape"), pool.integers("pads", (0,) * 4)
    images = is_image_layout(x.layout) and x.offset % LANES == 0 and y.layout.channels_last and y.layout.strides[1] == 1
    plain = set(pool.integers("dilations", (1, 1))) == {1} and math.prod(kernel) <= _MOST_TAPS
    inside = all(pad < size for pad, size in zip(pads, kernel * 2, strict=True))
    return images and plain and inside and len([name for name in pool.outputs if name]) == 1


def integer_pool_step(pool: IntegerPool) -> KernelStep:
    """The kernel."""
    writes, reads = (pool.y,), (pool.x, *(region for _, region in pool.reads))
    vectors = -(-_physical(pool.y) // LANES)
    n, _, rows, columns = pool.y.layout.shape
    threads = n * rows * columns * vectors
    body = [
        f"const unsigned t = blockIdx.x * {_BLOCK}u + threadIdx.x;",
        f"if (t >= {threads}u) return;",
        *split_index("t", [("n", n), ("p", rows), ("q", columns), ("v", vectors)]),
        f"const int c = (int)v * {LANES};",
        *_pooled(pool),
        *_values(pool),
        *_stored(pool),
    ]
    (kh, kw), (down, along), _ = pool.window
    stem = f"int8_{pool.primitive.op.lower()}_{kh}x{kw}s{down}" + (f"x{along}" if along != down else "")
    label = pool.ending.chain.label
    stem = "_".join(part for part in (stem, label, SHORT[pool.y.layout.dtype]) if part)
    grid = (blocks_for(threads, _BLOCK), 1, 1)
    step = kernel_step(stem, body, writes, reads, grid=grid, block=(_BLOCK, 1, 1))
    text = _HELPERS + step.kernel.code.replace(step.kernel.name, "@NAME@")
    return replace(step, kernel=named_source(stem, text))


def _pooled(pool: IntegerPool) -> list[str]:
    """Statements that leave maxima or sums of biased bytes in `low` (channels 0, 2 of four) and `high` (1, 3)."""
    (kh, kw), (down, along), pads = pool.window
    _, _, height, width = pool.x.layout.shape
    n, _, h, w = pool.x.layout.strides
    flip = "0x80808080u" if pool.bias else "0u"
    combine = "wl::greater_halves({0}, {1})" if pool.primitive.op == "MaxPool" else "{0} + {1}"
    return [
        f"const int top = (int)p * {down} - {pads[0]}, left = (int)q * {along} - {pads[1]};",
        "unsigned low[4] = {0u, 0u, 0u, 0u}, high[4] = {0u, 0u, 0u, 0u};",
        "#pragma unroll",
        f"for (int i = 0; i < {kh}; ++i) {{",
        "#pragma unroll",
        f"  for (int j = 0; j < {kw}; ++j) {{",
        "    const int a = top + i, b = left + j;",
        f"    const bool there = (unsigned)a < {height}u && (unsigned)b < {width}u;",
        "    unsigned w[4];",
        f"    wl::read_if(there, x0 + ((long long)n * {n} + (long long)a * {h} + (long long)b * {w} + c), {flip}, w);",
        "#pragma unroll",
        "    for (int k = 0; k < 4; ++k) {",
        f"      const unsigned word = w[k] ^ {flip};",
        f"      low[k] = {combine.format('low[k]', '(word & 0x00ff00ffu)')};",
        f"      high[k] = {combine.format('high[k]', '(word >> 8 & 0x00ff00ffu)')};",
        "    }",
        "  }",
        "}",
    ]


def _values(pool: IntegerPool) -> list[str]:
    """Statements that make floats of them: the array `value`."""
    factor = pool.scale / pool.ending.divisor
    lines = [f"const float factor = {float_literal(factor)};", "const int taps = 1;"]
    if pool.primitive.op == "AveragePool":
        inside, counted = (_taps(pool, included) for included in (False, True))
        lines = [
            f"const int taps = {inside};",
            f"const float factor = {float_literal(factor)} / (float)({counted});",
        ]
    return [
        *lines,
        f"const int shift = taps * {pool.bias + pool.zero};",
        f"float value[{LANES}];",
        "#pragma unroll",
        "for (int k = 0; k < 4; ++k) {",
        "  value[4 * k] = (float)((int)(low[k] & 0xffffu) - shift) * factor;",
        "  value[4 * k + 1] = (float)((int)(high[k] & 0xffffu) - shift) * factor;",
        "  value[4 * k + 2] = (float)((int)(low[k] >> 16) - shift) * factor;",
        "  value[4 * k + 3] = (float)((int)(high[k] >> 16) - shift) * factor;",
        "}",
    ]


def _taps(pool: IntegerPool, counted: bool) -> str:
    """How many taps lie in the image, or are counted: in the padding as well, if the operator says so."""
    kernel, strides, pads = pool.window
    size, results = pool.x.layout.shape[2:], pool.y.layout.shape[2:]
    include = counted and bool(pool.primitive.integer("count_include_pad", 0))
    factors = []
    for d, start in enumerate(("top", "left")):
        low, high = (-pads[d], size[d] + pads[d + 2]) if include else (0, size[d])
        reach = (results[d] - 1) * strides[d] - pads[d] + kernel[d]
        whole = -pads[d] >= low and reach <= high
        span = f"(min({start} + {kernel[d]}, {high}) - max({start}, {low}))"
        factors.append(str(kernel[d]) if whole else span)
    return " * ".join(factors)


def _stored(pool: IntegerPool) -> list[str]:
    """Statements that apply the ending and store."""
    layout, ending = pool.y.layout, pool.ending
    lines: list[str] = []
    operands: dict[str, str] = {}
    for i, (name, region) in enumerate(pool.reads):
        text, operands[name] = _access(f"x{i + 1}", region, pool).load(f"e{i}")
        lines += text
    kind = value_type(ending.chain.types.get(ending.result, layout.dtype)) if ending.chain.body else "float"
    inner, known = ending.chain.emit({pool.primitive.outputs[0]: "value[l]", **operands}, "c")
    lines += [f"{kind} r[{LANES}];", *each_lane(LANES, [*inner, f"r[l] = {known[ending.result]};"])]
    store = _access("y0", pool.y, pool)
    if ending.requantized is None:
        if layout.channels > layout.shape[1]:
            lines += each_lane(LANES, [f"if (c + l >= {layout.shape[1]}) r[l] = ({kind})(0);"])
        return [*lines, *store.store("r")]
    word = ending.requantized.word("r[l]").replace("wl::float_bits", "wl::float_word")
    storage = STORAGE[layout.dtype]
    return [
        *lines,
        f"{storage} s[{LANES}];",
        *each_lane(LANES, [f"s[l] = ({storage})({word} & 255u);"]),
        *store.store("s"),
    ]


def _access(pointer: str, region: Region, pool: IntegerPool) -> Access:
    n, channel, h, w = region.layout.strides
    place = f"{pointer} + ((long long)n * {n} + (long long)p * {h} + (long long)q * {w} + c * {channel})"
    readable = _physical(region)
    whole = -(-_physical(pool.y) // LANES) * LANES
    limit = f"{readable} - c" if channel and readable < whole else ""
    return Access(place, region.layout.dtype, channel, LANES, limit)


def _physical(region: Region) -> int:
    return region.layout.channels or region.layout.shape[1]
