"""`warploom build`: a plan file from a model, a recording or another plan file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from warploom.cli.options import (
    MODEL,
    OUTPUT,
    PRECISION,
    SEARCH,
    Batch,
    BuildLog,
    Calibration,
    CalibrationMethod,
    CalibrationMethodName,
    ErrorBudget,
    Mode,
    ModeName,
    PrecisionName,
    ShapeList,
    Verify,
    WorkspaceLimit,
    parse_shapes,
)

_OF_MODELS = ("mode", "search_seconds", "error_budget", "calibrate", "calibration_method")
_NOT_OF_PLANS = ("batch", "batches", "shape", "profile", "precision", "workspace_mb", "verify")


def build(
    context: typer.Context,
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="An ONNX file, a .warploom or a .plan file.", show_default=False)
    ],
    device: Annotated[
        str | None,
        typer.Option("--device", help="Where it shall run.", show_default="auto, or the recording's"),
    ] = None,
    batch: Batch = None,
    batches: Annotated[
        str | None,
        typer.Option(
            "--batches",
            metavar="1,8,16",
            help="Batch sizes of a plan that picks among them.",
            rich_help_panel=MODEL,
        ),
    ] = None,
    shape: ShapeList = None,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            "--profile",
            metavar="NAME=MIN:OPT:MAX",
            help="Shapes of an input, one plan each: x=1,3,224,224:1,3,480,640. The same number for every input.",
            rich_help_panel=MODEL,
        ),
    ] = None,
    mode: ModeName = Mode.BOTH,
    search_seconds: Annotated[
        float,
        typer.Option(
            "--search-seconds", min=0.01, help="Of the search for each shape of a model.", rich_help_panel=SEARCH
        ),
    ] = 25.0,
    workspace_mb: WorkspaceLimit = None,
    precision: Annotated[
        PrecisionName | None,
        typer.Option(
            help="Arithmetic of operators.", show_default="fp32, or the recording's", rich_help_panel=PRECISION
        ),
    ] = None,
    error_budget: ErrorBudget = None,
    calibrate: Calibration = None,
    calibration_method: CalibrationMethodName = CalibrationMethod.MSE,
    verify: Verify = True,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE.plan",
            help="The plan.",
            show_default="./SOURCE.plan",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    log: BuildLog = False,
) -> None:
    """Make a plan file: schedule, kernels and weights, ready to answer requests."""
    from warploom.api import build as build_plan
    from warploom.cli.interrupt import InterruptFlag, kept
    from warploom.cli.plan_text import describe
    from warploom.cli.progress import open_progress
    from warploom.graph import Precision
    from warploom.report.remarks import RANDOM_CALIBRATION

    path = output or Path(f"{source.stem}.plan")
    from_model = source.suffix not in (".plan", ".warploom")
    if not from_model:
        _refuse(context, source, (*_OF_MODELS, *_NOT_OF_PLANS) if source.suffix == ".plan" else _OF_MODELS)
    with open_progress(log=log) as view, InterruptFlag() as interrupted:
        options: dict[str, Any] = {
            "mode": mode.value,
            "search_seconds": search_seconds,
            "cancelled": interrupted.is_set,
            "error_budget": error_budget,
            "calibrate": calibrate,
            "calibration_method": calibration_method.value,
        }
        plan = build_plan(
            source,
            path,
            device=device,
            precision=None if precision is None else precision.value,
            batch=_batches(batch, batches),
            shapes=parse_shapes(shape),
            profiles=parse_profiles(profile),
            workspace_mb=workspace_mb,
            verify=verify,
            progress=view.show,
            **(options if from_model else {}),
        )
    with plan:
        for line in describe(plan, path):
            typer.echo(line)
    if from_model and plan.facts.precision is Precision.INT8 and calibrate is None:
        typer.echo(f"! {RANDOM_CALIBRATION}")
    if from_model and interrupted.is_set():
        raise kept(path)


def _refuse(context: typer.Context, source: Path, parameters: Sequence[str]) -> None:
    """Refuses options about what a recording or a plan has decided already: ignored, they would mislead.

    Raises:
        typer.BadParameter: Naming the first of them that was given.
    """
    for parameter in context.command.params:
        name = parameter.name or ""
        how = context.get_parameter_source(name)  # DEFAULT, or from the command line
        if name in parameters and how is not None and how.name != "DEFAULT":
            raise typer.BadParameter(
                f"{parameter.opts[0]} goes with a model: {source.name} has decided that already; build from the model."
            )


def parse_profiles(texts: list[str] | None) -> dict[str, tuple[tuple[int, ...], ...]]:
    """Turns "x=1,3,224,224:8,3,224,224" into shapes by input name.

    Raises:
        typer.BadParameter: Naming the text that is not of that form, or says something twice.
    """
    profiles: dict[str, tuple[tuple[int, ...], ...]] = {}
    for text in texts or ():
        name, separator, several = text.rpartition("=")
        if not separator or not name:
            raise typer.BadParameter(f"--profile {text!r} is not of the form NAME=MIN:OPT:MAX.")
        if name in profiles:
            raise typer.BadParameter(f"--profile gives the input {name!r} twice.")
        profiles[name] = tuple(parse_shapes([f"{name}={one}"])[name] for one in several.split(":"))
    return profiles


def _batches(batch: int | None, batches: str | None) -> int | tuple[int, ...] | None:
    if batches is None:
        return batch
    if batch is not None:
        raise typer.BadParameter("--batch and --batches exclude each other.")
    try:
        sizes = tuple(int(part) for part in batches.split(","))
    except ValueError:
        raise typer.BadParameter(f"--batches {batches!r} is not a list of whole numbers such as 1,8,16.") from None
    if any(size < 1 for size in sizes):
        raise typer.BadParameter(f"--batches {batches!r} has a size below 1.")
    return sizes
