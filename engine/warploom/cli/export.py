"""`warploom export`: writes a recording as a report, a figure, a table, a trace or a schedule."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from warploom.cli.options import ExportFormat, RecordingFile


def export(
    file: RecordingFile,
    format: Annotated[  # noqa: A002 - the name of the option
        ExportFormat,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help=f"What to write: {', '.join(ExportFormat)}.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FILE", help="The file to write; - is standard output.", show_default=False
        ),
    ],
) -> None:
    """Export a recording: an HTML report, figures, CSV, a Chrome/Perfetto trace, the schedule as JSON."""
    from warploom.recording.file import read_recording
    from warploom.report.export import export_recording
    from warploom.worker.output import check_output

    if str(output) == "-":
        _print_export(file, format)
        return
    check_output(output, file)
    export_recording(read_recording(file), format.value, output)
    typer.echo(str(output))


def _print_export(file: Path, format_: ExportFormat) -> None:
    """Writes an export to standard output, once it is whole."""
    import shutil
    import sys
    import tempfile

    from warploom.recording.file import read_recording
    from warploom.report.export import export_recording

    with tempfile.TemporaryDirectory(prefix="warploom-") as folder:
        path = Path(folder) / "export"
        export_recording(read_recording(file), format_.value, path)
        with path.open("rb") as stream:
            shutil.copyfileobj(stream, sys.stdout.buffer)
