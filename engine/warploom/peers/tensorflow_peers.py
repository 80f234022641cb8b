"""TensorFlow as a peer: the whole network as one function, compiled by XLA or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from warploom.graph import Precision
from warploom.peers.errors import PeerError
from warploom.peers.frameworks.interpret import check_operators, execute
from warploom.peers.protocol import Array, Availability, LoadedPeer, Problem, Timing
from warploom.peers.timing import wall_clock


@dataclass(frozen=True, slots=True)
class TensorFlowPeer:
    """TensorFlow on one device.

    Attributes:
        xla: Whether XLA compiles the function.
        gpu: Whether on the GPU.
    """

    xla: bool
    gpu: bool = True

    @property
    def name(self) -> str:
        return f"tensorflow{'-xla' if self.xla else ''}{'' if self.gpu else '-cpu'}"

    @property
    def title(self) -> str:
        return f"TensorFlow{' with XLA' if self.xla else ''}{'' if self.gpu else ', on the CPU'}"

    def find(self) -> Availability:
        try:
            import tensorflow as tf
        except (ImportError, OSError) as error:
            return Availability(reason=f"TensorFlow is not installed ({error}).")
        if self.gpu and not tf.config.list_physical_devices("GPU"):
            return Availability(tf.__version__, "TensorFlow sees no NVIDIA GPU.")
        return Availability(tf.__version__)

    def load(self, problem: Problem) -> LoadedPeer:
        import tensorflow as tf

        from warploom.peers.frameworks.tensorflow_operations import TensorFlowOperations

        check_operators(problem.graph, self.title)
        if not self.gpu and problem.precision is not Precision.FP32:
            raise PeerError("TensorFlow on the CPU is run in fp32 only.")
        tf.config.experimental.enable_tensor_float_32_execution(problem.precision is not Precision.FP32)
        floating = {Precision.FP16: "float16", Precision.BF16: "bfloat16"}.get(problem.precision, "float32")
        with tf.device("/GPU:0" if self.gpu else "/CPU:0"):
            return _load(tf, problem, TensorFlowOperations(tf, floating), xla=self.xla)


def _load(tf: Any, problem: Problem, ops: Any, *, xla: bool) -> LoadedPeer:
    weights = {name: ops.constant(constant.numpy()) for name, constant in problem.graph.constants.items()}
    inputs = {name: ops.constant(array) for name, array in problem.inputs.items()}

    @tf.function(jit_compile=xla)  # type: ignore[untyped-decorator, unused-ignore]
    def network(given: dict[str, Any]) -> dict[str, Any]:
        return execute(problem.graph, {**weights, **given}, ops)

    def call() -> dict[str, Any]:
        results = dict(network(inputs))
        tf.test.experimental.sync_devices()
        return results

    call()
    return _Loaded(call)


class _Loaded:
    def __init__(self, call: Callable[[], dict[str, Any]]) -> None:
        self._call = call

    def run(self) -> dict[str, Array]:
        arrays = {name: value.numpy() for name, value in self._call().items()}
        return {name: one.astype(np.float32) if one.dtype.kind in "fV" else one for name, one in arrays.items()}

    def measure(self, repeats: int) -> Timing:
        return wall_clock(self._call, repeats)
