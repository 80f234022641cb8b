"""Fused operators that ONNX Runtime's optimizer writes (domain com.microsoft): as the operators that were fused.

Source of the arithmetic: ONNX Runtime's list of contributed operators.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from warploom.graph import DType
from warploom.importer.expand.writer import Expander, Writer


def _plain(writer: Writer, *without: str) -> dict[str, Any]:
    values = writer.node.values.items()
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values if name not in without}


def activated(op: str) -> Expander:
    """FusedConv, FusedGemm: the product, an addend, an activation."""

    def expand(writer: Writer) -> None:
        own = ("activation", "activation_params", "activation_alpha", "activation_beta", "activation_gamma")
        product = writer.op(op, *writer.node.inputs[:3], **_plain(writer, *own))
        if writer.node.input(3):
            product = writer.op("Add", product, writer.node.input(3))
        writer.result(_activation(writer, product))

    return expand


def _activation(writer: Writer, x: str) -> str:
    node = writer.node
    name = node.text("activation", "")
    given = node.values.get("activation_params") or tuple(
        node.values[key] for key in ("activation_alpha", "activation_beta") if key in node.values
    )
    if not name:
        return x
    if name == "Clip":
        return writer.op("Clip", x, *(writer.number(float(bound), node.input(0)) for bound in given))
    if name not in ("Relu", "Tanh", "Sigmoid", "LeakyRelu", "HardSigmoid", "Elu", "Softplus", "HardSwish"):
        raise node.failure(f"has the activation {name!r}, which Warploom does not support.")
    parameters: dict[str, Any] = dict(zip(("alpha", "beta"), map(float, given), strict=False))
    return writer.op(name, x, **parameters)


def nhwc_conv(writer: Writer) -> None:
    """NhwcConv: image and weights with their channels last."""
    node = writer.node
    x, weight = (writer.transpose(name, (0, 3, 1, 2)) for name in node.inputs[:2])
    made = writer.op("Conv", x, weight, *node.inputs[2:3], **_plain(writer, "activation", "activation_params"))
    writer.result(writer.transpose(_activation(writer, made), (0, 2, 3, 1)))


def fused_matmul(writer: Writer) -> None:
    """FusedMatMul, TransposeMatMul: operands turned, the product scaled."""
    node = writer.node
    sides = []
    for name, side in zip(node.inputs, "AB", strict=True):
        order = list(range(len(writer.shape(name))))
        if node.integer(f"transBatch{side}", 0) and len(order) > 2:
            order = [*order[1:-1], 0, order[-1]]  # the first dimension goes behind those of the batch
        if node.integer(f"trans{side}", 0) and len(order) > 1:
            order[-2:] = order[:-3:-1]
        sides.append(writer.transpose(name, order) if order != sorted(order) else name)
    product = writer.op("MatMul", *sides)
    alpha = node.number("alpha", 1.0)
    writer.result(product if alpha == 1.0 else writer.op("Mul", product, writer.number(alpha, node.input(0))))


def gelu(approximate: str) -> Expander:
    """Gelu, BiasGelu, FastGelu: behind a bias, if there is one."""

    def expand(writer: Writer) -> None:
        x, bias = writer.node.input(0), writer.node.input(1)
        writer.op("Gelu", writer.op("Add", x, bias) if bias else x, approximate=approximate, to=writer.node.outputs[0])

    return expand


def quick_gelu(writer: Writer) -> None:
    """QuickGelu: x * sigmoid(alpha * x)."""
    x = writer.node.input(0)
    scaled = writer.op("Mul", x, writer.number(writer.node.number("alpha", 1.702), x))
    writer.op("Mul", x, writer.op("Sigmoid", scaled), to=writer.node.outputs[0])


def bias_split_gelu(writer: Writer) -> None:
    """BiasSplitGelu: one half times Gelu of the other."""
    x = writer.op("Add", *writer.node.inputs)
    axis = len(writer.shape(writer.node.input(0))) - 1
    half = writer.shape(writer.node.input(0))[-1] // 2
    left, right = writer.split(x, axis, (half, half))
    writer.op("Mul", left, writer.op("Gelu", right), to=writer.node.outputs[0])


def bias_add(writer: Writer) -> None:
    """BiasAdd: with a residual."""
    x, bias, skip = writer.node.inputs
    writer.op("Add", writer.op("Add", x, bias), skip, to=writer.node.outputs[0])


def simplified_norm(writer: Writer) -> None:
    """SimplifiedLayerNormalization: RMSNormalization."""
    node = writer.node
    epsilon, axis = node.number("epsilon", 1e-5), node.integer("axis", -1)
    writer.op("RMSNormalization", *node.inputs[:2], axis=axis, epsilon=epsilon, to=node.outputs[0])


def skip_norm(*, simplified: bool) -> Expander:
    """SkipLayerNormalization: a sum of two or three, normalized; the sum may be handed out."""

    def expand(writer: Writer) -> None:
        node = writer.node
        x, skip, scale = node.inputs[:3]
        shift, bias = ("", node.input(3)) if simplified else (node.input(3), node.input(4))
        total = writer.op("Add", x, skip)
        if bias:
            total = writer.op("Add", total, bias)
        op = "RMSNormalization" if simplified else "LayerNormalization"
        inputs = (total, scale, shift) if shift else (total, scale)
        writer.result(writer.op(op, *inputs, axis=-1, epsilon=node.number("epsilon", 1e-5)))
        for position in (1, 2):
            if writer.output(position):
                raise node.failure("hands out its statistics, which Warploom does not support.")
        writer.result(total, 3)

    return expand


def embed_norm(writer: Writer) -> None:
    """EmbedLayerNormalization: words, positions and segments, looked up, added and normalized."""
    node = writer.node
    ids, segments, words, places, kinds, scale, shift, mask, positions = (node.input(i) for i in range(9))
    total = writer.op("Gather", words, ids, axis=0)
    if positions:
        total = writer.op("Add", total, writer.op("Gather", places, positions, axis=0))
    else:
        total = writer.op("Add", total, writer.cut(places, 0, 0, writer.shape(ids)[1]))
    if segments:
        total = writer.op("Add", total, writer.op("Gather", kinds, segments, axis=0))
    inputs = (total, scale, shift)
    writer.result(writer.op("LayerNormalization", *inputs, axis=-1, epsilon=node.number("epsilon", 1e-12)))
    if writer.output(1):
        if not mask:
            raise node.failure("hands out a mask that it is not given, which Warploom does not support.")
        writer.result(writer.total(mask, 1), 1)
    writer.result(total, 2)


def group_norm(writer: Writer) -> None:
    """GroupNorm: channels last by default, Swish behind it if asked."""
    _normalize_groups(writer, writer.node.inputs[0])


def skip_group_norm(writer: Writer) -> None:
    """SkipGroupNorm: the same of a sum, which it hands out as well; what is added may be one value per channel."""
    node = writer.node
    x, skip, bias = node.inputs[0], node.input(3), node.input(4)
    ones = (1,) * (len(writer.shape(x)) - 2)
    last = bool(node.integer("channels_last", 1))
    if len(shape := writer.shape(skip)) == 2:
        skip = writer.reshape(skip, shape[0], *ones, shape[1]) if last else writer.reshape(skip, *shape, *ones)
    total = writer.op("Add", x, skip)
    if bias:
        total = writer.op("Add", total, bias if last else writer.reshape(bias, -1, *ones))
    writer.result(total, 1)
    _normalize_groups(writer, total)


def _normalize_groups(writer: Writer, total: str) -> None:
    node = writer.node
    x, scale, shift = node.inputs[:3]
    last = bool(node.integer("channels_last", 1))
    rank = len(writer.shape(x))
    image = writer.transpose(total, (0, rank - 1, *range(1, rank - 1))) if last else total
    parts = [writer.cast(name, writer.dtype(x)) if writer.dtype(name) != writer.dtype(x) else name
             for name in (scale, shift)]  # fmt: skip
    groups, epsilon = node.integer("groups", 1), node.number("epsilon", 1e-5)
    made = writer.op("GroupNormalization", image, *parts, num_groups=groups, epsilon=epsilon)
    if node.integer("activation", 0):
        made = writer.op("Mul", made, writer.op("Sigmoid", made))
    writer.result(writer.transpose(made, (0, *range(2, rank), 1)) if last else made)


def attention(writer: Writer) -> None:
    """Attention: the products that make queries, keys and values, then attention of several heads."""
    node = writer.node
    x, weight, bias, mask, past, added = (node.input(i) for i in range(6))
    batch, steps, _ = writer.shape(x)
    heads = node.integer("num_heads", 1)
    sizes = node.integers("qkv_hidden_sizes") or (writer.shape(weight)[1] // 3,) * 3
    if node.integer("do_rotary", 0) or (past and not _whole_past(writer, past)):
        raise node.failure("turns its queries or shares its past, which Warploom does not support.")
    product = writer.op("MatMul", x, weight)
    if bias:
        product = writer.op("Add", product, bias)
    split = writer.split(product, 2, sizes)
    query, key, value = (_heads(writer, part, (batch, steps, heads), size)
                         for part, size in zip(split, sizes, strict=True))  # fmt: skip
    before = 0
    if past:
        before = writer.shape(past)[3]
        old = [writer.squeeze(part, 0) for part in writer.split(past, 0, (1, 1))]
        key, value = (writer.op("Concat", *pair, axis=2) for pair in ((old[0], key), (old[1], value)))
    if writer.output(1):
        parts = [writer.unsqueeze(part, 0) for part in (key, value)]
        writer.result(writer.op("Concat", *parts, axis=0), 1)
    biases = [*_mask(writer, mask, batch, steps + before), *([added] if added else [])]
    if node.integer("unidirectional", 0):
        biases.append(_causal(writer, steps, steps + before, x))
    _attend(writer, (query, key, value), sizes[0] // heads, biases, (batch, steps, sizes[2]))


def _whole_past(writer: Writer, past: str) -> bool:
    return len(writer.shape(past)) == 5 and not writer.node.integer("past_present_share_buffer", 0)


def multi_head_attention(writer: Writer) -> None:
    """MultiHeadAttention: queries, keys and values are given; those of three dimensions are split into heads."""
    node = writer.node
    query, key, value, bias, mask, added, past_key, past_value = (node.input(i) for i in range(8))
    if not key or not value or len(writer.shape(query)) != 3:
        raise node.failure("has queries, keys and values in one tensor, which Warploom does not support.")
    batch, steps, width = writer.shape(query)
    heads = node.integer("num_heads", 1)
    parts = [query, key, value]
    if bias:
        sizes = [writer.shape(part)[-1] if len(writer.shape(part)) == 3 else 0 for part in parts]
        cuts = writer.split(bias, 0, [size for size in sizes if size])
        parts = [writer.op("Add", part, cut) for part, cut in zip(parts, cuts, strict=True)]
    deep = writer.shape(value)[-1] * (heads if len(writer.shape(value)) == 4 else 1)
    spread = []
    for part, given in zip(parts, (query, key, value), strict=True):
        shape = writer.shape(given)
        spread.append(part if len(shape) == 4 else _heads(writer, part, (batch, shape[1], heads), shape[2]))
    if past_key:
        spread[1:] = [
            writer.op("Concat", old, new, axis=2) for old, new in zip((past_key, past_value), spread[1:], strict=True)
        ]
    writer.result(spread[1], 1)
    writer.result(spread[2], 2)
    total = writer.shape(key)[-2] + (writer.shape(past_key)[2] if past_key else 0)
    biases = [*_mask(writer, mask, batch, total), *([added] if added else [])]
    if node.integer("unidirectional", 0):
        biases.append(_causal(writer, steps, total, query))
    _attend(writer, (spread[0], spread[1], spread[2]), width // heads, biases, (batch, steps, deep))


def _heads(writer: Writer, x: str, shape: tuple[int, int, int], size: int) -> str:
    """(batch, steps, size) as (batch, heads, steps, size / heads)."""
    batch, steps, heads = shape
    return writer.transpose(writer.reshape(x, batch, steps, heads, size // heads), (0, 2, 1, 3))


def _mask(writer: Writer, mask: str, batch: int, total: int) -> list[str]:
    """What is added to scores: a large negative number where a mask of zeros and ones, or of lengths, says so."""
    if not mask:
        return []
    shape, like = writer.shape(mask), writer.node.input(0)
    low = writer.node.number("mask_filter_value", -10000.0)
    if shape == (batch,):
        steps = writer.constant(np.arange(total)[None], DType.INT32)
        seen = writer.op("Less", steps, writer.reshape(mask, batch, 1))
    elif shape == (batch, total):
        seen = writer.op("Greater", mask, writer.number(0, mask))
    else:
        raise writer.node.failure(f"has a mask of shape {list(shape)}, which Warploom does not support.")
    added = writer.op("Where", seen, writer.number(0.0, like), writer.number(low, like))
    return [writer.unsqueeze(added, 1, 2)]


def _causal(writer: Writer, steps: int, total: int, like: str) -> str:
    """A step sees itself and what was before."""
    low = writer.node.number("mask_filter_value", -10000.0)
    seen = np.tril(np.ones((steps, total)), total - steps) > 0
    return writer.constant(np.where(seen, 0.0, low), writer.dtype(like))


def _attend(
    writer: Writer, parts: tuple[str, str, str], size: int, biases: list[str], shape: tuple[int, int, int]
) -> None:
    query, key, value = parts
    scale = writer.node.number("scale", 0.0) or size**-0.5
    scaled = writer.op("Mul", query, writer.number(scale, writer.node.input(0)))
    scores = writer.op("MatMul", scaled, writer.transpose(key, (0, 1, 3, 2)))
    for bias in biases:
        scores = writer.op("Add", scores, bias)
    made = writer.op("MatMul", writer.op("Softmax", scores, axis=-1), value)
    writer.result(writer.reshape(writer.transpose(made, (0, 2, 1, 3)), *shape))


def rotary(writer: Writer) -> None:
    """RotaryEmbedding: ONNX's own, its positions spelled out."""
    node = writer.node
    x, positions, cosines, sines = node.inputs[:4]
    shape = writer.shape(x)
    batch, steps = shape[0], shape[-2]
    if writer.shape(positions) != (batch, steps):
        counted = writer.constant(np.tile(np.arange(steps), (batch, 1)), DType.INT64)
        positions = writer.op("Add", counted, writer.reshape(positions, 1, 1))
    width = node.integer("rotary_embedding_dim", 0)
    heads = node.integer("num_heads", 0)
    if len(shape) == 3 and not heads:
        heads = shape[2] // (2 * writer.shape(cosines)[1])
    writer.op(
        "RotaryEmbedding", x, cosines, sines, positions, to=node.outputs[0],
        interleaved=node.integer("interleaved", 0), num_heads=heads, rotary_embedding_dim=width,
    )  # fmt: skip


def matmul_of_few_bits(writer: Writer) -> None:
    """MatMulNBits: weights of 4 or 8 bits in blocks, each with its scale; unpacked on import."""
    node = writer.node
    bits, block = node.integer("bits", 4), node.integer("block_size", 32)
    depth, columns = node.integer("K", 0), node.integer("N", 0)
    if bits not in (4, 8):
        raise node.failure(f"has weights of {bits} bits, which Warploom does not support.")
    packed, scales = writer.array(1, "weights"), writer.array(2, "scales").astype(np.float32)
    blocks = -(-depth // block)
    values = _unpacked(packed.reshape(columns, blocks, -1), bits)[:, :, :block]
    zeros: Any = np.float32(1 << (bits - 1))
    if node.input(3):
        zeros = writer.array(3, "zeros")
        if zeros.dtype == np.uint8:
            zeros = _unpacked(zeros.reshape(columns, -1), bits)[:, :blocks]
        zeros = zeros.reshape(columns, blocks, 1).astype(np.float32)
    weight = ((values.astype(np.float32) - zeros) * scales.reshape(columns, blocks, 1)).reshape(columns, -1)
    x = node.input(0)
    product = writer.op("MatMul", x, writer.constant(weight[:, :depth].T, writer.dtype(x), "weight"))
    writer.result(writer.op("Add", product, node.input(5)) if node.input(5) else product)


def _unpacked(packed: np.ndarray[Any, Any], bits: int) -> np.ndarray[Any, Any]:
    """Numbers of a few bits, the low ones of every byte first."""
    if bits == 8:
        return packed
    both = np.stack([packed & 15, packed >> 4], axis=-1)
    return both.reshape(*packed.shape[:-1], -1)


def renamed(op: str) -> Expander:
    """An operator that ONNX has by now."""

    def expand(writer: Writer) -> None:
        writer.ops(op, *writer.node.inputs, to=writer.node.outputs, **_plain(writer))

    return expand


EXPANDERS: Mapping[str, Expander] = {
    "SimplifiedLayerNormalization": simplified_norm,
    **{
        f"com.microsoft::{op}": expander
        for op, expander in {
            "FusedConv": activated("Conv"),
            "FusedGemm": activated("Gemm"),
            "NhwcConv": nhwc_conv,
            "NhwcFusedConv": nhwc_conv,
            "FusedMatMul": fused_matmul,
            "TransposeMatMul": fused_matmul,
            "Gelu": gelu("none"),
            "BiasGelu": gelu("none"),
            "FastGelu": gelu("tanh"),
            "QuickGelu": quick_gelu,
            "BiasSplitGelu": bias_split_gelu,
            "BiasAdd": bias_add,
            "SimplifiedLayerNormalization": simplified_norm,
            "SkipLayerNormalization": skip_norm(simplified=False),
            "SkipSimplifiedLayerNormalization": skip_norm(simplified=True),
            "EmbedLayerNormalization": embed_norm,
            "GroupNorm": group_norm,
            "SkipGroupNorm": skip_group_norm,
            "Attention": attention,
            "MultiHeadAttention": multi_head_attention,
            "RotaryEmbedding": rotary,
            "MatMulNBits": matmul_of_few_bits,
            "Trilu": renamed("Trilu"),
            "GridSample": renamed("GridSample"),
        }.items()
    },
}
