"""Products of 8-bit integers to test kernels with: their operands, and what they should give."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from warploom.device.cuda.kernels.codegen.chain import Chain
from warploom.device.cuda.kernels.codegen.integer_patch import PatchTile
from warploom.device.cuda.kernels.codegen.integer_product import IntegerProduct
from warploom.device.cuda.kernels.codegen.integer_ring import Tile
from warploom.device.cuda.kernels.codegen.requantized import Requantized
from warploom.device.cuda.layout import Layout, channels_last, row_major
from warploom.device.cuda.steps import Region
from warploom.graph import DType

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class IntegerCase:
    """One convolution.

    Attributes:
        data: (N, C, H, W).
        filters: Output channels.
        window: Rows and columns.
        pads: (top, left), on both sides.
        strides: (vertical, horizontal).
        dilations: (vertical, horizontal).
        stored: Type of the data.
        result: Type of the result.
        relu: Whether negative results are cut off.
        wider: Channels of a tensor that the result is a slice of, beyond its own.
    """

    data: tuple[int, int, int, int]
    filters: int
    window: tuple[int, int] = (1, 1)
    pads: tuple[int, int] = (0, 0)
    strides: tuple[int, int] = (1, 1)
    dilations: tuple[int, int] = (1, 1)
    stored: DType = DType.INT8
    result: DType = DType.INT8
    relu: bool = True
    wider: int = 0
    arrays: dict[str, Array] = field(default_factory=dict, compare=False)

    def product(self) -> IntegerProduct:
        """What the kernel computes, on buffers x, w, s, b and y."""
        n, _, *image = self.data
        sizes = zip(image, self.pads, self.dilations, self.window, self.strides, strict=True)
        rows, columns = ((s + 2 * p - (w - 1) * d - 1) // step + 1 for s, p, d, w, step in sizes)
        x = channels_last(self.data, self.stored)
        dense = channels_last((n, self.filters, rows, columns), self.result)
        whole = channels_last((n, dense.channels + self.wider, rows, columns), self.result)
        y = Layout(dense.shape, whole.strides, self.result, dense.channels)
        vector = row_major((self.filters + 256,), DType.FLOAT32)
        name = "sum"
        return IntegerProduct(
            x=Region("x", 0, x),
            w=Region("w", 0, row_major((self.filters, *self.window, x.channels), DType.INT8)),
            y=Region("y", self.wider, y),
            scale=Region("s", 0, vector),
            bias=Region("b", 0, vector),
            pads=self.pads,
            strides=self.strides,
            dilations=self.dilations,
            chain=Chain((), {name: DType.FLOAT32}),
            value=name,
            result=name,
            requantized=self._requantized(),
        )

    def _requantized(self) -> Requantized | None:
        if self.result.is_float:
            return None
        zero, low = (0, -128.0) if self.result is DType.INT8 else (128, -128.0)
        return Requantized(1.0, zero, 0.0 if self.relu else low, 127.0)

    def operands(self, product: IntegerProduct) -> dict[str, Array]:
        """Values by buffer, in physical order; results spread over the integers, some beyond them."""
        generator = np.random.default_rng(len(str(self)))
        low, high = (0, 256) if self.stored is DType.UINT8 else (-128, 128)
        depth = int(np.prod(product.w.layout.shape[1:]))
        scale, bias = np.zeros((2, self.filters + 256), np.float32)
        scale[: self.filters] = generator.uniform(0.5, 1.5, self.filters) * 60 / (5400 * np.sqrt(depth))
        bias[: self.filters] = generator.standard_normal(self.filters) * 10
        n, _, *image = self.data
        return {
            "x": generator.integers(low, high, (n, *image, product.x.layout.channels)).astype(self.stored.to_numpy()),
            "w": generator.integers(-127, 128, product.w.layout.shape).astype(np.int8),
            "s": scale,
            "b": bias,
        }

    def expected(self, product: IntegerProduct, operands: dict[str, Array]) -> Array:
        """The results before they are rounded, (N, K, P, Q) in float64."""
        x, w = operands["x"].astype(np.float64), operands["w"].astype(np.float64)
        n, k, rows, columns = product.y.layout.shape
        margins = [(0, 0), *((p, p + 64) for p in self.pads), (0, 0)]
        padded = np.pad(x, margins)
        total = np.zeros((n, rows, columns, k))
        for i in range(self.window[0]):
            for j in range(self.window[1]):
                taps = padded[:, i * self.dilations[0] :: self.strides[0], j * self.dilations[1] :: self.strides[1]]
                total += taps[:, :rows, :columns] @ w[:, i, j].T
        scaled = total * operands["s"][:k].astype(np.float64) + operands["b"][:k]
        return scaled.transpose(0, 3, 1, 2)

    def assert_right(self, product: IntegerProduct, found: Array, exact: Array) -> None:
        """Checks results (N, K, P, Q) against `expected`: integers are equal except at a rounding boundary."""
        made = product.requantized
        if made is None:
            limit = 4e-3 if product.y.layout.dtype is DType.BFLOAT16 else 5e-4
            assert np.linalg.norm(found - exact) < limit * np.linalg.norm(exact)
            return
        clipped = np.clip(exact, made.low, made.high)
        steps = np.abs(found.astype(np.float64) - made.zero - np.rint(clipped))
        at_boundary = np.abs(np.abs(clipped - np.floor(clipped)) - 0.5) < 1e-3
        assert not steps[~at_boundary].any()
        assert steps.max(initial=0.0) <= 1


CASES = (
    IntegerCase((1, 40, 7, 6), 33, (3, 3), (1, 1)),
    IntegerCase((2, 16, 9, 9), 70, (2, 3), (0, 2), (2, 1), (2, 1), result=DType.FLOAT16),
    IntegerCase((1, 80, 5, 5), 16, result=DType.UINT8),
    IntegerCase((1, 5, 17, 15), 50, (7, 7), (3, 3), (2, 2), stored=DType.UINT8),
    IntegerCase((2, 64, 6, 6), 32, (3, 3), (2, 2), (1, 1), (2, 2), relu=False, wider=16),
    IntegerCase((1, 300, 1, 1), 90, result=DType.FLOAT32),
    IntegerCase((1, 48, 3, 20), 24, (1, 7), (0, 3), result=DType.BFLOAT16),
    IntegerCase((3, 32, 12, 11), 40, (3, 3), (1, 1)),
)
"""Odd channels, tails of the depth, windows that leave the image, slices, every type of data and result."""

TILES = (
    Tile(32, 32, 64, 4, (2, 2)),
    Tile(64, 32, 128, 3, (2, 2)),
    Tile(128, 64, 64, 4, (2, 2)),
    Tile(64, 48, 128, 4, (4, 1), warpgroups=True),
    Tile(128, 32, 64, 4, (8, 1), warpgroups=True),
    Tile(64, 16, 64, 6, (4, 1), warpgroups=True),
    Tile(32, 32, 64, 4, (2, 2), cached=True),
    Tile(256, 32, 64, 4, (16, 1), warpgroups=True, cached=True),
)
"""Both kinds, both depths, with the first cache and without."""

PATCHES = (
    PatchTile((5, 6), 48, 32, (2, 1), 1),
    PatchTile((3, 4), 16, 16, (1, 1), 3),
    PatchTile((4, 8), 32, 32, (1, 2), 2),
)
"""Rectangles that do not fill their fragments, and several tiles per block."""
