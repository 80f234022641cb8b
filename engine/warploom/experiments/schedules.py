"""Experiment 1 of IOS: sequential, greedy and IOS's schedules on the four networks, and what goes beyond them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from warploom.experiments.laboratory import Laboratory, latency_ms, source_of
from warploom.experiments.published import published_ios
from warploom.experiments.result import Cell, ExperimentResult, ResultTable, geometric_mean, throughput_bars

PAPER_NETWORKS = ("inception_v3", "randwire_large", "nasnet_large", "squeezenet")
TITLES = {
    "sequential": "Sequential",
    "greedy": "Greedy",
    "ios-merge": "IOS-Merge",
    "ios-parallel": "IOS-Parallel",
    "ios-both": "IOS-Both",
    "chosen": "Warploom's choice",
}
_PUBLISHED = {"ios-merge": "merge", "ios-parallel": "parallel", "ios-both": "both"}


def run(laboratory: Laboratory) -> ExperimentResult:
    """Latencies of all schedules."""
    networks = laboratory.networks(PAPER_NETWORKS)
    latencies: dict[str, list[float | None]] = {name: [] for name in TITLES}
    searches: list[tuple[Cell, ...]] = []
    source = ""
    for network in networks:
        recording = laboratory.record(network)
        source = source_of(recording)
        for name in TITLES:
            latencies[name].append(latency_ms(recording, recording.chosen if name == "chosen" else name))
        searches.append((network, recording.chosen, recording.speedup, recording.search.seconds))
    return present(networks, latencies, searches, source)


def present(
    networks: tuple[str, ...],
    latencies: Mapping[str, Sequence[float | None]],
    searches: Sequence[tuple[Cell, ...]],
    source: str,
) -> ExperimentResult:
    """Tables and chart of what was measured; published figures beside them.

    Args:
        networks: In the order of everything else.
        latencies: In ms by name of the schedule, as in `TITLES`.
        searches: Network, name of the chosen schedule, times faster, seconds of the search.
        source: Where the figures are from.
    """
    ios = published_ios()
    published = f"{ios.source}: {ios.device}"
    shown = {TITLES[name]: row for name, row in latencies.items()}
    there = {
        TITLES[name]: [ios.schedules_ms.get(_PUBLISHED.get(name, name), {}).get(one) for one in networks]
        for name in TITLES
        if name != "chosen"
    }
    tables = (
        _table("Latency in ms", networks, shown, source),
        ResultTable("What was chosen", ("network", "schedule", "times faster", "search in s"), tuple(searches), source),
        _table("Latency in ms, as published", networks, there, published),
        ResultTable(
            "Search of IOS-Both in s, as published",
            ("network", "search in s"),
            tuple((network, ios.search_s.get(network)) for network in networks),
            published,
        ),
    )
    chart = throughput_bars("Schedules on batch size one", networks, shown)
    return ExperimentResult("schedules", "Comparison of schedules", tables, (chart,))


def _table(
    title: str, networks: tuple[str, ...], latencies: Mapping[str, Sequence[float | None]], source: str
) -> ResultTable:
    columns = ("schedule", *networks, "geometric mean")
    rows = tuple((name, *row, geometric_mean(row)) for name, row in latencies.items())
    return ResultTable(title, columns, rows, source)
