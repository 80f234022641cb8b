"""Integer operators written out as floats between DequantizeLinear and QuantizeLinear, or as products of floats.

Devices put the conversions and the product between them together again (`warploom.passes.fuse_quantized`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from warploom.graph import DType
from warploom.importer.expand.writer import Expander, Writer


def _floats(writer: Writer, x: str, scale: str, zero: str, axis: int | None = None) -> str:
    """Dequantized; `axis` counts where there is a scale for each channel."""
    inputs: tuple[str, ...] = (x, scale, zero) if zero else (x, scale)
    each = axis is not None and writer.elements(scale) > 1
    if not each and len(writer.shape(scale)):
        inputs = (x, *(writer.reshape(name) for name in inputs[1:]))
    return writer.op("DequantizeLinear", *inputs, axis=axis if each else None)


def _integers(writer: Writer, x: str, scale: str, zero: str) -> None:
    """Quantized, as the node's result."""
    scale = writer.reshape(scale) if writer.shape(scale) else scale
    if zero:
        zero = writer.reshape(zero) if writer.shape(zero) else zero
    writer.op("QuantizeLinear", x, scale, *([zero] if zero else []), to=writer.node.outputs[0])


def _kept(writer: Writer, *names: str) -> dict[str, Any]:
    values = writer.node.values
    return {name: values[name] if not isinstance(values[name], tuple) else list(values[name])
            for name in names if name in values}  # fmt: skip


_CONV = ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")


def conv(writer: Writer) -> None:
    """QLinearConv: its bias is int32 in units of both scales."""
    x, xs, xz, w, ws, wz, ys, yz, bias = (writer.node.input(i) for i in range(9))
    inputs = [_floats(writer, x, xs, xz), _floats(writer, w, ws, wz, axis=0)]
    if bias:
        unit = writer.op("Mul", writer.reshape(xs), ws if writer.elements(ws) > 1 else writer.reshape(ws))
        each: dict[str, Any] = {"axis": 0} if writer.elements(ws) > 1 else {}
        inputs.append(writer.op("DequantizeLinear", bias, unit, **each))
    _integers(writer, writer.op("Conv", *inputs, **_kept(writer, *_CONV)), ys, yz)


def matmul(writer: Writer) -> None:
    """QLinearMatMul."""
    a, a_scale, a_zero, b, b_scale, b_zero, ys, yz = (writer.node.input(i) for i in range(8))
    last = len(writer.shape(b)) - 1
    product = writer.op("MatMul", _floats(writer, a, a_scale, a_zero), _floats(writer, b, b_scale, b_zero, axis=last))
    _integers(writer, product, ys, yz)


def gemm(writer: Writer) -> None:
    """QGemm: without a result's scale it stays float."""
    a, a_scale, a_zero, b, b_scale, b_zero, bias, ys, yz = (writer.node.input(i) for i in range(9))
    axis = 0 if writer.node.integer("transB", 0) else 1
    inputs = [_floats(writer, a, a_scale, a_zero), _floats(writer, b, b_scale, b_zero, axis=axis)]
    if bias:
        unit = writer.op("Mul", writer.reshape(a_scale), b_scale)
        each: dict[str, Any] = {"axis": 0} if writer.elements(b_scale) > 1 else {}
        inputs.append(writer.op("DequantizeLinear", bias, unit if each else writer.reshape(unit), **each))
    product = writer.op("Gemm", *inputs, **_kept(writer, "alpha", "transA", "transB"))
    if ys:
        _integers(writer, product, ys, yz)
    else:
        writer.result(product)


def _exact(writer: Writer, x: str, zero: str, power: int, axes: Sequence[int] = ()) -> str:
    """Integers less their zero as floats, times a power of two that keeps sums of products small in 16-bit floats."""
    number = writer.cast(x, DType.FLOAT32)
    if zero:
        less = writer.cast(zero, DType.FLOAT32)
        if axes and writer.elements(zero) > 1:
            less = writer.unsqueeze(less, *axes)
        elif writer.elements(zero) == 1:
            less = writer.reshape(less)
        number = writer.op("Sub", number, less)
    return writer.op("Mul", number, writer.constant(2.0**-power, DType.FLOAT32))


_POWER = 8


def matmul_integer(writer: Writer) -> None:
    """MatMulInteger."""
    a, b, a_zero, b_zero = (writer.node.input(i) for i in range(4))
    rows = (len(writer.shape(a_zero)),) if a_zero and len(writer.shape(a_zero)) else ()
    product = writer.op("MatMul", _exact(writer, a, a_zero, _POWER, rows), _exact(writer, b, b_zero, _POWER))
    _whole(writer, product)


def conv_integer(writer: Writer) -> None:
    """ConvInteger."""
    x, w, x_zero, w_zero = (writer.node.input(i) for i in range(4))
    rank = len(writer.shape(w))
    weight = _exact(writer, w, w_zero, _POWER, tuple(range(1, rank)))
    _whole(writer, writer.op("Conv", _exact(writer, x, x_zero, _POWER), weight, **_kept(writer, *_CONV)))


def _whole(writer: Writer, product: str) -> None:
    """The product as int32, put together from two parts: in its own units it is more than 16-bit floats hold."""
    unit = 4**_POWER
    high = writer.op("Round", product)
    rest = writer.op("Mul", writer.op("Sub", product, high), writer.constant(unit, DType.FLOAT32))
    low = writer.cast(writer.op("Round", rest), DType.INT32)
    high = writer.op("Mul", writer.cast(high, DType.INT32), writer.constant(unit, DType.INT32))
    writer.op("Add", high, low, to=writer.node.outputs[0])


def _binary(op: str) -> Expander:
    def expand(writer: Writer) -> None:
        a, a_scale, a_zero, b, b_scale, b_zero, ys, yz = (writer.node.input(i) for i in range(8))
        _integers(
            writer,
            writer.op(op, _floats(writer, a, a_scale, a_zero), _floats(writer, b, b_scale, b_zero)),
            ys,
            yz,
        )

    return expand


def _unary(op: str, *names: str) -> Expander:
    def expand(writer: Writer) -> None:
        x, xs, xz, ys, yz = (writer.node.input(i) for i in range(5))
        if writer.node.integer("channels_last", 0):
            raise writer.node.failure("has its channels last, which Warploom does not support in this operator.")
        _integers(writer, writer.op(op, _floats(writer, x, xs, xz), **_kept(writer, *names)), ys, yz)

    return expand


def concat(writer: Writer) -> None:
    """QLinearConcat: scale and zero of the result, then three inputs each."""
    inputs = writer.node.inputs
    parts = [_floats(writer, inputs[i], inputs[i + 1], inputs[i + 2]) for i in range(2, len(inputs), 3)]
    joined = writer.op("Concat", *parts, axis=writer.node.integer("axis", 0))
    _integers(writer, joined, inputs[0], inputs[1])


def product_to_float(writer: Writer) -> None:
    """MatMulIntegerToFloat."""
    a, b, a_scale, b_scale, a_zero, b_zero, bias = (writer.node.input(i) for i in range(7))
    last = len(writer.shape(b)) - 1
    product = writer.op("MatMul", _floats(writer, a, a_scale, a_zero), _floats(writer, b, b_scale, b_zero, axis=last))
    writer.result(writer.op("Add", product, bias) if bias else product)


def dynamic_matmul(writer: Writer) -> None:
    """DynamicQuantizeMatMul: what its left operand loses by quantization is kept."""
    a, b, b_scale, b_zero, bias = (writer.node.input(i) for i in range(5))
    names = tuple(writer.name(what) for what in ("integers", "scale", "zero"))
    stored = writer.ops("DynamicQuantizeLinear", a, to=names)
    last = len(writer.shape(b)) - 1
    product = writer.op(
        "MatMul", writer.op("DequantizeLinear", *stored), _floats(writer, b, b_scale, b_zero, axis=last)
    )
    writer.result(writer.op("Add", product, bias) if bias else product)


def convert(writer: Writer) -> None:
    """QuantizeLinear and DequantizeLinear of ONNX Runtime's own domain: as ONNX has them."""
    op = writer.node.op.rpartition("::")[2]
    writer.op(op, *writer.node.inputs, to=writer.node.outputs[0], **_kept(writer, "axis"))


def blockwise(writer: Writer) -> None:
    """DequantizeLinear with a scale for every few elements along an axis: scales are repeated."""
    node = writer.node
    x, scale, zero = (node.input(position) for position in range(3))
    shape = writer.shape(x)
    axis, block = node.integer("axis", 1) % len(shape), node.integer("block_size", 0)
    number = writer.cast(x, writer.dtype(scale))
    if zero:
        number = writer.op("Sub", number, _repeated(writer, writer.cast(zero, writer.dtype(scale)), shape, axis, block))
    writer.op("Mul", number, _repeated(writer, scale, shape, axis, block), to=node.outputs[0])


def _repeated(writer: Writer, name: str, shape: Sequence[int], axis: int, block: int) -> str:
    """Every element `block` times along an axis, as far as the shape goes."""
    blocks = -(-shape[axis] // block)
    apart = writer.reshape(name, *shape[:axis], blocks, 1, *shape[axis + 1 :])
    wide = writer.op("Expand", apart, writer.integers(*shape[:axis], blocks, block, *shape[axis + 1 :]))
    whole = writer.reshape(wide, *shape[:axis], blocks * block, *shape[axis + 1 :])
    return whole if blocks * block == shape[axis] else writer.cut(whole, axis, 0, shape[axis])


EXPANDERS: Mapping[str, Expander] = {
    "QLinearConv": conv,
    "QLinearMatMul": matmul,
    "MatMulInteger": matmul_integer,
    "ConvInteger": conv_integer,
    "com.microsoft::QGemm": gemm,
    "com.microsoft::QLinearAdd": _binary("Add"),
    "com.microsoft::QLinearMul": _binary("Mul"),
    "com.microsoft::QLinearSigmoid": _unary("Sigmoid"),
    "com.microsoft::QLinearLeakyRelu": _unary("LeakyRelu", "alpha"),
    "com.microsoft::QLinearSoftmax": _unary("Softmax", "axis"),
    "com.microsoft::QLinearGlobalAveragePool": _unary("GlobalAveragePool"),
    "com.microsoft::QLinearAveragePool": _unary(
        "AveragePool", "auto_pad", "ceil_mode", "count_include_pad", "kernel_shape", "pads", "strides"
    ),
    "com.microsoft::QLinearConcat": concat,
    "com.microsoft::MatMulIntegerToFloat": product_to_float,
    "com.microsoft::DynamicQuantizeMatMul": dynamic_matmul,
    "com.microsoft::QuantizeLinear": convert,
    "com.microsoft::DequantizeLinear": convert,
}
