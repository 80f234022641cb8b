"""Peers and our own two schedules on one network, measured in turns."""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import msgspec

from warploom.experiments.laboratory import Laboratory
from warploom.serving.bench import Quantiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warploom.device import Executable
    from warploom.peers.compare import Measure, PeerRow
    from warploom.recording.recording import Recording

SEQUENTIAL, CHOSEN = "Warploom, sequential", "Warploom's choice"


_MIXED = "Warploom's rows are simulated; peers really ran on this machine, so the two do not compare."


class Compared(msgspec.Struct, frozen=True):
    """Latencies in milliseconds by what ran, and why others did not run.

    Attributes:
        latencies_ms: Medians.
        notes: Why something did not run, what was noisy.
        samples_us: All samples, where they were taken in turns with peers.
        facts: Of each peer: version, clock, seconds until it was ready, error of its outputs.
    """

    latencies_ms: dict[str, float]
    notes: tuple[str, ...] = ()
    samples_us: dict[str, tuple[float, ...]] = {}
    facts: dict[str, dict[str, str | float | None]] = {}


def peers_here(laboratory: Laboratory) -> tuple[str, ...]:
    """The peers to run: those asked for, or all that compute on the same kind of processor as the device.

    Beside a simulated GPU nothing is run unless it is asked for: a latency on the CPU says nothing about it.
    """
    from warploom.peers.registry import PEERS, find_peer

    asked = laboratory.settings.peers
    if asked is not None:
        return tuple(find_peer(name).name for name in asked)
    if laboratory.settings.device.startswith("sim:"):
        return ()
    return tuple(name for name, peer in PEERS.items() if peer.gpu)


def compared(
    laboratory: Laboratory, network: str, recording: Recording, peers: tuple[str, ...], batch: int
) -> Compared:
    """Runs peers beside the sequential and the chosen schedule of a recording; kept per network, batch and peers."""
    ours = {
        SEQUENTIAL: recording.sequential.measurement.median_us / 1000,
        CHOSEN: recording.optimized.measurement.median_us / 1000,
    }
    if not peers:
        return Compared(ours, () if laboratory.settings.peers is not None else (_without(laboratory),))
    key = f"peers-{laboratory.token(network)}-{batch}-{_slug(recording.device.name)}-{'-'.join(peers)}"
    found = laboratory.figure(key, lambda: _compare(laboratory, network, recording, peers, batch), Compared)
    return Compared(found.latencies_ms, (*found.notes, _MIXED)) if recording.simulated else found


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()


def _without(laboratory: Laboratory) -> str:
    return f"No peer runs beside {laboratory.settings.device}; --peers names some."


def _compare(
    laboratory: Laboratory, network: str, recording: Recording, peers: tuple[str, ...], batch: int
) -> Compared:
    from warploom.device.registry import open_device
    from warploom.importer.load import import_model
    from warploom.importer.options import ImportOptions
    from warploom.importer.reference import random_inputs, reference_outputs
    from warploom.passes.pipeline import optimize_graph
    from warploom.peers.compare import compare_peers

    path, options = laboratory.model(network), ImportOptions(batch=batch)
    raw = import_model(path, options).graph
    fused = optimize_graph(raw).graph
    inputs = random_inputs(raw, 1)
    reference = reference_outputs(path, options, inputs)
    device = open_device(laboratory.settings.device)
    precision = recording.settings.precision
    with ExitStack() as stack:
        close: Any = getattr(device, "close", None)
        if close is not None:
            stack.callback(close)
        executables = {
            name: stack.enter_context(device.compile(fused, candidate.plan, precision))
            for name, candidate in ((SEQUENTIAL, recording.sequential), (CHOSEN, recording.optimized))
        }
        ours = {name: _measure(executable) for name, executable in executables.items()}
        rows, ours_us = compare_peers(
            peers,
            raw,
            inputs,
            reference,
            precision,
            repeats=laboratory.settings.repeats,
            load_seconds=laboratory.settings.peer_seconds,
            gpu=_gpu(laboratory.settings.device),
            ours=ours,
            note=laboratory.note,
            check=laboratory.stop_if_cancelled,
        )
    samples = ours_us | {row.title: row.samples_us for row in rows if row.counts}
    latencies = {name: _median(values) / 1000 for name, values in samples.items()}
    notes = [_note(row) for row in rows if row.problem or row.untested]
    notes += [f"{network}: {name} is noisy ({_spread(values)})." for name, values in samples.items() if _noisy(values)]
    rounded = {name: tuple(round(value, 2) for value in values) for name, values in samples.items()}
    return Compared(latencies, tuple(notes), rounded, {row.title: _facts(row) for row in rows})


def _gpu(device: str) -> int | None:
    """N of "cuda:N", so that peers compute on the same GPU."""
    kind, _, number = device.partition(":")
    return int(number) if kind == "cuda" else None


def _measure(executable: Executable) -> Measure:
    return lambda count: executable.measure(count).samples_us


def _median(values: Sequence[float]) -> float:
    import numpy as np

    return float(np.median(values))


def _noisy(values: Sequence[float]) -> bool:
    return Quantiles.of(values).noisy


def _spread(values: Sequence[float]) -> str:
    found = Quantiles.of(values)
    return f"quartiles {found.p25:,.1f} and {found.p75:,.1f} us"


def _facts(row: PeerRow) -> dict[str, str | float | None]:
    return {
        "name": row.name,
        "version": row.version,
        "clock": row.clock,
        "ready_s": row.load_s,
        "error": row.error,
        "tolerance": row.tolerance,
        "problem": row.problem,
    }


def _note(row: PeerRow) -> str:
    if row.problem:
        return f"{row.title}: {row.problem}"
    return f"{row.title}: its adapter had never run with its library and a GPU before."
