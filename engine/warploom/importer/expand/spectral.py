"""DFT and STFT written out: a matrix product with sines and cosines, or a convolution with windowed ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from warploom.importer.expand.writer import Expander, Writer

_MOST_POINTS = 4096
"""A transform of more points would be a matrix of hundreds of megabytes."""

Array = np.ndarray[Any, Any]


def _waves(writer: Writer, points: int, given: int, wanted: int, *, inverse: bool) -> Array:
    """exp(-2 pi i k n / points) for the first `given` n (rows) and `wanted` k (columns); scaled if inverse."""
    if points > _MOST_POINTS:
        raise writer.node.failure(
            f"transforms {points} points; Warploom computes up to {_MOST_POINTS} as a matrix product: "
            "export the model without the transform."
        )
    angles = np.outer(np.arange(given), np.arange(wanted)) % points * (2 * np.pi / points)
    waves: Array = np.exp(1j * angles) / points if inverse else np.exp(-1j * angles)
    return waves


def dft(writer: Writer) -> None:
    """DFT along one axis: real numbers or pairs in, pairs out; one-sided if asked.

    The operands' real and imaginary parts are one row, so that one product computes both.
    """
    node = writer.node
    x = node.input(0)
    shape = writer.shape(x)
    axis = _axis(writer, len(shape))
    points = int(writer.array(1, "length").reshape(-1)[0]) if node.input(1) else shape[axis]
    inverse, onesided = bool(node.integer("inverse", 0)), bool(node.integer("onesided", 0))
    if inverse and onesided:
        raise node.failure("is one-sided and inverse, which Warploom does not support.")
    given = min(points, shape[axis])
    wanted = points // 2 + 1 if onesided else points
    parts = shape[-1]
    waves = _waves(writer, points, given, wanted, inverse=inverse)
    rows = [waves] if parts == 1 else [waves, 1j * waves]
    # (n, part) x (k, part): a row of the operand holds all n of the real part, then all n of the imaginary one
    matrix = np.concatenate([np.stack([row.real, row.imag], axis=-1).reshape(given, -1) for row in rows])
    if given < shape[axis]:
        x = writer.cut(x, axis, 0, given)
    others = [d for d in range(len(shape) - 1) if d != axis]
    turned = writer.transpose(x, (*others, len(shape) - 1, axis))
    flat = writer.reshape(turned, *(shape[d] for d in others), parts * given)
    product = writer.op("MatMul", flat, writer.constant(matrix, writer.dtype(node.input(0))))
    spread = writer.reshape(product, *(shape[d] for d in others), wanted, 2)
    back = [*range(axis), len(others), *range(axis, len(others)), len(others) + 1]
    writer.result(writer.transpose(spread, back))


def _axis(writer: Writer, rank: int) -> int:
    """An attribute before opset 20 (1 by default), an input since (the last but one by default)."""
    node = writer.node
    if node.opset < 20:
        axis = node.integer("axis", 1)
    else:
        axis = int(writer.array(2, "axis").reshape(-1)[0]) if node.input(2) else -2
    return axis % rank


def stft(writer: Writer) -> None:
    """STFT of real signals: a convolution of stride `frame_step` with windowed waves."""
    node = writer.node
    signal, window = node.input(0), node.input(2)
    shape = writer.shape(signal)
    if len(shape) == 3 and shape[2] == 2:
        raise node.failure("transforms complex numbers, which Warploom does not support.")
    step = int(writer.array(1, "frame step").reshape(-1)[0])
    length = int(writer.array(3, "frame length").reshape(-1)[0]) if node.input(3) else writer.shape(window)[0]
    wanted = length // 2 + 1 if node.integer("onesided", 1) else length
    waves = _waves(writer, length, length, wanted, inverse=False)
    if window:
        waves = writer.array(2, "window").astype(np.float64).reshape(-1, 1) * waves
    weight = np.concatenate([waves.real.T, waves.imag.T])[:, None, :]
    row = writer.reshape(signal, shape[0], 1, shape[1])
    made = writer.op("Conv", row, writer.constant(weight, writer.dtype(signal)), kernel_shape=[length], strides=[step])
    frames = (shape[1] - length) // step + 1
    writer.result(writer.transpose(writer.reshape(made, shape[0], 2, wanted, frames), (0, 3, 2, 1)))


EXPANDERS: Mapping[str, Expander] = {"DFT": dft, "STFT": stft}
