"""IntegerProduct: a convolution or matrix product of 8-bit integers, as kernels are generated for it."""

from __future__ import annotations

from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.chain import Chain
from warploom.device.cuda.kernels.codegen.requantized import Requantized
from warploom.device.cuda.steps import Region

VECTOR = 16
"""Bytes that are copied at a time; channels of the input come in whole vectors."""


@dataclass(frozen=True, slots=True)
class IntegerProduct:
    """One convolution (or matrix product: pixels in one row, a window of one).

    Attributes:
        x: (N, C, H, W) of int8 or uint8, channels innermost in whole vectors.
        w: Dense (K, rows, columns, C padded) of int8, rows of whole vectors.
        y: (N, K, P, Q), channels innermost; padded channels are written.
        scale: float32, at least K + 256 of them: multiplies the sum of each channel.
        bias: float32, as many: is added then.
        pads: (top, left).
        strides: (vertical, horizontal).
        dilations: (vertical, horizontal).
        chain: From the biased product to what is written, or to what is requantized.
        value: The chain's name of the biased product.
        result: The chain's name of its result.
        reads: What else the chain reads, broadcast to the shape of y.
        requantized: How the result becomes integers; None where the chain's result is written as it is.
        zero: The integer of the data that means zero, which surrounds images.
        correction: int32, as many as there are scales and four more: what `zero` adds to the sum of each channel; the
            last 16 bytes are all `zero`. None where that is 0.
    """

    x: Region
    w: Region
    y: Region
    scale: Region
    bias: Region
    pads: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    chain: Chain
    value: str
    result: str
    reads: tuple[tuple[str, Region], ...] = ()
    requantized: Requantized | None = None
    zero: int = 0
    correction: Region | None = None

    @property
    def operands(self) -> tuple[Region, ...]:
        """What the kernel reads, in the order of its parameters."""
        corrections = () if self.correction is None else (self.correction,)
        return (self.x, self.w, self.scale, self.bias, *corrections, *(region for _, region in self.reads))

    @property
    def rows(self) -> int:
        """Pixels of the result."""
        n, _, p, q = self.y.layout.shape
        return n * p * q

    @property
    def columns(self) -> int:
        """Channels that are written."""
        return self.y.layout.channels or self.y.layout.shape[1]

    @property
    def vectors(self) -> int:
        """Depth in vectors."""
        _, rows, columns, channels = self.w.layout.shape
        return rows * columns * channels // VECTOR
