"""Convolution steps in cuDNN's terms: dimensions in the order N, C, H, W and strides of every tensor. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warploom.device.cuda.steps import ConvStep, Region
from warploom.graph import DType


@dataclass(frozen=True, slots=True)
class LibraryTensor:
    """A tensor as a library is told of it.

    Attributes:
        dims: Physical sizes (padded channels included).
        strides: Elements between neighbours along each dimension.
        dtype: Element type.
    """

    dims: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: DType


def conv_tensors(step: ConvStep) -> Mapping[str, LibraryTensor]:
    """The tensors of a convolution by role: "x", "w", "y" and, where it has them, "bias" and "residual".

    The sizes of the channels are the prepared weight's: its padding is what takes part.
    """
    k, kh, kw, c = step.w.layout.shape
    read, written = (k, c * step.groups) if step.transposed else (c * step.groups, k)
    tensors = {
        "x": _image(step.x, read),
        "w": LibraryTensor((k, c, kh, kw), (kh * kw * c, 1, kw * c, c), step.w.layout.dtype),
        "y": _image(step.y, written),
    }
    if step.bias is not None:
        tensors["bias"] = LibraryTensor((1, written, 1, 1), (written, 1, written, written), step.bias.layout.dtype)
    if step.residual is not None:
        tensors["residual"] = _image(step.residual, written)
    return tensors


def pointwise_rows(tensor: LibraryTensor) -> tuple[int, int] | None:
    """An image as a matrix of pixels by channels: (pixels, elements between pixels); None if the pixels lie uneven."""
    n, _, h, w = tensor.dims
    batch, _, down, along = tensor.strides
    even = (h == 1 or down == w * along) and (n == 1 or batch == h * w * along)
    return (n * h * w, along) if even else None


def _image(region: Region, channels: int) -> LibraryTensor:
    n, _, h, w = region.layout.shape
    return LibraryTensor((n, channels, h, w), _strides((n, h, w), region.layout.strides, channels), region.layout.dtype)


def _strides(sizes: tuple[int, int, int], strides: Sequence[int], channels: int) -> tuple[int, int, int, int]:
    """The strides, with those of dimensions of size 1 (which say nothing) as a dense image would have them."""
    n, h, w = sizes
    along = strides[3] if w > 1 else (strides[2] if h > 1 else strides[0] if n > 1 else channels)
    down = strides[2] if h > 1 else w * along
    batch = strides[0] if n > 1 else h * down
    return batch, 1, down, along
