"""`warploom doctor`: looks for everything that a CUDA device needs, and says how to mend what is missing."""

from __future__ import annotations

from typing import Annotated

import typer


def doctor(json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False) -> None:
    """Check driver, GPU, libraries, profiling permission and clocks; nothing is changed."""
    from warploom.device.cuda.doctor_facts import State, examine

    findings = examine()
    if json:
        import msgspec

        typer.echo(msgspec.json.encode(findings).decode())
        return
    from rich.markup import escape
    from rich.table import Table

    from warploom.cli.console import stdout_console

    styles = {State.OK: "green", State.WARNING: "yellow", State.MISSING: "red"}
    table = Table("", "subject", "found", "what helps", box=None, pad_edge=False)
    for finding in findings:
        state = f"[{styles[finding.state]}]{finding.state}[/]"
        table.add_row(state, finding.subject, escape(finding.text), escape(finding.remedy))
    stdout_console().print(table)
    missing = [finding.subject for finding in findings if finding.state is State.MISSING]
    if missing:
        typer.echo(f"\nCUDA devices cannot be used: {', '.join(missing)} missing. Simulated ones always can.")
