"""`warploom devices`: lists the devices of this machine."""

from __future__ import annotations


def devices() -> None:
    """List the devices: NVIDIA GPUs found here, and simulated ones."""
    import typer
    from rich.table import Table

    from warploom.cli.console import stdout_console
    from warploom.worker.devices import list_for_user

    listing = list_for_user(0)
    table = Table("device", "name", "kind", "note", box=None, pad_edge=False)
    for entry in listing.devices:
        kind = "simulated" if entry.simulated else "hardware"
        marker = " (auto)" if entry.id == listing.default else ""
        table.add_row(
            entry.id + marker, entry.name, kind, entry.note if entry.available else f"not usable: {entry.note}"
        )
    stdout_console().print(table)
    typer.echo(f"\nauto means {listing.default}. {listing.why}")
