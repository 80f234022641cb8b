"""Convolutions of few channels (a network's first ones) on tensor cores, in several forms to be timed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from warploom.device.cuda.kernels.codegen.kernel import kernel_step
from warploom.device.cuda.kernels.codegen.stem import Text
from warploom.device.cuda.kernels.codegen.stem_forms import forms
from warploom.device.cuda.kernels.codegen.stem_layer import (
    QUAD,
    SLOTS,
    FewChannels,
    Form,
    filter_of,
    grid_of,
    operands,
)
from warploom.device.cuda.kernels.codegen.types import SHORT
from warploom.device.cuda.kernels.fusing import fused_after
from warploom.device.cuda.layout import row_major, vector_lanes
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.products.convolution import as_rows, is_library_image
from warploom.device.cuda.lowering.products.weights import bias_regions
from warploom.device.cuda.lowering.registry import OwnProducts
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import DType, Graph, Precision, Primitive
from warploom.graph.constant import Array


def stem_step(layer: FewChannels, form: Form, weights: Region) -> KernelStep:
    """The kernel of a layer in one form.

    Args:
        layer: What to compute.
        form: How, one that `fits`.
        weights: The filters as `stem_weights` lays them out.
    """
    kernel = "x".join(map(str, layer.window))
    strides = "x".join(map(str, dict.fromkeys(layer.strides)))
    arithmetic = "tf32" if layer.dtype.itemsize == 4 else SHORT[layer.dtype]
    parts = ["conv_stem", f"{kernel}s{strides}", form.label, layer.after.chain.label, arithmetic]
    return kernel_step(
        "_".join(part for part in parts if part),
        Text(layer, form).body(),
        (layer.y,),
        operands(layer, weights),
        grid=grid_of(layer, form),
        block=(form.threads, 1, 1),
    )


def stem_weights(name: str, layer: FewChannels, form: Form, context: LoweringContext) -> Region:
    """A constant filter as the kernel of that form reads it."""
    _, filters, _ = grid_of(layer, form)
    size = filters * form.filters * layer.steps * SLOTS * QUAD
    constant = context.graph.constants[name]
    label = f"for tensor cores, {form.warps[1]} x {form.columns} tiles"
    return context.prepared(
        name, label, row_major((size,), layer.dtype), lambda: arranged(constant.numpy(), layer, form)
    )


def arranged(values: Array, layer: FewChannels, form: Form) -> Array:
    """Filters (K, C, rows, columns; one dimension of window has one row) in the order in which lanes load them.

    Block of filters, step, warp along filters, 16 bytes of a lane at once, lane, tile of 8 filters, channel of a slot.
    """
    count, channels = values.shape[:2]
    together = 2 if layer.dtype.itemsize == 2 else 1
    _, blocks, _ = grid_of(layer, form)
    taps = values.reshape(count, channels, -1).transpose(0, 2, 1)
    slots = np.zeros((blocks * form.filters, layer.steps * SLOTS, QUAD), np.float32)
    padded = np.zeros((count, taps.shape[1], layer.quads * QUAD), np.float32)
    padded[..., :channels] = taps
    slots[:count, : layer.slots] = padded.reshape(count, layer.slots, QUAD)
    order = [filter_of(column, form.columns, layer.dtype) for column in range(form.columns * 8)]
    # (block, warp, filter of the warp, step, slot, channel), then columns in the order of tiles.
    parts = slots.reshape(blocks, form.warps[1], form.columns * 8, layer.steps, SLOTS, QUAD)[:, :, order]
    tiled = parts.reshape(blocks, form.warps[1], form.columns // together, together, 8, layer.steps, SLOTS, QUAD)
    result = np.ascontiguousarray(tiled.transpose(0, 5, 1, 2, 4, 6, 3, 7)).reshape(-1)
    return rounded_to_tf32(result) if layer.dtype.itemsize == 4 else result


def rounded_to_tf32(values: Array) -> Array:
    """Float32 with ten bits of mantissa, halves away from zero, as the GPU's own conversion rounds."""
    bits = np.asarray(values, np.float32).view(np.uint32)
    rounded = ((bits + np.uint32(0x1000)) & np.uint32(0xFFFFE000)).view(np.float32)
    return np.where(np.isfinite(values), rounded, values).astype(np.float32)


_MOST_CHANNELS = 4
_STORED = (DType.FLOAT16, DType.BFLOAT16, DType.FLOAT32)
_QUANTIZED = (DType.INT8, DType.UINT8)


def reads_anything(conv: Primitive, graph: Graph, precision: Precision) -> bool:
    """Whether it is a convolution of few channels with constant weights, and tensor cores may compute it."""
    if conv.op != "Conv" or conv.inputs[1] not in graph.constants or conv.integer("group", 1) != 1:
        return False
    tensors = graph.tensors
    shape, result = tensors[conv.inputs[0]].shape, tensors[conv.outputs[0]]
    floats = all(tensors[name].dtype.is_float for name in (conv.inputs[0], conv.outputs[0]))
    few = len(shape) in (3, 4) and 1 <= shape[1] <= _MOST_CHANNELS and 0 not in (*shape, *result.shape)
    return floats and few and precision.of_floats(result.dtype) is not Precision.FP32


def ways(segment: Segment, context: LoweringContext) -> tuple[tuple[KernelStep, ...], ...]:
    """The whole segment as one kernel, in each form that is worth timing."""
    conv = segment.main
    if segment.prologue or not reads_anything(conv, context.graph, context.precision):
        return ()
    layer = _layer(segment, context)
    if layer is None:
        return ()
    steps = ((form, stem_weights(conv.inputs[1], layer, form, context)) for form in forms(layer))
    return tuple((stem_step(layer, form, weights),) for form, weights in steps)


def _layer(segment: Segment, context: LoweringContext) -> FewChannels | None:
    """The layer; None where its result or an operand of its epilogue lies as the kernels cannot store or load it."""
    conv = segment.main
    dtype = context.storage(conv.outputs[0])
    y = as_rows(context.region(segment.writes[0]))
    if dtype not in _STORED or y.layout.dtype not in (dtype, *_QUANTIZED) or not is_library_image(y):
        return None
    after = fused_after(segment, context)
    after = replace(after, reads=tuple((name, as_rows(region)) for name, region in after.reads))
    if not all(_is_loaded_whole(region) for _, region in after.reads):
        return None
    own = tuple(conv.inputs[2:3]) if len(conv.inputs) > 2 and conv.inputs[2] else ()
    bias, _ = bias_regions(own, y.layout.shape[1], y.layout.channels, DType.FLOAT32, context)
    x = as_rows(context.region(conv.inputs[0]))
    rank = len(context.tensor(conv.inputs[0]).shape) - 2
    ones, zeros = (1,) * rank, (0,) * rank
    return FewChannels(
        x=x,
        y=y,
        bias=bias,
        window=_pair(context.tensor(conv.inputs[1]).shape[2:]),
        begins=_pair(conv.integers("pads", zeros * 2)[:rank], 0),
        strides=_pair(conv.integers("strides", ones)),
        dilations=_pair(conv.integers("dilations", ones)),
        after=after,
        dtype=dtype,
    )


def _pair(values: tuple[int, ...], missing: int = 1) -> tuple[int, int]:
    """One value per dimension of an image; a single one is of its columns."""
    first, second = values if len(values) == 2 else (missing, values[0])
    return first, second


def _is_loaded_whole(region: Region) -> bool:
    """Whether neighbouring channels of an operand are loaded one by one, or are aligned vectors."""
    layout = region.layout
    lanes = vector_lanes(layout.dtype)
    others = (stride for axis, stride in enumerate(layout.strides) if axis != 1)
    return layout.strides[1] != 1 or (region.offset % lanes == 0 and all(stride % lanes == 0 for stride in others))


OWN_PRODUCTS = OwnProducts(ways, reads_anything=reads_anything)
