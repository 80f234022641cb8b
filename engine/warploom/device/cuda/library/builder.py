"""The process that builds cuDNN's kernels for another one, which times and chooses them.

cuDNN's Python module keeps the interpreter to itself while it compiles, so threads would take turns. Steps come in on
stdin, what was built goes out on stdout, both pickled: the process at the other end is the one that started this one.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import IO

from warploom.device.cuda.errors import CudaError, cuda_call
from warploom.device.cuda.library.gpu_libraries import GpuLibraries
from warploom.device.cuda.library.plan import ChosenPlan, PlanSource
from warploom.device.cuda.library.selection import Experience, kernels_to_try, limits_ahead
from warploom.device.cuda.library.signature import LibraryStep
from warploom.device.cuda.loading import load_cupy
from warploom.graph import Precision
from warploom.stdio import claim_standard_streams, leave_interrupts_to_the_parent


def main(arguments: Sequence[str]) -> int:
    """Serves until stdin ends.

    Args:
        arguments: The number of the GPU, as this process sees them.
    """
    leave_interrupts_to_the_parent()
    requests, answers = claim_standard_streams()
    with cuda_call("opening the GPU"):
        load_cupy().cuda.Device(int(arguments[0])).use()
        load_cupy().cuda.runtime.free(0)
    libraries = GpuLibraries()
    try:
        serve(libraries.cudnn, requests, answers)
    finally:
        libraries.close()
    return 0


def serve(source: PlanSource, requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answers every (step, precision) with the plans that were built, their data included; with None for a failure.

    Raises:
        CudaError: If the GPU can no longer be used.
    """
    experience = Experience()
    while True:
        try:
            step, precision = pickle.load(requests)
        except EOFError:
            return
        try:
            built: tuple[ChosenPlan, ...] | None = build(source, step, precision, experience)
        except CudaError as error:
            if error.sticky:
                raise
            built = None
        pickle.dump(built, answers)
        answers.flush()


def build(
    source: PlanSource, step: LibraryStep, precision: Precision, experience: Experience
) -> tuple[ChosenPlan, ...]:
    """The plans worth timing for a step, built, with the data to make them again elsewhere."""
    candidates = source.candidates(step, precision)
    kernels = kernels_to_try(candidates, limits_ahead(step), experience, lambda _: None)
    return tuple(replace(kernel.plan, data=kernel.data()) for kernel in kernels)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
