"""`warploom optimize`: import, search, measure, verify, profile, save."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from warploom.cli.options import (
    Batch,
    Calibration,
    CalibrationMethod,
    CalibrationMethodName,
    DeviceName,
    ErrorBudget,
    Mode,
    ModelFile,
    PrecisionName,
    ShapeList,
    parse_shapes,
)

MAX_REPEATS = 100_000


def optimize(
    model: ModelFile,
    device: DeviceName = "auto",
    mode: Annotated[
        Mode, typer.Option(help="Let one scheduler compete with the sequential schedule, or all of them (both).")
    ] = Mode.BOTH,
    group_operators: Annotated[
        int, typer.Option("-r", "--max-group-operators", min=1, max=16, help="Operators in one group.")
    ] = 3,
    stage_groups: Annotated[
        int, typer.Option("-s", "--max-stage-groups", min=1, max=64, help="Groups in one stage.")
    ] = 8,
    search_seconds: Annotated[
        float, typer.Option("--search-seconds", min=0.01, help="The search ends after this time with its best.")
    ] = 25.0,
    schedule: Annotated[
        Path | None,
        typer.Option(
            "--schedule", metavar="FILE", help="Run this saved schedule (schedule-json, or of IOS): no search."
        ),
    ] = None,
    batch: Batch = None,
    shape: ShapeList = None,
    precision: Annotated[
        PrecisionName, typer.Option(help="Arithmetic of operators; auto decides for each.")
    ] = PrecisionName.FP32,
    error_budget: ErrorBudget = None,
    calibrate: Calibration = None,
    calibration_method: CalibrationMethodName = CalibrationMethod.MSE,
    workspace_mb: Annotated[
        int | None, typer.Option("--workspace-mb", min=0, help="Largest workspace of a library's kernel, in MiB.")
    ] = None,
    host: Annotated[
        str | None,
        typer.Option("--host", metavar="USER@HOST", help="Run on another machine, over ssh with a key."),
    ] = None,
    host_command: Annotated[
        str, typer.Option("--host-command", help="The command that starts Warploom on that machine.")
    ] = "warploom",
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE.warploom", help="The recording.", show_default="./MODEL.warploom"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")] = False,
    log: Annotated[bool, typer.Option("--log", help="Print the build log: every decision with its reason.")] = False,
    verify: Annotated[bool, typer.Option("--verify/--no-verify", help="Compare outputs with a reference.")] = True,
    repeats: Annotated[
        int, typer.Option("--repeats", min=1, max=MAX_REPEATS, help="Measurements of each schedule.")
    ] = 50,
    sample_interval: Annotated[
        int, typer.Option("--sample-interval-ns", help="Time from one hardware sample of a profile to the next.")
    ] = 1000,
    counters: Annotated[
        list[str] | None,
        typer.Option("--counters", metavar="SET", help="Sample these too: tensor, dram, l2 (may be given again)."),
    ] = None,
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
