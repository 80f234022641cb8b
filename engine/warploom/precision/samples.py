"""Calibration data: the .npy files of a folder as inputs of a Graph, checked, some of them held out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from warploom.device.protocol import Array
from warploom.errors import CalibrationError
from warploom.graph import Graph, Tensor
from warploom.graph.work import operator_work

MOST_SAMPLES = 32
"""Samples that are used at most, evenly spread over those given: more changes ranges no more, and takes long."""

_HELD_OUT = 4
"""Every fourth sample judges and does not calibrate."""

Sample = Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Samples:
    """What a model is calibrated with, and what it is judged by.

    Attributes:
        calibration: Inputs by name, each.
        held_out: Inputs that calibration does not see.
        description: Where they come from, for the log.
    """

    calibration: tuple[Sample, ...]
    held_out: tuple[Sample, ...]
    description: str


def folder_samples(folder: Path, graph: Graph) -> Samples:
    """Reads a folder.

    A model with one input takes every .npy file of the folder. One with several takes a folder for each, named as the
    input, or files named INPUT.npy or INPUT-anything.npy; the n-th files of all inputs belong together. A file holds
    one input as the model takes it, or, along the leading dimension, any number of rows from which inputs are put
    together.

    Raises:
        CalibrationError: If the folder is missing, empty or too small, or a file is no array, has another shape or
            type, holds NaN or infinities, or belongs to no input.
    """
    paths = list_samples(folder)
    if not graph.inputs:
        raise CalibrationError(f"{graph.name!r} has no inputs: there is nothing to calibrate with.")
    files = _files_by_input(paths, folder, graph)
    inputs = {name: _batches(paths, graph.tensors[name]) for name, paths in files.items()}
    counts = {name: len(batches) for name, batches in inputs.items()}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{count} of {name!r}" for name, count in counts.items())
        raise CalibrationError(f"{folder} has a different number of samples for each input ({listed}).")
    samples = [dict(zip(inputs, rows, strict=True)) for rows in zip(*inputs.values(), strict=True)]
    return _split(samples, f"{len(samples)} inputs of {folder.name}")


def random_samples(graph: Graph, count: int, seed: int) -> Samples:
    """Random inputs for a model: seeded, the last ones held out."""
    from warploom.importer.reference import random_inputs

    samples = [random_inputs(graph, seed + i) for i in range(count)]
    return _split(samples, f"{count} random inputs (seed {seed})")


def list_samples(folder: Path) -> list[Path]:
    """The .npy files of a folder and those below it, in order.

    Raises:
        CalibrationError: If the folder is missing, or holds none.
    """
    if not folder.is_dir():
        raise CalibrationError(f"There is no folder {folder} with calibration data: give a folder of .npy files.")
    files = sorted(folder.rglob("*.npy"))
    if not files:
        raise CalibrationError(f"{folder} holds no .npy files: calibration needs inputs of the model as arrays.")
    return files


def affordable(graph: Graph, samples: Sequence[Sample], flops: int) -> Sequence[Sample]:
    """As many samples as the Graph can be executed with in so many floating-point operations, one at least."""
    each = sum(operator_work(graph, operator).flops for operator in graph.operators)
    return samples[: max(1, flops // max(1, each))]


def _split(samples: Sequence[Sample], description: str) -> Samples:
    if len(samples) > MOST_SAMPLES:
        places = np.linspace(0, len(samples) - 1, MOST_SAMPLES).astype(int)
        samples = [samples[i] for i in places]
        description += f", {MOST_SAMPLES} of them used"
    if len(samples) == 1:
        return Samples(tuple(samples), (), description)
    held = {i for i in range(len(samples)) if i % _HELD_OUT == _HELD_OUT - 1} or {len(samples) - 1}
    return Samples(
        tuple(sample for i, sample in enumerate(samples) if i not in held),
        tuple(samples[i] for i in sorted(held)),
        description,
    )


def _files_by_input(files: list[Path], folder: Path, graph: Graph) -> dict[str, list[Path]]:
    if len(graph.inputs) == 1:
        return {graph.inputs[0]: files}
    found: dict[str, list[Path]] = {name: [] for name in graph.inputs}
    for path in files:
        owner = _owner(path, folder, graph.inputs)
        if owner is None:
            known = ", ".join(graph.inputs)
            raise CalibrationError(
                f"{path} belongs to no input of {graph.name!r}: name it or its folder as one of {known}."
            )
        found[owner].append(path)
    if missing := [name for name, paths in found.items() if not paths]:
        raise CalibrationError(f"{folder} holds no files for the input {missing[0]!r} of {graph.name!r}.")
    return found


def _owner(path: Path, folder: Path, names: Sequence[str]) -> str | None:
    parts = path.relative_to(folder).parts[:-1]
    inside = [name for name in names if _file_name(name) in parts or path.stem == _file_name(name)]
    longest = sorted((name for name in names if path.stem.startswith(f"{_file_name(name)}-")), key=len)
    return next(reversed(inside or longest), None)


def _file_name(name: str) -> str:
    """An input's name as it can be a file's."""
    return name.replace("/", "_").replace("\\", "_").replace(":", "_")


def _batches(paths: Sequence[Path], tensor: Tensor) -> list[Array]:
    """Inputs put together from the rows of files."""
    arrays = [_read(path, tensor) for path in paths]
    whole = [array for array in arrays if array.shape == tensor.shape]
    if len(whole) == len(arrays):
        return whole
    rows = np.concatenate(arrays)
    size = tensor.shape[0]
    if len(rows) < size:
        raise CalibrationError(
            f"The files for the input {tensor.name!r} hold {len(rows)} rows together, fewer than one input of "
            f"{list(tensor.shape)} has: give more, or choose a smaller batch."
        )
    return [rows[start : start + size] for start in range(0, len(rows) - size + 1, size)]


def _read(path: Path, tensor: Tensor) -> Array:
    try:
        with path.open("rb") as stream:  # not np.load: that reads what it does not know as a pickle
            array: Array = np.lib.format.read_array(stream, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        why = str(error).partition("\n")[0].rstrip(". ")
        raise CalibrationError(f"{path} is no readable .npy array: {why}.") from None
    expected = tensor.dtype.to_numpy()
    if array.dtype != expected:
        raise CalibrationError(
            f"{path} holds {array.dtype}, but the input {tensor.name!r} is {expected}: "
            f"convert it with .astype('{expected}')."
        )
    wanted = tensor.shape
    fits = array.ndim == len(wanted) > 0 and array.shape[1:] == wanted[1:] and array.shape[0] > 0
    if array.shape != wanted and array.shape == wanted[1:]:
        array, fits = array[None], True
    if array.shape != wanted and not fits:
        rows = f", or any number of rows of {list(wanted[1:])}" if wanted else ""
        raise CalibrationError(
            f"{path} has the shape {list(array.shape)}, but the input {tensor.name!r} is {list(wanted)}{rows}."
        )
    if array.dtype.kind == "f" and not math.isfinite(float(np.sum(array, dtype=np.float64))):
        bad = int(np.size(array) - np.count_nonzero(np.isfinite(array)))
        if bad:
            raise CalibrationError(f"{path} holds {bad} values that are NaN or infinite.")
    return array
