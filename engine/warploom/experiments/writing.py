"""Writes what an experiment found: a CSV per table, charts as SVG and PNG, HTML and JSON with all of it."""

from __future__ import annotations

import csv
import dataclasses
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from warploom.atomic import write_bytes_atomically
from warploom.errors import ReportError
from warploom.experiments.result import Cell, ExperimentResult, ResultTable
from warploom.paths import data_path, install_command
from warploom.version import __version__


def write_result(result: ExperimentResult, folder: Path) -> tuple[Path, ...]:
    """Writes the files of an experiment; the HTML page comes first in what is returned.

    Raises:
        ReportError: If a file cannot be written, or the extra "report" is not installed.
    """
    try:
        from warploom.experiments.charts import draw_chart
    except ImportError as error:
        raise ReportError(f"Charts need {error.name}, which is not installed: {install_command('report')}.") from error
    written: list[Path] = []
    charts: list[str] = []
    for number, chart in enumerate(result.charts):
        stem = result.name if len(result.charts) == 1 else f"{result.name}-{number + 1}"
        drawn = draw_chart(chart, "svg")
        charts.append(drawn.decode())
        written.append(_write(folder / f"{stem}.svg", drawn))
        written.append(_write(folder / f"{stem}.png", draw_chart(chart, "png")))
    for number, table in enumerate(result.tables):
        stem = result.name if number == 0 else f"{result.name}-{number + 1}"
        written.append(_write(folder / f"{stem}.csv", table_to_csv(table)))
    written.append(_write(folder / f"{result.name}.json", result_to_json(result)))
    page = _write(folder / f"{result.name}.html", _page(result, charts))
    return (page, *written)


def table_to_csv(table: ResultTable) -> bytes:
    """A table as CSV; the last column says where the figures are from."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow((*table.columns, "source"))
    for row in table.rows:
        writer.writerow((*("" if cell is None else cell for cell in row), table.source))
    return stream.getvalue().encode()


def result_to_json(result: ExperimentResult) -> bytes:
    """Tables, notes and details as JSON, charts left out."""
    shown = {
        "experiment": result.name,
        "title": result.title,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": __version__,
        "tables": [dataclasses.asdict(table) for table in result.tables],
        "notes": result.notes,
        **result.details,
    }
    return msgspec.json.format(msgspec.json.encode(shown), indent=1) + b"\n"


def show_cell(cell: Cell) -> str:
    """A cell as it is shown: figures with three or four significant digits."""
    if cell is None:
        return "–"
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int):
        return f"{cell:,}"
    return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:.4g}" if abs(cell) >= 100 else f"{cell:.3f}"


@dataclass(frozen=True, slots=True)
class _ShownCell:
    shown: str
    text: bool


@dataclass(frozen=True, slots=True)
class _ShownTable:
    title: str
    source: str
    columns: tuple[str, ...]
    rows: tuple[tuple[_ShownCell, ...], ...]


def _shown(table: ResultTable) -> _ShownTable:
    rows = tuple(tuple(_ShownCell(show_cell(cell), isinstance(cell, str)) for cell in row) for row in table.rows)
    return _ShownTable(table.title, table.source, table.columns, rows)


def _page(result: ExperimentResult, charts: list[str]) -> bytes:
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(data_path("assets", "report")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Only the element itself goes into the page: matplotlib wrote it and escaped every text in it.
    drawn = [Markup(chart[chart.index("<svg") :]) for chart in charts]
    tables = [_shown(table) for table in result.tables]
    template = environment.get_template("experiment.html.j2")
    return template.render(result=result, charts=drawn, tables=tables, version=__version__).encode()


def _write(path: Path, content: bytes) -> Path:
    write_bytes_atomically(path, content, ReportError)
    return path
