"""The arithmetic of Resize, on the host: which input elements make an output element along one axis, with what shares.

Coordinates are worked out in float32, as ONNX Runtime does: a nearest element depends on how they round.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from warploom.graph import Primitive
from warploom.graph.constant import Array

_F = np.float32


@dataclass(frozen=True, slots=True)
class Interpolation:
    """One resized axis.

    Attributes:
        places: Input coordinates (outputs, taps), int32; negative ones at an output outside of what is resized.
        shares: Their shares (outputs, taps), float32.
    """

    places: Array
    shares: Array

    @property
    def taps(self) -> int:
        """Elements that make one."""
        return int(self.places.shape[1])


def interpolation_of(resize: Primitive, before: Sequence[int], after: Sequence[int]) -> Mapping[int, Interpolation]:
    """What the result is made of, by resized dimension."""
    scales = _scales(resize, before, after)
    rank = len(before)
    cropped = resize.text("coordinate_transformation_mode") == "tf_crop_and_resize"
    roi = [float(value) for value in _floats(resize, "roi")] if cropped else []
    found: dict[int, Interpolation] = {}
    for d, (size, length, scale) in enumerate(zip(before, after, scales, strict=True)):
        bounds = (roi[d], roi[rank + d]) if roi else (0.0, 1.0)
        if size != length or scale != 1.0 or bounds != (0.0, 1.0):
            found[d] = _axis(resize, _Line(size, length, _F(scale), bounds))
    return found


def _floats(resize: Primitive, name: str) -> tuple[float, ...]:
    value = resize.attribute(name)
    return tuple(float(item) for item in value) if isinstance(value, tuple) else ()


def _scales(resize: Primitive, before: Sequence[int], after: Sequence[int]) -> list[float]:
    """Output elements per input element, by dimension."""
    if resize.has("scales"):
        return list(_floats(resize, "scales"))
    policy = resize.text("keep_aspect_ratio_policy", "stretch")
    if policy == "stretch":
        return [length / size if size else 1.0 for size, length in zip(before, after, strict=True)]
    axes = resize.integers("axes", tuple(range(len(before))))
    ratios = [size / before[axis] for size, axis in zip(resize.integers("sizes"), axes, strict=True)]
    common = min(ratios) if policy == "not_larger" else max(ratios)
    return [common if d in axes else 1.0 for d in range(len(before))]


@dataclass(frozen=True, slots=True)
class _Line:
    """One axis: its sizes, its scale and the part of it that is resized."""

    size: int
    length: int
    scale: np.float32
    roi: tuple[float, float]


def _axis(resize: Primitive, line: _Line) -> Interpolation:
    where = _coordinates(resize.text("coordinate_transformation_mode", "half_pixel"), line)
    mode = resize.text("mode", "nearest")
    if mode == "nearest":
        places = np.clip(_ROUNDINGS[resize.text("nearest_mode", "round_prefer_floor")](where), 0, line.size - 1)
        result = Interpolation(places.astype(np.int32)[:, None], np.ones((line.length, 1), np.float32))
    else:
        reach = 1.0 if mode == "linear" else 2.0
        shrinks = resize.integer("antialias", 0) and line.scale < 1
        kernel = _linear if mode == "linear" else _cubic(resize.number("cubic_coeff_a", -0.75))
        stretch = float(line.scale) if shrinks else 1.0
        result = _windowed(resize, line, where, kernel, reach, stretch)
    if resize.text("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize":
        outside = (where < 0) | (where > line.size - 1)
        result.places[outside] = -1
    return result


def _coordinates(mode: str, line: _Line) -> Array:
    """Input coordinates of the outputs."""
    x = np.arange(line.length, dtype=np.float32)
    half = _F(0.5)
    with np.errstate(divide="ignore", invalid="ignore"):
        if mode == "asymmetric":
            return x / line.scale
        if mode == "align_corners":
            return np.zeros_like(x) if line.length == 1 else x * _F(line.size - 1) / _F(line.length - 1)
        if mode == "pytorch_half_pixel":
            return (x + half) / line.scale - half if line.length > 1 else np.zeros_like(x)
        if mode == "half_pixel_symmetric":
            adjust = _F(line.length) / (line.scale * _F(line.size))
            center = _F(line.size) / _F(2)
            return center * (_F(1) - adjust) + (x + half) / line.scale - half
        if mode == "tf_crop_and_resize":
            start, end = (_F(value) for value in line.roi)
            wide = _F(line.size - 1)
            if line.length == 1:
                return np.full_like(x, half * (start + end) * wide)
            return start * wide + x * (end - start) * wide / _F(line.length - 1)
        return (x + half) / line.scale - half


_ROUNDINGS: Mapping[str, Callable[[Array], Array]] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "round_prefer_floor": lambda x: np.where(x == np.floor(x) + _F(0.5), np.floor(x), np.round(x)),
    "round_prefer_ceil": lambda x: np.where(x == np.floor(x) + _F(0.5), np.ceil(x), np.round(x)),
}


def _linear(distance: Array) -> Array:
    return np.maximum(0.0, 1.0 - np.abs(distance))


def _cubic(a: float) -> Callable[[Array], Array]:
    def kernel(distance: Array) -> Array:
        t = np.abs(distance)
        near = ((a + 2) * t - (a + 3)) * t * t + 1
        far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
        return np.where(t <= 1, near, np.where(t < 2, far, 0.0))

    return kernel


def _windowed(
    resize: Primitive, line: _Line, where: Array, kernel: Callable[[Array], Array], reach: float, stretch: float
) -> Interpolation:
    """Shares by distance; when shrinking with antialiasing the kernel is as wide as an output element."""
    linear = resize.text("mode") == "linear"
    if linear and stretch == 1.0:
        where = np.clip(where, 0, line.size - 1)
    support = reach / stretch
    taps = 2 * math.ceil(support)
    first = np.floor(where).astype(np.int64) - (taps // 2 - 1)
    places = first[:, None] + np.arange(taps)
    shares = kernel((places - where[:, None].astype(np.float64)) * stretch)
    inside = (places >= 0) & (places < line.size)
    if resize.integer("exclude_outside", 0):
        shares = np.where(inside, shares, 0.0)
    if resize.integer("exclude_outside", 0) or stretch != 1.0:
        shares = shares / shares.sum(axis=1, keepdims=True)
    return Interpolation(np.clip(places, 0, line.size - 1).astype(np.int32), shares.astype(np.float32))
