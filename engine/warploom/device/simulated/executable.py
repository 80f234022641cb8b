"""SimulatedExecutable: a compiled plan on the simulated GPU; runs on the CPU, is timed by the model."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from warploom.device.protocol import Array, Measurement
from warploom.device.simulated.description import GpuDescription
from warploom.device.simulated.loads import Loads
from warploom.device.simulated.play import draw_timeline, play_plan
from warploom.device.simulated.simulator import Simulation
from warploom.errors import DeviceError
from warploom.graph import Graph, Precision
from warploom.schedule import StreamPlan
from warploom.timeline import Timeline

if TYPE_CHECKING:
    from warploom.device.simulated.sessions import SessionCache


class SimulatedExecutable:
    """A plan ready to run (an Executable).

    Attributes:
        plan: The plan.
        graph: The Graph as executed: one Operator per launch, in the plan's order, merges made.
    """

    def __init__(
        self,
        graph: Graph,
        plan: StreamPlan,
        precision: Precision,
        loads: Sequence[Loads],
        entry: Loads,
        gpu: GpuDescription,
        sessions: SessionCache,
    ) -> None:
        self.plan = plan
        self.graph = graph
        self._precision = precision
        self._loads = loads
        self._entry = entry
        self._gpu = gpu
        self._sessions = sessions
        self._closed = False

    @functools.cached_property
    def simulation(self) -> Simulation:
        """One execution as the model sees it."""
        return play_plan(self.plan, self._loads, self._entry, self._gpu)

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        from warploom.device.simulated.execution import execute

        self._check_open()
        return execute(self.graph, self.plan, self._precision, inputs, self._sessions)

    def measure(self, repeats: int) -> Measurement:
        """The model's latency, `repeats` times over: it has no noise, and none is invented.

        Raises:
            DeviceError: If `repeats` is below 1 or the executable is closed.
        """
        self._check_open()
        if repeats < 1:
            raise DeviceError(f"A measurement needs at least one repeat, not {repeats}.")
        return Measurement((self.simulation.end_us,) * repeats)

    def profile(self) -> Timeline:
        self._check_open()
        return draw_timeline(self.plan, self.simulation, self._gpu)

    def close(self) -> None:
        self._closed = True

    def _check_open(self) -> None:
        if self._closed:
            raise DeviceError(f"The plan {self.plan.name!r} was closed: compile it again.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
