"""Prints the outcome of the main job: the verdict line, then the comparison table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from warploom.recording.recording import Recording
    from warploom.report.table import ComparisonTable


def print_comparison(recording: Recording) -> None:
    """Prints what a recording compares, as the window and the reports show it."""
    from warploom.cli.console import stdout_console
    from warploom.report.remarks import remarks
    from warploom.report.table import comparison_table
    from warploom.report.verdict import verdict

    console = stdout_console()
    console.print(f"{recording.model.name}: {verdict(recording).text}", style="bold", markup=False, soft_wrap=True)
    console.print(_rich_table(comparison_table(recording)))
    console.print(_circumstances(recording), markup=False, soft_wrap=True)
    for line in remarks(recording):
        console.print(f"! {line}", style="yellow", markup=False, soft_wrap=True)


def print_timelines(recording: Recording) -> None:
    """Prints how the two timelines compared were made, where the time went, and what to know before believing it."""
    from rich.table import Table
    from rich.text import Text

    from warploom.cli.console import stdout_console
    from warploom.report.measured import fact_rows
    from warploom.report.pair import shown_pair
    from warploom.timeline.account import account, account_text
    from warploom.timeline.caveats import caveats

    pair = shown_pair(recording)
    timelines = [shown.candidate.timeline for shown in pair]
    table = Table(box=None, pad_edge=False)
    for title in ("timeline", *(shown.title for shown in pair)):
        table.add_column(title, overflow="fold")
    for row in fact_rows(timelines):
        table.add_row(row.name, *(Text(text) for text in row.texts))
    console = stdout_console()
    console.print()
    console.print(table)
    if len(pair) > 1:
        text = account_text(account(*timelines), pair[0].candidate.name, f"Schedule {pair[1].candidate.name}")
        console.print(f"\n{text}", markup=False, soft_wrap=True)
    for line in caveats(timelines):
        console.print(f"! {line}", style="yellow", markup=False, soft_wrap=True)


def _rich_table(comparison: ComparisonTable) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("")
    table.add_column("")
    for position, name in enumerate(comparison.columns):
        chosen = position == comparison.chosen
        table.add_column(name + (" *" if chosen else ""), justify="right", style="bold" if chosen else None)
    for row in comparison.rows:
        table.add_row(row.name, row.unit, *row.texts)
    return table


def _circumstances(recording: Recording) -> str:
    settings, search = recording.settings, recording.search
    return (
        f"* chosen. {len(recording.graph.operators):,} operators, batch {settings.batch}, {settings.precision.value}; "
        f"search {search.seconds:.2f} s, {search.stages_costed:,} stages costed, {search.states:,} states."
    )
