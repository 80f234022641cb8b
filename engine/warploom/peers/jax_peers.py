"""JAX (XLA) as a peer: the whole network as one compiled function, weights as constants of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from warploom.graph import Precision
from warploom.peers.errors import PeerError
from warploom.peers.frameworks.called import CalledNetwork, floating_type
from warploom.peers.frameworks.interpret import check_operators, execute
from warploom.peers.protocol import Availability, LoadedPeer, Problem


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
        # Memory as it is needed: others compute on the same GPU.
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
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
                jax, problem, JaxOperations(jax, floating_type(problem), exact=problem.precision is Precision.FP32)
            )


def _load(jax: Any, problem: Problem, ops: Any) -> LoadedPeer:
    weights = {name: ops.constant(constant.numpy()) for name, constant in problem.graph.constants.items()}
    inputs = {name: ops.constant(array) for name, array in problem.inputs.items()}
    function = jax.jit(lambda given: execute(problem.graph, {**weights, **given}, ops))
    compiled = function.lower(inputs).compile()

    def call() -> dict[str, Any]:
        return dict(jax.block_until_ready(compiled(inputs)))

    return CalledNetwork(call, np.asarray)
