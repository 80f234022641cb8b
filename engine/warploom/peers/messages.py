"""What goes between the process of a peer and who compares it: one command, one answer."""

from __future__ import annotations

import enum

import msgspec


class Kind(enum.StrEnum):
    """What a peer is told to do."""

    FIND = "find"
    LOAD = "load"
    RUN = "run"
    MEASURE = "measure"


class Command(msgspec.Struct, frozen=True, omit_defaults=True):
    """To the peer."""

    kind: Kind
    repeats: int = 0


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """From the peer; `error` is a sentence where it could not."""

    error: str = ""
    version: str = ""
    outputs: tuple[str, ...] = ()
    path: str = ""
    samples_us: tuple[float, ...] = ()
    clock: str = ""
