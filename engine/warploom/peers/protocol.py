"""The protocol that every peer implements, and the problem that all of them solve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from warploom.graph import Precision

if TYPE_CHECKING:
    from warploom.graph import Graph

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a peer can run here.

    Attributes:
        version: Of its library; "" where it is missing.
        reason: Why it cannot run here; "" where it can.
    """

    version: str = ""
    reason: str = ""

    @property
    def available(self) -> bool:
        """Whether it can run."""
        return not self.reason


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """One model to execute, the same for all peers.

    Attributes:
        path: ONNX file with its weights in it, static shapes, float32.
        graph: The same file's Graph, nothing folded or fused: one Primitive per Operator.
        inputs: By name.
        precision: Arithmetic of float operators.
    """

    path: Path
    graph: Graph
    inputs: Mapping[str, Array]
    precision: Precision


@dataclass(frozen=True, slots=True)
class Timing:
    """Latencies of single executions from idle, model only: inputs and outputs stay where the peer computes.

    Attributes:
        samples_us: In microseconds, in the order taken.
        clock: "events" (of the GPU) or "wall clock" (of the host, until the device is idle).
    """

    samples_us: tuple[float, ...]
    clock: str

    @property
    def median_us(self) -> float:
        """Median of the samples."""
        return float(np.median(self.samples_us))


class LoadedPeer(Protocol):
    """A peer with a problem loaded and warmed up."""

    def run(self) -> dict[str, Array]:
        """The outputs for the problem's inputs, by name."""
        ...

    def measure(self, repeats: int) -> Timing:
        """Latency of `repeats` executions."""
        ...


class Peer(Protocol):
    """Something that executes ONNX models."""

    @property
    def name(self) -> str:
        """As it is chosen on a command line: "torch-compile"."""
        ...

    @property
    def title(self) -> str:
        """As it is shown: "PyTorch, compiled"."""
        ...

    @property
    def gpu(self) -> bool:
        """Whether it computes on an NVIDIA GPU (and needs one)."""
        ...

    def find(self) -> Availability:
        """Whether it can run here; imports its library."""
        ...

    def load(self, problem: Problem) -> LoadedPeer:
        """Builds whatever the peer executes and warms it up.

        Raises:
            PeerError: If it cannot run the problem: an operator, a precision.
        """
        ...
