"""`warploom show`: prints what a recording holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from warploom.cli.options import RecordingFile

if TYPE_CHECKING:
    from warploom.recording.recording import Candidate, Recording


def show(
    file: RecordingFile,
    schedule: Annotated[
        str | None, typer.Option("--schedule", metavar="NAME", help="Which schedule (default: the chosen one).")
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="Print the build log instead of the stages.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the same object as optimize --json.")] = False,
) -> None:
    """Print the comparison and the stages of a recording, with latencies per stage and block."""
    from warploom.cli.comparison import print_comparison, print_timelines
    from warploom.recording.file import read_recording
    from warploom.report.summary import summary

    recording = read_recording(file)
    candidate = recording.candidate(schedule or recording.chosen)
    if json:
        from warploom.cli.console import print_json

        print_json(summary(recording))
    elif log:
        _print_log(recording)
    else:
        print_comparison(recording)
        print_timelines(recording)
        _print_stages(recording, candidate)


def _print_log(recording: Recording) -> None:
    from warploom.cli.progress import log_text

    for entry in recording.build_log:
        typer.echo(log_text(entry))


def _print_stages(recording: Recording, candidate: Candidate) -> None:
    from warploom.cli.console import stdout_console
    from warploom.cli.stage_tree import schedule_tree

    console = stdout_console()
    console.print()
    console.print(schedule_tree(recording, candidate), soft_wrap=True)
    device = recording.device
    kind = "simulated" if recording.simulated else "measured"
    console.print(f"\nLatencies are {kind} on {device.name} ({device.id}).", markup=False)
