"""Experiment 4a of IOS: schedules searched at one batch size, executed at another."""

from __future__ import annotations

from warploom.experiments.laboratory import Laboratory, source_of
from warploom.experiments.published import published_ios
from warploom.experiments.result import Cell, ExperimentResult, ResultTable

BATCHES = (1, 32, 128)
NETWORK = "inception_v3"


def run(laboratory: Laboratory) -> ExperimentResult:
    """Latency of every schedule at every batch size."""
    (network,) = laboratory.networks((NETWORK,))[:1]
    rows: list[tuple[Cell, ...]] = []
    source = ""
    for made_for in BATCHES:
        searched = laboratory.record(network, batch=made_for)
        source = source_of(searched)
        file = laboratory.schedule_file(searched, f"{network}-batch-{made_for}")
        cells: list[Cell] = [f"for batch {made_for}"]
        for batch in BATCHES:
            executed = laboratory.record(network, batch=batch, schedule=file, verify=False)
            cells.append(executed.candidate("saved").measurement.median_us / 1000)
        rows.append(tuple(cells))
    ios = published_ios()
    heads = ("schedule", *(f"at batch {batch}" for batch in BATCHES))
    published: tuple[tuple[Cell, ...], ...] = tuple(
        (f"for batch {made_for}", *(ios.batch_specialization_ms[str(made_for)][str(batch)] for batch in BATCHES))
        for made_for in BATCHES
    )
    tables = (
        ResultTable(f"{network}: latency in ms", heads, tuple(rows), source),
        ResultTable("inception_v3: latency in ms, as published", heads, published, f"{ios.source}: {ios.device}"),
    )
    note = "A schedule is best where it was searched when the smallest figure of each column is on the diagonal."
    return ExperimentResult("batch-specialization", "Schedules specialized for a batch size", tables, notes=(note,))
