"""What is printed on stdout: tables for people, one JSON object for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 240
"""Columns assumed where stdout is no terminal: lines of files and pipes are not folded at 80."""


def stdout_console() -> Console:
    """A console on stdout that adds no colour of its own to figures."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console


def print_json(values: Mapping[str, object]) -> None:
    """Prints one JSON object on stdout."""
    import json

    typer.echo(json.dumps(values, indent=2, allow_nan=False))
