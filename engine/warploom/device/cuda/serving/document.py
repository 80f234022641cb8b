"""The document of a frozen plan: launches with their kernels and places in memory, machine code, library plans."""

from __future__ import annotations

from typing import Any

import msgspec

from warploom.device.cuda.library.plan import ChosenPlan
from warploom.device.cuda.steps import ConvStep, MatmulStep
from warploom.errors import PlanError
from warploom.graph import Precision

VERSION = 1
"""Raised whenever an older document would be read wrongly."""

ARENA, WEIGHT, INPUT, OUTPUT = range(4)
"""Where a place is: in the arena, among the weights, among the inputs or the outputs."""


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Bytes on the device.

    Attributes:
        area: `ARENA`, `WEIGHT`, `INPUT` or `OUTPUT`.
        name: Of a weight, an input or an output; empty in the arena.
        offset: Bytes from the start of the arena, or of what is named.
    """

    area: int
    name: str
    offset: int


class KernelLaunch(msgspec.Struct, frozen=True, array_like=True, tag="kernel"):
    """A launch of an own kernel, by its name; arguments are pointers, then scalars."""

    kernel: str
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    shared_bytes: int
    pointers: tuple[Place, ...]
    scalars: tuple[int | float, ...]


class LibraryLaunch(msgspec.Struct, frozen=True, array_like=True, tag="library"):
    """A launch of the library kernel of that index, with pointers by role and its workspace."""

    kernel: int
    pointers: dict[str, Place]
    workspace: Place | None


class FrozenWork(msgspec.Struct, frozen=True):
    """What one launch of the plan starts, in order."""

    name: str
    steps: tuple[KernelLaunch | LibraryLaunch, ...]


class LibraryKernel(msgspec.Struct, frozen=True, omit_defaults=True):
    """A library's kernel: the step that it was chosen for (one of the two) and its plan."""

    plan: ChosenPlan
    conv: ConvStep | None = None
    matmul: MatmulStep | None = None


class MachineCode(msgspec.Struct, frozen=True):
    """A compiled module and the kernels in it."""

    names: tuple[str, ...]
    code: bytes


class Port(msgspec.Struct, frozen=True):
    """An input or output at the boundary: row-major, of a NumPy type; `works` are those that write an output."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    works: tuple[int, ...] = ()


class FrozenDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The whole document; `works` begins with the conversion of the inputs, then one per launch."""

    version: int = VERSION
    precision: Precision
    works: tuple[FrozenWork, ...]
    library: tuple[LibraryKernel, ...]
    modules: tuple[MachineCode, ...]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    weight_bytes: int
    arena_bytes: int
    workspace_bytes: int


def encode_document(document: FrozenDocument) -> bytes:
    """The document as MessagePack, which knows bytes and infinities."""
    return msgspec.msgpack.encode(document)


def decode_document(data: bytes) -> FrozenDocument:
    """Reads what `encode_document` wrote.

    Raises:
        PlanError: If it is damaged or of another version.
    """
    try:
        header: dict[str, Any] = msgspec.msgpack.decode(data, type=dict)
        if header.get("version") != VERSION:
            raise PlanError(f"The frozen plan has format {header.get('version')}, this Warploom reads {VERSION}.")
        return msgspec.convert(header, FrozenDocument)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise PlanError(f"The frozen plan is damaged: {error}.") from None
