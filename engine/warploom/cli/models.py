"""`warploom models`: the sample networks, listed and built."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="List the sample networks, or build one as an ONNX file.")


@app.command("list")
def list_models() -> None:
    """List the recipes and the ready files."""
    from rich.table import Table

    from warploom.cli.console import stdout_console
    from warploom.samples.bundled import bundled_models
    from warploom.samples.recipes import RECIPES

    table = Table("recipe", "what it is", box=None, pad_edge=False)
    for recipe in RECIPES.values():
        table.add_row(recipe.name, recipe.description)
    stdout_console().print(table)
    typer.echo("\nReady files:")
    for path in bundled_models():
        typer.echo(f"  {path}")


@app.command("build")
def build_model(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A recipe (see warploom models list).", show_default=False)
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE.onnx", help="The file to write.", show_default=False)
    ],
    batch: Annotated[int, typer.Option("--batch", min=1, help="Batch size.")] = 1,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the random weights.")] = 0,
    light: Annotated[bool, typer.Option("--light", help="Leave the weights out: a tiny file for schedules.")] = False,
) -> None:
    """Build a sample network with seeded random weights."""
    from warploom.samples.recipes import build
    from warploom.worker.output import check_output

    check_output(output)
    build(name, output, batch=batch, seed=seed, light=light)
    typer.echo(str(output))
