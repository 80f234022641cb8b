"""A network behind one function of a framework that keeps its results where it computes: JAX and TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from warploom.graph import Precision
from warploom.peers.protocol import Array, Problem, Timing
from warploom.peers.timing import wall_clock


class CalledNetwork:
    """A LoadedPeer; it is called once at once, so that whatever compiles on first use has compiled.

    Args:
        call: Executes the network and returns when its results are there.
        to_numpy: One result as an array on the host, in whatever type the framework has for it.
    """

    def __init__(self, call: Callable[[], dict[str, Any]], to_numpy: Callable[[Any], Any]) -> None:
        self._call = call
        self._to_numpy = to_numpy
        call()

    def run(self) -> dict[str, Array]:
        arrays = {name: self._to_numpy(value) for name, value in self._call().items()}
        return {name: one.astype(np.float32) if one.dtype.kind in "fV" else one for name, one in arrays.items()}

    def measure(self, repeats: int) -> Timing:
        return wall_clock(self._call, repeats)


def floating_type(problem: Problem) -> str:
    """The name of the type of float tensors."""
    return {Precision.FP16: "float16", Precision.BF16: "bfloat16"}.get(problem.precision, "float32")
