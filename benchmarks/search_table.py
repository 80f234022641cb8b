"""Prints what the section search of a results file holds, as the Markdown tables of docs/search.md.

Run: .venv/bin/python benchmarks/search_table.py benchmarks/results/nvidia-h200-DATE-search.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gpu import SEARCH_TARGETS
from warploom.schedule.modes import MODES

COLUMNS = MODES["both"].schedulers


def main() -> None:
    rows = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["search"]["rows"]
    rows = [row for row in rows if "failure" not in row["search"]]
    for line in (*outcomes(rows), "", *schedulers(rows), "", *gaps(rows)):
        print(line)


def name_of(row: Mapping[str, Any]) -> str:
    name = str(row["network"]).removeprefix("recipe_")
    return name if row["batch"] == 1 else f"{name}, batch {row['batch']}"


def outcomes(rows: list[dict[str, Any]]) -> Iterator[str]:
    """What was chosen against what is asked for."""
    names = "network", "sequential, us", "chosen, us (at most)", "scheduler", "speedup (at least)"
    yield f"| {' | '.join((*names, 'floor, us', 'search, s (at most)'))} |"
    yield "| --- | ---: | ---: | --- | ---: | ---: | ---: |"
    for row in rows:
        found = row["search"]
        targets = SEARCH_TARGETS.get(row["network"]) if row["batch"] == 1 else None
        ms, speedup, seconds = (f" ({value:g})" for value in targets) if targets else ("", "", "")
        ms = f" ({targets[0] * 1e3:g})" if targets else ""
        yield (
            f"| {name_of(row)} | {found['sequential_us']:.1f} | {found['chosen_us']:.1f}{ms} | `{found['chosen']}` | "
            f"{found['speedup']:.2f}{speedup} | {found['floor_us']:.1f} | {found['search_s']:.1f}{seconds} |"
        )


def schedulers(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Every scheduler's measured median; the fastest of each row is marked."""
    yield "| network | " + " | ".join(f"`{name}`" for name in COLUMNS) + " |"
    yield "| --- |" + " ---: |" * len(COLUMNS)
    for row in rows:
        found = {name.removeprefix("ios-"): one["median_us"] for name, one in row["search"]["schedules"].items()}
        best = min(found.values())
        cells = [_cell(found.get(name), best) for name in COLUMNS]
        yield f"| {name_of(row)} | " + " | ".join(cells) + " |"


def _cell(latency_us: float | None, best_us: float) -> str:
    if latency_us is None:
        return "-"
    return f"**{latency_us:.1f}**" if latency_us == best_us else f"{latency_us:.1f}"


def gaps(rows: list[dict[str, Any]]) -> Iterator[str]:
    """The sum of measured stages against the end-to-end latency, for the plans that have stages."""
    yield "| network | schedule | stages | sum of stages, us | end to end, us | gap |"
    yield "| --- | --- | ---: | ---: | ---: | ---: |"
    for row in rows:
        for name, one in row["search"]["schedules"].items():
            if "stages_sum_us" in one and name in ("sequential", "ios-both"):
                yield (
                    f"| {name_of(row)} | `{name}` | {one['stages']} | {one['stages_sum_us']:.1f} | "
                    f"{one['median_us']:.1f} | {100 * one['gap']:.1f} % |"
                )


if __name__ == "__main__":
    main()
