"""Runs peers on one problem, interleaved, and checks what they compute: one row each, whatever happens to them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from warploom.peers.messages import Command, Kind
from warploom.peers.problem_files import write_problem
from warploom.peers.process import PeerProcess
from warploom.peers.registry import UNTESTED, find_peer
from warploom.worker.errors_of_outputs import largest_error, tolerance_for

if TYPE_CHECKING:
    from warploom.graph import Graph, Precision
    from warploom.peers.protocol import Array

ROUNDS = 5
FIND_SECONDS, LOAD_SECONDS, RUN_SECONDS = 120.0, 900.0, 300.0
"""How long a peer may take to import its library, to build what it executes, and to execute it."""

Note = Callable[[str], None]
Measure = Callable[[int], Sequence[float]]
"""Latencies in microseconds of so many executions of something that is measured beside the peers."""


@dataclass(frozen=True, slots=True)
class PeerRow:
    """What one peer did.

    Attributes:
        name: Of the peer.
        title: As it is shown.
        version: Of its library.
        load_s: Seconds until it was ready: kernels chosen, compiled, captured; None where it was not.
        samples_us: Latencies; empty where it did not run.
        clock: "events" or "wall clock".
        error: Largest relative L2 error of its outputs; None where it did not run.
        tolerance: What counts as the same.
        problem: A sentence: why it did not run, or what is wrong with it.
        untested: Whether its adapter had never run before with its library and a GPU.
    """

    name: str
    title: str
    version: str = ""
    load_s: float | None = None
    samples_us: tuple[float, ...] = ()
    clock: str = ""
    error: float | None = None
    tolerance: float | None = None
    problem: str = ""
    untested: bool = False

    @property
    def median_us(self) -> float | None:
        """Median of its samples; None without any."""
        return float(np.median(self.samples_us)) if self.samples_us else None

    @property
    def counts(self) -> bool:
        """Whether its latency may be compared: it ran, and its outputs are right."""
        return bool(self.samples_us) and not self.problem


def compare_peers(
    names: Sequence[str],
    graph: Graph,
    inputs: Mapping[str, Array],
    reference: Mapping[str, Array],
    precision: Precision,
    *,
    repeats: int = 50,
    load_seconds: float = LOAD_SECONDS,
    gpu: int | None = None,
    ours: Mapping[str, Measure] | None = None,
    note: Note = lambda _: None,
    check: Callable[[], None] = lambda: None,
) -> tuple[tuple[PeerRow, ...], dict[str, tuple[float, ...]]]:
    """Executes a model on peers and measures them in turns, so that a drift of the machine touches all alike.

    Args:
        names: Of the peers.
        graph: Raw, with real weights.
        inputs: Of the graph.
        reference: Its outputs.
        precision: Arithmetic of float operators.
        repeats: Samples of each.
        load_seconds: How long a peer may take until it is ready; one that takes longer has a row that says so.
        gpu: The only GPU that peers see; None for all.
        ours: What else is measured in the same turns.
        note: Is told what goes on.
        check: Called often; what it raises ends everything.

    Returns:
        A row for each peer, and the latencies of `ours` in microseconds.

    Raises:
        CommandError: If there is no such peer.
        GraphError: If the model does not fit into an ONNX file.
    """
    titles = {name: find_peer(name).title for name in names}
    tolerance = tolerance_for(graph, precision)
    with tempfile.TemporaryDirectory(prefix="warploom-peers-") as folder, ExitStack() as stack:
        write_problem(Path(folder), graph, inputs, precision)
        processes = [stack.enter_context(PeerProcess(name, Path(folder), gpu, check)) for name in names]
        for process in processes:
            process.tell(Command(Kind.FIND))  # their libraries take seconds to import: all at once
        started: list[tuple[PeerRow, PeerProcess | None]] = []
        for process in processes:
            note(f"{titles[process.name]}: loading")
            row = _loaded(process, reference, tolerance, load_seconds)
            note(f"{row.title}: {row.problem or f'ready after {row.load_s:.1f} s'}")
            started.append((row, None if row.problem else process))
        note("measuring")
        rows, our_samples = _measured(started, repeats, ours or {})
    return rows, our_samples


def _loaded(process: PeerProcess, reference: Mapping[str, Array], tolerance: float, load_seconds: float) -> PeerRow:
    """A peer up to its first execution, whose outputs are checked; it was told to find its library."""
    peer = find_peer(process.name)
    row = PeerRow(peer.name, peer.title, untested=peer.name in UNTESTED)
    found = process.hear(FIND_SECONDS)
    row = replace(row, version=found.version)
    if found.error:
        return replace(row, problem=found.error)
    start = time.perf_counter()
    loaded = process.ask(Command(Kind.LOAD), load_seconds)
    if loaded.error:
        return replace(row, problem=loaded.error)
    row = replace(row, load_s=time.perf_counter() - start)
    outputs, problem = process.outputs(RUN_SECONDS)
    if problem:
        return replace(row, problem=problem)
    error = largest_error(outputs, reference)
    row = replace(row, error=error, tolerance=tolerance)
    if not error <= tolerance:
        return replace(row, problem=f"Its outputs are off by {error:.1e}, {tolerance:.1e} is allowed.")
    return row


def _measured(
    started: Sequence[tuple[PeerRow, PeerProcess | None]], repeats: int, ours: Mapping[str, Measure]
) -> tuple[tuple[PeerRow, ...], dict[str, tuple[float, ...]]]:
    rows = [row for row, _ in started]
    our_samples: dict[str, tuple[float, ...]] = dict.fromkeys(ours, ())
    for count in _turns(repeats):
        for i, (_, process) in enumerate(started):
            if process is not None and not rows[i].problem:
                rows[i] = _with_samples(rows[i], process, count)
        for name, measure in ours.items():
            our_samples[name] += tuple(measure(count))
    return tuple(rows), our_samples


def _with_samples(row: PeerRow, process: PeerProcess, count: int) -> PeerRow:
    answer = process.ask(Command(Kind.MEASURE, count), RUN_SECONDS)
    if answer.error:
        return replace(row, problem=answer.error)
    return replace(row, samples_us=row.samples_us + answer.samples_us, clock=answer.clock)


def _turns(repeats: int) -> Iterator[int]:
    rounds = min(ROUNDS, repeats)
    return (repeats // rounds + (turn < repeats % rounds) for turn in range(rounds))
