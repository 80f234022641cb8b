"""Prints the outcome of the main job: the verdict line, then one row per schedule."""

from __future__ import annotations

from typing import Any


def print_comparison(summary: dict[str, Any]) -> None:
    """Prints the summary of a recording (the object of `--json`) for people."""
    from warploom.cli.console import stdout_console

    console = stdout_console()
    console.print(verdict(summary), style="bold", markup=False, soft_wrap=True)
    console.print(_schedule_table(summary))
    search = summary["search"]
    console.print(
        f"{summary['operators']:,} operators, batch {summary['batch']}, {summary['precision']}; search "
        f"{search['seconds']:.2f} s, {search['stages_costed']:,} stages costed, {search['states']:,} states",
        markup=False,
        soft_wrap=True,
    )


def verdict(summary: dict[str, Any]) -> str:
    """One sentence: from what to what, how much faster, on what."""
    median = {schedule["name"]: schedule["latency_us"]["median"] for schedule in summary["schedules"]}
    device = summary["device"]
    name = device["name"]
    if device["simulated"] and "simulated" not in name.lower():
        name = f"{name} (simulated)"
    before, after = median.get("sequential", 0.0), median[summary["chosen"]]
    return (
        f"{summary['model']}: {latency_text(before)} -> {latency_text(after)}, {summary['speedup']:.2f}x faster "
        f"({summary['chosen']}) on {name}"
    )


def latency_text(latency_us: float) -> str:
    """A latency with the unit that suits its size."""
    return f"{latency_us / 1000:.3f} ms" if latency_us >= 1000 else f"{latency_us:.1f} us"


def _schedule_table(summary: dict[str, Any]) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("schedule")
    for heading in ("median us", "p25", "p75", "speedup", "stages", "streams", "active warps"):
        table.add_column(heading, justify="right")
    base = next((s["latency_us"]["median"] for s in summary["schedules"] if s["name"] == "sequential"), None)
    for schedule in summary["schedules"]:
        chosen = schedule["name"] == summary["chosen"]
        table.add_row(*_row(schedule, base, chosen), style="bold" if chosen else None)
    return table


def _row(schedule: dict[str, Any], base: float | None, chosen: bool) -> list[str]:
    latency = schedule["latency_us"]
    warps = schedule.get("active_warps_mean")
    return [
        schedule["name"] + (" (chosen)" if chosen else ""),
        f"{latency['median']:,.1f}",
        f"{latency['p25']:,.1f}",
        f"{latency['p75']:,.1f}",
        f"{base / latency['median']:.2f}x" if base and latency["median"] else "",
        str(schedule["stages"]),
        str(schedule["streams"]),
        "" if warps is None else f"{warps:,.0f}",
    ]
