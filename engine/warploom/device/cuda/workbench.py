"""Times groups of work and whole plans on scratch memory, with the cache in the state that a whole network leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from warploom.cost import Cost
from warploom.device.cuda.binding import Address, Enqueue, bind_kernel
from warploom.device.cuda.capture import ORIGIN, Branch, StreamPool, capture
from warploom.device.cuda.memory import DeviceMemory
from warploom.device.cuda.memory_plan import Work
from warploom.device.cuda.modules import KernelModules
from warploom.device.cuda.own_kernels import HEAD, READ, one_warp, read_block
from warploom.device.cuda.replay import ReplayTimer
from warploom.device.cuda.resolve import StepResolver
from warploom.device.cuda.scratch import ScratchMemory, weight_bytes
from warploom.graph import Precision
from warploom.schedule import StreamPlan
from warploom.schedule.stream_plan import ByteRange

Groups = Sequence[Sequence[Work]]
"""Work on streams side by side, each in order."""

PlanWork = tuple[StreamPlan, Sequence[Work], Work | None]
"""A plan, the work of its launches, and for a whole Graph the work that begins it: None for a part of one."""

_GRAPH_US = 80.0
_GUESS_US = 5.0  # of one step
_FEWEST, _MOST = 4, 24
_REPLAYS = 5
_PLAN_ROUNDS, _PLAN_REPLAYS = 3, 4
_FORKED = 5
_MOST_COPIED = 256 << 20
_LEAST_READ, _MOST_READ = 4 << 20, 256 << 20


class WorkBench:
    """Measures work of one Graph.

    Between two executions of an operator's kernel, the weights of all others pass through the GPU's cache. So each
    repetition of a stage has weights of its own, and before each replay a kernel reads as many bytes as the rest of the
    model's weights has; activations stay where the kernel before left them.

    Args:
        resolver: Binds steps.
        precision: The arithmetic.
        streams: For capturing.
        modules: Own kernels.
        model_bytes: Bytes of all weights of the Graph.
        places: Where buffers lie that may share bytes while plans are measured.
    """

    def __init__(
        self,
        resolver: StepResolver,
        precision: Precision,
        streams: StreamPool,
        modules: KernelModules,
        model_bytes: int,
        places: Callable[[], Mapping[str, ByteRange]] = dict,
    ) -> None:
        self._resolver = resolver
        self._precision = precision
        self._streams = streams
        self._model_bytes = model_bytes
        self._places = places
        self._timer = ReplayTimer(streams)
        self._scratch = ScratchMemory()
        self._read_memory: DeviceMemory | None = None
        self._head_us: float | None = None
        modules.load([HEAD, READ])
        self._head = bind_kernel(one_warp(HEAD), modules.function(HEAD), lambda _: 0)
        self._read_function = modules.function(READ)

    def stage_cost(self, groups: Groups) -> Cost:
        """What a stage adds to a plan, its closing barrier included.

        It is captured several times in a row behind a small first kernel, each repetition waiting for all groups of the
        one before, as `lower_schedule` orders stages. A sample is the graph's time without that of the first kernel,
        divided by the repetitions.

        Raises:
            CudaError: If the GPU fails.
        """
        works = [work for group in groups for work in group]
        steps = sum(len(work.steps) for work in works)
        if not steps:
            return Cost.exactly(0.0)
        weights = weight_bytes(works)
        repeats = _repetitions(steps / len(groups), weights)
        graph = capture(self._stage_branches(groups, self._scratch.copies(works, repeats)), self._streams)
        try:
            read = self._reader(self._model_bytes - repeats * weights)
            self._timer.warm_up(graph, 1)
            samples = np.array(self._timer.samples_us(graph, _REPLAYS, read))
        finally:
            graph.close()
        return _cost(np.maximum(samples - self._head_alone_us(), 0.0) / repeats)

    def plan_costs(self, plans: Sequence[PlanWork]) -> list[Cost]:
        """The latency of each plan; measured in turns.

        A part of a Graph runs behind a small first kernel, whose time does not count. A whole Graph is captured as it
        will be executed: where it forks at its very start, that costs what it costs.

        Raises:
            CudaError: If the GPU fails.
        """
        touched = [work for _, works, entry in plans for work in (*works, *([entry] if entry is not None else []))]
        address = self._scratch.addresses(touched, self._places())
        graphs = [capture(self._plan_branches(plan, address), self._streams) for plan in plans]
        reads = [self._reader(self._model_bytes - weight_bytes(works)) for _, works, _ in plans]
        heads = [self._head_alone_us() if entry is None else 0.0 for _, _, entry in plans]
        samples: list[list[float]] = [[] for _ in plans]
        try:
            for _ in range(_PLAN_ROUNDS):
                for graph, read, taken in zip(graphs, reads, samples, strict=True):
                    self._timer.warm_up(graph, 1)
                    taken += self._timer.samples_us(graph, _PLAN_REPLAYS, read)
        finally:
            for graph in graphs:
                graph.close()
        return [_cost(np.maximum(np.array(taken) - head, 0.0)) for taken, head in zip(samples, heads, strict=True)]

    def fork_us(self) -> float:
        """What a graph takes longer for each further stream that begins with it.

        Raises:
            CudaError: If the GPU fails.
        """
        graphs = [
            capture([Branch(ORIGIN, (), ()), *(Branch(i, (), (self._head,)) for i in range(streams))], self._streams)
            for streams in (1, _FORKED)
        ]
        try:
            one, several = (
                float(np.median(self._timer.samples_us(graph, 4 * _REPLAYS, self._reader(0)))) for graph in graphs
            )
        finally:
            for graph in graphs:
                graph.close()
        return max(several - one, 0.0) / (_FORKED - 1)

    def _stage_branches(self, groups: Groups, addresses: Sequence[Address]) -> list[Branch]:
        branches = [Branch(ORIGIN, (), (self._head,))]
        before: tuple[int, ...] = (0,)
        for address in addresses:
            branches += [Branch(stream, before, self._bound(group, address)) for stream, group in enumerate(groups)]
            before = tuple(range(len(branches) - len(groups), len(branches)))
        return branches

    def _plan_branches(self, planned: PlanWork, address: Address) -> list[Branch]:
        plan, works, entry = planned
        branches = [Branch(ORIGIN, (), (self._head,) if entry is None else self._bound([entry], address))]
        for launch, work in zip(plan.launches, works, strict=True):
            waits = tuple(wait + 1 for wait in launch.waits)
            branches.append(Branch(launch.stream, waits, self._bound([work], address)))
        return branches

    def _bound(self, works: Sequence[Work], address: Address) -> list[Enqueue]:
        return [enqueue for work in works for enqueue in self._resolver.bind(work, address, self._precision).enqueue]

    def _reader(self, size: int) -> Enqueue:
        """Reads that many bytes; a few at least, so that every replay is queued behind something."""
        size = min(max(size, _LEAST_READ), _MOST_READ)
        if self._read_memory is None:
            # As much as will ever be read: what was bound before must not lose its memory to a larger block.
            most = min(max(self._model_bytes, _LEAST_READ), _MOST_READ)
            self._read_memory = DeviceMemory(most, "allocating memory to fill the cache with")
        address = self._read_memory.address
        return bind_kernel(read_block(size), self._read_function, lambda _: address)

    def _head_alone_us(self) -> float:
        """What a graph of the first kernel alone takes."""
        if self._head_us is None:
            graph = capture([Branch(ORIGIN, (), (self._head,))], self._streams)
            try:
                self._timer.spin_up(graph)
                self._head_us = float(np.median(self._timer.samples_us(graph, 4 * _REPLAYS, self._reader(0))))
            finally:
                graph.close()
        return self._head_us


def _repetitions(steps: float, weights: int) -> int:
    """How often a stage is repeated: until its graph takes a while, its copies of weights permitting."""
    wanted = _GRAPH_US / (_GUESS_US * max(1.0, steps))
    allowed = _MOST_COPIED // weights if weights else _MOST
    return int(max(1, min(max(wanted, _FEWEST), allowed, _MOST)))


def _cost(samples: npt.NDArray[np.float64]) -> Cost:
    return Cost(float(np.median(samples)), float(np.percentile(samples, 25)), float(np.percentile(samples, 75)))
