"""Reads and writes the plan file (`.plan`): a zip of JSON, arrays and the frozen plans of a device; never pickle.

Written whole or not at all. What is needed to answer lies there ready to be mapped and uploaded; the model's own
weights lie beside it, for simulated devices and for choosing kernels anew.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from warploom.device.protocol import Array
from warploom.errors import PlanError, WarploomError
from warploom.graph import ArrayConstant, Constant, Graph
from warploom.graph.constant import FillConstant
from warploom.graph.document import graph_from_document, graph_to_document
from warploom.recording.document import printable_model
from warploom.serving.container import Container, write_container
from warploom.serving.contents import PlanContents, PlanFacts, ShapeParts, pack
from warploom.version import __version__

FORMAT = "warploom-plan-file"
FORMAT_VERSION = 1
"""Rises with every change that an older Warploom would read wrongly; new fields with a default do not count."""

_Kind = TypeVar("_Kind")
_MANIFEST, _WEIGHTS, _CONSTANTS = "plan.json", "weights.npy", "constants.npy"


class Header(msgspec.Struct, frozen=True):
    """What every version's manifest begins with."""

    format: str = ""
    version: int = 0
    warploom: str = "?"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The member `plan.json`."""

    format: str = FORMAT
    version: int = FORMAT_VERSION
    warploom: str = __version__
    created: dt.datetime
    facts: PlanFacts


class StoredConstant(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a constant's values are: at an offset of `constants.npy`, or one value repeated."""

    offset: int = -1
    fill: float | int | bool | None = None


def write_plan(contents: PlanContents, path: Path) -> None:
    """Saves a plan file.

    Raises:
        PlanError: If the file cannot be written; an older file of that name is still there then.
    """
    created = dt.datetime.now(dt.UTC).replace(microsecond=0)
    facts = dataclasses.replace(contents.facts, model=printable_model(contents.facts.model))
    graphs = [parts.graph() for parts in contents.shapes]
    block, offsets = pack([_constant_bytes(graph) for graph in graphs])
    members: dict[str, bytes | Array] = {_MANIFEST: msgspec.json.encode(Manifest(created=created, facts=facts))}
    for i, (parts, graph, places) in enumerate(zip(contents.shapes, graphs, offsets, strict=True)):
        members[f"shapes/{i}/graph.json"] = graph_to_document(graph)
        members[f"shapes/{i}/constants.json"] = msgspec.json.encode(_stored_constants(graph, places))
        members[f"shapes/{i}/frozen.msgpack"] = parts.document()
        members[f"shapes/{i}/weights.json"] = msgspec.json.encode(parts.offsets())
    members[_WEIGHTS] = contents.weights()
    members[_CONSTANTS] = block
    write_container(path, members)


def read_plan(path: Path) -> PlanContents:
    """Opens a plan file; the large parts are read when they are needed.

    Raises:
        PlanError: If the file is missing, damaged or newer than this Warploom.
    """
    container = Container(path)
    manifest = bytes(container.read(_MANIFEST))
    try:
        header = msgspec.json.decode(manifest, type=Header)
    except msgspec.DecodeError as error:
        raise container.damaged(str(error)) from error
    if header.format != FORMAT:
        raise container.damaged("it is another kind of file")
    if header.version != FORMAT_VERSION or header.warploom != __version__:
        raise PlanError(
            f"{path} was built by Warploom {header.warploom[:40]} (format {header.version}), this one is {__version__} "
            f"(format {FORMAT_VERSION}): build it again."
        )
    try:
        facts = msgspec.json.decode(manifest, type=Manifest).facts
    except msgspec.DecodeError as error:
        raise container.damaged(str(error)) from error
    if not facts.shapes:
        raise container.damaged("it holds no shape")
    parts = tuple(_parts(container, i) for i in range(len(facts.shapes)))
    return PlanContents(facts, parts, functools.partial(container.array, _WEIGHTS), str(path))


def _parts(container: Container, shape: int) -> ShapeParts:
    folder = f"shapes/{shape}"
    return ShapeParts(
        graph=functools.partial(_read_graph, container, folder),
        document=lambda: bytes(container.read(f"{folder}/frozen.msgpack")),
        offsets=lambda: _decode(container, f"{folder}/weights.json", dict[str, int]),
    )


def _read_graph(container: Container, folder: str) -> Graph:
    stored = _decode(container, f"{folder}/constants.json", dict[str, StoredConstant])
    block = container.array(_CONSTANTS)
    try:
        graph = graph_from_document(bytes(container.read(f"{folder}/graph.json")))
        constants = {name: _read_constant(constant, stored[name], block) for name, constant in graph.constants.items()}
    except KeyError as error:
        raise container.damaged(f"the constant {error.args[0]!r} is missing") from error
    except (WarploomError, ValueError) as error:
        raise container.damaged(str(error)) from error
    return Graph(graph.name, graph.operators, graph.tensors, constants, graph.inputs, graph.outputs)


def _read_constant(constant: Constant, stored: StoredConstant, block: Array) -> Constant:
    if stored.fill is not None:
        return FillConstant(constant.shape, constant.dtype, stored.fill)
    dtype = constant.dtype.to_numpy()
    count = int(np.prod(constant.shape, dtype=np.int64))
    part = block[stored.offset : stored.offset + count * dtype.itemsize]
    values: Array = part.view(dtype).reshape(constant.shape)
    return ArrayConstant.of(values, constant.dtype)


def _stored_constants(graph: Graph, places: Mapping[str, int]) -> dict[str, StoredConstant]:
    return {name: _stored(constant, places.get(name, -1)) for name, constant in graph.constants.items()}


def _stored(constant: Constant, place: int) -> StoredConstant:
    if isinstance(constant, FillConstant) and _is_fill(constant):
        return StoredConstant(fill=constant.value)
    return StoredConstant(place)


def _is_fill(constant: Constant) -> bool:
    """Whether one value stands for all; one that JSON cannot say is written out."""
    return isinstance(constant, FillConstant) and bool(np.isfinite(constant.value))


def _constant_bytes(graph: Graph) -> dict[str, Array]:
    return {
        name: np.ascontiguousarray(constant.numpy()).reshape(-1).view(np.uint8)
        for name, constant in graph.constants.items()
        if not _is_fill(constant)
    }


def _decode(container: Container, name: str, kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.json.decode(bytes(container.read(name)), type=kind)
    except msgspec.DecodeError as error:
        raise container.damaged(str(error)) from error
