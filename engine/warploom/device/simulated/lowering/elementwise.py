"""Kernels of our own for everything that is not a matrix product: bound by latency when small, by bandwidth when big.

One block's life is the GPU's shortest block, plus its chain of dependent steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from warploom.device.simulated.kernel import Dim3, Kernel
from warploom.device.simulated.lowering.context import Lowering
from warploom.device.simulated.lowering.placement import is_split_of_channels
from warploom.device.simulated.lowering.segments import Segment
from warploom.device.simulated.lowering.traffic import Traffic, traffic_of
from warploom.graph import Primitive

_EFFICIENCY = 0.5
# Threads of a window kernel make a patch of outputs of two channels each, if so many threads per SM are left.
_LANES, _THREADS_PER_SM = 2, 64
# So many loads are on their way at once. A further operand costs this part of the window's own, and the next ones hide
# behind it; loads of pools, which nothing waits for, cost this part of others.
_AT_ONCE, _FURTHER_OPERAND, _HIDDEN, _IN_FLIGHT = 8, 0.35, 0.65, 0.2
# Where weights do not stay in L2, neither do a kernel's instructions: fetching them takes this part of what weights
# take, and as much again for every row of inputs that a thread of a depthwise convolution walks over, with its weights.
_COLD = 0.25
_ROW_IN_ONE_WARP = 1024
_SORTED_IN_ONE_BLOCK = 4096
_SCANNED_PER_THREAD = 4
_RADIX_PASSES = 4
# Reductions: outputs per block, elements of a row that a block reads in a step, and how long a row one block takes.
_OUTPUTS_PER_BLOCK, _ROW_STEP, _LONGEST_ROW = 4, 128, 4096
IMAGE_RANK = 4


def pointwise(segment: Segment, lowering: Lowering) -> tuple[Kernel, ...]:
    """A pointwise chain: one vector of 16 bytes per thread."""
    return (_streaming(segment, lowering, "pointwise", steps=1),)


def copy(segment: Segment, lowering: Lowering) -> tuple[Kernel, ...]:
    """Concat, slices, padding: one kernel for all parts that are not written in place; the caller's are transposed.

    A Split along the channels costs nothing: its readers read parts of each pixel.
    """
    anchor = _anchor(segment)
    if is_split_of_channels(anchor, lowering.tensors, lowering) and not lowering.outputs.intersection(anchor.outputs):
        return ()
    if anchor.op != "Concat":
        return (_streaming(segment, lowering, _name(segment, "copy"), steps=1),)
    parts = [name for name in anchor.inputs if name not in lowering.placed]
    if is_transposed(anchor.outputs[0], lowering):
        return (conversion(anchor.outputs[0], anchor.outputs[0], lowering, parts),)
    if not parts:
        return ()
    part = sum(map(lowering.bytes_of, parts)) / max(1, sum(map(lowering.bytes_of, anchor.inputs)))
    return (_streaming(segment, lowering, _name(segment, "copy"), steps=1, part=part),)


def is_transposed(name: str, lowering: Lowering) -> bool:
    """Whether the caller's form of an output differs from the NHWC form that kernels write, by its order."""
    shape = lowering.tensors[name].shape
    return name in lowering.outputs and len(shape) >= IMAGE_RANK and shape[1] > 1 and math.prod(shape[2:]) > 1


def conversion(source: str, target: str, lowering: Lowering, parts: Sequence[str] = ()) -> Kernel:
    """Brings a tensor, or those of its parts, from the form inside to the caller's, or back: order and type."""
    elements = sum(lowering.tensors[name].elements for name in parts or (source,))
    moved = elements * (lowering.itemsize(source) + lowering.tensors[target].dtype.itemsize)
    gpu = lowering.gpu
    blocks = -(-elements // 1024)
    return Kernel(
        name=f"boundary_copy_{lowering.precision.value}",
        grid=(blocks, 1, 1),
        block=(256, 1, 1),
        registers=22,
        shared_memory_bytes=32 * 33 * 4,
        flops=0,
        bytes_read=moved / 2,
        bytes_written=moved / 2,
        l2_bytes=moved,
        dram_bytes=0.0,
        latency_us=gpu.block_latency_us + moved / gpu.l2_bytes_per_us,
        sm_us=moved / blocks / gpu.sm_l2_bytes_per_us,
    )


def transpose(segment: Segment, lowering: Lowering) -> tuple[Kernel, ...]:
    """A copy through shared memory, tile by tile; nothing where a product reads or writes with strides instead."""
    if _anchor(segment).outputs[0] in lowering.placed:
        return ()
    return (_streaming(segment, lowering, _name(segment, "copy"), steps=3, shared=32 * 33 * 4),)


def gather(segment: Segment, lowering: Lowering) -> tuple[Kernel, ...]:
    """A copy whose addresses are loaded first; reads only what it writes."""
    return (_streaming(segment, lowering, _name(segment, "gather"), steps=3, reads_what_it_writes=True),)


def resize(segment: Segment, lowering: Lowering) -> tuple[Kernel, ...]:
    """Interpolation: the corners of each output element."""
    return (_streaming(segment, lowering, _name(segment, "resize"), steps=3),)


def local_response(segment: Segment, lowering: Lowering) -> tuple[Kernel, ...]:
    """LRN: each element reads its neighbours along the channels."""
    size = _anchor(segment).integer("size")
    return (_streaming(segment, lowering, "local_response", steps=1 + size),)


def window(segment: Segment, lowering: Lowering) -> tuple[Kernel, ...]:
    """Depthwise convolution and pooling: each thread reads what a patch of outputs needs once, load by load.

    A chain of multiply-adds waits for its loads, from the ninth on; a pool, which only compares or adds, has all
    of them in flight.
    """
    anchor = _anchor(segment)
    gpu, depthwise = lowering.gpu, anchor.op == "Conv"
    output = lowering.tensors[anchor.outputs[0]].shape
    shape, strides = _window_of(anchor, lowering)
    patch = _patch(output, shape, strides, depthwise=depthwise, enough=_THREADS_PER_SM * gpu.sm_count)
    loads = math.prod((made - 1) * step + size for made, size, step in zip(patch, shape, strides, strict=True))
    threads = _patches(output, patch)
    addends = sum(lowering.bytes_of(name) > 4 * output[1] for name in _inputs_beside(segment, anchor, lowering))
    name = f"{'depthwise' if depthwise else anchor.op.lower()}_{'x'.join(map(str, shape))}_{lowering.precision.value}"
    own = max(0, loads - _AT_ONCE) if depthwise else loads * _IN_FLIGHT
    others = _FURTHER_OPERAND * addends**_HIDDEN * (loads if depthwise else own)
    steps = (own + others) * gpu.load_us / gpu.step_us
    # Much of what threads read again is still in their SM's own cache: about the square root of it comes from L2.
    reread = math.sqrt(loads / math.prod(made * step for made, step in zip(patch, strides, strict=True)))
    grid = (-(-threads // 128), 1, 1)
    made = _kernel(
        segment,
        lowering,
        name,
        grid,
        128,
        steps=steps,
        registers=48,
        reread=max(1.0, reread),
        efficiency=gpu.window_efficiency,
        cold_rows=(patch[0] - 1) * strides[0] + shape[0] if depthwise else 0,
    )
    return (made,)


def _patch(
    output: tuple[int, ...], shape: tuple[int, ...], strides: tuple[int, ...], *, depthwise: bool, enough: int
) -> tuple[int, ...]:
    """Outputs per thread along each spatial dimension."""
    single = (1,) * len(shape)
    if len(shape) < 2 or not all(size > step for size, step in zip(shape, strides, strict=True)):
        return single
    wide = 3 if strides[-1] > 1 and math.prod(shape) > 9 else 2
    last = ((wide, 2), (1, 2)) if depthwise else ((2, 1),)
    patches = [(*single[2:], *pair) for pair in last]
    return next((patch for patch in patches if _patches(output, patch) >= enough), single)


def _patches(output: tuple[int, ...], patch: tuple[int, ...]) -> int:
    """Threads that make an output (N, C, spatial...)."""
    spatial = [-(-size // made) for size, made in zip(output[2:], patch, strict=True)]
    return output[0] * -(-output[1] // _LANES) * math.prod(spatial)


def _inputs_beside(segment: Segment, anchor: Primitive, lowering: Lowering) -> list[str]:
    """What is read element by element beside the first operand."""
    weights = set(anchor.inputs[1:])
    return [name for name in segment.reads if name not in weights and name not in lowering.weights][1:]


def reduction(segment: Segment, lowering: Lowering) -> tuple[Kernel, ...]:
    """Reductions and global pools: all threads of a block along the rows of a few outputs; long rows in two kernels."""
    anchor = _anchor(segment)
    outputs = max(1, lowering.tensors[anchor.outputs[0]].elements)
    length = -(-lowering.tensors[anchor.inputs[0]].elements // outputs)
    name = _name(segment, "reduce")
    parts = min(64, -(-length // (_LONGEST_ROW // 2))) if length > _LONGEST_ROW else 1
    columns = -(-outputs // _OUTPUTS_PER_BLOCK)
    steps = 3 + length / (parts * _ROW_STEP)
    first = _kernel(segment, lowering, name, (columns, parts, 1), 256, steps=steps, shared=8 * 32 * 4)
    if parts == 1:
        return (first,)
    second = _kernel(
        segment, lowering, f"{name}_last", (columns, 1, 1), 256, steps=5, shared=8 * 32 * 4, share=1 / parts
    )
    return first, second


def rows(segment: Segment, lowering: Lowering) -> tuple[Kernel, ...]:
    """Softmax and normalisations: a warp per short row, a block per long one; two passes over the row."""
    anchor = _anchor(segment)
    tensor = lowering.tensors[anchor.inputs[0]]
    length = max(1, math.prod(_row_of(anchor, tensor.shape)))
    count = max(1, tensor.elements // length)
    per_thread = 16 // lowering.itemsize(anchor.inputs[0])
    name = _name(segment, "row")
    if length <= _ROW_IN_ONE_WARP:
        steps = 1 + -(-length // (32 * per_thread))
        return (_kernel(segment, lowering, name, (-(-count // 4), 1, 1), 128, steps=steps),)
    steps = 4 + 2 * -(-length // (512 * per_thread))
    return (_kernel(segment, lowering, name, (count, 1, 1), 512, steps=steps, shared=512),)


def scan(segment: Segment, lowering: Lowering) -> tuple[Kernel, ...]:
    """CumSum: a block per line, which walks along it; sums of warps meet in shared memory at every turn."""
    anchor = _anchor(segment)
    tensor = lowering.tensors[anchor.inputs[0]]
    length = max(1, math.prod(_row_of(anchor, tensor.shape)))
    count = max(1, tensor.elements // length)
    steps = 4 + 6 * -(-length // (_SCANNED_PER_THREAD * 256))
    return (_kernel(segment, lowering, _name(segment, "scan"), (count, 1, 1), 256, steps=steps, shared=8 * 4),)


def sort(segment: Segment, lowering: Lowering) -> tuple[Kernel, ...]:
    """TopK: a bitonic network in shared memory for short rows, radix passes over L2 for long ones."""
    anchor = _anchor(segment)
    tensor = lowering.tensors[anchor.inputs[0]]
    axis = anchor.integer("axis", -1)
    length = max(1, tensor.shape[axis])
    count = max(1, tensor.elements // length)
    rounds = max(1, (length - 1).bit_length())
    if length <= _SORTED_IN_ONE_BLOCK:
        steps = 2 + rounds * (rounds + 1) // 2
        shared = 8 << rounds
        return (_kernel(segment, lowering, _name(segment, "sort"), (count, 1, 1), 512, steps=steps, shared=shared),)
    grid = (-(-length // 2048), count, 1)
    passes = [
        _kernel(segment, lowering, f"{anchor.op.lower()}_radix_{what}{i}", grid, 256, steps=12, shared=8192)
        for i in range(_RADIX_PASSES)
        for what in ("count", "scatter")
    ]
    return tuple(passes)


def _streaming(
    segment: Segment,
    lowering: Lowering,
    name: str,
    *,
    steps: int,
    shared: int = 0,
    reads_what_it_writes: bool = False,
    part: float = 1.0,
) -> Kernel:
    written = math.ceil(part * sum(lowering.tensors[name].elements for name in segment.writes))
    per_thread = max(1, 16 // max(lowering.itemsize(name) for name in segment.writes))
    grid = (-(-written // (128 * per_thread)), 1, 1)
    return _kernel(
        segment,
        lowering,
        name,
        grid,
        128,
        steps=steps - 1,
        shared=shared,
        share=part,
        reads_what_it_writes=reads_what_it_writes,
    )


def _kernel(
    segment: Segment,
    lowering: Lowering,
    name: str,
    grid: Dim3,
    threads: int,
    *,
    steps: float,
    registers: int = 32,
    shared: int = 0,
    reread: float = 1.0,
    share: float = 1.0,
    efficiency: float = _EFFICIENCY,
    reads_what_it_writes: bool = False,
    cold_rows: int = 0,
) -> Kernel:
    """A kernel whose blocks share the segment's work evenly."""
    gpu = lowering.gpu
    traffic = traffic_of(segment, lowering)
    read = _read(traffic, reads_what_it_writes)
    blocks = math.prod(grid)
    moved = (read * reread + traffic.written) * share
    waves = -(-blocks // (gpu.sm_count * (gpu.warps_per_sm * gpu.threads_per_warp // threads)))
    cold_us = gpu.cold_latency_us * lowering.weight_misses * _COLD * (1 + cold_rows)
    together = moved / waves / gpu.l2_bytes_per_us
    arithmetic = traffic.flops * share / blocks / (gpu.fp32_flops_per_us * efficiency)
    return Kernel(
        name=name,
        grid=grid,
        block=(threads, 1, 1),
        registers=registers,
        shared_memory_bytes=shared,
        flops=traffic.flops * share,
        bytes_read=read * share,
        bytes_written=traffic.written * share,
        l2_bytes=moved,
        dram_bytes=min(traffic.dram, moved),
        latency_us=(gpu.block_latency_us + cold_us + steps * gpu.step_us) / waves + together,  # waves overlap
        sm_us=max(arithmetic, moved / blocks / gpu.sm_l2_bytes_per_us),
    )


def _read(traffic: Traffic, reads_what_it_writes: bool) -> int:
    return min(traffic.read, 2 * traffic.written) if reads_what_it_writes else traffic.read


def _anchor(segment: Segment) -> Primitive:
    if segment.anchor is None:
        raise TypeError("a pointwise chain has no anchor")
    return segment.anchor


def _name(segment: Segment, suffix: str) -> str:
    return f"{_anchor(segment).op.lower()}_{suffix}"


def _window_of(anchor: Primitive, lowering: Lowering) -> tuple[tuple[int, ...], tuple[int, ...]]:
    dense = anchor.op == "Conv"
    shape = lowering.tensors[anchor.inputs[1]].shape[2:] if dense else anchor.integers("kernel_shape")
    return shape, anchor.integers("strides", (1,) * len(shape))


def _row_of(anchor: Primitive, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The dimensions that are normalised together."""
    if anchor.op in ("InstanceNormalization", "MeanVarianceNormalization"):
        return shape[2:]
    if anchor.op == "GroupNormalization":
        return (shape[1] // anchor.integer("num_groups", 1), *shape[2:])
    if anchor.op in ("LayerNormalization", "RMSNormalization"):
        return shape[anchor.integer("axis", -1) :]
    return (shape[anchor.integer("axis", -1)],) if shape else (1,)
