"""Builds kernels ahead of their choice, in several processes, while this one times those that are ready."""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from typing import IO, Protocol, cast

from warploom.device.cuda.library.plan import Candidate, ChosenPlan, Kernel, PlanSource
from warploom.device.cuda.library.signature import LibraryStep, signature
from warploom.graph import Precision

Request = tuple[LibraryStep, Precision]
Built = tuple[ChosenPlan, ...] | None

SWITCH = "WARPLOOM_KERNEL_BUILDERS"
"""Environment variable: how many processes build kernels at most; 0 for none."""

_MOST_PROCESSES = 8
_FEWEST_STEPS = 6
_STEPS_OF_ONE = 2
_GPU_BYTES_OF_ONE = 1 << 30  # more than a context and cuDNN's kernels are thought to need
_LONGEST_S = 60.0
_LOOK_S = 0.2
_GRACE_S = 5.0

_logger = logging.getLogger(__name__)


def builders_for(steps: int, free_bytes: int) -> int:
    """How many processes are worth starting: each takes a second or two until it builds its first kernel.

    Args:
        steps: That have no kernel yet.
        free_bytes: Of the GPU's memory; at least half of it stays free.
    """
    allowed = _allowed()
    if steps < _FEWEST_STEPS or allowed < 2:
        return 0
    return min(allowed, steps // _STEPS_OF_ONE, free_bytes // 2 // _GPU_BYTES_OF_ONE)


def _allowed() -> int:
    wanted = os.environ.get(SWITCH, "")
    if wanted.isdecimal():
        return int(wanted)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(_MOST_PROCESSES, cores // 2)


def builder_command(gpu: int) -> list[str]:
    """The command line of one process."""
    return [sys.executable, "-m", "warploom.device.cuda.library.builder", str(gpu)]


class Builders:
    """Processes that build the kernels of some steps, in the order in which they are given.

    A process that fails leaves its step, and when all failed the rest, to whoever asks for it.

    Args:
        requests: Steps with their arithmetic.
        processes: How many processes.
        command: Of each process.
        waiting: Called now and then while `built` waits; what it raises ends the waiting.
    """

    def __init__(
        self,
        requests: Sequence[Request],
        processes: int,
        command: Sequence[str],
        waiting: Callable[[], None] = lambda: None,
    ) -> None:
        self._command = tuple(command)
        self._while_waiting = waiting
        self._futures: dict[str, Future[Built]] = {signature(*request): Future() for request in requests}
        self._waiting = deque(requests)
        self._lock = threading.Lock()
        self._serving = processes
        self._processes: list[subprocess.Popen[bytes]] = []
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, name=f"warploom-builder-{index}", daemon=True)
            for index in range(processes)
        ]
        for thread in self._threads:
            thread.start()

    def built(self, step: LibraryStep, precision: Precision) -> Built:
        """Waits for the plans of a step, best known names first; None where they are to be built here."""
        future = self._futures.get(signature(step, precision))
        if future is None:
            return None
        for _ in range(round(_LONGEST_S / _LOOK_S)):
            try:
                return future.result(_LOOK_S)
            except CancelledError:
                return None
            except TimeoutError:
                self._while_waiting()
        return None

    def close(self) -> None:
        """Ends the processes, whatever they are doing; may be called again."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            for process in self._processes:
                process.kill()
        for thread in self._threads:
            thread.join(_GRACE_S)

    def _serve(self) -> None:
        """One process, from its start to its end, in a thread of its own."""
        try:
            with self._started() as process:
                try:
                    self._feed(process)
                finally:
                    process.kill()
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            _logger.debug("a process that builds kernels ended: %s", error)
        finally:
            self._leave()

    def _started(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise EOFError("closed before it began")
            process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            self._processes.append(process)
        return process

    def _feed(self, process: subprocess.Popen[bytes]) -> None:
        requests, answers = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
        while (request := self._next()) is not None:
            future = self._futures[signature(*request)]
            try:
                pickle.dump(request, requests)
                requests.flush()
                future.set_result(pickle.load(answers))
            finally:
                if not future.done():
                    future.set_result(None)

    def _next(self) -> Request | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def _leave(self) -> None:
        """The last one to leave releases whoever waits for what nobody will build."""
        with self._lock:
            self._serving -= 1
            if self._serving:
                return
            self._waiting.clear()
        for future in self._futures.values():
            future.cancel()


class AheadCapable(PlanSource, Protocol):
    """A source whose kernels can be built in one process and used in another."""

    def built_ahead(self, plan: ChosenPlan) -> Candidate:
        """A kernel that another process built, from its plan with its data."""
        ...


class AheadSource:
    """A source (a PlanSource) whose kernels are built by other processes where they can.

    Args:
        source: The source.
        builders: The processes.
    """

    def __init__(self, source: AheadCapable, builders: Builders) -> None:
        self._source = source
        self._builders = builders

    def candidates(self, step: LibraryStep, precision: Precision) -> Sequence[Candidate]:
        """What was built for the step; where nothing was, what the source has."""
        built = self._builders.built(step, precision)
        if not built:
            return self._source.candidates(step, precision)
        return [self._source.built_ahead(plan) for plan in built]

    def restore(self, step: LibraryStep, precision: Precision, plan: ChosenPlan) -> Kernel | None:
        """As the source does."""
        return self._source.restore(step, precision, plan)
