"""The fluid simulator: plays tasks (launch sequences with dependencies) on a GPU, event by event.

Blocks that start together progress together, as one cohort, at a pace that changes only when the set of resident
blocks changes. Rules, in the order in which hardware applies them:

1. A task is ready when its last predecessor has ended plus the dependency latency; so is each further kernel of a task
   when the one before has ended. What waits for the same end starts one after another: first what follows on its
   stream, then the rest, `fork_us` apart. Of two kernels made for it the second starts a little before the first has
   ended, if that is its only predecessor, on its own stream.
2. The front end starts one kernel per launch interval, in the order in which they became ready.
3. Blocks are given out in the order in which kernels started: the first takes all slots that it can, the next what is
   left (the "leftover" policy); blocks wait for free slots, which makes waves and tails.
4. Resident blocks share SM throughput, L2 and DRAM bandwidth (`sharing`).

Deterministic: ties are broken by the tasks' order.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from warploom.device.simulated.description import GpuDescription
from warploom.device.simulated.load import Load
from warploom.device.simulated.placement import free_slots
from warploom.device.simulated.sharing import paces

# A kernel of very many waves is played in at most a few dozen steps: each cohort stands for this part of what waits.
_WAVES_PER_COHORT = 4
_TOGETHER_US = 1e-9


@dataclass(frozen=True, slots=True)
class Task:
    """Kernels that run one after another once other tasks have ended.

    Attributes:
        loads: The kernels in order; none for a task that launches nothing.
        after: Indices of earlier tasks that must have ended.
        follows: The one of them that runs on the same stream; -1 where none does.
    """

    loads: tuple[Load, ...]
    after: tuple[int, ...] = ()
    follows: int = -1


class KernelRun(NamedTuple):  # a tuple: thousands are made per search, and frozen dataclasses are slow to make
    """One kernel as it ran: from the start of its first block to the end of its last."""

    task: int
    load: Load
    start_us: float
    end_us: float


class Residency(NamedTuple):
    """Blocks of a task that were resident together."""

    task: int
    start_us: float
    end_us: float
    warps: int


@dataclass(frozen=True, slots=True)
class Simulation:
    """What happened.

    Attributes:
        task_ends_us: End of each task.
        kernels: By end.
        residencies: By end.
    """

    task_ends_us: tuple[float, ...]
    kernels: tuple[KernelRun, ...]
    residencies: tuple[Residency, ...]

    @property
    def end_us(self) -> float:
        """End of the last task."""
        return max(self.task_ends_us, default=0.0)


def simulate(tasks: Sequence[Task], gpu: GpuDescription, start_us: float = 0.0) -> Simulation:
    """Plays the tasks.

    Args:
        tasks: In enqueue order; `after` names earlier ones.
        gpu: The GPU.
        start_us: When tasks without predecessors are released.
    """
    return _Player(tasks, gpu, start_us).play()


def alone_us(load: Load, gpu: GpuDescription) -> float:
    """How long a kernel takes on an idle GPU, from the start of its first block to the end of its last."""
    if load.blocks <= gpu.sm_count * load.blocks_per_sm:  # all at once: nothing changes until they end
        return load.duration_us / paces(((load, load.blocks),), gpu)[0]
    run = simulate((Task((load,)),), gpu).kernels[0]
    return run.end_us - run.start_us


def _invitations(tasks: Sequence[Task]) -> list[bool]:
    """Whether each task's last kernel lets the next on its stream start early; tasks without kernels pass it on."""
    invites: list[bool] = []
    for task in tasks:
        passes = not task.loads and task.after == (task.follows,)
        invites.append(task.loads[-1].early if task.loads else passes and invites[task.follows])
    return invites


class _Launched:
    """A kernel that the front end has started."""

    __slots__ = ("cohorts", "load", "position", "start_us", "task", "waiting")

    def __init__(self, task: int, position: int, load: Load) -> None:
        self.task = task
        self.position = position
        self.load = load
        self.waiting = load.blocks
        self.cohorts = 0
        self.start_us = -1.0


class _Cohort:
    """Blocks of one kernel that started together; `left` is in microseconds at full pace."""

    __slots__ = ("blocks", "finish_us", "kernel", "left_us", "pace", "start_us", "updated_us")

    def __init__(self, kernel: _Launched, blocks: int, rounds: int, now: float) -> None:
        self.kernel = kernel
        self.blocks = blocks
        self.left_us = kernel.load.duration_us * rounds
        self.start_us = now
        self.updated_us = now
        self.pace = 1.0
        self.finish_us = now + self.left_us


class _Player:
    """State of one simulation."""

    def __init__(self, tasks: Sequence[Task], gpu: GpuDescription, start_us: float) -> None:
        self.tasks = tasks
        self.gpu = gpu
        self.ends = [start_us] * len(tasks)
        self.missing = [len(task.after) for task in tasks]
        self.invites = _invitations(tasks)
        self.followers: list[list[int]] = [[] for _ in tasks]
        self.ready: list[tuple[float, int, int]] = []
        self.waiting: list[_Launched] = []
        self.cohorts: list[_Cohort] = []
        self.resident: dict[Load, int] = {}  # blocks per kernel shape, in the order in which they started
        self.front_end_free = start_us
        self.kernels: list[KernelRun] = []
        self.residencies: list[Residency] = []
        for i, task in enumerate(tasks):
            for before in task.after:
                self.followers[before].append(i)
        self._release_together([i for i, task in enumerate(tasks) if not task.after], start_us)

    def play(self) -> Simulation:
        while self.ready or self.cohorts:
            launch = max(self.ready[0][0], self.front_end_free) if self.ready else float("inf")
            finish = min([cohort.finish_us for cohort in self.cohorts]) if self.cohorts else float("inf")
            changed = True
            if launch <= finish:
                now = launch
                self._launch(now)
                changed = self._dispatch(now, self.waiting[-1:])  # those before it have no more room than before
            else:
                now = finish
                self._finish(now)
                if self.waiting:
                    self._dispatch(now, self.waiting)
            if changed and self.cohorts:
                self._set_paces(now)
        return Simulation(tuple(self.ends), tuple(self.kernels), tuple(self.residencies))

    def _release(self, task: int, when: float) -> None:
        """The predecessors of a task have ended."""
        loads, after, follows = self.tasks[task].loads, self.tasks[task].after, self.tasks[task].follows
        if not loads:
            self._end_task(task, when)
            return
        early = loads[0].early and len(after) == 1 and after[0] == follows and self.invites[follows]
        heapq.heappush(self.ready, (when + self.gpu.dependency_us - (self.gpu.early_us if early else 0.0), task, 0))

    def _end_task(self, task: int, when: float) -> None:
        self.ends[task] = when
        freed = []
        for follower in self.followers[task]:
            self.missing[follower] -= 1
            if not self.missing[follower]:
                freed.append(follower)
        if len(freed) > 1:
            freed.sort(key=lambda follower: self.tasks[follower].follows != task)
        self._release_together(freed, when)

    def _release_together(self, freed: Sequence[int], when: float) -> None:
        for task in freed:
            self._release(task, when)
            if self.tasks[task].loads:
                when += self.gpu.fork_us

    def _launch(self, now: float) -> None:
        _, task, position = heapq.heappop(self.ready)
        self.waiting.append(_Launched(task, position, self.tasks[task].loads[position]))
        self.front_end_free = now + self.gpu.launch_interval_us

    def _dispatch(self, now: float, waiting: Sequence[_Launched]) -> bool:
        """Gives free slots to waiting kernels, the earliest first; says whether any got some."""
        given = False
        for kernel in waiting:
            load = kernel.load
            slots = free_slots(load, kernel.waiting, tuple(self.resident.items()), self.gpu)
            if not slots:
                continue
            wave = self.gpu.sm_count * load.blocks_per_sm
            rounds = max(1, kernel.waiting // (wave * _WAVES_PER_COHORT))
            kernel.waiting -= slots * rounds
            kernel.cohorts += 1
            if kernel.start_us < 0.0:
                kernel.start_us = now
            self.cohorts.append(_Cohort(kernel, slots, rounds, now))
            self.resident[load] = self.resident.get(load, 0) + slots
            given = True
        if given:
            self.waiting = [kernel for kernel in self.waiting if kernel.waiting]
        return given

    def _set_paces(self, now: float) -> None:
        pace_of = dict(zip(self.resident, paces(tuple(self.resident.items()), self.gpu), strict=True))
        for cohort in self.cohorts:
            pace = pace_of[cohort.kernel.load]
            if pace != cohort.pace:
                cohort.left_us -= (now - cohort.updated_us) * cohort.pace
                cohort.updated_us = now
                cohort.pace = pace
                cohort.finish_us = now + max(cohort.left_us, 0.0) / pace

    def _finish(self, now: float) -> None:
        """Ends the cohorts that are due, and what ends with them."""
        due = now + _TOGETHER_US
        ended = [cohort for cohort in self.cohorts if cohort.finish_us <= due]
        self.cohorts = [cohort for cohort in self.cohorts if cohort.finish_us > due]
        for cohort in ended:
            kernel = cohort.kernel
            warps = cohort.blocks * kernel.load.warps
            self.residencies.append(Residency(kernel.task, cohort.start_us, now, warps))
            self._retire(kernel.load, cohort.blocks)
            kernel.cohorts -= 1
            if not kernel.cohorts and not kernel.waiting:
                self._end_kernel(kernel, now)

    def _retire(self, load: Load, blocks: int) -> None:
        left = self.resident[load] - blocks
        if left:
            self.resident[load] = left
        else:
            del self.resident[load]

    def _end_kernel(self, kernel: _Launched, now: float) -> None:
        self.kernels.append(KernelRun(kernel.task, kernel.load, kernel.start_us, now))
        following = kernel.position + 1
        loads = self.tasks[kernel.task].loads
        if following < len(loads):
            early = loads[following].early and kernel.load.early
            wait = self.gpu.dependency_us - (self.gpu.early_us if early else 0.0)
            heapq.heappush(self.ready, (now + wait, kernel.task, following))
        else:
            self._end_task(kernel.task, now)
