"""cuDNN as a source of plans: its heuristics list kernels, built when asked for and kept as serialized bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from warploom.device.cuda.errors import CudaError, cuda_call
from warploom.device.cuda.library.cudnn_graph import UIDS, GraphBuilder
from warploom.device.cuda.library.plan import Candidate, ChosenPlan, Kernel, Pointers
from warploom.device.cuda.library.signature import LibraryStep, signature
from warploom.device.cuda.steps import ConvStep
from warploom.graph import DType, Precision

_PLAIN = "cudnn"
_NARROW_BIAS = "cudnn-narrow-bias"
_RUN_TIME = "cudnn-run-time"
_WORKSPACE_ALIGNMENT = 256


@dataclass(frozen=True, slots=True)
class Form:
    """A way of telling cuDNN about a step.

    Attributes:
        source: Name of the form.
        bias_dtype: The type of the bias, None without one.
        run_time: Whether the graph is spelled so that only kernels compiled at run time match it.
    """

    source: str
    bias_dtype: DType | None
    run_time: bool = False


def forms(step: LibraryStep, precision: Precision) -> tuple[Form, ...]:
    """The ways in which a step is offered to cuDNN.

    cuDNN has two families of kernels: many that ship compiled, which know a bias of the tensors' own type and Relu, and
    a few that it compiles at run time, for any epilogue. Its heuristics name one family only, by how the graph is
    spelled. For simple epilogues each of them wins for some shapes, so both are asked for.
    """
    storage = step.y.layout.dtype
    wide = None if step.bias is None else DType.FLOAT32
    narrow = None if step.bias is None else storage
    if not isinstance(step, ConvStep) or step.transposed:
        return (Form(_PLAIN, wide),)
    if step.groups > 1:
        return (Form(_NARROW_BIAS, narrow),)
    if step.residual is not None or step.activation not in ((), ("Relu",)) or precision is Precision.FP32:
        return (Form(_PLAIN, wide),)
    if narrow is wide:
        return (Form(_PLAIN, wide), Form(_RUN_TIME, wide, run_time=True))
    return (Form(_NARROW_BIAS, narrow), Form(_PLAIN, wide))


class CudnnKernel:
    """A built plan of a cuDNN graph."""

    __slots__ = ("_cudnn", "_graph", "_handle", "_index", "plan")

    def __init__(self, cudnn: Any, handle: int, graph: Any, index: int, plan: ChosenPlan) -> None:
        self._cudnn = cudnn
        self._handle = handle
        self._graph = graph
        self._index = index
        self.plan = plan

    def enqueue(self, pointers: Pointers, workspace: int, stream: int) -> None:
        """Starts it on a stream."""
        with cuda_call("starting a cuDNN kernel"):
            self._cudnn.set_stream(handle=self._handle, stream=stream)
            pack = {UIDS[role]: pointer for role, pointer in pointers.items()}
            self._graph.execute_plan_at_index(pack, workspace, self._index, handle=self._handle)

    def data(self) -> bytes:
        """The plan serialized, its compiled code included."""
        if self.plan.data:
            return self.plan.data
        with cuda_call("serializing a cuDNN plan"):
            # Serializing takes the plan built last; building one that is built only makes it that one.
            self._graph.build_plan_at_index(self._index)
            return bytes(self._graph.serialize())


class CudnnSource:
    """Plans of cuDNN.

    Args:
        cudnn: The module.
        handle: cuDNN's handle; `idle_stream` is set on it while plans are made.
        idle_stream: A stream that lives as long as this object and is never captured while plans are made.
    """

    def __init__(self, cudnn: Any, handle: int, idle_stream: int) -> None:
        self._cudnn = cudnn
        self._handle = handle
        self._idle_stream = idle_stream
        self._graphs = GraphBuilder(cudnn, handle)

    def candidates(self, step: LibraryStep, precision: Precision) -> Sequence[Candidate]:
        """Kernels of all forms of the step; a form that cuDNN declines has none.

        Where the plain form lists none that ship compiled, it lists those that the other form would list once more.
        """
        found: list[Candidate] = []
        for form in forms(step, precision):
            if form.run_time and found and not any(candidate.compiled for candidate in found):
                continue
            try:
                graph = self._planned(step, precision, form)
            except CudaError as error:
                if error.sticky:
                    raise
                continue
            found += self._listed(graph, form, signature(step, precision))
        return found

    def restore(self, step: LibraryStep, precision: Precision, plan: ChosenPlan) -> Kernel | None:
        """The kernel from its serialized form, or else by its name among those that the heuristics list."""
        form = next((form for form in forms(step, precision) if form.source == plan.source), None)
        if form is None:
            return None
        try:
            return self._deserialized(plan)
        except CudaError as error:
            if error.sticky:
                raise
        graph = self._planned(step, precision, form)
        for candidate in self._listed(graph, form, plan.signature):
            if candidate.name == plan.name:
                return candidate.build()
        raise CudaError(f"cuDNN does not offer its kernel {plan.name} any more.", call="restoring a cuDNN plan")

    def built_ahead(self, plan: ChosenPlan) -> Candidate:
        """A kernel that another process built, from its plan with its data."""
        return Candidate(plan.source, plan.name, compiled=True, build=partial(self._deserialized, plan), ahead=True)

    def _deserialized(self, plan: ChosenPlan) -> Kernel:
        with cuda_call("restoring a cuDNN plan"):
            self._cudnn.set_stream(handle=self._handle, stream=self._idle_stream)
            graph = self._graphs.empty()
            graph.deserialize(self._handle, list(plan.data))
        return CudnnKernel(self._cudnn, self._handle, graph, 0, plan)

    def _planned(self, step: LibraryStep, precision: Precision, form: Form) -> Any:
        with cuda_call("planning a cuDNN graph"):
            self._cudnn.set_stream(handle=self._handle, stream=self._idle_stream)
            return self._graphs.planned(step, precision, form.bias_dtype, run_time=form.run_time)

    def _listed(self, graph: Any, form: Form, key: str) -> Iterator[Candidate]:
        run_time = self._cudnn.behavior_note.RUNTIME_COMPILATION
        for index in range(graph.get_execution_plan_count()):
            name = str(graph.get_plan_name_at_index(index))
            compiled = run_time not in graph.get_behavior_notes_for_plan_at_index(index)
            plan = ChosenPlan(key, form.source, name, form.bias_dtype, 0, float("inf"), b"")
            yield Candidate(form.source, name, compiled, partial(self._build, graph, index, plan))

    def _build(self, graph: Any, index: int, plan: ChosenPlan) -> Kernel:
        with cuda_call("building a cuDNN plan"):
            graph.build_plan_at_index(index)
            size = int(graph.get_workspace_size_plan_at_index(index))
        aligned = -(-size // _WORKSPACE_ALIGNMENT) * _WORKSPACE_ALIGNMENT
        return CudnnKernel(self._cudnn, self._handle, graph, index, replace(plan, workspace_bytes=aligned))
