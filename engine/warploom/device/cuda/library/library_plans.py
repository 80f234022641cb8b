"""LibraryPlans: chooses a plan for every step that a library runs, by timing, and enqueues the steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from warploom.cost.database import CostDatabase
from warploom.device.cuda.errors import CudaError, cuda_call
from warploom.device.cuda.library.cublaslt import CublasLt
from warploom.device.cuda.library.cublaslt_source import CublasLtSource
from warploom.device.cuda.library.cudnn_source import CudnnSource
from warploom.device.cuda.library.plan import (
    PLAN_KIND,
    ChosenPlan,
    Kernel,
    PlanSource,
    Pointers,
    decode_plan,
    encode_plan,
    ranked,
)
from warploom.device.cuda.library.selection import GROUPED, HURRIED, Experience, Limits, kernels_to_try
from warploom.device.cuda.library.signature import LibraryStep, precision_of, signature
from warploom.device.cuda.library.timing import Scratch, TimedGraph, Timer, hopeless
from warploom.device.cuda.loading import load_cublaslt, load_cudnn, load_cupy
from warploom.device.cuda.steps import ConvStep
from warploom.errors import UnsupportedOperatorError
from warploom.graph import Precision

KEPT = 3
"""Plans kept per signature: the fastest and its alternatives."""

_FINALISTS = 4
_FIRST_ROUNDS, _FINAL_ROUNDS = 3, 9
_HURRY_AFTER_S = 40.0

Progress = Callable[[int, int, str], None]
"""Takes the number of signatures done, their number, and what is being done."""


class LibraryPlans:
    """Plans of cuDNN and cuBLASLt on the current GPU. Not thread-safe.

    The GPU's context must be current; keep this object as long as any graph that its kernels were captured into.
    """

    def __init__(self) -> None:
        cupy, self._cudnn = load_cupy(), load_cudnn()
        with cuda_call("starting cuDNN"):
            self._stream: Any = cupy.cuda.Stream(non_blocking=True)
            self._handle: int | None = int(self._cudnn.create_handle())
            self._cudnn.set_stream(handle=self._handle, stream=self._stream.ptr)
        library = load_cublaslt()
        self._cublaslt = CublasLt(library) if library is not None else None
        self._sources: list[PlanSource] = [CudnnSource(self._cudnn, self._handle, self._stream.ptr)]
        if self._cublaslt is not None:
            self._sources.append(CublasLtSource(self._cublaslt))
        self._kernels: dict[tuple[str, str, str], Kernel] = {}
        self._experience = Experience()

    def prepare(
        self,
        steps: Sequence[LibraryStep],
        precision: Precision,
        database: CostDatabase | None = None,
        progress: Progress | None = None,
    ) -> dict[str, ChosenPlan]:
        """The plan of every signature among the steps, ready to be enqueued; known ones are not timed again.

        Raises:
            UnsupportedOperatorError: If no library has a kernel for a step.
            CudaError: If the GPU fails.
        """
        distinct = {signature(step, precision): step for step in steps}
        plans = self._known(distinct, database)
        missing = [key for key in distinct if key not in plans]
        started = time.monotonic()
        scratch = Scratch()
        try:
            for done, key in enumerate(missing):
                if progress is not None:
                    progress(done, len(missing), f"timing kernels for {key}")
                limits = _limits(distinct[key], time.monotonic() - started)
                plans[key] = self._choose(distinct[key], key, precision, limits, scratch)
                scratch.forget_graphs()
                if database is not None:
                    database.put(PLAN_KIND, {key: encode_plan(plans[key])})
        finally:
            scratch.close()
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
        found = self._kernels.get(name) or self._restored(step, plan)
        self._kernels[name] = found
        return found

    def close(self) -> None:
        """Releases the libraries' handles; may be called again."""
        self._kernels.clear()
        if self._handle is not None:
            self._cudnn.destroy_handle(self._handle)
            self._handle = None
        if self._cublaslt is not None:
            self._cublaslt.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _known(self, distinct: Mapping[str, LibraryStep], database: CostDatabase | None) -> dict[str, ChosenPlan]:
        """Plans from the database whose kernels could be made again."""
        plans: dict[str, ChosenPlan] = {}
        for key, data in (database.get(PLAN_KIND, distinct) if database is not None else {}).items():
            plan = decode_plan(data, key)
            if plan is None:
                continue
            try:
                self.kernel(distinct[key], plan)
            except CudaError as error:
                if error.sticky:
                    raise
            else:
                plans[key] = plan
        return plans

    def _restored(self, step: LibraryStep, plan: ChosenPlan) -> Kernel:
        precision = precision_of(plan.signature)
        for source in self._sources:
            kernel = source.restore(step, precision, plan)
            if kernel is not None:
                return kernel
        raise CudaError(f"No library knows plans of {plan.source!r}.", call="restoring a plan")

    def _choose(
        self, step: LibraryStep, key: str, precision: Precision, limits: Limits, scratch: Scratch
    ) -> ChosenPlan:
        """Times what is worth trying, then the best few once more, taking turns."""
        timer = Timer(self._stream)
        candidates = [c for source in self._sources for c in source.candidates(step, precision)]
        timed: list[tuple[float, Kernel, TimedGraph]] = []
        refusals: list[CudaError] = []
        for kernel in kernels_to_try(candidates, limits, self._experience, refusals.append):
            best = min((entry[0] for entry in timed), default=math.inf)
            try:
                entry = self._timed(kernel, step, timer, scratch, best)
            except CudaError as error:
                if error.sticky:
                    raise
                refusals.append(error)
            else:
                timed += [entry] if entry is not None else []
        if not timed:
            reason = f" The last one: {refusals[-1]}" if refusals else ""
            raise UnsupportedOperatorError(f"No library has a kernel for {key}.{reason}")
        finalists = sorted(timed, key=lambda entry: entry[0])[:_FINALISTS]
        times = timer.rounds_us([graph for _, _, graph in finalists], _FINAL_ROUNDS)
        order = sorted(zip(times, [kernel for _, kernel, _ in finalists], strict=True), key=lambda entry: entry[0])
        plans = [self._kept(kernel, latency) for latency, kernel in order[:KEPT]]
        self._experience.note_win(plans[0].source, plans[0].name)
        return ranked(plans, KEPT)

    def _kept(self, kernel: Kernel, latency_us: float) -> ChosenPlan:
        plan = replace(kernel.plan, latency_us=latency_us, data=kernel.data())
        self._kernels[plan.signature, plan.source, plan.name] = kernel
        return plan

    def _timed(
        self, kernel: Kernel, step: LibraryStep, timer: Timer, scratch: Scratch, best_us: float
    ) -> tuple[float, Kernel, TimedGraph] | None:
        workspace = scratch.workspace(kernel.plan.workspace_bytes)
        pointers = scratch.pointers(step, kernel.plan.bias_dtype)
        with cuda_call("timing a library kernel"):
            estimate = timer.estimate_us(kernel, pointers, workspace)
            if hopeless(estimate, best_us):
                return None
            graph = timer.graph(kernel, pointers, workspace, estimate)
            return timer.rounds_us([graph], _FIRST_ROUNDS)[0], kernel, graph


def _limits(step: LibraryStep, elapsed_s: float) -> Limits:
    if isinstance(step, ConvStep) and step.groups > 1:
        return GROUPED
    return HURRIED if elapsed_s > _HURRY_AFTER_S else Limits()
