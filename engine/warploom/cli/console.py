"""The console that tables are printed on."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
