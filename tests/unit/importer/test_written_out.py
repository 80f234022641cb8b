"""Integer operators, and those that ONNX Runtime fuses, compute the same written out as simpler ones."""

from __future__ import annotations

import onnx.parser
import pytest

from warploom.errors import ModelImportError
from warploom.importer.load import import_model

_FUSED = {
    "conv": "(float[1,4,7,8] x, float[6,4,3,3] w, float[6] b, float[1,6,7,8] z) => (float[1,6,7,8] y) "
    '{ y = com.microsoft.FusedConv<pads=[1,1,1,1], activation="Relu">(x, w, b, z) }',
    "conv_leaky": "(float[1,4,7,8] x, float[6,4,3,3] w) => (float[1,6,5,6] y) "
    '{ y = com.microsoft.FusedConv<activation="LeakyRelu", activation_params=[0.3]>(x, w) }',
    "gemm": "(float[3,4] x, float[5,4] w, float[5] b) => (float[3,5] y) "
    '{ y = com.microsoft.FusedGemm<transB=1, activation="Tanh">(x, w, b) }',
    "matmul": "(float[2,4,3] x, float[2,5,4] w) => (float[2,3,5] y) "
    "{ y = com.microsoft.FusedMatMul<alpha=0.5, transA=1, transB=1>(x, w) }",
    "matmul_of_turned_batches": "(float[3,2,4] x, float[2,4,5] w) => (float[2,3,5] y) "
    "{ y = com.microsoft.FusedMatMul<transBatchA=1>(x, w) }",
    "gelu": "(float[2,3,8] x, float[8] b) => (float[2,3,8] y, float[2,3,8] z, float[2,3,8] v, float[2,3,8] u) "
    "{ y = com.microsoft.Gelu(x) z = com.microsoft.BiasGelu(x, b) v = com.microsoft.FastGelu(x, b) "
    "u = com.microsoft.QuickGelu<alpha=1.7>(x) }",
    "skip_norm": "(float[2,3,8] x, float[2,3,8] s, float[8] g, float[8] b, float[8] c) "
    "=> (float[2,3,8] y, float[2,3,8] t) "
    "{ y, , , t = com.microsoft.SkipLayerNormalization<epsilon=1e-3>(x, s, g, b, c) }",
    "skip_simplified_norm": "(float[2,3,8] x, float[2,3,8] s, float[8] g) => (float[2,3,8] y, float[2,3,8] t) "
    "{ y, , , t = com.microsoft.SkipSimplifiedLayerNormalization(x, s, g) }",
    "simplified_norm": "(float[2,3,8] x, float[8] g) => (float[2,3,8] y) { y = SimplifiedLayerNormalization(x, g) }",
    "embed_norm": "(int32[2,3] i, int32[2,3] s, float[9,8] w, float[5,8] p, float[2,8] k, float[8] g, float[8] b, "
    "int32[2,3] m) => (float[2,3,8] y, int32[2] n) "
    "{ y, n = com.microsoft.EmbedLayerNormalization(i, s, w, p, k, g, b, m) }",
    "attention": "(float[2,3,8] x, float[8,24] w, float[24] b) => (float[2,3,8] y) "
    "{ y = com.microsoft.Attention<num_heads=2>(x, w, b) }",
    "attention_masked_with_past": "(float[2,3,8] x, float[8,24] w, float[24] b, int32[2,5] m, float[2,2,2,2,4] p) "
    "=> (float[2,3,8] y, float[2,2,2,5,4] q) "
    "{ y, q = com.microsoft.Attention<num_heads=2, unidirectional=1>(x, w, b, m, p) }",
    "multi_head_attention": "(float[2,3,8] q, float[2,5,8] k, float[2,5,8] v, float[24] b, float[2,2,3,5] a) "
    "=> (float[2,3,8] y) { y = com.microsoft.MultiHeadAttention<num_heads=2, scale=0.4>(q, k, v, b, , a) }",
    "multi_head_attention_with_past": "(float[1,2,8] q, float[1,2,8] k, float[1,2,8] v, float[1,2,3,4] a, "
    "float[1,2,3,4] b) => (float[1,2,8] y, float[1,2,5,4] c, float[1,2,5,4] d) "
    "{ y, c, d = com.microsoft.MultiHeadAttention<num_heads=2>(q, k, v, , , , a, b) }",
    "rotary": "(float[2,3,8] x, int64[1] p, float[9,2] c, float[9,2] s) => (float[2,3,8] y) "
    "{ y = com.microsoft.RotaryEmbedding(x, p, c, s) }",
}

_BYTES = "x8 = QuantizeLinear(x, sx, zx) w8 = QuantizeLinear(w, sw, zw)"
_SCALES = "float sx = {0.02}, uint8 zx = {120}, float sw = {0.03}, int8 zw = {0}, float sy = {0.0937}, uint8 zy = {127}"
_INTEGER = {
    "conv": f"(float[1,4,7,8] x, float[6,4,3,3] w) => (uint8[1,6,7,8] y) <{_SCALES}, int32[6] b = {{1,2,3,4,5,6}}> "
    f"{{ {_BYTES} y = QLinearConv<pads=[1,1,1,1]>(x8, sx, zx, w8, sw, zw, sy, zy, b) }}",
    "matmul": f"(float[2,3,4] x, float[4,5] w) => (uint8[2,3,5] y) <{_SCALES}> "
    f"{{ {_BYTES} y = QLinearMatMul(x8, sx, zx, w8, sw, zw, sy, zy) }}",
    "matmul_integer": f"(float[2,3,4] x, float[4,5] w) => (int32[2,3,5] y) <{_SCALES}> "
    f"{{ {_BYTES} y = MatMulInteger(x8, w8, zx) }}",
    "conv_integer": f"(float[1,4,7,8] x, float[6,4,3,3] w) => (int32[1,6,7,8] y) <{_SCALES}> "
    f"{{ {_BYTES} w9 = Cast<to=2>(w8) y = ConvInteger<pads=[1,1,1,1]>(x8, w9, zx, zx) }}",
    "dynamic": "(float[3,4] x, float[4,5] w) => (float[3,5] y) <float sw = {0.03}, int8 zw = {0}> "
    "{ w8 = QuantizeLinear(w, sw, zw) x8, sx, zx = DynamicQuantizeLinear(x) i = MatMulInteger(x8, w8, zx) "
    "f = Cast<to=1>(i) s = Mul(sx, sw) y = Mul(f, s) }",
    "add": f"(float[3,4] x, float[3,4] w) => (uint8[3,4] y) <{_SCALES}, uint8 zv = {{100}}> "
    "{ x8 = QuantizeLinear(x, sx, zx) w8 = QuantizeLinear(w, sw, zv) "
    "y = com.microsoft.QLinearAdd(x8, sx, zx, w8, sw, zv, sy, zy) }",
}  # fmt: skip


def _model(text: str) -> onnx.ModelProto:
    return onnx.parser.parse_model(f'<ir_version: 9, opset_import: ["" : 17, "com.microsoft" : 1]> g {text}')


@pytest.mark.parametrize("name", _FUSED)
def test_that_fused_operators_are_written_out(save, check, name: str) -> None:
    model = check(save(_model(_FUSED[name])))
    assert not any("::" in operator.main.op for operator in model.graph.operators)


@pytest.mark.parametrize("name", _INTEGER)
def test_that_integer_operators_are_written_out(save, check, name: str) -> None:
    check(save(_model(_INTEGER[name])))


def test_that_weights_of_four_bits_are_unpacked(save, check) -> None:
    model = _model(
        "(float[3,40] x) => (float[3,2] y) <uint8[2,2,16] w = {" + ",".join(str(i * 7 % 256) for i in range(64)) + "}, "
        "float[4] s = {0.1, 0.2, 0.3, 0.4}> "
        "{ y = com.microsoft.MatMulNBits<K=40, N=2, bits=4, block_size=32>(x, w, s) }"
    )
    check(save(model))


def test_that_unknown_domains_are_named(save) -> None:
    text = '<ir_version: 9, opset_import: ["" : 17, "ai.onnx.ml" : 3]> g (float[3,4] x) => (float[3,1] y) '
    model = onnx.parser.parse_model(f"{text} {{ t = ai.onnx.ml.Normalizer(x) z = ai.onnx.ml.Unheard(t) y = Relu(z) }}")
    with pytest.raises(ModelImportError, match=r"domain 'ai\.onnx\.ml' that Warploom does not know"):
        import_model(save(model))
