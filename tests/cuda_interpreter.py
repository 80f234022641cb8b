"""Executes lowered Graphs in NumPy: library steps as they are defined, own kernels by what they stand for.

Memory starts as NaN, and every element counts its writes, so that reads of what nothing wrote, and second writes, are
found. Values are kept in float32 whatever the precision: layouts follow the precision, rounding does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from warploom.device.cuda.layout import Layout
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.lowered import WEIGHT_PREFIX, LoweredGraph
from warploom.device.cuda.lowering.movement import MOVEMENTS
from warploom.device.cuda.lowering.products import FAMILIES
from warploom.device.cuda.lowering.registry import Family, PointwiseFamily, Registry
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import (
    Choice,
    ConvStep,
    KernelSource,
    KernelStep,
    MatmulStep,
    PlainStep,
    Program,
    Region,
)
from warploom.graph import Graph, OperatorKind
from warploom.graph.kinds import KINDS
from warploom.importer.single import PrimitiveRunner
from warploom.schedule.stream_plan import ByteRange

Array = np.ndarray[Any, Any]
Action = Callable[["Machine"], None]

POINTWISE_OPS = frozenset(op for op, kind in KINDS.items() if kind is OperatorKind.POINTWISE) | {"QuickGelu"}


class Kernels:
    """A registry of kernels that only the Machine can run, for every operator that is known by name."""

    def __init__(self, *, prologues: bool = True) -> None:
        self.actions: dict[str, Action] = {}
        plain = Family("fake", self._family)
        fused = Family("fake", self._family, takes_prologue=prologues, takes_epilogue=True)
        families = {
            op: fused if kind is OperatorKind.POOL else plain
            for op, kind in KINDS.items()
            if op not in POINTWISE_OPS and op not in MOVEMENTS
        }
        families |= {"DepthwiseConv": fused, "CumSum": plain, **FAMILIES}
        self.registry = Registry(PointwiseFamily(POINTWISE_OPS, self._pointwise), self._copy, families)

    def _step(self, action: Action, writes: Sequence[Region], reads: Sequence[Region]) -> KernelStep:
        name = f"kernel_{len(self.actions)}"
        self.actions[name] = action
        return KernelStep(KernelSource(name, ""), (1, 1, 1), (1, 1, 1), tuple(writes), tuple(reads))

    def _copy(self, pairs: Sequence[tuple[Region, Region]]) -> tuple[KernelStep, ...]:
        for read, write in pairs:
            assert read.layout.shape == write.layout.shape

        def action(machine: Machine) -> None:
            for read, write in pairs:
                machine.write(write, machine.read(read))

        return (self._step(action, [write for _, write in pairs], [read for read, _ in pairs]),)

    def _pointwise(self, segments: tuple[Segment, ...], context: LoweringContext) -> tuple[PlainStep, ...]:
        for segment in segments:
            assert segment.anchor is None
            like = context.region(segment.writes[0]).layout
            for name in segment.reads:
                if context.constant(name) is not None:
                    _assert_operand(context, name, like)
        return (self._segments(segments, context),)

    def _family(self, segment: Segment, context: LoweringContext) -> tuple[PlainStep, ...]:
        return (self._segments((segment,), context),)

    def _segments(self, segments: tuple[Segment, ...], context: LoweringContext) -> KernelStep:
        runner = PrimitiveRunner(context.graph)
        reads = {name: context.region(name) for s in segments for name in s.reads if context.constant(name) is None}
        writes = {name: context.region(name) for s in segments for name in s.writes}

        def action(machine: Machine) -> None:
            for segment in segments:
                values = {name: machine.read(reads[name]) for name in segment.reads if name in reads}
                for name in segment.reads:
                    if name not in values:
                        values[name] = context.graph.constants[name].numpy()
                for primitive in segment.body:
                    results = runner.run(primitive, [values[name] if name else None for name in primitive.inputs])
                    values.update({n: v for n, v in zip(primitive.outputs, results, strict=True) if v is not None})
                for name in segment.writes:
                    machine.write(writes[name], values[name])

        return self._step(action, list(writes.values()), list(reads.values()))


def _assert_operand(context: LoweringContext, name: str, like: Layout) -> None:
    """A constant operand reads as the constant broadcast to the result."""
    region = context.operand(name, like)
    values = np.ascontiguousarray(context.weights[region.buffer].make()).reshape(-1)
    seen = as_strided(values, region.layout.shape, [s * values.itemsize for s in region.layout.strides])
    assert np.array_equal(seen, np.broadcast_to(context.graph.constants[name].numpy(), like.shape), equal_nan=True)
    if region.layout.channels and region.layout.strides[1]:
        assert region.layout.channels >= like.channels


class Machine:
    """Memory and its contents."""

    def __init__(
        self,
        lowered: LoweredGraph,
        kernels: Kernels,
        alternative: int = 0,
        ranges: Mapping[str, ByteRange] | None = None,
    ) -> None:
        """With `ranges`, buffers lie in one arena as planned, and may share bytes."""
        self.lowered = lowered
        self.ranges = ranges or {}
        self.arena = np.full(max((r.offset + r.size for r in self.ranges.values()), default=0), 0xFF, np.uint8)
        self.kernels = kernels
        self.alternative = alternative
        self.memory: dict[str, Array] = {}
        self.writes: dict[str, Array] = {}
        self._sizes: dict[str, int] = dict(lowered.buffers)
        for program in (lowered.entry, *lowered.programs):
            assert not self._sizes.keys() & program.temporaries.keys()
            self._sizes |= program.temporaries
        for region in (*lowered.inputs.values(), *lowered.outputs.values()):
            self._sizes[region.buffer] = region.layout.size_bytes

    def run(self, inputs: dict[str, Array]) -> dict[str, Array]:
        self.start(inputs)
        for program in (self.lowered.entry, *self.lowered.programs):
            for step in chosen(program, self.alternative):
                self.step(step)
        return self.outputs()

    def start(self, inputs: dict[str, Array]) -> None:
        for name, value in inputs.items():
            self.write(self.lowered.inputs[name], value)

    def outputs(self) -> dict[str, Array]:
        return {name: self.read(region) for name, region in self.lowered.outputs.items()}

    def step(self, step: PlainStep) -> None:
        match step:
            case KernelStep():
                self.kernels.actions[step.kernel.name](self)
            case ConvStep():
                run_conv(self, step)
            case MatmulStep():
                run_matmul(self, step)

    def read(self, region: Region, *, physical: bool = False) -> Array:
        """A copy of a region's elements, which must all be written."""
        if not region.buffer.startswith(WEIGHT_PREFIX):
            counts = self._view(region, self._flat(region)[1], physical)
            assert counts.size == 0 or counts.min() > 0, f"{region.buffer} is read before it is written"
        return self._view(region, self._flat(region)[0], physical).copy()

    def write(self, region: Region, values: Array) -> None:
        """Writes a region wholly; padded channels become 0."""
        flat, counts = self._flat(region)
        assert not region.buffer.startswith(WEIGHT_PREFIX)
        extra = region.layout.channels - region.layout.shape[1] if region.layout.channels else 0
        if values.shape[1:2] == region.layout.shape[1:2] and extra:
            pads = [(0, 0)] * values.ndim
            pads[1] = (0, extra)
            values = np.pad(values, pads)
        target = self._view(region, flat, physical=True)
        assert target.shape == values.shape, f"{region.buffer}: {values.shape} into {target.shape}"
        target[...] = values
        count = self._view(region, counts, physical=True)
        count += 1
        assert count.size == 0 or count.max() == 1, f"{region.buffer} is written twice"

    def _flat(self, region: Region) -> tuple[Array, Array]:
        name, dtype = region.buffer, region.layout.dtype
        if name not in self.memory:
            if name.startswith(WEIGHT_PREFIX):
                weight = self.lowered.weights[name]
                values = np.ascontiguousarray(weight.make()).reshape(-1)
                assert values.size == weight.layout.elements
                self.memory[name] = values.astype(np.float32) if dtype.is_float else values
            else:
                size = self._sizes[name] // dtype.itemsize
                kind = np.dtype(np.float32) if dtype.is_float else dtype.to_numpy()
                if name in self.ranges:
                    place = self.ranges[name]
                    self.memory[name] = self.arena[place.offset : place.offset + size * kind.itemsize].view(kind)
                else:
                    self.memory[name] = np.full(size, np.nan if dtype.is_float else 77, kind)
            self.writes[name] = np.zeros(self.memory[name].size, np.int32)
        return self.memory[name], self.writes[name]

    @staticmethod
    def _view(region: Region, flat: Array, physical: bool) -> Array:
        layout = region.layout
        shape = (layout.shape[0], layout.channels, *layout.shape[2:]) if physical and layout.channels else layout.shape
        if 0 in shape:
            return flat[:0].reshape(shape)
        reach = [(size - 1) * stride for size, stride in zip(shape, layout.strides, strict=True)]
        low = region.offset + sum(step for step in reach if step < 0)
        high = region.offset + sum(step for step in reach if step > 0)
        assert low >= 0, f"{region.buffer} is left at {low}"
        assert high < flat.size, f"{region.buffer} is left at {high} of {flat.size}"
        return as_strided(flat[region.offset :], shape, [stride * flat.itemsize for stride in layout.strides])


def chosen(program: Program, alternative: int) -> tuple[PlainStep, ...]:
    """A program's steps with one alternative of each choice."""
    parts = (s.alternatives[alternative] if isinstance(s, Choice) else (s,) for s in program.steps)
    return tuple(step for part in parts for step in part)


def run_conv(machine: Machine, step: ConvStep) -> None:
    """What ConvStep says."""
    x = machine.read(step.x, physical=True)
    w = machine.read(step.w)
    assert np.isfinite(x).all()
    assert all(stride % 4 == 0 for region in (step.x, step.y) for stride in _wide(region))
    y = _transposed(x, w, step) if step.transposed else _forward(x, w, step)
    if step.bias is not None:
        y = y + machine.read(step.bias).reshape(1, -1, 1, 1)
        if step.bias_stored is not None:
            assert np.array_equal(machine.read(step.bias_stored), machine.read(step.bias))
    if step.residual is not None:
        y = y + machine.read(step.residual, physical=True)[:, : y.shape[1]]
    machine.write(step.y, activated(y, step.activation))


def _wide(region: Region) -> list[int]:
    layout = region.layout
    return [s for i, (n, s) in enumerate(zip(layout.shape, layout.strides, strict=True)) if n > 1 and i != 1]


def _forward(x: Array, w: Array, step: ConvStep) -> Array:
    top, left, bottom, right = step.pads
    x = np.pad(x, [(0, 0), (0, 0), (top, bottom), (left, right)])
    _, kh, kw, _ = w.shape
    windows = sliding_window_view(x, ((kh - 1) * step.dilations[0] + 1, (kw - 1) * step.dilations[1] + 1), axis=(2, 3))
    windows = windows[:, :, :: step.strides[0], :: step.strides[1], :: step.dilations[0], :: step.dilations[1]]
    rows, columns = step.y.layout.shape[2:]
    assert windows.shape[2:4] == (rows, columns)
    parts = zip(np.split(windows, step.groups, axis=1), np.split(w, step.groups, axis=0), strict=True)
    return np.concatenate(
        [np.moveaxis(np.tensordot(part, weight, ((1, 4, 5), (3, 1, 2))), 3, 1) for part, weight in parts], axis=1
    )


def _transposed(x: Array, w: Array, step: ConvStep) -> Array:
    layout = step.y.layout
    rows, columns = layout.shape[2:]
    top, left, bottom, right = step.pads
    height = max(rows + top + bottom, (x.shape[2] - 1) * step.strides[0] + (w.shape[1] - 1) * step.dilations[0] + 1)
    width = max(columns + left + right, (x.shape[3] - 1) * step.strides[1] + (w.shape[2] - 1) * step.dilations[1] + 1)
    wide = np.zeros((x.shape[0], layout.channels, height, width), np.float32)
    for group, (part, weight) in enumerate(
        zip(np.split(x, step.groups, axis=1), np.split(w, step.groups, axis=0), strict=True)
    ):
        channels = slice(group * w.shape[3], (group + 1) * w.shape[3])
        for i in range(w.shape[1]):
            for j in range(w.shape[2]):
                value = np.moveaxis(np.tensordot(part, weight[:, i, j], ((1,), (0,))), 3, 1)
                r, c = i * step.dilations[0], j * step.dilations[1]
                wide[
                    :,
                    channels,
                    r : r + (x.shape[2] - 1) * step.strides[0] + 1 : step.strides[0],
                    c : c + (x.shape[3] - 1) * step.strides[1] + 1 : step.strides[1],
                ] += value
    return wide[:, :, top : top + rows, left : left + columns]


def run_matmul(machine: Machine, step: MatmulStep) -> None:
    """What MatmulStep says."""
    ranks = {len(region.layout.shape) for region in (step.a, step.b, step.y)}
    assert len(ranks) == 1
    assert ranks.pop() >= 3
    for region in (step.a, step.b):
        assert 1 in region.layout.strides[-2:]
        assert all(stride > 0 for stride in region.layout.strides)
    y = np.matmul(machine.read(step.a), machine.read(step.b))
    if step.bias is not None:
        y = y + machine.read(step.bias)[: y.shape[-1]]
    if step.residual is not None:
        y = y + machine.read(step.residual)
    machine.write(step.y, activated(y, step.activation))


def activated(y: Array, activation: tuple[str | float, ...]) -> Array:
    """An activation by the name that steps use."""
    match activation:
        case ():
            return y
        case ("Relu",):
            return np.maximum(y, 0)
        case ("Clip", low, high):
            return np.clip(y, low, high)
        case ("LeakyRelu", slope):
            return np.where(y > 0, y, y * slope)
        case ("Elu", alpha):
            return np.where(y > 0, y, alpha * np.expm1(np.minimum(y, 0)))
        case ("Sigmoid",):
            return 1 / (1 + np.exp(-y))
        case ("Tanh",):
            return np.tanh(y)
        case ("Swish", beta):
            return y / (1 + np.exp(-beta * y))
        case ("Softplus",):
            return np.log1p(np.exp(y))
        case ("Gelu", "none"):
            return y * 0.5 * (1 + np.vectorize(math.erf)(y / math.sqrt(2)))
        case ("Gelu", "tanh"):
            return 0.5 * y * (1 + np.tanh(math.sqrt(2 / math.pi) * (y + 0.044715 * y**3)))
    raise AssertionError(f"unknown activation {activation}")


def random_feeds(graph: Graph, seed: int) -> dict[str, Array]:
    """Random inputs; integers are small and not negative."""
    random = np.random.default_rng(seed)
    feeds: dict[str, Array] = {}
    for name in sorted(graph.inputs):
        tensor = graph.tensors[name]
        if tensor.dtype.is_float:
            feeds[name] = random.standard_normal(tensor.shape).astype(np.float32)
        else:
            feeds[name] = random.integers(0, 2, tensor.shape).astype(tensor.dtype.to_numpy())
    return feeds
