"""Turns lowered programs into work: library kernels chosen, own kernels loaded, the fastest alternatives taken."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence

from warploom.cost.database import CostDatabase
from warploom.device.cuda.binding import Address, BoundWork, Enqueue, bind_kernel, bind_library
from warploom.device.cuda.capture import ORIGIN, Branch, StreamPool, capture
from warploom.device.cuda.kernels.direct import direct_step
from warploom.device.cuda.library.library_plans import LibraryPlans, Progress
from warploom.device.cuda.library.plan import Kernel
from warploom.device.cuda.library.signature import LibraryStep, signature
from warploom.device.cuda.memory_plan import Work
from warploom.device.cuda.modules import KernelModules
from warploom.device.cuda.replay import ReplayTimer
from warploom.device.cuda.scratch import ScratchMemory
from warploom.device.cuda.steps import Choice, KernelStep, PlainStep, Program, Step
from warploom.device.cuda.structure import digest, step_key
from warploom.device.cuda.variants import KernelVariants
from warploom.errors import UnsupportedOperatorError
from warploom.graph import Precision

_CHOICE_KIND = "step-choice"
_REPEATS_IN_GRAPH = 12
_REPLAYS = 7


class StepResolver:
    """Decides how steps run on one GPU, and remembers it.

    Attributes:
        progress: Told of every library kernel that has to be chosen; what it raises ends the choice.

    Args:
        library: Plans of cuDNN and cuBLASLt.
        modules: Own kernels.
        database: Keeps decisions between processes.
        streams: For timing.
    """

    def __init__(
        self, library: LibraryPlans, modules: KernelModules, database: CostDatabase, streams: StreamPool
    ) -> None:
        self._library = library
        self._modules = modules
        self._database = database
        self._streams = streams
        self._timer = ReplayTimer(streams)
        self._kernels: dict[str, Kernel | None] = {}
        self._choices: dict[str, int] = {}
        self._variants = KernelVariants(library, database)
        self.progress: Progress | None = None

    def resolve(self, programs: Sequence[Program], precision: Precision) -> list[Work]:
        """The work of each program.

        Raises:
            CudaError: If the GPU fails.
        """
        steps = [step for program in programs for step in program.steps]
        self._prepare_library(steps, precision)
        choices = [step for step in steps if isinstance(step, Choice)]
        self._recall(choices, precision)
        self._modules.load(source.kernel for source in self._kernels_needed(steps, precision))
        self._decide(choices, precision)
        return [self._work(program, precision) for program in programs]

    def bind(self, work: Work, address: Address, precision: Precision) -> BoundWork:
        """Work bound to addresses; its workspace is the buffer `work.workspace`."""
        workspace = address(work.workspace) if work.workspace_bytes else 0
        enqueue = [self._bind(step, address, workspace, precision) for step in work.steps]
        return BoundWork(work.name, work.steps, enqueue)

    def as_work(self, steps: tuple[PlainStep, ...], precision: Precision) -> Work:
        """Steps that were resolved, as work by itself, to be measured on scratch memory."""
        return Work("measured", steps, {}, self._workspace_bytes(steps, precision))

    def kernel(self, step: LibraryStep, precision: Precision) -> Kernel:
        """The library's kernel for a step that was resolved: the one that it names, else the one fastest alone."""
        named = self._variants.kernel(step, precision) if step.kernel else None
        if named is not None:
            return named
        found = self._kernels[signature(step, precision)]
        if found is None:
            raise UnsupportedOperatorError(f"No library has a kernel for {signature(step, precision)}.")
        return found

    def kernel_names(self, work: Work, precision: Precision) -> tuple[str, ...]:
        """Names of the kernels that some step of the work may have beside its own, the best alone first."""
        return self._variants.names(work, precision)

    def with_kernel(self, work: Work, name: str, precision: Precision) -> Work:
        """The work with the kernel of that name; the same work where none of its steps knows it.

        Raises:
            CudaError: If the library cannot make the kernel any more.
        """
        return self._variants.named(work, name, precision, lambda steps: self._workspace_bytes(steps, precision))

    def _work(self, program: Program, precision: Precision) -> Work:
        steps = tuple(plain for step in program.steps for plain in self._chosen(step, precision))
        used = {region.buffer for step in steps for region in (*step.reads, *step.writes)}
        scratch = {name: size for name, size in program.temporaries.items() if name in used}
        return Work(program.operator, steps, scratch, self._workspace_bytes(steps, precision))

    def _workspace_bytes(self, steps: Iterable[PlainStep], precision: Precision) -> int:
        library = (step for step in steps if not isinstance(step, KernelStep))
        return max((self.kernel(step, precision).plan.workspace_bytes for step in library), default=0)

    def _chosen(self, step: Step, precision: Precision) -> tuple[PlainStep, ...]:
        if not isinstance(step, Choice):
            return self._runnable((step,), precision)
        return self._runnable(step.alternatives[self._choices[step_key(step, precision)]], precision)

    def _runnable(self, steps: tuple[PlainStep, ...], precision: Precision) -> tuple[PlainStep, ...]:
        """The steps, with own kernels in place of what no library has a kernel for."""
        return tuple(
            step if isinstance(step, KernelStep) or self._has_kernel(step, precision) else direct_step(step)
            for step in steps
        )

    def _has_kernel(self, step: PlainStep, precision: Precision) -> bool:
        return isinstance(step, KernelStep) or self._kernels.get(signature(step, precision)) is not None

    def _bind(self, step: PlainStep, address: Address, workspace: int, precision: Precision) -> Enqueue:
        if isinstance(step, KernelStep):
            return bind_kernel(step, self._modules.function(step.kernel, step.shared_bytes), address)
        return bind_library(step, self.kernel(step, precision), workspace, address)

    def _prepare_library(self, steps: Sequence[Step], precision: Precision) -> None:
        """Plans for every library step of every alternative, as far as the libraries have any."""
        new = {
            key: step
            for step in _library_steps(_every(steps))
            if (key := signature(step, precision)) not in self._kernels
        }
        if not new:
            return
        plans = self._library.prepare(list(new.values()), precision, self._database, self.progress, required=False)
        for key, step in new.items():
            self._kernels[key] = self._library.kernel(step, plans[key]) if key in plans else None

    def _recall(self, choices: Sequence[Choice], precision: Precision) -> None:
        keys = {step_key(choice, precision): choice for choice in choices}
        unknown = {digest(key): key for key in keys if key not in self._choices}
        for short, data in self._database.get(_CHOICE_KIND, unknown).items():
            index = int.from_bytes(data, "little")
            choice = keys[unknown[short]]
            if index in self._possible(choice, precision):
                self._choices[unknown[short]] = index

    def _kernels_needed(self, steps: Sequence[Step], precision: Precision) -> Iterator[KernelStep]:
        """Own kernels of plain steps, of what was chosen, and of every alternative where the choice is still open."""
        for step in steps:
            if not isinstance(step, Choice) or step_key(step, precision) in self._choices:
                sequences: Sequence[tuple[PlainStep, ...]] = [self._chosen(step, precision)]
            else:
                possible = self._possible(step, precision)
                sequences = [self._runnable(step.alternatives[i], precision) for i in possible]
            for sequence in sequences:
                yield from (plain for plain in sequence if isinstance(plain, KernelStep))

    def _decide(self, choices: Sequence[Choice], precision: Precision) -> None:
        open_choices = {key: choice for choice in choices if (key := step_key(choice, precision)) not in self._choices}
        if not open_choices:
            return
        scratch = ScratchMemory()
        for key, choice in open_choices.items():
            self._choices[key] = index = self._fastest(choice, precision, scratch)
            self._database.put(_CHOICE_KIND, {digest(key): index.to_bytes(2, "little")})

    def alternatives_us(self, choice: Choice, precision: Precision) -> dict[int, float]:
        """Latency, alone, of every alternative of a step that was resolved, as far as this GPU has the kernels.

        Raises:
            CudaError: If the GPU fails.
        """
        sequences = {i: self._runnable(choice.alternatives[i], precision) for i in self._possible(choice, precision)}
        steps = (step for sequence in sequences.values() for step in sequence)
        self._modules.load(step.kernel for step in steps if isinstance(step, KernelStep))
        scratch = ScratchMemory()
        return {i: self._time_us(sequence, precision, scratch) for i, sequence in sequences.items()}

    def _fastest(self, choice: Choice, precision: Precision, scratch: ScratchMemory) -> int:
        possible = self._possible(choice, precision)
        if len(possible) == 1:
            return possible[0]
        times = {
            i: self._time_us(self._runnable(choice.alternatives[i], precision), precision, scratch) for i in possible
        }
        return min(times, key=lambda i: times[i])

    def _possible(self, choice: Choice, precision: Precision) -> list[int]:
        """Alternatives that this GPU has all kernels for; without any, the last, which own kernels can run."""
        whole = [
            i
            for i, steps in enumerate(choice.alternatives)
            if all(self._has_kernel(step, precision) and self._compiles(step) for step in steps)
        ]
        return whole or [len(choice.alternatives) - 1]

    def _compiles(self, step: PlainStep) -> bool:
        return not isinstance(step, KernelStep) or self._modules.supports(step.kernel, step.shared_bytes)

    def _time_us(self, steps: tuple[PlainStep, ...], precision: Precision, scratch: ScratchMemory) -> float:
        """Steps one after another, several times in one graph."""
        work = self.as_work(steps, precision)
        bound = self.bind(work, scratch.addresses([work]), precision)
        graph = capture([Branch(ORIGIN, (), list(bound.enqueue) * _REPEATS_IN_GRAPH)], self._streams)
        try:
            self._timer.warm_up(graph, 2)
            return statistics.median(self._timer.samples_us(graph, _REPLAYS)) / _REPEATS_IN_GRAPH
        finally:
            graph.close()


def _every(steps: Iterable[Step]) -> Iterator[PlainStep]:
    """Plain steps, and those of all alternatives."""
    for step in steps:
        for sequence in step.alternatives if isinstance(step, Choice) else ((step,),):
            yield from sequence


def _library_steps(steps: Iterable[PlainStep]) -> Iterator[LibraryStep]:
    return (step for step in steps if not isinstance(step, KernelStep))
