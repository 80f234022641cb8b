"""`warploom export`: writes a recording as a report, a figure, a table, a trace or a schedule."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from warploom.cli.options import ExportFormat, RecordingFile


def export(
    file: RecordingFile,
    format: Annotated[ExportFormat, typer.Option("--format", "-f", help="What to write.", show_default=False)],  # noqa: A002
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write.", show_default=False)],
) -> None:
    """Export a recording: an HTML report, figures, CSV, a Chrome/Perfetto trace, the schedule as JSON."""
    from warploom.recording.file import read_recording
    from warploom.report.export import export_recording
    from warploom.worker.output import check_output

    check_output(output, file)
    export_recording(read_recording(file), format.value, output)
    typer.echo(str(output))
