"""Experiment 6 of IOS: throughput at growing batch sizes, sequential, optimized, and what else is installed."""

from __future__ import annotations

from warploom.experiments.comparing import SEQUENTIAL, Compared, compared, peers_here
from warploom.experiments.laboratory import Laboratory, source_of
from warploom.experiments.published import published_ios
from warploom.experiments.result import Bars, Cell, ExperimentResult, ResultTable

BATCHES = (1, 16, 32, 64, 128)
NETWORK = "inception_v3"
_PREFERRED = ("tensorrt", "ort-tensorrt", "torch-autotuned", "torch-compiled", "ort-cuda-graph", "torch-graph")
_COLUMNS = ("batch", "what ran", "latency in ms", "images per second", "times sequential")


def run(laboratory: Laboratory) -> ExperimentResult:
    """Latencies and images per second."""
    (network,) = laboratory.networks((NETWORK,))[:1]
    peers = [name for name in _PREFERRED if name in peers_here(laboratory)]
    rows: list[tuple[Cell, ...]] = []
    speeds: dict[str, list[float]] = {}
    notes: list[str] = []
    runs: dict[str, Compared] = {}
    source = ""
    for batch in BATCHES:
        recording = laboratory.record(network, batch=batch)
        source = source_of(recording)
        compared_here = runs[f"batch {batch}"] = compared(laboratory, network, recording, tuple(peers), batch)
        notes += [note for note in compared_here.notes if note not in notes]
        latencies = compared_here.latencies_ms
        rows += [_row(batch, name, latency, latencies[SEQUENTIAL]) for name, latency in latencies.items()]
        for name, latency in latencies.items():
            speeds.setdefault(name, []).append(1000 * batch / latency)
    tables = (
        ResultTable(f"{network} at growing batch sizes", _COLUMNS, tuple(rows), source),
        _published(),
    )
    complete = tuple((name, tuple(row)) for name, row in speeds.items() if len(row) == len(BATCHES))
    chart = Bars("Throughput", tuple(f"batch {batch}" for batch in BATCHES), complete, "images per second")
    return ExperimentResult("batch-sizes", "Batch sizes", tables, (chart,), tuple(notes), {"runs": runs})


def _published() -> ResultTable:
    ios = published_ios()
    alone = ios.batch_sizes_ms["Sequential"]
    rows = [
        _row(batch, name, figures[str(batch)], alone[str(batch)])
        for batch in BATCHES
        for name, figures in ios.batch_sizes_ms.items()
    ]
    return ResultTable("inception_v3, as published", _COLUMNS, tuple(rows), f"{ios.source}: {ios.device}")


def _row(batch: int, name: str, latency_ms: float, sequential_ms: float) -> tuple[Cell, ...]:
    return (f"batch {batch}", name, latency_ms, 1000 * batch / latency_ms, sequential_ms / latency_ms)
