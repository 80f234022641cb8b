"""What is exchanged with the profiling process: plans to trace, and traces as columns; msgpack, never pickle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import msgspec
import numpy as np

from warploom.device.profiling import ProfileOptions
from warploom.device.protocol import Array
from warploom.errors import ProfileError
from warploom.graph import DType, Graph, Precision
from warploom.graph.constant import ArrayConstant, Constant, FillConstant
from warploom.graph.document import graph_from_document, graph_to_document
from warploom.schedule import StreamPlan
from warploom.timeline.residency import SmLimits
from warploom.timeline.timeline import WarpsFrom

KERNEL, COPY, FILL = 0, 1, 2
"""Kinds of nodes."""


class _Packed(msgspec.Struct, frozen=True, array_like=True):
    dtype: str
    shape: tuple[int, ...]
    data: bytes


class _Constant(msgspec.Struct, frozen=True, array_like=True):
    dtype: str
    shape: tuple[int, ...]
    value: float | int | bool | None
    data: bytes = b""


class _Request(msgspec.Struct, frozen=True, kw_only=True):
    device: int
    precision: Precision
    options: ProfileOptions
    plans: tuple[StreamPlan, ...]
    graph: bytes
    constants: dict[str, _Constant]


@dataclass(frozen=True, slots=True, eq=False)
class ProfileRequest:
    """What the profiling process is asked for.

    Attributes:
        device: N of "cuda:N".
        graph: With its weights: kernels that take indices must not see others.
        precision: Arithmetic of float operators.
        plans: What to trace.
        options: How.
    """

    device: int
    graph: Graph
    precision: Precision
    plans: tuple[StreamPlan, ...]
    options: ProfileOptions

    def encode(self) -> bytes:
        """As a message."""
        request = _Request(
            device=self.device,
            precision=self.precision,
            options=self.options,
            plans=self.plans,
            graph=graph_to_document(self.graph),
            constants={name: _pack_constant(constant) for name, constant in self.graph.constants.items()},
        )
        return msgspec.msgpack.encode(request)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Reads a message.

        Raises:
            msgspec.DecodeError: If it is none.
        """
        request = msgspec.msgpack.decode(data, type=_Request)
        constants = {name: _unpack_constant(constant) for name, constant in request.constants.items()}
        graph = graph_from_document(request.graph).replace(constants=constants)
        return cls(request.device, graph, request.precision, request.plans, request.options)


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """What was seen of one plan; times in ns of the GPU's clock.

    Attributes:
        plan: Its name.
        warps_from: "samples" where there are any, "model" where kernels were traced alone, "events" where neither.
        notes: What is less than it should be, and what helps.
        names: Kernel names that `kernel` indexes.
        limits: Of the GPU's SMs.
        metrics: Names of what was sampled.
        launch: int32 (n,), launch of the plan that each node belongs to; -1 for the conversion of inputs.
        kind: int8 (n,), `KERNEL`, `COPY` or `FILL`.
        kernel: int32 (n,).
        grid: int32 (n, 3).
        block: int32 (n, 3).
        registers: int32 (n,), per thread.
        shared_memory_bytes: int32 (n,), per block.
        cluster_blocks: int32 (n,), blocks that fit at once because of clusters; 0 where there are none.
        copy_bytes: int64 (n,).
        start_ns: int64 (r, n) in each replay.
        end_ns: int64 (r, n).
        sample_start_ns: int64 (m,), ascending.
        sample_end_ns: int64 (m,).
        samples: float64 (metrics, m).
    """

    plan: str
    warps_from: WarpsFrom
    notes: tuple[str, ...]
    names: tuple[str, ...]
    limits: SmLimits
    metrics: tuple[str, ...]
    launch: Array
    kind: Array
    kernel: Array
    grid: Array
    block: Array
    registers: Array
    shared_memory_bytes: Array
    cluster_blocks: Array
    copy_bytes: Array
    start_ns: Array
    end_ns: Array
    sample_start_ns: Array
    sample_end_ns: Array
    samples: Array


class _TraceDocument(msgspec.Struct, frozen=True, kw_only=True):
    plan: str
    warps_from: WarpsFrom
    notes: tuple[str, ...]
    names: tuple[str, ...]
    limits: SmLimits
    metrics: tuple[str, ...]
    columns: dict[str, _Packed]


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    traces: tuple[_TraceDocument, ...] = ()
    problem: str = ""


_COLUMNS = tuple(field.name for field in fields(Trace))[6:]
_PLAIN = tuple(field.name for field in fields(Trace))[:6]


def encode_traces(traces: Sequence[Trace]) -> bytes:
    """The answer of the profiling process."""
    documents = tuple(
        _TraceDocument(
            **{name: getattr(trace, name) for name in _PLAIN},
            columns={name: _pack(getattr(trace, name)) for name in _COLUMNS},
        )
        for trace in traces
    )
    return msgspec.msgpack.encode(_Answer(traces=documents))


def encode_problem(problem: str) -> bytes:
    """The answer of a profiling process that could trace nothing."""
    return msgspec.msgpack.encode(_Answer(problem=problem))


def decode_traces(data: bytes) -> list[Trace]:
    """Reads the answer.

    Raises:
        ProfileError: With the reason, if nothing was traced.
        msgspec.DecodeError: If it is no answer.
    """
    answer = msgspec.msgpack.decode(data, type=_Answer)
    if answer.problem:
        raise ProfileError(answer.problem)
    return [_trace(document) for document in answer.traces]


def _trace(document: _TraceDocument) -> Trace:
    values: dict[str, Any] = {name: getattr(document, name) for name in _PLAIN}
    values.update((name, _unpack(document.columns[name])) for name in _COLUMNS)
    return Trace(**values)


def columns_of(values: Mapping[str, Any]) -> dict[str, Array]:
    """Node columns with the types that a Trace wants."""
    return {name: np.asarray(value, dtype=_TYPES.get(name, np.int32)) for name, value in values.items()}


_TYPES = {"kind": np.int8, "copy_bytes": np.int64, "start_ns": np.int64, "end_ns": np.int64}


def _pack(array: Array) -> _Packed:
    return _Packed(array.dtype.str, array.shape, np.ascontiguousarray(array).tobytes())


def _unpack(packed: _Packed) -> Array:
    return np.frombuffer(packed.data, dtype=np.dtype(packed.dtype)).reshape(packed.shape)


def _pack_constant(constant: Constant) -> _Constant:
    if isinstance(constant, FillConstant):
        return _Constant(constant.dtype.value, constant.shape, constant.value)
    return _Constant(constant.dtype.value, constant.shape, None, np.ascontiguousarray(constant.numpy()).tobytes())


def _unpack_constant(packed: _Constant) -> Constant:
    dtype = DType(packed.dtype)
    if packed.value is not None:
        return FillConstant(packed.shape, dtype, packed.value)
    array = np.frombuffer(packed.data, dtype=dtype.to_numpy()).reshape(packed.shape)
    return ArrayConstant.of(array, dtype)
