"""A small BERT encoder: token numbers in, one vector per token out."""

from __future__ import annotations

import math

from warploom.samples.builder import NetworkBuilder, Value

_VOCABULARY = 8192
_HIDDEN = 256
_HEADS = 4
_LAYERS = 4


def bert_small(b: NetworkBuilder, size: int = 128) -> None:
    """Embeddings and four layers of self-attention and feed-forward, hidden size 256, four heads; `size` tokens."""
    tokens = b.input("input_ids", size, dtype="int64")
    segments = b.input("token_type_ids", size, dtype="int64")
    mask = _attention_mask(b, b.input("attention_mask", size, dtype="int64"))
    x = _embeddings(b, tokens, segments, size)
    for number in range(_LAYERS):
        with b.scope(f"layer{number}"):
            x = _layer(b, x, mask)
    b.output(x, "last_hidden_state")


def _embeddings(b: NetworkBuilder, tokens: Value, segments: Value, size: int) -> Value:
    with b.scope("embeddings"):
        words = b.lookup(tokens, _VOCABULARY, _HIDDEN)
        kinds = b.lookup(segments, 2, _HIDDEN)
        places = b.matrix("positions", (1, size, _HIDDEN), 1, 1.0)
        (placed,) = b.node("Add", [words.name, places])
        x = b.add(Value(placed, words.shape, variance=2 * words.variance), kinds)
        return b.layer_norm(x)


def _attention_mask(b: NetworkBuilder, mask: Value) -> str:
    """Zero where a token may be looked at, a large negative number where not; shape (batch, 1, 1, tokens)."""
    with b.scope("mask"):
        (floats,) = b.node("Cast", [mask.name], to=1)
        (spread,) = b.node("Unsqueeze", [floats, b.constant((1, 2), "axes")])
        one, large = b.scalar(1.0), b.scalar(-10000.0)
        (absent,) = b.node("Sub", [one, spread])
        return b.node("Mul", [absent, large])[0]


def _layer(b: NetworkBuilder, x: Value, mask: str) -> Value:
    with b.scope("attention"):
        x = b.layer_norm(b.add(b.linear(_attention(b, x, mask), _HIDDEN), x))
    with b.scope("feed_forward"):
        inner = b.activation("Gelu", b.linear(x, 4 * _HIDDEN))
        return b.layer_norm(b.add(b.linear(inner, _HIDDEN), x))


def _attention(b: NetworkBuilder, x: Value, mask: str) -> Value:
    batch, size, hidden = x.shape
    query = _heads(b, b.linear(x, hidden), (0, 2, 1, 3))
    keys = _heads(b, b.linear(x, hidden), (0, 2, 3, 1))
    values = _heads(b, b.linear(x, hidden), (0, 2, 1, 3))
    (scores,) = b.node("MatMul", [query, keys])
    (scaled,) = b.node("Div", [scores, b.scalar(math.sqrt(hidden // _HEADS))])
    (masked,) = b.node("Add", [scaled, mask])
    (weights,) = b.node("Softmax", [masked], axis=-1)
    (mixed,) = b.node("MatMul", [weights, values])
    (turned,) = b.node("Transpose", [mixed], perm=(0, 2, 1, 3))
    (flat,) = b.node("Reshape", [turned, b.constant((batch, size, hidden))])
    return Value(flat, x.shape, variance=0.02)  # an average over nearly all tokens


def _heads(b: NetworkBuilder, x: Value, order: tuple[int, ...]) -> str:
    batch, size, hidden = x.shape
    (split,) = b.node("Reshape", [x.name, b.constant((batch, size, _HEADS, hidden // _HEADS))])
    return b.node("Transpose", [split], perm=order)[0]
