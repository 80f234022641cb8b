"""Exports a recording to other programs and to readers: one exporter per file, registered here."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import BinaryIO

from warploom.atomic import write_atomically
from warploom.errors import ReportError
from warploom.paths import install_command
from warploom.recording.recording import Recording

Exporter = Callable[[Recording], bytes]


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format to export to.

    Attributes:
        name: What the user types.
        suffix: Usual ending of its files.
        title: What menus call it.
        exporter: "module:function" below `warploom.report`; imported when first used, since some need an extra and
            take half a second to import.
        parts: Of the same module, a function that yields the content piece by piece; "" where it is small.
        extra: The extra that holds the libraries that it needs.
    """

    name: str
    suffix: str
    title: str
    exporter: str
    parts: str = ""
    extra: str = "report"

    def load(self) -> Exporter:
        """The function that makes the file's content.

        Raises:
            ReportError: If a library of its extra is missing.
        """
        exporter: Exporter = getattr(self._module(), self.exporter.partition(":")[2])
        return exporter

    def write(self, recording: Recording, stream: BinaryIO) -> None:
        """Writes the content.

        Raises:
            ReportError: As `load` does.
        """
        if not self.parts:
            stream.write(self.load()(recording))
            return
        for part in getattr(self._module(), self.parts)(recording):
            stream.write(part)

    def _module(self) -> ModuleType:
        try:
            return importlib.import_module(f"warploom.report.{self.exporter.partition(':')[0]}")
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("warploom"):
                raise
            raise missing_extra(self.name, error.name or "a library", self.extra) from error


FORMATS: Mapping[str, ExportFormat] = MappingProxyType(
    {
        item.name: item
        for item in (
            ExportFormat("html", ".html", "Report (HTML)", "html:html_report"),
            ExportFormat("pdf", ".pdf", "Report (PDF)", "pdf_report:pdf_report"),
            ExportFormat("png", ".png", "Figure of the timelines (PNG)", "figure:png_figure"),
            ExportFormat("svg", ".svg", "Figure of the timelines (SVG)", "figure:svg_figure"),
            ExportFormat("figure-pdf", ".pdf", "Figure of the timelines (PDF)", "figure:pdf_figure"),
            ExportFormat("utilization-png", ".png", "Figure of active warps (PNG)", "utilization:png_utilization"),
            ExportFormat("utilization-svg", ".svg", "Figure of active warps (SVG)", "utilization:svg_utilization"),
            ExportFormat("utilization-pdf", ".pdf", "Figure of active warps (PDF)", "utilization:pdf_utilization"),
            ExportFormat("csv", ".csv", "Spans (CSV)", "spans_csv:spans_csv", "spans_csv_parts"),
            ExportFormat(
                "samples-csv", ".csv", "Active warps and counters (CSV)", "samples_csv:samples_csv", "samples_csv_parts"
            ),
            ExportFormat("operators-csv", ".csv", "Operators (CSV)", "operator_table:operators_csv"),
            ExportFormat("parquet", ".parquet", "Spans (Parquet)", "spans_parquet:spans_parquet", extra="parquet"),
            ExportFormat(
                "chrome-trace", ".json", "Trace for Perfetto (JSON)", "chrome_trace:chrome_trace", "chrome_trace_parts"
            ),
            ExportFormat("schedule-json", ".json", "Schedule (JSON)", "schedule_json:schedule_json"),
        )
    }
)


def export_recording(recording: Recording, format: str, path: Path) -> None:  # noqa: A002  # what the user calls it
    """Writes a recording in another format, whole or not at all.

    Args:
        recording: What to export.
        format: One of `FORMATS`.
        path: The file to create or replace.

    Raises:
        ReportError: If the format is unknown, a library that it needs is not installed, or the file cannot be written.
        ScheduleError: For "schedule-json", if the winner has no stages.
    """
    if format not in FORMATS:
        raise ReportError(f"There is no export format {format!r}: choose {', '.join(FORMATS)}.")
    chosen = FORMATS[format]
    chosen.load()  # what is missing is told before a file is begun
    write_atomically(path, lambda stream: chosen.write(recording, stream), ReportError)


def missing_extra(what: str, library: str, extra: str = "report") -> ReportError:
    """The error for a library of an extra that is not installed."""
    return ReportError(f"Exporting {what} needs {library}, which is not installed: {install_command(extra)}")
