"""Chooses the plan of one step: builds what is worth trying, times it, and times the best few again, taking turns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from warploom.device.cuda.errors import CudaError, DeviceMemoryError
from warploom.device.cuda.library.plan import ChosenPlan, Kernel, PlanSource
from warploom.device.cuda.library.selection import Experience, Limits, kernels_to_try
from warploom.device.cuda.library.signature import LibraryStep, signature
from warploom.errors import UnsupportedOperatorError
from warploom.graph import Precision

KEPT = 6
"""Plans kept per signature: the fastest and its alternatives."""

_FINALISTS = 8

_ENOUGH_TO_COMPARE = 3
# Kernels for TF32 that round differ by 3e-4 from exact ones, those that cut off by 8e-4 (H200, cuDNN 9.19).
_MOST_DIFFERENT: Mapping[Precision, float] = {
    Precision.FP32: 1e-5,
    Precision.TF32: 5e-4,
    Precision.FP16: 1e-3,
    Precision.BF16: 8e-3,
}
_LEAST_EXACT = max(_MOST_DIFFERENT.values())


@dataclass(frozen=True, slots=True)
class Timed:
    """A kernel with a first measurement.

    Attributes:
        kernel: The kernel.
        latency_us: Of one execution, alone.
        again: What the bench needs to measure it again.
    """

    kernel: Kernel
    latency_us: float
    again: object


class Bench(Protocol):
    """Measures kernels alone."""

    def first(self, kernel: Kernel, step: LibraryStep, best_us: float) -> Timed | None:
        """A first measurement; None for a kernel far from the best so far, which is then not measured exactly."""
        ...

    def finals_us(self, timed: Sequence[Timed]) -> list[float]:
        """Latencies of kernels that were measured once, more exactly, taking turns."""
        ...

    def differences(self, kernels: Sequence[Kernel], step: LibraryStep) -> list[float]:
        """How far each kernel's result is from what most of them compute, relative to it."""
        ...

    def early_operands(self, kernel: Kernel, step: LibraryStep) -> tuple[str, ...]:
        """Operands, by role, that the kernel may read before its predecessor in the stream has ended."""
        ...

    def next_step(self) -> None:
        """All measurements of this step are done."""
        ...

    def close(self) -> None:
        """Frees memory; may be called again."""
        ...


def choose_plans(
    step: LibraryStep,
    precision: Precision,
    sources: Sequence[PlanSource],
    bench: Bench,
    experience: Experience,
    limits: Limits,
) -> list[tuple[ChosenPlan, Kernel]]:
    """The fastest plans for a step with their kernels, the fastest first.

    Raises:
        UnsupportedOperatorError: If no source has a kernel for it.
        CudaError: If the GPU can no longer be used, or has too little memory to try any kernel.
    """
    candidates = [candidate for source in sources for candidate in source.candidates(step, precision)]
    timed: list[Timed] = []
    refusals: list[CudaError] = []
    for kernel in kernels_to_try(candidates, limits, experience, refusals.append):
        try:
            entry = bench.first(kernel, step, min((other.latency_us for other in timed), default=math.inf))
        except CudaError as error:
            if error.sticky:
                raise
            refusals.append(error)
        else:
            timed += [entry] if entry is not None else []
    if not timed:
        raise _nothing_works(signature(step, precision), refusals)
    finalists = sorted(timed, key=lambda entry: entry.latency_us)[:_FINALISTS]
    finalists = _agreeing(finalists, step, precision, bench)
    order = sorted(zip(bench.finals_us(finalists), finalists, strict=True), key=lambda pair: pair[0])[:KEPT]
    bench.next_step()
    kernels = [entry.kernel for _, entry in order]
    plans = [
        replace(
            entry.kernel.plan, latency_us=us, data=entry.kernel.data(), early=bench.early_operands(entry.kernel, step)
        )
        for us, entry in order
    ]
    experience.note_win(plans[0].source, plans[0].name)
    return list(zip(plans, kernels, strict=True))


def _agreeing(finalists: list[Timed], step: LibraryStep, precision: Precision, bench: Bench) -> list[Timed]:
    """Those that compute what most do: a few kernels for TF32 cut numbers off where all others round them."""
    if len(finalists) < _ENOUGH_TO_COMPARE:
        return finalists
    differences = bench.differences([entry.kernel for entry in finalists], step)
    limit = _MOST_DIFFERENT.get(precision, _LEAST_EXACT)
    near = [entry for entry, far in zip(finalists, differences, strict=True) if far <= limit]
    return near or finalists


def _nothing_works(key: str, refusals: Sequence[CudaError]) -> Exception:
    for refusal in refusals:
        if isinstance(refusal, DeviceMemoryError):
            return refusal
    reason = f" The last one that was tried: {refusals[-1]}" if refusals else ""
    return UnsupportedOperatorError(f"No library has a kernel for {key}.{reason}")
