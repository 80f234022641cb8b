"""`warploom experiment`: repeats the published experiments on the device at hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from warploom.errors import CommandError

if TYPE_CHECKING:
    from warploom.experiments.result import ResultTable

NAMES = (
    "schedules",
    "frameworks",
    "utilization",
    "batch-specialization",
    "device-specialization",
    "pruning",
    "batch-sizes",
    "intra-inter",
)


def experiment(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"One of {', '.join(NAMES)}.", show_default=False)],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where results and what resumes them are kept.")
    ] = Path("out/experiments"),
    device: Annotated[str, typer.Option("--device", help="cuda:0, sim:h200, ... (see warploom devices).")] = "auto",
    precision: Annotated[str, typer.Option("--precision", help="fp32, tf32, fp16 or bf16.")] = "fp16",
    networks: Annotated[
        str | None, typer.Option("--networks", metavar="A,B", help="Recipes or .onnx files, in place of the paper's.")
    ] = None,
    peers: Annotated[
        str | None, typer.Option("--peers", metavar="A,B", help='Peers to run beside; "" for none. Default: all.')
    ] = None,
    peer_seconds: Annotated[
        float, typer.Option("--peer-seconds", min=1, help="How long a peer may take to compile and tune.")
    ] = 900.0,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="Samples of each latency.")] = 50,
    search_seconds: Annotated[float, typer.Option("--search-seconds", min=0.1, help="Bound of each search.")] = 60.0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Use nothing that an earlier run kept.")] = False,
) -> None:
    """Repeat an experiment of the IOS paper; run it again to go on where it stopped."""
    from warploom.cli.interrupt import InterruptFlag
    from warploom.experiments.laboratory import Laboratory, LaboratorySettings
    from warploom.experiments.registry import EXPERIMENTS
    from warploom.experiments.writing import write_result
    from warploom.graph.precision import UNIFORM

    if name not in EXPERIMENTS:
        raise CommandError(f"There is no experiment {name!r}; there are {', '.join(EXPERIMENTS)}.")
    precisions = [choice.value for choice in UNIFORM]
    if precision not in precisions:
        raise CommandError(f"Experiments run in {', '.join(precisions)}, not in {precision!r}.")
    settings = LaboratorySettings(
        device, precision, repeats, search_seconds, _names(peers), _names(networks) or None, fresh, peer_seconds
    )
    _note(EXPERIMENTS[name].question)
    with InterruptFlag() as interrupted:
        laboratory = Laboratory(output, settings, _note, interrupted.is_set)
        result = EXPERIMENTS[name].run(laboratory)
    for table in result.tables:
        _print(table)
    for note in result.notes:
        typer.echo(f"- {note}")
    page, *_ = write_result(result, output)
    typer.echo(f"\n{page}")


def _note(text: str) -> None:
    typer.echo(text, err=True)


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())


def _print(table: ResultTable) -> None:
    from rich.table import Table

    from warploom.cli.console import stdout_console
    from warploom.experiments.writing import show_cell

    shown = Table(box=None, pad_edge=False)
    for number, column in enumerate(table.columns):
        shown.add_column(column, justify="left" if number == 0 else "right")
    for row in table.rows:
        shown.add_row(*map(show_cell, row))
    typer.echo(f"\n{table.title}")
    stdout_console().print(shown)
    typer.echo(f"({table.source})")
