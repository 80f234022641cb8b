"""`warploom diff`: compares two recordings, for people and for continuous integration."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from warploom.report.diff import LatencyDiff, OperatorDiff, RecordingDiff

EXIT_REGRESSION = 1
NOTEWORTHY_US = 0.005
"""What rounds to nothing in the table is left out of it."""


def diff(
    before: Annotated[Path, typer.Argument(metavar="A", help="The recording compared with.", show_default=False)],
    after: Annotated[Path, typer.Argument(metavar="B", help="The recording to judge.", show_default=False)],
    fail_if_slower: Annotated[
        str | None,
        typer.Option("--fail-if-slower", metavar="5%", help="Exit code 1 if B is slower by more, and not by noise."),
    ] = None,
    schedule: Annotated[
        str, typer.Option("--schedule", metavar="NAME", help="Which schedule to judge: a name that both have.")
    ] = "chosen",
    top: Annotated[int, typer.Option("--top", min=0, help="Operators in the table, by the size of their change.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object with every operator.")] = False,
) -> int:
    """Compare two recordings operator by operator; with a limit, exit code 1 says that B is slower."""
    from warploom.recording.file import read_recording
    from warploom.report.diff import diff_recordings, refuse_unfair

    limit = None if fail_if_slower is None else parse_limit(fail_if_slower)
    first, second = read_recording(before), read_recording(after)
    if limit is not None:
        refuse_unfair(first, second)
    found = diff_recordings(first, second, schedule)
    regression = limit is not None and found.is_regression(limit)
    if json:
        from warploom.cli.console import print_json

        print_json(_as_json(found, str(before), str(after), limit, regression=regression))
    else:
        _print(found, top, limit, regression=regression)
    return EXIT_REGRESSION if regression else 0


def parse_limit(text: str) -> float:
    """Turns "5%" (or "5") into 0.05.

    Raises:
        typer.BadParameter: If it is no percentage, or negative.
    """
    try:
        value = float(text.strip().removesuffix("%"))
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise typer.BadParameter(f"--fail-if-slower {text!r} is not a percentage such as 5%.")
    return value / 100


def _print(found: RecordingDiff, top: int, limit: float | None, *, regression: bool) -> None:
    from warploom.cli.console import stdout_console

    console = stdout_console()
    for line in found.differences:
        console.print(f"! {line}", style="yellow", markup=False, soft_wrap=True)
    console.print(_latency_table(found))
    console.print()
    same = ("name", "structure")
    changed = [one for one in found.operators if abs(one.delta_us) >= NOTEWORTHY_US or one.how not in same]
    shown = sorted(changed, key=lambda one: -abs(one.delta_us))[:top]
    if shown:
        console.print(_operator_table(found, sorted(shown, key=lambda one: -one.delta_us)))
    console.print(_rest(found, len(shown)), markup=False, soft_wrap=True)
    console.print(_conclusion(found.judged, limit, regression=regression), style="bold", markup=False, soft_wrap=True)


def _latency_table(found: RecordingDiff) -> Table:
    from rich.table import Table
    from rich.text import Text

    from warploom.units import time_unit

    unit = time_unit(max(max(one.before.median_us, one.after.median_us) for one in found.latencies))
    table = Table(box=None, pad_edge=False)
    for title, side in (
        ("latency", "left"), (f"A {unit.name}", "right"), ("A quartiles", "right"), (f"B {unit.name}", "right"),
        ("B quartiles", "right"), ("change", "right"), ("", "left"),
    ):  # fmt: skip
        table.add_column(title, justify="right" if side == "right" else "left")
    for one in found.latencies:
        quartiles = [f"{unit.text(side.p25_us)} … {unit.text(side.p75_us)}" for side in (one.before, one.after)]
        medians = [unit.text(side.median_us) for side in (one.before, one.after)]
        table.add_row(
            Text(one.name), medians[0], quartiles[0], medians[1], quartiles[1], _percent(one.change), _word(one),
            style=_style(one.change, noisy=one.within_noise),
        )  # fmt: skip
    return table


def _operator_table(found: RecordingDiff, operators: list[OperatorDiff]) -> Table:
    from rich.table import Table
    from rich.text import Text

    from warploom.units import change_text, number_text

    table = Table(box=None, pad_edge=False)
    table.add_column(Text(f"operator, {found.judged.name}"))
    for title in ("A µs", "B µs", "change µs", "change"):
        table.add_column(title, justify="right")
    table.add_column("")
    for one in operators:
        note = {"structure": f"named {one.after_name} in B", "changed": "computes something else", "name": ""}
        words = note.get(one.how, f"in {'A' if one.how == 'only before' else 'B'} only")
        table.add_row(
            Text(one.label), number_text(one.before_us, 2), number_text(one.after_us, 2), change_text(one.delta_us, 2),
            "–" if one.change is None else _percent(one.change),
            Text(", ".join(part for part in (words, "within noise" if one.within_noise else "") if part)),
            style=_style(math.copysign(1.0, one.delta_us), noisy=one.within_noise),
        )  # fmt: skip
    return table


def _rest(found: RecordingDiff, shown: int) -> str:
    rest = len(found.operators) - shown
    one_sided = sum(one.after_name is None or one.before_us is None for one in found.operators)
    more = f"{rest:,} more operators changed less" if shown else f"None of {rest:,} operators changed noticeably"
    parts = [more] if rest > 0 else []
    if one_sided:
        parts.append(f"{one_sided:,} of {len(found.operators):,} are in one recording only")
    return ("; ".join(parts) + ".\n") if parts else ""


def _conclusion(judged: LatencyDiff, limit: float | None, *, regression: bool) -> str:
    text = f"B is {_word(judged)}: {judged.name} {_percent(judged.change)}"
    if limit is None:
        return f"{text}."
    if regression:
        return f"{text}, more than the {100 * limit:g}% allowed."
    if judged.change > limit:
        return f"{text}, more than the {100 * limit:g}% allowed, but the interquartile ranges overlap: no regression."
    return f"{text}, within the {100 * limit:g}% allowed."


def _word(one: LatencyDiff) -> str:
    if one.before == one.after:
        return "as fast"
    if one.within_noise:
        return "as fast within noise"
    return "slower" if one.change > 0 else "faster"


def _percent(change: float) -> str:
    text = f"{100 * change:+.1f}%"
    return "0.0%" if text in ("+0.0%", "-0.0%") else text


def _style(change: float, *, noisy: bool | None) -> str:
    return "dim" if noisy else "red" if change > 0 else "green" if change < 0 else ""


def _as_json(
    found: RecordingDiff, before: str, after: str, limit: float | None, *, regression: bool
) -> dict[str, Any]:  # fmt: skip
    return {
        "before": before,
        "after": after,
        "differences": list(found.differences),
        "judged": _latency_json(found.judged),
        "limit": limit,
        "regression": regression,
        "latencies": [_latency_json(one) for one in found.latencies],
        "operators": [
            {
                "name": one.name, "label": one.label, "after_name": one.after_name, "match": one.how,
                "before_us": one.before_us, "after_us": one.after_us, "delta_us": one.delta_us, "change": one.change,
                "within_noise": one.within_noise,
            }
            for one in found.operators
        ],
    }  # fmt: skip


def _latency_json(one: LatencyDiff) -> dict[str, Any]:
    sides = {
        key: {"median": side.median_us, "p25": side.p25_us, "p75": side.p75_us}
        for key, side in (("before_us", one.before), ("after_us", one.after))
    }
    return {"name": one.name, **sides, "change": one.change, "within_noise": one.within_noise}
