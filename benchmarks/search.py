"""Times the schedule search on the four reference problems, with the original's rule and with our own.

Run: .venv/bin/python benchmarks/search.py FOLDER

FOLDER holds ios_dp_<network>.json: the search problems of the networks of the IOS paper with a table cost, and what the
original search found and how long it took (one 2.5 GHz Xeon core). Every stage is costed here too.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path

from warploom.cost.table import TableProblem, read_problem
from warploom.schedule.ios import PARALLEL, search
from warploom.schedule.search import SearchLimits, SearchResult, SilentObserver

NETWORKS = ("squeezenet", "inception_v3", "randwire_large", "nasnet_large")
ROW = "{:15} {:9} {:>10} {:>8} {:>10} {:>12} {:>9} {:>10}  {}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    print(ROW.format("network", "limits", "rule", "states", "stages", "optimum ms", "seconds", "original", "agrees"))
    totals = {True: 0.0, False: 0.0}
    for network in NETWORKS:
        problem = read_problem(folder / f"ios_dp_{network}.json")
        for limits in problem.expected:
            for original_rule in (True, False):
                seconds = print_row(network, problem, limits, original_rule=original_rule)
                if limits == "r=3,s=8":
                    totals[original_rule] += seconds
    print(f"r=3,s=8 in total: original rule {totals[True]:.2f} s, own rule {totals[False]:.2f} s")


def print_row(network: str, problem: TableProblem, key: str, *, original_rule: bool) -> float:
    """Searches one problem; returns the processor time that it took."""
    r, s = (int(item.split("=")[1]) for item in key.split(","))
    limits = SearchLimits(r, s, original_rule=original_rule, costed_exhaustively=10**9)
    start = time.process_time()
    result = search(problem.graph, problem.cost_model, limits, SilentObserver(), mode=PARALLEL, parts=problem.parts)
    seconds = time.process_time() - start
    expected = problem.expected[key]
    print(
        ROW.format(
            network,
            key,
            "original" if original_rule else "own",
            result.states,
            result.stages_costed,
            f"{result.latency_us / 1000:.6f}",
            f"{seconds:.3f}",
            f"{expected['original_dp_seconds']:.3f}" if original_rule else "",
            verdict(result, expected, original_rule=original_rule),
        )
    )
    return seconds


def verdict(result: SearchResult, expected: Mapping[str, float], *, original_rule: bool) -> str:
    """Whether the optimum and the counts are the original's, or by how much the optimum is lower."""
    difference = result.latency_us / 1000 - expected["optimum_ms"]
    if not original_rule:
        return f"{100 * difference / expected['optimum_ms']:+.4f} %"
    counts = (result.states, result.stages_costed) == (expected["states"], expected["stages_costed"])
    return "exactly" if counts and abs(difference) < 1e-9 else "NO"


if __name__ == "__main__":
    main()
