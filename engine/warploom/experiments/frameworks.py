"""Experiment 2 of IOS: the same networks in what a user would run instead, interleaved in the same run."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.experiments.comparing import CHOSEN, SEQUENTIAL, Compared, compared, peers_here
from warploom.experiments.laboratory import Laboratory, source_of
from warploom.experiments.published import published_ios, published_peers
from warploom.experiments.result import Cell, ExperimentResult, ResultTable, geometric_mean, throughput_bars
from warploom.experiments.schedules import PAPER_NETWORKS


def run(laboratory: Laboratory) -> ExperimentResult:
    """Latencies of all peers that run here, and published ones beside them."""
    networks = laboratory.networks(PAPER_NETWORKS)
    peers = peers_here(laboratory)
    found: dict[str, Compared] = {}
    source = ""
    for network in networks:
        recording = laboratory.record(network)
        source = source_of(recording)
        found[network] = compared(laboratory, network, recording, peers, 1)
    return present(laboratory.settings.precision, found, source)


def present(precision: str, found: Mapping[str, Compared], source: str) -> ExperimentResult:
    """Tables and chart of what was measured, by network; published figures beside them."""
    networks = tuple(found)
    names = list(dict.fromkeys(name for one in found.values() for name in one.latencies_ms))
    latencies = {name: [found[network].latencies_ms.get(name) for network in networks] for name in names}
    rows = tuple((name, *row, geometric_mean(row)) for name, row in latencies.items())
    columns = ("what ran", *networks, "geometric mean")
    tables = (
        ResultTable("Latency in ms, model only, batch 1, in turns within one run", columns, rows, source),
        *_against_the_best(found, source),
        *_elsewhere(networks, precision),
    )
    notes = tuple(dict.fromkeys(note for one in found.values() for note in one.notes))
    chart = throughput_bars("Frameworks on batch size one", networks, latencies)
    return ExperimentResult(
        "frameworks", "Comparison with what users run instead", tables, (chart,), notes, {"runs": found}
    )


def _against_the_best(found: Mapping[str, Compared], source: str) -> tuple[ResultTable, ...]:
    """How much faster the chosen schedule is than the fastest peer of the run; nothing where none ran."""
    rows: list[tuple[Cell, ...]] = []
    for network, compared_here in found.items():
        latencies = compared_here.latencies_ms
        peers = {name: value for name, value in latencies.items() if name not in (SEQUENTIAL, CHOSEN)}
        if peers:
            best = min(peers, key=lambda name: peers[name])
            rows.append((network, best, peers[best], latencies[CHOSEN], peers[best] / latencies[CHOSEN]))
    columns = ("network", "fastest peer", "its latency in ms", "Warploom's choice in ms", "times faster")
    return (ResultTable("Against the fastest peer of the run", columns, tuple(rows), source),) if rows else ()


def _elsewhere(networks: tuple[str, ...], precision: str) -> tuple[ResultTable, ...]:
    ios, peers = published_ios(), published_peers()
    there = {network: peers.latencies_ms.get(network, {}).get(precision, {}) for network in networks}
    names = dict.fromkeys(name for figures in there.values() for name in figures)
    beside: tuple[tuple[Cell, ...], ...] = tuple(
        (name, *(there[network].get(name) for network in networks), None) for name in names
    )
    columns = ("what ran", *networks, "geometric mean")
    published = tuple(
        (name, *(row := [figures.get(network) for network in networks]), geometric_mean(row))
        for name, figures in ios.frameworks_ms.items()
    )
    known = any(cell is not None for row in published for cell in row[1:])
    table = ResultTable("Latency in ms, as published", columns, published, f"{ios.source}: {ios.device}")
    tables = (table,) if known else ()
    if not beside:
        return tables
    source = f"not from the same run; {peers.source}: {peers.device}; {peers.note}"
    return (ResultTable(f"Latency in ms of peers on an H200, {precision}", columns, beside, source), *tables)
