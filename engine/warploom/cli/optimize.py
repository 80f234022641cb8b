"""`warploom optimize`: import, search, measure, verify, profile, save."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from warploom.cli.options import (
    HOST,
    MEASURING,
    OUTPUT,
    PRECISION,
    SEARCH,
    Batch,
    BuildLog,
    Calibration,
    CalibrationMethod,
    CalibrationMethodName,
    DeviceName,
    ErrorBudget,
    Mode,
    ModelFile,
    ModeName,
    PrecisionName,
    ShapeList,
    Verify,
    WorkspaceLimit,
    parse_shapes,
)

MAX_REPEATS = 100_000


def optimize(
    model: ModelFile,
    device: DeviceName = "auto",
    batch: Batch = None,
    shape: ShapeList = None,
    mode: ModeName = Mode.BOTH,
    group_operators: Annotated[
        int,
        typer.Option(
            "-r", "--max-group-operators", min=1, max=16, help="Operators in one group.", rich_help_panel=SEARCH
        ),
    ] = 3,
    stage_groups: Annotated[
        int,
        typer.Option("-s", "--max-stage-groups", min=1, max=64, help="Groups in one stage.", rich_help_panel=SEARCH),
    ] = 8,
    search_seconds: Annotated[
        float,
        typer.Option(
            "--search-seconds",
            min=0.01,
            help="The search ends after this time with its best.",
            rich_help_panel=SEARCH,
        ),
    ] = 25.0,
    schedule: Annotated[
        Path | None,
        typer.Option(
            "--schedule",
            metavar="FILE",
            help="Run this saved schedule (schedule-json, or of IOS): no search.",
            rich_help_panel=SEARCH,
        ),
    ] = None,
    workspace_mb: WorkspaceLimit = None,
    precision: Annotated[
        PrecisionName,
        typer.Option(help="Arithmetic of operators; auto decides for each.", rich_help_panel=PRECISION),
    ] = PrecisionName.FP32,
    error_budget: ErrorBudget = None,
    calibrate: Calibration = None,
    calibration_method: CalibrationMethodName = CalibrationMethod.MSE,
    repeats: Annotated[
        int,
        typer.Option(
            "--repeats", min=1, max=MAX_REPEATS, help="Measurements of each schedule.", rich_help_panel=MEASURING
        ),
    ] = 50,
    verify: Verify = True,
    profile: Annotated[
        bool,
        typer.Option(
            "--profile/--no-profile",
            help="Trace and sample schedules on a GPU; it takes seconds, and timelines are estimated without.",
            rich_help_panel=MEASURING,
        ),
    ] = True,
    sample_interval: Annotated[
        int,
        typer.Option(
            "--sample-interval-ns",
            help="Time from one hardware sample of a profile to the next.",
            rich_help_panel=MEASURING,
        ),
    ] = 1000,
    counters: Annotated[
        list[str] | None,
        typer.Option(
            "--counters",
            metavar="SET",
            help="Sample these too: tensor, dram, l2 (may be given again).",
            rich_help_panel=MEASURING,
        ),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(
            "--host", metavar="USER@HOST", help="Run on another machine, over ssh with a key.", rich_help_panel=HOST
        ),
    ] = None,
    host_command: Annotated[
        str,
        typer.Option("--host-command", help="The command that starts Warploom on that machine.", rich_help_panel=HOST),
    ] = "warploom",
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE.warploom",
            help="The recording.",
            show_default="./MODEL.warploom",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    json: Annotated[
        bool,
        typer.Option("--json", help="Print one JSON object on stdout and nothing else.", rich_help_panel=OUTPUT),
    ] = False,
    log: BuildLog = False,
) -> None:
    """Find a fast schedule for a model, compare it with the sequential one and save the comparison."""
    from warploom.cli.interrupt import kept
    from warploom.cli.run_job import run_optimize
    from warploom.worker.messages import OptimizeOptions
    from warploom.worker.remote import RemoteHost

    if model.suffix == ".warploom":
        raise typer.BadParameter(f"{model} is a recording: warploom show prints it; give the .onnx file to optimize.")
    options = OptimizeOptions(
        device=device,
        mode=mode.value,
        max_group_operators=group_operators,
        max_stage_groups=stage_groups,
        batch=batch,
        shapes=parse_shapes(shape),
        precision=precision.value,
        error_budget=error_budget,
        calibrate=None if calibrate is None else str(calibrate),
        calibration_method=calibration_method.value,
        repeats=repeats,
        verify=verify,
        search_seconds=search_seconds,
        schedule=None if schedule is None else str(schedule),
        workspace_mb=workspace_mb,
        profile=profile,
        sample_interval_ns=sample_interval,
        counters=tuple(part for text in counters or () for part in text.split(",") if part),
    )
    remote = None if host is None else RemoteHost(host, host_command)
    outcome = run_optimize(model, output or Path(f"{model.stem}.warploom"), options, log=log, host=remote)
    if json:
        from warploom.cli.console import print_json

        print_json(outcome.summary)
    else:
        from warploom.cli.comparison import print_comparison
        from warploom.recording.file import read_recording

        print_comparison(read_recording(outcome.recording))
        typer.echo(f"\nRecording: {outcome.recording}")
    if outcome.cancelled:
        raise kept(outcome.recording)
