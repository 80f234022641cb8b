"""The protocols of Device and Executable, which CUDA GPUs and the simulated GPU implement alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt

from warploom.cost import CostModel
from warploom.graph import Graph, LogEntry, Operator, Precision
from warploom.schedule import StreamPlan
from warploom.timeline import Timeline

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """What a device is; stored with every result.

    Attributes:
        id: What the user types: "sim:h200", "cuda:0".
        name: The product's name: "NVIDIA H200".
        simulated: Whether results come from a model instead of hardware.
        compute_capability: (major, minor).
        sm_count: Streaming multiprocessors.
        warps_per_sm: Resident warps that one SM can hold.
        clock_mhz: SM clock that the figures assume.
        memory_bytes: Device memory.
        memory_bandwidth_gb_s: Peak DRAM bandwidth in 1e9 bytes per second.
        details: Further facts by name (driver, library versions, calibration).
    """

    id: str
    name: str
    simulated: bool
    compute_capability: tuple[int, int]
    sm_count: int
    warps_per_sm: int
    clock_mhz: float
    memory_bytes: int
    memory_bandwidth_gb_s: float
    details: tuple[tuple[str, str], ...] = ()

    @property
    def max_warps(self) -> int:
        """Warps that the whole device can hold."""
        return self.sm_count * self.warps_per_sm


@dataclass(frozen=True, slots=True)
class Measurement:
    """Latency samples of one plan in microseconds, in the order taken; nothing is thrown away."""

    samples_us: tuple[float, ...]

    @property
    def median_us(self) -> float:
        """Median of the samples."""
        return float(np.median(self.samples_us))

    @property
    def p25_us(self) -> float:
        """Lower quartile."""
        return float(np.percentile(self.samples_us, 25))

    @property
    def p75_us(self) -> float:
        """Upper quartile."""
        return float(np.percentile(self.samples_us, 75))


@dataclass(frozen=True, slots=True)
class Support:
    """Whether a device runs an Operator.

    Attributes:
        supported: Yes or no.
        reason: Why not, or how ("library", "own kernel", "CPU").
    """

    supported: bool
    reason: str = ""


class Executable(Protocol):
    """A compiled plan. A context manager; `close()` is idempotent."""

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Executes the plan once on the given inputs (by graph input name) and returns the outputs by name."""
        ...

    def measure(self, repeats: int) -> Measurement:
        """Latency of `repeats` executions."""
        ...

    def profile(self) -> Timeline:
        """What ran when in one execution."""
        ...

    def close(self) -> None:
        """Gives back everything that the executable holds."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Device(Protocol):
    """Something that compiles a StreamPlan into an Executable."""

    @property
    def info(self) -> DeviceInfo: ...

    def supports(self, graph: Graph, operator: Operator, precision: Precision) -> Support:
        """Whether the device can run this Operator of the Graph."""
        ...

    def compile(self, graph: Graph, plan: StreamPlan, precision: Precision) -> Executable:
        """Makes the plan executable; its merged launches are lowered here.

        Raises:
            UnsupportedOperatorError: Naming the operators that the device cannot run.
            ScheduleError: If the plan does not verify.
        """
        ...

    def cost_model(self, graph: Graph, precision: Precision) -> CostModel:
        """Stage costs of this Graph on this device."""
        ...


@runtime_checkable
class LoggingDevice(Protocol):
    """A Device that has something to say for the build log of a job: memory planned, a cache set aside."""

    def take_log(self) -> tuple[LogEntry, ...]:
        """The entries since this was asked last."""
        ...


@runtime_checkable
class PreparingDevice(Protocol):
    """A Device that takes a while to choose kernels for a Graph, and keeps what it made for it."""

    def observe(self, progress: Callable[[int, int, str], None] | None) -> None:
        """Calls `progress` before every kernel that has to be chosen: how many were, how many there are, and which.

        What it raises ends the preparation. None for no calls any more.
        """
        ...

    def forget_graphs(self) -> None:
        """Gives back the memory of Graphs that no executable uses any more."""
        ...
