"""JAX (XLA) as a peer: the whole network as one compiled function, weights as constants of it."""

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
class JaxPeer:
    """JAX on one platform.

    Attributes:
        gpu: Whether on the GPU.
    """

    gpu: bool = True

    @property
    def name(self) -> str:
        return "jax" if self.gpu else "jax-cpu"

    @property
    def title(self) -> str:
        return "JAX (XLA)" if self.gpu else "JAX (XLA), on the CPU"

    def find(self) -> Availability:
        try:
            import jax
        except (ImportError, OSError) as error:
            return Availability(reason=f"JAX is not installed ({error}).")
        try:
            jax.devices("gpu" if self.gpu else "cpu")
        except RuntimeError:
            return Availability(jax.__version__, "This JAX sees no NVIDIA GPU.")
        return Availability(jax.__version__)

    def load(self, problem: Problem) -> LoadedPeer:
        import jax

        from warploom.peers.frameworks.jax_operations import JaxOperations

        check_operators(problem.graph, self.title)
        if not self.gpu and problem.precision is not Precision.FP32:
            raise PeerError("JAX on the CPU is run in fp32 only.")
        jax.config.update("jax_enable_x64", True)  # for 64-bit indices; floats have the type given here
        with jax.default_device(jax.devices("gpu" if self.gpu else "cpu")[0]):
            return _load(
                jax, problem, JaxOperations(jax, _floating(problem), exact=problem.precision is Precision.FP32)
            )


def _floating(problem: Problem) -> str:
    return {Precision.FP16: "float16", Precision.BF16: "bfloat16"}.get(problem.precision, "float32")


def _load(jax: Any, problem: Problem, ops: Any) -> LoadedPeer:
    weights = {name: ops.constant(constant.numpy()) for name, constant in problem.graph.constants.items()}
    inputs = {name: ops.constant(array) for name, array in problem.inputs.items()}
    function = jax.jit(lambda given: execute(problem.graph, {**weights, **given}, ops))
    compiled = function.lower(inputs).compile()

    def call() -> dict[str, Any]:
        return dict(jax.block_until_ready(compiled(inputs)))

    call()
    return _Loaded(call)


class _Loaded:
    def __init__(self, call: Callable[[], dict[str, Any]]) -> None:
        self._call = call

    def run(self) -> dict[str, Array]:
        arrays = {name: np.asarray(value) for name, value in self._call().items()}
        return {name: one.astype(np.float32) if one.dtype.kind in "fV" else one for name, one in arrays.items()}

    def measure(self, repeats: int) -> Timing:
        return wall_clock(self._call, repeats)
