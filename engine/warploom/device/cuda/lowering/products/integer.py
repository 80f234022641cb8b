"""Products of 8-bit integers as own kernels: what a quantized segment multiplies, scales, and writes."""

from __future__ import annotations

import dataclasses

import numpy as np

from warploom.device.cuda.kernels.codegen.integer_product import VECTOR, IntegerProduct
from warploom.device.cuda.kernels.codegen.integer_tiles import fitting_steps
from warploom.device.cuda.kernels.pointwise import operand
from warploom.device.cuda.layout import Layout, channels_last, is_image_layout, row_major
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.quantized import DequantizedConstant
from warploom.device.cuda.lowering.requantizing import ending_of
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import Choice, PlainStep, Region, Step
from warploom.graph import DType, Primitive
from warploom.graph.constant import Array

_SPARE = 256
"""Scales beyond the last channel, which tiles may read."""

_LONGEST_WINDOW = 16
_LARGEST_SUM = 2**31 - 1
_BYTES = (DType.INT8, DType.UINT8)


def lower_integers(segment: Segment, context: LoweringContext) -> tuple[Step, ...] | None:
    """The steps of a segment whose product multiplies 8-bit integers; None where the kernels do not know its form.

    They take weights that are signed bytes once zero is at zero, and data with one scale and any zero; windows up to 16
    long, in one group. Sums are exact. The bias, what follows, and the conversion to 8 bits are floats in the epilogue;
    where only a clamp comes between, scales are multiplied beforehand, so that results may lie on the other side of a
    rounding boundary.
    """
    found = _Integers.of(segment, context)
    return None if found is None else found.steps()


def without_prologue(segment: Segment, context: LoweringContext) -> tuple[Segment, LoweringContext, tuple[Step, ...]]:
    """The segment with its prologue as steps of their own that come before it, and the context that it then needs."""
    if not segment.prologue:
        return segment, context, ()
    value = segment.main.inputs[0]
    shape, dtype = context.tensor(value).shape, context.storage(value)
    image = segment.main.op in ("Conv", "ConvTranspose")
    layout = channels_last(shape, dtype) if image else row_major(shape, dtype)
    region = context.temporary("floats", layout)
    steps, inside = _computed(segment.prologue, value, region, context)
    reads = tuple(dict.fromkeys(name for part in (segment.main, *segment.epilogue) for name in part.inputs if name))
    written = {name for part in (segment.main, *segment.epilogue) for name in part.outputs}
    alone = dataclasses.replace(segment, prologue=(), reads=tuple(name for name in reads if name not in written))
    return alone, inside, steps


def _computed(
    body: tuple[Primitive, ...], value: str, region: Region, context: LoweringContext
) -> tuple[tuple[PlainStep, ...], LoweringContext]:
    """Steps that compute a value into a region, and a context in which it lies there."""
    written = {name for primitive in body for name in primitive.outputs}
    reads = dict.fromkeys(name for primitive in body for name in primitive.inputs if name and name not in written)
    inside = context.with_placements({value: region})
    return inside.pointwise_steps((Segment(None, (), body, tuple(reads), (value,)),), inside), inside


@dataclasses.dataclass(frozen=True, slots=True)
class _Integers:
    """A product of integers in a segment.

    Attributes:
        segment: The segment.
        context: The context.
        data: The DequantizeLinear of its data.
        weight: Its weight.
        bias: The names of its own bias, if it has one.
    """

    segment: Segment
    context: LoweringContext
    data: Primitive
    weight: DequantizedConstant
    bias: tuple[str, ...]

    @staticmethod
    def of(segment: Segment, context: LoweringContext) -> _Integers | None:
        main = segment.main
        weight = context.constant(main.inputs[1])
        if not segment.prologue or not isinstance(weight, DequantizedConstant):
            return None
        data = segment.prologue[-1]
        if data.op != "DequantizeLinear" or data.outputs != (main.inputs[0],):
            return None
        found = _Integers(segment, context, data, weight, tuple(name for name in main.inputs[2:3] if name))
        fits = _is_plain_conv(main, context) if main.op == "Conv" else _is_plain_matmul(main, context)
        return found if fits and found._has_known_scales() else None

    def _has_known_scales(self) -> bool:
        context, weight = self.context, self.weight
        dtype = context.tensor(self.data.inputs[0]).dtype
        if dtype not in _BYTES or not weight.is_signed:
            return False
        scalars = [context.scalar(name) for name in self.data.inputs[1:] if name]
        per_channel = weight.scale.shape in ((), (1,)) or weight.axis == self._weight_axis
        return None not in scalars and per_channel and self._depth * 255 * 128 <= _LARGEST_SUM

    @property
    def _main(self) -> Primitive:
        return self.segment.main

    @property
    def _weight_axis(self) -> int:
        """The axis of the weight along which output channels lie."""
        main = self._main
        return 0 if main.op == "Conv" or (main.op == "Gemm" and main.integer("transB", 0)) else 1

    @property
    def _channels(self) -> int:
        return self.weight.shape[self._weight_axis]

    @property
    def _depth(self) -> int:
        return int(np.prod(self.weight.shape)) // max(self._channels, 1)

    def steps(self) -> tuple[Step, ...]:
        """Quantizes the data if it is not, makes it readable, and multiplies in the best way."""
        before, context, x = self._operand()
        target = context.region(self.segment.writes[0])
        y = self._as_image(target)
        after: tuple[PlainStep, ...] = ()
        if not _is_writable(y):
            own = channels_last(y.layout.shape, y.layout.dtype)
            y = context.temporary("integers", own)
            after = context.copy((y, self._as_image(target)))
        product = self._product(x, y, target, context)
        ways = tuple((*before, step, *after) for step in fitting_steps(product))
        return ways[0] if len(ways) == 1 else (Choice(ways),)

    def _operand(self) -> tuple[tuple[PlainStep, ...], LoweringContext, Region]:
        """The data as an image whose channels come in whole vectors."""
        context, name = self.context, self.data.inputs[0]
        before: tuple[PlainStep, ...] = ()
        if len(self.segment.prologue) > 1:
            shape, dtype = context.tensor(name).shape, context.tensor(name).dtype
            layout = channels_last(shape, dtype, channels=_whole(shape[1])) if self._is_conv else _rows(shape, dtype)
            region = context.temporary("integers of the data", layout)
            region = dataclasses.replace(region, layout=dataclasses.replace(layout, shape=shape))
            before, context = _computed(self.segment.prologue[:-1], name, region, context)
        x = self._as_image(context.region(name))
        if _is_readable(x):
            return before, context, x
        shape = x.layout.shape
        image = context.temporary("image", channels_last(shape, x.layout.dtype, channels=_whole(shape[1])))
        return (*before, *context.copy((x, image))), context, image

    @property
    def _is_conv(self) -> bool:
        return self._main.op == "Conv"

    def _as_image(self, region: Region) -> Region:
        """A region as (N, C, H, W): images of one dimension as one row, matrices with their last dimension as C."""
        old = region.layout
        if not self._is_conv:
            missing = 4 - len(old.shape)
            shape, strides = (1,) * missing + old.shape, (0,) * missing + old.strides
            order = (0, 3, 1, 2)
            layout = Layout(tuple(shape[i] for i in order), tuple(strides[i] for i in order), old.dtype)
        elif len(old.shape) == 3:
            shape = (*old.shape[:2], 1, old.shape[2])
            layout = Layout(shape, (*old.strides[:2], 0, old.strides[2]), old.dtype, old.channels)
        else:
            layout = old
        return dataclasses.replace(region, layout=layout)

    def _product(self, x: Region, y: Region, target: Region, context: LoweringContext) -> IntegerProduct:
        ending = ending_of(self.segment, context)
        chain, divisor = ending.chain, ending.divisor
        reads = tuple(
            (name, self._as_image(operand(name, chain.body, target.layout, context)))
            for name in chain.inputs
            if name != self._main.outputs[0]
        )
        main = self._main
        rank = len(context.tensor(main.inputs[0]).shape) - 2 if self._is_conv else 0
        return IntegerProduct(
            x=x,
            w=self._filters(x.layout.channels or x.layout.shape[1], context),
            y=y,
            scale=self._vector("scales", divisor, context),
            bias=self._vector("bias", divisor, context),
            pads=_two(main.integers("pads", ())[:rank], 0),
            strides=_two(main.integers("strides", ()) if rank else (), 1),
            dilations=_two(main.integers("dilations", ()) if rank else (), 1),
            chain=chain,
            value=main.outputs[0],
            result=ending.result,
            reads=reads,
            requantized=ending.requantized,
            zero=self._zero,
            correction=self._correction(context) if self._zero else None,
        )

    @property
    def _zero(self) -> int:
        """The integer of the data that means zero."""
        return int(self.context.scalar(self.data.inputs[2]) or 0) if len(self.data.inputs) > 2 else 0

    def _correction(self, context: LoweringContext) -> Region:
        """What the zero of the data adds to sums, and 16 bytes of it."""
        weight, zero, axis, count = self.weight, self._zero, self._weight_axis, self._channels
        layout = row_major((_spared(count) + 4,), DType.INT32)

        def make() -> Array:
            values = np.zeros(layout.shape, np.int32)
            others = tuple(i for i in range(len(weight.shape)) if i != axis)
            values[:count] = weight.signed().astype(np.int32).sum(axis=others) * zero
            values[-4:] = np.full(16, zero & 0xFF, np.uint8).view(np.int32)
            return values

        return context.prepared(self._main.inputs[1], f"sums times {zero}", layout, make)

    def _filters(self, channels: int, context: LoweringContext) -> Region:
        """The weight as (K, rows, columns, channels)."""
        weight = self.weight
        window = (1,) * (4 - len(weight.shape)) + weight.shape[2:]
        layout = row_major((self._channels, *window, channels), DType.INT8)
        axis = self._weight_axis

        def make() -> Array:
            values = weight.signed()
            values = np.moveaxis(values, axis, 0).reshape(values.shape[axis], values.shape[1 - axis], *window)
            padded = np.zeros(layout.shape, np.int8)
            padded[..., : values.shape[1]] = values.transpose(0, 2, 3, 1)
            return padded

        return context.prepared(self._main.inputs[1], "integers", layout, make)

    def _vector(self, what: str, divisor: float, context: LoweringContext) -> Region:
        """What each channel's sum is multiplied by, or what is added to it then."""
        count, main = self._channels, self._main
        layout = row_major((_spared(count),), DType.FLOAT32)
        alpha, beta = (main.number(name, 1.0) if main.op == "Gemm" else 1.0 for name in ("alpha", "beta"))

        def make() -> Array:
            vector = np.zeros(layout.shape, np.float64)
            if what == "scales":
                data = np.float64(context.constant(self.data.inputs[1]).numpy().reshape(-1)[0])  # type: ignore[union-attr]
                vector[:count] = self.weight.scale.numpy().reshape(-1).astype(np.float64) * data * alpha
            for name in self.bias if what == "bias" else ():
                vector[:count] = context.graph.constants[name].numpy().reshape(-1).astype(np.float64) * beta
            return (vector / divisor).astype(np.float32)

        form = f"{what} of {self.data.inputs[1]} {'+'.join(self.bias)} {alpha!r} {beta!r} over {divisor!r}"
        return context.prepared(self._main.inputs[1], form, layout, make)


def _is_plain_conv(conv: Primitive, context: LoweringContext) -> bool:
    shape = context.tensor(conv.inputs[1]).shape
    short = all(size <= _LONGEST_WINDOW for size in shape[2:])
    return conv.integer("group", 1) == 1 and len(shape) in (3, 4) and short


def _is_plain_matmul(main: Primitive, context: LoweringContext) -> bool:
    left, right = (context.tensor(name).shape for name in main.inputs[:2])
    return 2 <= len(left) <= 4 and len(right) == 2 and right[0] > 0 and not main.integer("transA", 0)


def _is_readable(x: Region) -> bool:
    """Whether channels are neighbours and come, like everything else, in whole vectors."""
    layout = x.layout
    if layout.channels_last:
        return is_image_layout(layout) and not x.offset % VECTOR
    others = [stride for d, stride in enumerate(layout.strides) if d != 1 and layout.shape[d] > 1]
    aligned = not any(step % VECTOR for step in (*others, layout.shape[1], x.offset))
    return layout.strides[1] == 1 and aligned and all(stride > 0 for stride in others)


def _is_writable(y: Region) -> bool:
    layout = y.layout
    return layout.strides[1] == 1 and all(
        stride > 0 for d, stride in enumerate(layout.strides) if d != 1 and layout.shape[d] > 1
    )


def _spared(count: int) -> int:
    return -(-(count + _SPARE) // 64) * 64


def _whole(channels: int) -> int:
    return -(-channels // VECTOR) * VECTOR


def _rows(shape: tuple[int, ...], dtype: DType) -> Layout:
    return row_major((*shape[:-1], _whole(shape[-1])), dtype)


def _two(values: tuple[int, ...], otherwise: int) -> tuple[int, int]:
    if not values:
        return otherwise, otherwise
    first, second = values if len(values) == 2 else (otherwise, values[0])
    return first, second
