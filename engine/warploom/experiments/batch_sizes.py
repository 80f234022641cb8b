"""Experiment 6 of IOS: throughput at growing batch sizes, sequential, optimized, and what else is installed."""

from __future__ import annotations

from warploom.experiments.comparing import Compared, compared, peers_here
from warploom.experiments.laboratory import Laboratory, source_of
from warploom.experiments.published import published_ios
from warploom.experiments.result import Bars, Cell, ExperimentResult, ResultTable

BATCHES = (1, 16, 32, 64, 128)
NETWORK = "inception_v3"
_PREFERRED = ("tensorrt", "ort-tensorrt", "torch-compiled", "ort-cuda-graph", "torch-graph")


def run(laboratory: Laboratory) -> ExperimentResult:
    """Latencies and images per second."""
    (network,) = laboratory.networks((NETWORK,))[:1]
    peers = [name for name in _PREFERRED if name in peers_here(laboratory)]
    rows: list[tuple[Cell, ...]] = []
    speeds: dict[str, list[float]] = {"Sequential": [], "Warploom's choice": []}
    notes: list[str] = []
    runs: dict[str, Compared] = {}
    source = ""
    for batch in BATCHES:
        recording = laboratory.record(network, batch=batch)
        source = source_of(recording)
        compared_here = runs[f"batch {batch}"] = compared(laboratory, network, recording, tuple(peers), batch)
        notes += [note for note in compared_here.notes if note not in notes]
        for name, latency in compared_here.latencies_ms.items():
            speeds.setdefault(name, []).append(1000 * batch / latency)
            rows.append((f"batch {batch}", name, latency, 1000 * batch / latency))
    ios = published_ios()
    published = tuple(
        (f"batch {batch}", name, figures[str(batch)], 1000 * batch / figures[str(batch)])
        for batch in BATCHES
        for name, figures in ios.batch_sizes_ms.items()
    )
    columns = ("batch", "what ran", "latency in ms", "images per second")
    tables = (
        ResultTable(f"{network} at growing batch sizes", columns, tuple(rows), source),
        ResultTable("inception_v3, as published", columns, published, f"{ios.source}: {ios.device}"),
    )
    complete = tuple((name, tuple(row)) for name, row in speeds.items() if len(row) == len(BATCHES))
    chart = Bars("Throughput", tuple(f"batch {batch}" for batch in BATCHES), complete, "images per second")
    return ExperimentResult("batch-sizes", "Batch sizes", tables, (chart,), tuple(notes), {"runs": runs})
