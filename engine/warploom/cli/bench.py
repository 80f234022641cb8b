"""`warploom bench`: what requests of a model or plan take, copies included."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from warploom.cli.options import MODEL, Batch, PrecisionName, ShapeList, parse_shapes
from warploom.cli.run_plan import Retune

if TYPE_CHECKING:
    from warploom.serving.bench import BenchReport, Quantiles
    from warploom.serving.plan import Plan


def bench(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="An ONNX, .warploom or .plan file.", show_default=False)
    ],
    fps: Annotated[float | None, typer.Option("--fps", min=0.001, help="Also pace requests as a camera does.")] = None,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, help="How long at that pace.")] = 3.0,
    depth: Annotated[int, typer.Option("--depth", min=1, max=16, help="The most frames in flight.")] = 3,
    frames: Annotated[int, typer.Option("--frames", min=20, help="Frames of each stream.")] = 200,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="Requests of each kind.")] = 100,
    device: Annotated[str | None, typer.Option("--device", help="Where to run.")] = None,
    precision: Annotated[PrecisionName | None, typer.Option(help="Of a model.", rich_help_panel=MODEL)] = None,
    batch: Batch = None,
    shape: ShapeList = None,
    workspace_mb: Annotated[
        int | None, typer.Option("--workspace-mb", min=0, help="Of a model's kernels.", rich_help_panel=MODEL)
    ] = None,
    search_seconds: Annotated[
        float | None,
        typer.Option("--search-seconds", min=0.01, help="Of a model.", show_default="25.0", rich_help_panel=MODEL),
    ] = None,
    retune: Retune = False,
    timeline: Annotated[
        Path | None,
        typer.Option("--timeline", metavar="FILE.warploom", help="Save the timelines of requests, copies included."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")] = False,
) -> None:
    """Measure the model alone, whole requests, and streams of frames."""
    from warploom.serving.bench import BenchOptions, bench_plan

    options = BenchOptions(repeats=repeats, depth=depth, frames=frames, fps=fps, seconds=seconds)
    if timeline is not None:
        from warploom.worker.output import check_output

        check_output(timeline, source)
    more: dict[str, Any] = {"precision": precision, "batch": batch, "shape": shape, "workspace_mb": workspace_mb}
    more["search_seconds"] = search_seconds
    with _opened(source, device, more, retune=retune) as plan:
        report = bench_plan(plan, options, lambda text: typer.echo(f"measuring {text}", err=True))
        if timeline is not None:
            from warploom.recording.file import write_recording
            from warploom.serving.request_recording import request_recording

            write_recording(request_recording(plan, report, repeats), timeline)
    if json:
        import msgspec

        typer.echo(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
    else:
        _print_report(report)


def _opened(source: Path, device: str | None, options: dict[str, Any], *, retune: bool) -> Plan:
    if source.suffix == ".plan":
        from warploom.errors import CommandError
        from warploom.serving.opening import load_plan

        given = [name for name, value in options.items() if value is not None]
        if given:
            what = given[0].removesuffix("_mb").removesuffix("_seconds")
            raise CommandError(f"A plan has its {what} already: build another one to change it.")
        return load_plan(source, device=device, retune=retune)
    from warploom.api import build
    from warploom.cli.progress import open_progress

    precision = options["precision"]
    search_seconds = options["search_seconds"]
    search: dict[str, Any] = {} if search_seconds is None else {"search_seconds": search_seconds}
    with open_progress(log=False) as view:
        return build(
            source,
            device=device,
            precision=None if precision is None else precision.value,
            batch=options["batch"],
            shapes=parse_shapes(options["shape"]),
            workspace_mb=options["workspace_mb"],
            progress=view.show,
            verify=False,
            **search,
        )


def _print_report(report: BenchReport) -> None:
    from rich.table import Table

    from warploom.cli.console import stdout_console

    console = stdout_console()
    where = f"{report.device}{', simulated' if report.simulated else ''}"
    console.print(f"{report.model} on {where}, {report.precision}, {', '.join(report.shape)}", markup=False)
    table = Table("microseconds", *_columns("events"), *_columns("wall"), "", box=None, pad_edge=False)
    for row in report.latencies:
        table.add_row(row.title, *_cells(row.events), *_cells(row.wall), _mark(row.wall))
    table.add_row("copies in, pinned", *_cells(report.copy_in))
    table.add_row("copies out, pinned", *_cells(report.copy_out))
    console.print(table)
    stream = Table(
        "frames in flight", "frames/s", *_columns("period"), *_columns("latency"), "", box=None, pad_edge=False
    )
    for line in report.throughput:
        cells = (*_cells(line.period), *_cells(line.latency))
        stream.add_row(str(line.depth), f"{line.frames_per_s:,.0f}", *cells, _mark(line.period))
    console.print(stream)
    if report.camera is not None:
        found = report.camera.latency
        console.print(
            f"at {report.camera.fps:g} requests per second: {found.p50:,.1f} µs (p90 {found.p90:,.1f}, "
            f"p99 {found.p99:,.1f}) from idle, {report.camera.late} of {found.count} started late{_mark(found)}"
        )
    memory = report.memory
    console.print(
        f"memory: weights {memory.weight_bytes / 2**20:,.1f} MiB, arena {memory.arena_bytes / 2**20:,.1f} MiB, "
        f"inputs and outputs {memory.boundary_bytes / 2**20:,.1f} MiB"
    )
    if report.noisy:
        console.print("noisy: quartiles more than 10 % apart; does another program use the GPU or the processor?")


def _columns(what: str) -> tuple[str, ...]:
    return f"{what} p50", "p90", "p99"


def _cells(found: Quantiles) -> tuple[str, ...]:
    return f"{found.p50:,.1f}", f"{found.p90:,.1f}", f"{found.p99:,.1f}"


def _mark(found: Quantiles) -> str:
    return f" noisy (p25 {found.p25:,.1f}, p75 {found.p75:,.1f})" if found.noisy else ""
