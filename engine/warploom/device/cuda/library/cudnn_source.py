"""cuDNN as a source of plans: its heuristics list kernels, built when asked for and kept as serialized bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
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
_WORKSPACE_ALIGNMENT = 256


def bias_forms(step: LibraryStep) -> tuple[tuple[str, DType | None], ...]:
    """The forms in which a step is offered to cuDNN, as (source, type of the bias).

    In 16-bit precisions the type of the bias decides which of two families of kernels cuDNN has: with a float32 bias a
    few that it compiles at run time, with a 16-bit bias many that ship compiled, but those only for Relu or nothing.
    Each family wins for some shapes.
    """
    if step.bias is None:
        return ((_PLAIN, None),)
    storage = step.y.layout.dtype
    plain = (_PLAIN, DType.FLOAT32)
    if storage is DType.FLOAT32 or not isinstance(step, ConvStep):
        return (plain,)
    narrow = (_NARROW_BIAS, storage)
    if step.groups > 1:
        return (narrow,)
    simple = step.residual is None and step.activation in ((), ("Relu",))
    return (narrow, plain) if simple else (plain,)


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
        """Kernels of all forms of the step; a form that cuDNN declines has none."""
        found: list[Candidate] = []
        for source, bias_dtype in bias_forms(step):
            try:
                graph = self._planned(step, precision, bias_dtype)
            except CudaError as error:
                if error.sticky:
                    raise
                continue
            found += self._listed(graph, source, signature(step, precision), bias_dtype)
        return found

    def restore(self, step: LibraryStep, precision: Precision, plan: ChosenPlan) -> Kernel | None:
        """The kernel from its serialized form, or else by its name among those that the heuristics list."""
        if plan.source not in (_PLAIN, _NARROW_BIAS):
            return None
        try:
            return self._deserialized(plan)
        except CudaError as error:
            if error.sticky:
                raise
        graph = self._planned(step, precision, plan.bias_dtype)
        for candidate in self._listed(graph, plan.source, plan.signature, plan.bias_dtype):
            if candidate.name == plan.name:
                return candidate.build()
        raise CudaError(f"cuDNN does not offer its kernel {plan.name} any more.", call="restoring a cuDNN plan")

    def _deserialized(self, plan: ChosenPlan) -> Kernel:
        with cuda_call("restoring a cuDNN plan"):
            self._cudnn.set_stream(handle=self._handle, stream=self._idle_stream)
            graph = self._graphs.empty()
            graph.deserialize(self._handle, list(plan.data))
        return CudnnKernel(self._cudnn, self._handle, graph, 0, plan)

    def _planned(self, step: LibraryStep, precision: Precision, bias_dtype: DType | None) -> Any:
        with cuda_call("planning a cuDNN graph"):
            self._cudnn.set_stream(handle=self._handle, stream=self._idle_stream)
            return self._graphs.planned(step, precision, bias_dtype)

    def _listed(self, graph: Any, source: str, key: str, bias_dtype: DType | None) -> Iterator[Candidate]:
        run_time = self._cudnn.behavior_note.RUNTIME_COMPILATION
        for index in range(graph.get_execution_plan_count()):
            name = str(graph.get_plan_name_at_index(index))
            compiled = run_time not in graph.get_behavior_notes_for_plan_at_index(index)
            plan = ChosenPlan(key, source, name, bias_dtype, 0, float("inf"), b"")
            yield Candidate(source, name, compiled, partial(self._build, graph, index, plan))

    def _build(self, graph: Any, index: int, plan: ChosenPlan) -> Kernel:
        with cuda_call("building a cuDNN plan"):
            graph.build_plan_at_index(index)
            size = int(graph.get_workspace_size_plan_at_index(index))
        aligned = -(-size // _WORKSPACE_ALIGNMENT) * _WORKSPACE_ALIGNMENT
        return CudnnKernel(self._cudnn, self._handle, graph, index, replace(plan, workspace_bytes=aligned))
