"""SessionCache: onnxruntime sessions for Operators, one per structure, with weights as inputs."""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from warploom.device.protocol import Array
from warploom.device.simulated.structure import Structure, structure_of
from warploom.errors import DeviceError, UnsupportedOperatorError
from warploom.graph import Attributes, DType, Graph, Operator, Primitive, Tensor, attributes
from warploom.graph.work import operator_work
from warploom.onnx_runtime import load_onnx_runtime

# A small operator is over before more threads have woken up; more than four gain little at batch 1.
_FLOPS_FOR_THREADS = 100_000_000
_MOST_THREADS = 4
_SESSIONS_KEPT = 1024


@dataclass(frozen=True, slots=True)
class OperatorSession:
    """A CPU session that computes one structure.

    Attributes:
        session: The session; its tensors are called "t0", "t1", ... as the structure numbers them.
        inputs: Numbers of the tensors that it takes, weights included.
        outputs: Numbers of the tensors that it gives, in the Operator's order.
    """

    session: Any
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def run(self, values: Sequence[Array], operator: Operator) -> list[Array]:
        """Computes an Operator's outputs from its inputs, in the order of `inputs`.

        Raises:
            DeviceError: Naming the Operator, if onnxruntime refuses the values (an index out of range, say).
        """
        feeds = {f"t{number}": value for number, value in zip(self.inputs, values, strict=True)}
        try:
            results: list[Array] = self.session.run([f"t{number}" for number in self.outputs], feeds)
        except _refusals() as error:
            raise DeviceError(f"onnxruntime failed on {operator.name!r} ({operator.label}): {error}") from None
        return results


class SessionCache:
    """Sessions by structure, made when first asked for."""

    def __init__(self) -> None:
        self._sessions: dict[Hashable, OperatorSession] = {}

    def session(self, graph: Graph, operator: Operator, *, widened: bool = False) -> tuple[OperatorSession, Structure]:
        """The session for an Operator, and the names of its numbered tensors.

        Args:
            graph: Where its tensors are described.
            operator: The Operator.
            widened: Whether 16-bit floats are held and computed with in 32 bits, and only conversions round.

        Raises:
            UnsupportedOperatorError: If onnxruntime has no CPU kernel for it.
        """
        structure = structure_of(operator, graph.tensors, graph.constants)
        key = (structure.key, widened)
        found = self._sessions.get(key)
        if found is None:
            if len(self._sessions) >= _SESSIONS_KEPT:
                self._sessions.pop(next(iter(self._sessions)))
            found = self._sessions[key] = _make_session(graph, operator, structure, widened=widened)
        return found, structure


def _make_session(graph: Graph, operator: Operator, structure: Structure, *, widened: bool) -> OperatorSession:
    from warploom.importer.export import export_operators

    onnxruntime = load_onnx_runtime()
    number = {name: i for i, name in enumerate(structure.names)}
    local = _numbered(graph, operator, number, widened=widened)
    model = export_operators(local, local.operators, weights_as_inputs=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _threads(graph, operator)
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Integer kernels that onnxruntime would fuse round in the middle; a GPU scales the exact sums.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except _refusals() as error:
        raise UnsupportedOperatorError(
            f"onnxruntime cannot run {operator.name!r} ({operator.label}): {error}"
        ) from None
    wanted = (*operator.inputs, *operator.weights)
    return OperatorSession(
        session, tuple(number[name] for name in wanted), tuple(number[name] for name in operator.outputs)
    )


def _refusals() -> tuple[type[Exception], ...]:
    """What onnxruntime raises; its exceptions have no common base of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as states  # type: ignore[import-untyped]

    names = ("NotImplemented", "Fail", "InvalidGraph", "InvalidArgument", "RuntimeException", "InvalidProtobuf")
    return tuple(getattr(states, name) for name in names)


def _threads(graph: Graph, operator: Operator) -> int:
    if operator_work(graph, operator).flops < _FLOPS_FOR_THREADS:
        return 1
    return min(_MOST_THREADS, os.cpu_count() or 1)


def _numbered(graph: Graph, operator: Operator, number: dict[str, int], *, widened: bool) -> Graph:
    """A Graph of this Operator alone, its tensors named by their numbers."""
    name = {old: f"t{i}" for old, i in number.items()} | {"": ""}
    inner: dict[str, Tensor] = {}
    body: list[Primitive] = []
    for primitive in operator.body:
        renamed_primitive = Primitive(
            op=primitive.op,
            inputs=tuple(name[old] for old in primitive.inputs),
            outputs=tuple(name[old] for old in primitive.outputs),
            attributes=_with_held_types(primitive),
            source=primitive.source,
        )
        body += (
            _widened(renamed_primitive, graph.tensors[primitive.outputs[0]], inner) if widened else [renamed_primitive]
        )
    renamed = Operator(
        name="operator",
        kind=operator.kind,
        body=tuple(body),
        inputs=tuple(name[old] for old in operator.inputs),
        weights=tuple(name[old] for old in operator.weights),
        outputs=tuple(name[old] for old in operator.outputs),
    )
    tensors = {
        name[old]: Tensor(name[old], graph.tensors[old].shape, _held(graph.tensors[old].dtype, widened=widened))
        for old in number
    } | inner
    constants = {name[old]: graph.constants[old] for old in operator.weights}
    return Graph("operator", (renamed,), tensors, constants, renamed.inputs, renamed.outputs)


def _held(dtype: DType, *, widened: bool) -> DType:
    """The type in which the CPU holds a value: NumPy has no bfloat16."""
    return DType.FLOAT32 if dtype is DType.BFLOAT16 or (widened and dtype is DType.FLOAT16) else dtype


def _widened(primitive: Primitive, result: Tensor, inner: dict[str, Tensor]) -> list[Primitive]:
    """A conversion to 16 bits as one that rounds and one that goes back; everything else as it is."""
    if primitive.op != "Cast" or result.dtype not in (DType.FLOAT16, DType.BFLOAT16):
        return [primitive]
    output = primitive.outputs[0]
    narrow = f"{output}_narrow"
    inner[narrow] = Tensor(narrow, result.shape, result.dtype)
    return [
        Primitive("Cast", primitive.inputs, (narrow,), attributes(to=result.dtype.value)),
        Primitive("Cast", (narrow,), (output,), attributes(to=DType.FLOAT32.value)),
    ]


def _with_held_types(primitive: Primitive) -> Attributes:
    if primitive.op != "Cast" or primitive.text("to", "") != DType.BFLOAT16.value:
        return primitive.attributes
    return attributes(**{**dict(primitive.attributes), "to": DType.FLOAT32.value})
