"""Experiment 5 of IOS: how the limits r (operators in a group) and s (groups in a stage) trade search for latency."""

from __future__ import annotations

from warploom.experiments.laboratory import Laboratory, latency_ms, source_of
from warploom.experiments.published import published_ios
from warploom.experiments.result import Cell, ExperimentResult, ResultTable, Scatter

NETWORKS = ("inception_v3", "nasnet_large")
LIMITS = ((1, 3), (1, 8), (2, 3), (2, 8), (3, 3), (3, 8))
_SHARED = (
    "A stage that was measured for one pair of limits is not measured again for the next: the seconds of a row are "
    "those that it adds to the rows before it."
)
COLUMNS = ("network", "r", "s", "search in s", "stages costed", "latency in ms")


def run(laboratory: Laboratory) -> ExperimentResult:
    """Search time and latency for each pair of limits."""
    rows: list[tuple[Cell, ...]] = []
    curves: dict[str, list[tuple[float, float, str]]] = {}
    source = ""
    networks = laboratory.networks(NETWORKS)
    for network in networks:
        for r, s in LIMITS:
            recording = laboratory.record(network, mode="ios-both", limits=(r, s), verify=False)
            source = source_of(recording)
            latency = latency_ms(recording, "ios-both")
            both = next((one for one in recording.search.schedulers if one.name == "ios-both"), recording.search)
            rows.append((network, r, s, both.seconds, both.stages_costed, latency))
            if latency is not None:
                curves.setdefault(network, []).append((both.seconds, latency, f"r={r}, s={s}"))
    ios = published_ios()
    published = tuple(
        (network, *map(int, key.split(",")), seconds, None, latency)
        for network, figures in ios.pruning.items()
        if network in networks
        for key, (seconds, latency) in figures.items()
    )
    tables = (
        ResultTable("Search time and latency", COLUMNS, tuple(rows), source),
        ResultTable("The same, as published", COLUMNS, published, f"{ios.source}: {ios.device}"),
    )
    charts = tuple(
        Scatter(
            f"{network}: cost of the search against latency", ("search, s", "latency, ms"), ((network, tuple(points)),)
        )
        for network, points in curves.items()
    )
    notes = () if "simulated" in source else (_SHARED,)
    return ExperimentResult("pruning", "Pruning of the search", tables, charts, notes)
