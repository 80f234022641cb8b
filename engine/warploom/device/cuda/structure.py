"""Keys of steps that cost the same, without names of buffers: for caches in memory and on disk. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from warploom.device.cuda.library.signature import signature
from warploom.device.cuda.steps import Choice, KernelStep, PlainStep, Region, Step
from warploom.graph import Precision

_ALIGNMENTS = (16, 8, 4, 2)


def step_key(step: Step, precision: Precision) -> str:
    """Equal for steps that do the same work on tensors of the same layout.

    Which buffers they touch does not count, nor where in them, apart from the alignment.
    """
    if isinstance(step, Choice):
        return f"choice({'|'.join(steps_key(steps, precision) for steps in step.alternatives)})"
    return _plain_key(step, precision)


def steps_key(steps: Iterable[Step], precision: Precision) -> str:
    """The keys of steps that follow one another."""
    return ";".join(step_key(step, precision) for step in steps)


def digest(*parts: str) -> str:
    """A short name for long keys, as the cost database holds them."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _plain_key(step: PlainStep, precision: Precision) -> str:
    if not isinstance(step, KernelStep):
        return f"{signature(step, precision)} {step.kernel}" if step.kernel else signature(step, precision)
    regions = ",".join(_region_key(region) for region in (*step.writes, *step.reads))
    scalars = ",".join(map(repr, step.scalars))
    code = hashlib.sha256(step.kernel.code.encode()).hexdigest()[:16]
    return f"{step.kernel.name}:{code} {step.grid}x{step.block} {step.shared_bytes} [{scalars}] {regions}"


def _region_key(region: Region) -> str:
    layout = region.layout
    address = region.offset * layout.dtype.itemsize
    alignment = next((bytes_ for bytes_ in _ALIGNMENTS if address % bytes_ == 0), 1)
    shape = "x".join(map(str, layout.shape))
    strides = ",".join(map(str, layout.strides))
    return f"{layout.dtype.value}:{shape}/{strides}/{layout.channels}@{alignment}"
