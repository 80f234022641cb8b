"""ChosenPlan: which kernel of which library runs a step, as a value that the cost database keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec

from warploom.device.cuda.library.signature import LibraryStep
from warploom.graph import DType, Precision

PLAN_KIND = "library-plan-2"
"""Kind of the entries of the cost database that hold encoded plans."""


@dataclass(frozen=True, slots=True)
class ChosenPlan:
    """A plan for all steps of one signature.

    Attributes:
        signature: What it is a plan for.
        source: Which library, and which of its forms of the step ("cudnn", "cudnn-direct-bias", "cublaslt", ...).
        name: Which of the source's kernels, as the source names it.
        bias_dtype: The type that the bias has to have at the pointer given to `enqueue`; None without a bias.
        workspace_bytes: Scratch memory of one execution, 256-byte aligned, shared with nothing that runs meanwhile.
        latency_us: Measured alone: median over replays of a CUDA graph.
        data: What the source needs to make it again without asking its heuristics.
        alternatives: The next best, latency ascending, without alternatives of their own. Fastest alone is not always
            fastest beside others.
        early: Operands, by role, that the kernel may read before its predecessor in the stream has ended. Where another
            kernel computes them, the end of everything before is to be waited for.
    """

    signature: str
    source: str
    name: str
    bias_dtype: DType | None
    workspace_bytes: int
    latency_us: float
    data: bytes
    alternatives: tuple[ChosenPlan, ...] = ()
    early: tuple[str, ...] = ()


def encode_plan(plan: ChosenPlan) -> bytes:
    """The plan and its alternatives as the cost database keeps them."""
    return msgspec.msgpack.encode(plan)


def decode_plan(data: bytes, signature: str) -> ChosenPlan | None:
    """The plan that was encoded, or None if the bytes are no plan for that signature."""
    try:
        plan = msgspec.msgpack.decode(data, type=ChosenPlan)
    except msgspec.DecodeError:
        return None
    return plan if plan.signature == signature else None


def with_alternatives(plans: Sequence[ChosenPlan]) -> ChosenPlan:
    """The first of the plans, with the others as its alternatives."""
    return replace(plans[0], alternatives=tuple(plans[1:]))


Pointers = Mapping[str, int]
"""Device addresses by role: x, w, y, bias, residual of a convolution; a, b, y, bias, residual of a product."""


class Kernel(Protocol):
    """A library's kernel, built and ready to be enqueued or captured."""

    plan: ChosenPlan
    """Its plan, as far as it is known: without a latency before it was timed."""

    def enqueue(self, pointers: Pointers, workspace: int, stream: int) -> None:
        """Starts it on a stream."""
        ...

    def data(self) -> bytes:
        """What `PlanSource.restore` makes it again from."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A kernel that could be built.

    Attributes:
        source: As in ChosenPlan.
        name: As in ChosenPlan; equal for the same kernel of other steps, so that experience carries over.
        compiled: Whether it comes compiled with the library; otherwise building it takes a fifth of a second, or far
            less once the same name was built in this process.
        build: Builds it; raises CudaError if the library declines.
        ahead: Whether another process built it already, so that trying it costs next to nothing.
    """

    source: str
    name: str
    compiled: bool
    build: Callable[[], Kernel]
    ahead: bool = False


class PlanSource(Protocol):
    """A library as a source of plans."""

    def candidates(self, step: LibraryStep, precision: Precision) -> Sequence[Candidate]:
        """Kernels for the step, those that the library thinks best first; empty if it has none."""
        ...

    def restore(self, step: LibraryStep, precision: Precision, plan: ChosenPlan) -> Kernel | None:
        """The kernel of a plan that this source made once; None if it is another source's.

        Raises:
            CudaError: If the library cannot make it any more.
        """
        ...
