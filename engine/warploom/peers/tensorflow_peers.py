"""TensorFlow as a peer: the whole network as one function, compiled by XLA or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from warploom.graph import Precision
from warploom.peers.errors import PeerError
from warploom.peers.frameworks.called import CalledNetwork, floating_type
from warploom.peers.frameworks.interpret import check_operators, execute
from warploom.peers.protocol import Availability, LoadedPeer, Problem


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
        for gpu in tf.config.list_physical_devices("GPU"):  # memory as it is needed: others compute there too
            tf.config.experimental.set_memory_growth(gpu, True)
        tf.config.experimental.enable_tensor_float_32_execution(problem.precision is not Precision.FP32)
        with tf.device("/GPU:0" if self.gpu else "/CPU:0"):
            return _load(tf, problem, TensorFlowOperations(tf, floating_type(problem)), xla=self.xla)


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

    return CalledNetwork(call, lambda value: value.numpy())
