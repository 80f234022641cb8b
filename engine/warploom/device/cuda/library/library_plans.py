"""LibraryPlans: a plan for every step that a library runs, from the cost database or by timing, and its launch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Self

from warploom.cost.database import CostDatabase
from warploom.device.cuda.errors import CudaError
from warploom.device.cuda.library.choosing import Bench, choose_plans
from warploom.device.cuda.library.gpu_libraries import GpuLibraries, Libraries
from warploom.device.cuda.library.plan import (
    PLAN_KIND,
    ChosenPlan,
    Kernel,
    PlanSource,
    Pointers,
    decode_plan,
    encode_plan,
    with_alternatives,
)
from warploom.device.cuda.library.selection import Experience, limits_for
from warploom.device.cuda.library.signature import LibraryStep, precision_of, signature
from warploom.errors import UnsupportedOperatorError
from warploom.graph import Precision

# What the database says of a step that no library has a kernel for: looking for one again would take a while.
_NO_PLAN = b""

Progress = Callable[[int, int, str], None]
"""Takes the number of signatures done, how many there are, and the next one."""


class LibraryPlans:
    """Plans of cuDNN and cuBLASLt on the current GPU. Not thread-safe.

    The GPU's context must be current; keep this object as long as any graph that its kernels were captured into.

    Args:
        libraries: What to use instead of the libraries that are installed.
        workspace_bytes: The largest workspace that a kernel may need; None for what the libraries may take by default.
    """

    def __init__(self, libraries: Libraries | None = None, workspace_bytes: int | None = None) -> None:
        self._workspace_bytes = workspace_bytes
        self._libraries = libraries if libraries is not None else GpuLibraries()
        self._kernels: dict[tuple[str, str, str], Kernel] = {}
        self._experience = Experience()
        self._spent_s = 0.0

    def prepare(
        self,
        steps: Sequence[LibraryStep],
        precision: Precision,
        database: CostDatabase | None = None,
        progress: Progress | None = None,
        *,
        required: bool = True,
    ) -> dict[str, ChosenPlan]:
        """The plan of every signature among the steps, ready to be enqueued; known ones are not timed again.

        Args:
            steps: Steps, in any number per signature.
            precision: The arithmetic.
            database: Remembers plans; None to remember nothing.
            progress: Told of every signature that has to be timed, again and again while its kernels are waited for.
            required: Whether a step that no library has a kernel for is an error; otherwise its signature is left out.

        Raises:
            UnsupportedOperatorError: If no library has a kernel for a required step.
            CudaError: If the GPU fails.
        """
        distinct = {signature(step, precision): step for step in steps}
        known = self._known(distinct, database)
        missing = {key: step for key, step in distinct.items() if key not in known}
        if missing:
            known |= self._choose(missing, database, progress)
        plans = {key: plan for key, plan in known.items() if isinstance(plan, ChosenPlan)}
        if required:
            for found in known.values():
                if isinstance(found, UnsupportedOperatorError):
                    raise found
        return plans

    def enqueue(self, step: LibraryStep, plan: ChosenPlan, pointers: Pointers, workspace: int, stream: int) -> None:
        """Starts a step on a stream (a number, as CuPy's `Stream.ptr`), which may be being captured.

        Args:
            step: The step.
            plan: Its plan, or one of the alternatives.
            pointers: Addresses of its regions' first elements by role ("x", "w", "y", "bias", "residual"; of a product
                "a", "b" for the first two). The bias is to have the type `plan.bias_dtype`.
            workspace: Address of `plan.workspace_bytes` bytes.
            stream: Where.
        """
        self.kernel(step, plan).enqueue(pointers, workspace, stream)

    def kernel(self, step: LibraryStep, plan: ChosenPlan) -> Kernel:
        """The kernel of a plan; made if need be, so ask for it before a capture begins."""
        name = (plan.signature, plan.source, plan.name)
        if name not in self._kernels:
            self._kernels[name] = self._restored(step, plan)
        return self._kernels[name]

    def close(self) -> None:
        """Releases the libraries' handles; may be called again."""
        self._kernels.clear()
        self._libraries.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _known(
        self, distinct: Mapping[str, LibraryStep], database: CostDatabase | None
    ) -> dict[str, ChosenPlan | UnsupportedOperatorError]:
        """What the database says, as far as it still holds: plans whose kernels could be made again, and refusals."""
        known: dict[str, ChosenPlan | UnsupportedOperatorError] = {}
        for key, data in (database.get(PLAN_KIND, distinct) if database is not None else {}).items():
            if data == _NO_PLAN:
                known[key] = UnsupportedOperatorError(f"No library has a kernel for {key}.")
            elif (plan := decode_plan(data, key)) is not None and self._works(distinct[key], plan):
                known[key] = plan
        return known

    def _works(self, step: LibraryStep, plan: ChosenPlan) -> bool:
        try:
            self.kernel(step, plan)
        except CudaError as error:
            if error.sticky:
                raise
            return False
        return True

    def _restored(self, step: LibraryStep, plan: ChosenPlan) -> Kernel:
        for source in self._libraries.sources:
            kernel = source.restore(step, precision_of(plan.signature), plan)
            if kernel is not None:
                return kernel
        raise CudaError(f"No library knows plans of {plan.source!r}.", call="restoring a plan")

    def _choose(
        self, steps: Mapping[str, LibraryStep], database: CostDatabase | None, progress: Progress | None
    ) -> dict[str, ChosenPlan | UnsupportedOperatorError]:
        """Plans of steps by signature, chosen one after another and remembered at once."""
        keys = list(steps)
        found: dict[str, ChosenPlan | UnsupportedOperatorError] = {}

        def report() -> None:
            if progress is not None:
                progress(len(found), len(keys), keys[len(found)])

        with self._choosing(steps, report) as (sources, bench):
            for key, step in steps.items():
                report()
                started = time.monotonic()
                found[key] = self._chosen(step, precision_of(key), sources, bench)
                self._spent_s += time.monotonic() - started
                if database is not None:
                    database.put(PLAN_KIND, {key: _encoded(found[key])})
        return found

    @contextmanager
    def _choosing(
        self, steps: Mapping[str, LibraryStep], waiting: Callable[[], None]
    ) -> Iterator[tuple[Sequence[PlanSource], Bench]]:
        """The sources to choose from and the bench to time on."""
        requests = [(step, precision_of(key)) for key, step in steps.items()]
        bench = self._libraries.bench()
        try:
            with self._libraries.ahead(requests, waiting) as sources:
                yield sources, bench
        finally:
            bench.close()

    def _chosen(
        self, step: LibraryStep, precision: Precision, sources: Sequence[PlanSource], bench: Bench
    ) -> ChosenPlan | UnsupportedOperatorError:
        limits = replace(limits_for(step, self._spent_s), workspace_bytes=self._workspace_bytes)
        try:
            found = choose_plans(step, precision, sources, bench, self._experience, limits)
        except UnsupportedOperatorError as error:
            return error
        for plan, kernel in found:
            kernel.plan = plan  # with what was found out about it
            self._kernels[plan.signature, plan.source, plan.name] = kernel
        return with_alternatives([plan for plan, _ in found])


def _encoded(found: ChosenPlan | UnsupportedOperatorError) -> bytes:
    return encode_plan(found) if isinstance(found, ChosenPlan) else _NO_PLAN
