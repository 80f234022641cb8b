"""Cases of operators that move elements: copies, views, gathers and resizes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from gpu_checks.cases import Case, CaseBuilder
from gpu_checks.grid_conv import conv


def _image(b: CaseBuilder, shape: Sequence[int] = (2, 42, 5, 7)) -> str:
    """A tensor that lies channels-last on the device, since a pooling wrote it."""
    result: str = b.op("MaxPool", b.input(*shape), kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    return result


def _source(b: CaseBuilder, shape: Sequence[int], *, image: bool) -> str:
    return _image(b, shape) if image else b.input(*shape)


def _twice(name: str, build: Any, **how: Any) -> list[Case]:
    """A case on a row-major and on a channels-last tensor."""
    return [
        Case(f"{name}_{'image' if image else 'rows'}", partial(build, image=image, **how)) for image in (False, True)
    ]


def transposes() -> list[Case]:
    """Transpose, DepthToSpace and SpaceToDepth."""
    cases = []
    for perm in ((0, 2, 3, 1), (0, 3, 1, 2), (1, 0, 2, 3), (3, 2, 1, 0), (0, 1, 3, 2), (0, 2, 1, 3)):
        cases += _twice(f"perm_{''.join(map(str, perm))}", _transpose, perm=perm)
    others = (
        ((375, 42), (1, 0)),
        ((3, 33, 65), (2, 0, 1)),
        ((2, 3, 4, 5, 6), (0, 3, 1, 4, 2)),
        ((1, 2, 3, 2, 3, 2), (5, 0, 3, 1, 4, 2)),
    )
    for shape, order in others:
        cases.append(Case(f"rank{len(shape)}", partial(_transpose, perm=order, shape=shape, image=False)))
    cases.append(Case("rank3_batches", partial(_transpose, perm=(0, 2, 1), shape=(8, 64, 50), image=False)))
    for mode in ("DCR", "CRD"):
        how = {"blocksize": 2, "mode": mode}
        cases += _twice(f"depth_to_space_{mode}", _plain, op="DepthToSpace", shape=(2, 24, 3, 5), how=how)
    cases += _twice("space_to_depth", _plain, op="SpaceToDepth", shape=(2, 5, 4, 6), how={"blocksize": 2})
    integers = Case("integers", partial(_typed_transpose, dtype="int64"))
    return [*cases, integers, Case("bytes", partial(_typed_transpose, dtype="uint8"))]


def _transpose(b: CaseBuilder, perm: Sequence[int], image: bool, shape: Sequence[int] = (2, 42, 5, 7)) -> str:
    result: str = b.op("Transpose", _source(b, shape, image=image), perm=list(perm))
    return result


def _typed_transpose(b: CaseBuilder, dtype: str) -> str:
    result: str = b.op(
        "Transpose", b.input(4, 5, 6, kind="positive_integers", dtype=dtype), gives=dtype, perm=[2, 0, 1]
    )
    return result


def _plain(b: CaseBuilder, op: str, shape: Sequence[int], how: dict[str, Any], image: bool) -> str:
    result: str = b.op(op, _source(b, shape, image=image), **how)
    return result


def slices() -> list[Case]:
    """Slice, Split, Pad and Trilu."""
    cases = []
    for i, (starts, ends, axes, steps) in enumerate(
        (
            ([1], [5], [1], [1]),
            ([8], [32], [1], [1]),
            ([0, 1], [4, 100], [2, 3], [1, 2]),
            ([-1], [-100], [3], [-1]),
            ([41, 3], [0, 0], [1, 2], [-3, -1]),
            ([0], [42], [1], [5]),
            ([1], [2], [0], [1]),
        )
    ):
        cases += _twice(f"slice{i}", _slice, starts=starts, ends=ends, axes=axes, steps=steps)
    for sizes, axis in (([2, 40], 1), ([8, 16, 18], 1), ([1, 1], 0), ([1, 2, 2], 2), ([3, 4], 3)):
        cases += _twice(f"split{axis}_{len(sizes)}_{sizes[0]}", _split, sizes=sizes, axis=axis)
    for mode in ("constant", "reflect", "edge", "wrap"):
        cases += _twice(f"pad_{mode}", _pad, mode=mode, pads=[0, 0, 1, 2, 0, 0, 2, 1])
    cases += _twice("pad_channels", _pad, mode="constant", pads=[0, 3, 0, 0, 0, 1, 0, 0])
    cases += _twice("pad_crop", _pad, mode="constant", pads=[0, -1, 1, -2, 0, 0, -1, 3])
    cases += _twice("pad_value", _pad, mode="constant", pads=[1, 0, 1, 0, 0, 0, 1, 0], value=2.5)
    trilu = [Case(f"trilu_{upper}_{k}", partial(_trilu, upper=upper, k=k)) for upper in (0, 1) for k in (-1, 0, 2)]
    return [*cases, *trilu]


def _slice(b: CaseBuilder, image: bool, **where: Sequence[int]) -> str:
    numbers = [b.constant(where[key]) for key in ("starts", "ends", "axes", "steps")]
    result: str = b.op("Slice", _source(b, (2, 42, 5, 7), image=image), *numbers)
    return result


def _split(b: CaseBuilder, sizes: Sequence[int], axis: int, image: bool) -> Sequence[str]:
    source = _source(b, (2, 42, 5, 7), image=image)
    result: tuple[str, ...] = b.op("Split", source, b.constant(sizes), results=len(sizes), axis=axis)
    return result


def _pad(b: CaseBuilder, mode: str, pads: Sequence[int], image: bool, value: float | None = None) -> str:
    filler = [] if value is None else [b.constant(value, "float32")]
    result: str = b.op("Pad", _source(b, (2, 42, 5, 7), image=image), b.constant(pads), *filler, mode=mode)
    return result


def _trilu(b: CaseBuilder, upper: int, k: int) -> str:
    result: str = b.op("Trilu", b.input(2, 7, 9), b.constant(k), upper=upper)
    return result


def joins() -> list[Case]:
    """Concat, Expand and Tile."""
    cases = [Case(f"concat_axis{axis}", partial(_concat, axis=axis)) for axis in range(4)]
    cases += [
        Case(f"channels_{'_'.join(map(str, channels))}", partial(_concat_channels, channels=channels))
        for channels in ((3, 42, 375), (64, 64, 32), (1, 1), (5, 8, 3, 16))
    ]
    for repeats in ((1, 2, 1, 1), (2, 1, 3, 2)):
        cases += _twice(f"tile_{repeats[1]}", _tile, repeats=repeats)
    expands = (((3, 1), (2, 3, 6)), ((1, 42, 1, 1), (2, 42, 5, 7)), ((1,), (5,)), ((2, 1, 7), (2, 4, 7)))
    cases += [Case(f"expand{i}", partial(_expand, shape=shape, to=to)) for i, (shape, to) in enumerate(expands)]
    return [
        *cases,
        Case("same_twice", _concat_same),
        Case("of_inputs", partial(_concat_rows, shapes=((3, 5), (3, 9), (3, 1)), axis=1)),
        Case("of_constant", _concat_constant),
        Case("integers", _concat_integers),
        Case("nested", _concat_nested),
        Case("also_output", _concat_also_output),
    ]


def _concat(b: CaseBuilder, axis: int) -> str:
    parts = []
    for size in (2, 5, 3):
        shape = [2, 6, 5, 7]
        shape[axis] = size
        parts.append(_image(b, shape))
    result: str = b.op("Concat", *parts, axis=axis)
    return result


def _concat_channels(b: CaseBuilder, channels: Sequence[int]) -> str:
    parts = [conv(b, (2, 8, 7, 6), count, (1, 1)) for count in channels]
    result: str = b.op("Concat", *parts, axis=1)
    return result


def _concat_same(b: CaseBuilder) -> str:
    x = _image(b)
    result: str = b.op("Concat", x, x, b.op("Relu", x), axis=1)
    return result


def _concat_rows(b: CaseBuilder, shapes: Sequence[Sequence[int]], axis: int) -> str:
    result: str = b.op("Concat", *(b.input(*shape) for shape in shapes), axis=axis)
    return result


def _concat_constant(b: CaseBuilder) -> str:
    """A class token before the patches."""
    result: str = b.op("Concat", b.weight(1, 1, 24), b.input(1, 9, 24), axis=1)
    return result


def _concat_integers(b: CaseBuilder) -> str:
    parts = [b.input(2, size, kind="small_integers", dtype="int64") for size in (3, 4)]
    result: str = b.op("Concat", *parts, gives="int64", axis=1)
    return result


def _concat_nested(b: CaseBuilder) -> str:
    """As in DenseNet: each Concat holds the one before."""
    x = conv(b, (2, 8, 7, 6), 12, (3, 3), pads=(1, 1, 1, 1))
    for count in (5, 8, 3):
        width = {5: 12, 8: 17, 3: 25}[count]
        x = b.op("Concat", x, conv(b, (2, width, 7, 6), count, (3, 3), pads=(1, 1, 1, 1), x=x), axis=1)
    return x


def _concat_also_output(b: CaseBuilder) -> Sequence[str]:
    left, right = conv(b, (1, 8, 7, 6), 24, (1, 1)), conv(b, (1, 8, 7, 6), 16, (1, 1))
    return left, b.op("Concat", left, right, axis=1)


def _tile(b: CaseBuilder, repeats: Sequence[int], image: bool) -> str:
    result: str = b.op("Tile", _source(b, (2, 6, 5, 7), image=image), b.constant(repeats))
    return result


def _expand(b: CaseBuilder, shape: Sequence[int], to: Sequence[int]) -> str:
    result: str = b.op("Expand", b.input(*shape), b.constant(to))
    return result


def views() -> list[Case]:
    """Reshapes, of tensors that lie row by row and of images, whose bytes have to be moved first."""
    cases = []
    for i, shape in enumerate(([2, -1], [2, 6, 7, 5, 7], [84, 35], [2, 42, 35], [1, 84, 5, 7])):
        cases += _twice(f"reshape{i}", _reshape, shape=shape)
    cases += _twice("flatten", _plain, op="Flatten", shape=(2, 42, 5, 7), how={"axis": 1})
    return [
        *cases,
        Case("squeeze", _squeeze),
        Case("classifier", _classifier),
        Case("shuffle", _shuffle),
        Case("to_tokens", _to_tokens),
        Case("output_of_view", _output_of_view),
        Case("input_is_output", _input_is_output),
        Case("dropout", _dropout),
    ]


def _reshape(b: CaseBuilder, shape: Sequence[int], image: bool) -> str:
    turned = b.op("Reshape", _source(b, (2, 42, 5, 7), image=image), b.constant(shape))
    result: str = b.op("Relu", turned)
    return result


def _squeeze(b: CaseBuilder) -> str:
    pooled = b.op("GlobalAveragePool", b.input(2, 42, 5, 7))
    flat = b.op("Squeeze", pooled, b.constant([2, 3]))
    result: str = b.op("Unsqueeze", b.op("Tanh", flat), b.constant([1]))
    return result


def _classifier(b: CaseBuilder) -> str:
    flat = b.op("Flatten", conv(b, (2, 8, 5, 7), 42, (3, 3)), axis=1)
    result: str = b.op("Gemm", flat, b.filter(10, 42 * 3 * 5), b.weight(10), transB=1)
    return result


def _shuffle(b: CaseBuilder) -> str:
    """The channel shuffle of ShuffleNet."""
    x = conv(b, (2, 8, 5, 7), 42, (1, 1))
    split = b.op("Reshape", x, b.constant([2, 3, 14, 5, 7]))
    joined = b.op("Reshape", b.op("Transpose", split, perm=[0, 2, 1, 3, 4]), b.constant([2, 42, 5, 7]))
    return conv(b, (2, 42, 5, 7), 12, (1, 1), x=joined)


def _to_tokens(b: CaseBuilder) -> str:
    """Patches of a vision transformer."""
    patches = conv(b, (1, 3, 16, 16), 24, (4, 4), strides=(4, 4))
    tokens = b.op("Transpose", b.op("Reshape", patches, b.constant([1, 24, 16])), perm=[0, 2, 1])
    result: str = b.op("MatMul", tokens, b.filter(24, 10, fan_in=24))
    return result


def _output_of_view(b: CaseBuilder) -> Sequence[str]:
    x = b.op("Relu", b.input(2, 3, 4))
    return x, b.op("Reshape", x, b.constant([6, 4]))


def _input_is_output(b: CaseBuilder) -> str:
    result: str = b.op("Identity", b.input(2, 3, 4))
    return result


def _dropout(b: CaseBuilder) -> str:
    """Without a mask it does nothing at inference."""
    result: str = b.op("Relu", b.op("Dropout", b.input(2, 3, 4)))
    return result


def gathers() -> list[Case]:
    """Gather, GatherElements, GatherND, Scatter* and OneHot."""
    cases = []
    for i, (shape, axis, indices) in enumerate(
        (((5, 4), 1, (2, 3)), ((1000, 64), 0, (1, 17)), ((2, 42, 5, 7), 1, (4,)), ((2, 42, 5), 2, ()))
    ):
        cases.append(Case(f"gather{i}", partial(_gather, shape=shape, axis=axis, indices=indices)))
    return [
        *cases,
        Case("constant_indices", partial(_gather_constant, indices=[[0, -1], [2, 1]])),
        Case("constant_scalar", partial(_gather_constant, indices=1)),
        Case("table", _table),
        Case("narrow_indices", _narrow_indices),
        Case("elements", _gather_elements),
        Case("nd", _gather_nd),
        Case("nd_batches", partial(_gather_nd, batches=1)),
        Case("scatter_elements", _scatter_elements),
        Case("scatter_nd", _scatter_nd),
        *(Case(f"collect_{how}", partial(_collect_elements, how=how)) for how in ("add", "mul", "max", "min")),
        Case("collect_part", partial(_collect_elements, how="add", width=3)),
        *(Case(f"collect_nd_{how}", partial(_collect_slices, how=how)) for how in ("add", "max")),
        Case("collect_integers", _collect_integers),
        Case("one_hot", _one_hot),
    ]


def _gather(b: CaseBuilder, shape: Sequence[int], axis: int, indices: Sequence[int]) -> str:
    where = b.input(*indices, kind=f"index:{shape[axis]}", dtype="int64")
    result: str = b.op("Gather", b.input(*shape), where, axis=axis)
    return result


def _gather_constant(b: CaseBuilder, indices: Any) -> str:
    result: str = b.op("Gather", b.input(2, 3, 4), b.constant(indices), axis=1)
    return result


def _table(b: CaseBuilder) -> str:
    """An embedding: the table is a constant."""
    result: str = b.op("Gather", b.weight(300, 24), b.input(2, 9, kind="index:300", dtype="int64"), axis=0)
    return result


def _narrow_indices(b: CaseBuilder) -> str:
    result: str = b.op("Gather", b.input(30, 8), b.input(7, kind="index:30", dtype="int32"), axis=0)
    return result


def _gather_elements(b: CaseBuilder) -> str:
    where = b.input(3, 4, kind="index:5", dtype="int64")
    result: str = b.op("GatherElements", b.input(5, 4), where, axis=0)
    return result


def _gather_nd(b: CaseBuilder, batches: int = 0) -> str:
    where = b.input(4, 3, 2, kind="index:4", dtype="int64")
    result: str = b.op("GatherND", b.input(4, 5, 6, 2), where, batch_dims=batches)
    return result


def _scatter_elements(b: CaseBuilder) -> str:
    where = b.constant(np.array([[0, 2, 1, 4], [3, 1, 0, 2]]))
    result: str = b.op("ScatterElements", b.input(5, 4), where, b.input(2, 4), axis=0)
    return result


def _scatter_nd(b: CaseBuilder) -> str:
    result: str = b.op("ScatterND", b.input(5, 4), b.constant([[0, 1], [4, 3], [2, 2]]), b.input(3))
    return result


def _collect_elements(b: CaseBuilder, how: str, width: int = 4) -> str:
    """Several updates for one place, and some for none."""
    where = b.input(9, width, kind="index:5", dtype="int64")
    result: str = b.op("ScatterElements", b.input(6, 4), where, b.input(9, width), axis=0, reduction=how)
    return result


def _collect_slices(b: CaseBuilder, how: str) -> str:
    where = b.input(2, 5, 1, kind="index:4", dtype="int64")
    result: str = b.op("ScatterND", b.input(5, 3, 4), where, b.input(2, 5, 3, 4), reduction=how)
    return result


def _collect_integers(b: CaseBuilder) -> str:
    counts, ones = b.constant(np.zeros(7)), b.constant(np.ones(20))
    result: str = b.op(
        "ScatterElements", counts, b.input(20, kind="index:7", dtype="int64"), ones, axis=0, reduction="add"
    )
    return b.op("Cast", result, to=1)  # type: ignore[no-any-return]


def _one_hot(b: CaseBuilder) -> str:
    where = b.input(3, 5, kind="index:7", dtype="int64")
    result: str = b.op("OneHot", where, b.constant(7), b.constant([0.5, 2.0], "float32"), axis=1)
    return result


def resizes() -> list[Case]:
    """Resize in every mode that exporters write."""
    modes: dict[str, dict[str, Any]] = {
        "nearest": {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
        "nearest_half_pixel": {"coordinate_transformation_mode": "half_pixel", "nearest_mode": "round_prefer_floor"},
        "nearest_ceil": {"coordinate_transformation_mode": "align_corners", "nearest_mode": "ceil"},
        "linear": {"mode": "linear", "coordinate_transformation_mode": "half_pixel"},
        "linear_corners": {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
        "linear_pytorch": {"mode": "linear", "coordinate_transformation_mode": "pytorch_half_pixel"},
        "cubic": {"mode": "cubic", "cubic_coeff_a": -0.75},
        "cubic_outside": {"mode": "cubic", "cubic_coeff_a": -0.5, "exclude_outside": 1},
    }
    cases = []
    for name, how in modes.items():
        for sizes in ((10, 14), (7, 10), (3, 4)):
            build = partial(_resize, sizes=(2, 42, *sizes), how=how)
            cases.append(Case(f"{name}_{sizes[0]}", build))
    grid = partial(_grid_sample, how={"mode": "linear", "align_corners": 0})
    return [*cases, Case("scales", _scales), Case("line", _resize_line), Case("grid_sample", grid)]


def _resize(b: CaseBuilder, sizes: Sequence[int], how: dict[str, Any]) -> str:
    result: str = b.op("Resize", b.input(2, 42, 5, 7), None, None, b.constant(sizes), **how)
    return result


def _scales(b: CaseBuilder) -> str:
    scales = b.constant([1.0, 1.0, 2.0, 1.5], "float32")
    result: str = b.op("Resize", b.input(1, 6, 5, 7), None, scales, mode="linear")
    return result


def _resize_line(b: CaseBuilder) -> str:
    result: str = b.op("Resize", b.input(2, 6, 9), None, None, b.constant([2, 6, 21]), mode="linear")
    return result


def _grid_sample(b: CaseBuilder, how: dict[str, Any]) -> str:
    result: str = b.op("GridSample", b.input(1, 6, 5, 7), b.input(1, 3, 4, 2, kind="unit"), **how)
    return result
