"""`warploom peers`: what experiments can run beside, and which adapters have run on a GPU."""

from __future__ import annotations

import typer


def peers() -> None:
    """List what users run instead of Warploom, for --peers of experiments."""
    from rich.table import Table

    from warploom.cli.console import stdout_console
    from warploom.peers.listing import list_peers

    table = Table("peer", "what runs", "here", "adapter", box=None, pad_edge=False)
    for peer in list_peers():
        adapter = "untested: it never ran on a GPU" if peer.untested else "tested"
        table.add_row(peer.name, peer.title, peer.reason or f"version {peer.version}", adapter)
    stdout_console().print(table)
    typer.echo("\nwarploom experiment frameworks --peers A,B runs some of them beside the schedules.")
