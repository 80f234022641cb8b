"""Experiment 7 of IOS: parallelism inside operators (tuned kernels) beside parallelism between them (schedules)."""

from __future__ import annotations

from warploom.experiments.comparing import Compared, compared, peers_here
from warploom.experiments.laboratory import Laboratory, source_of
from warploom.experiments.published import published_ios
from warploom.experiments.result import Cell, ExperimentResult, ResultTable, throughput_bars
from warploom.experiments.schedules import PAPER_NETWORKS

INSIDE = ("tvm", "torch-autotuned")
"""Peers that tune kernels and run one after another."""


def run(laboratory: Laboratory) -> ExperimentResult:
    """Kernels chosen by timing, one after another; the same kernels scheduled; peers that tune kernels."""
    networks = laboratory.networks(PAPER_NETWORKS)
    peers = tuple(name for name in INSIDE if name in peers_here(laboratory))
    latencies: dict[str, list[float | None]] = {}
    rows: list[tuple[Cell, ...]] = []
    notes: list[str] = []
    runs: dict[str, Compared] = {}
    source = ""
    for number, network in enumerate(networks):
        recording = laboratory.record(network)
        source = source_of(recording)
        one = runs[network] = compared(laboratory, network, recording, peers, 1)
        notes += [note for note in one.notes if note not in notes]
        for name, latency in one.latencies_ms.items():
            latencies.setdefault(name, [None] * len(networks))[number] = latency
        rows.append((network, recording.search.seconds, recording.speedup))
    ios = published_ios()
    columns = ("what ran", *networks)
    published = (
        ("TVM 0.6, tuned for 26 hours on eight V100", *(ios.autotvm_ms.get(network) for network in networks)),
        ("IOS", *(ios.schedules_ms["both"].get(network) for network in networks)),
    )
    tables = (
        ResultTable("Latency in ms", columns, tuple((name, *row) for name, row in latencies.items()), source),
        ResultTable("Gain of scheduling", ("network", "search in s", "times faster"), tuple(rows), source),
        ResultTable("Latency in ms, as published", columns, published, f"{ios.source}: {ios.device}"),
    )
    chart = throughput_bars("Inside operators and between them", networks, latencies)
    title = "Parallelism inside and between operators"
    return ExperimentResult("intra-inter", title, tables, (chart,), tuple(notes), {"runs": runs})
