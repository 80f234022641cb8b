"""Exports a recording as a PDF to print and to pass on: figures first, then why, tables, and how it was measured."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from warploom.recording.recording import Recording
from warploom.report.figure import draw_figure
from warploom.report.figure_style import LINE, MUTED, WIDTH_INCHES, draw_title, new_figure, print_style
from warploom.report.html_view import ComparedView, caveat_lines, compared_view, facts
from warploom.report.measured import fact_rows
from warploom.report.pair import shown_pair
from warploom.report.table import comparison_table, with_pair_first
from warploom.report.utilization import fill_utilization

PAGE_INCHES = 7.07  # the proportions of A4, on its side
MOST_OPERATORS = 120
_MARGIN, _LINE_INCHES = 0.4, 0.17
_LETTERS = 180
"""Of a full line of running text at 7.5 points."""
_CELL_LETTERS, _LETTER_INCHES = 110, 0.062
_SMALLEST_LETTER_INCHES = 0.05  # at 7.5 points


def pdf_report(recording: Recording) -> bytes:
    """The file's content."""
    stream = io.BytesIO()
    title = f"{recording.model.name} on {recording.device.name}"
    with print_style(), PdfPages(stream, metadata={"CreationDate": None, "Title": title}) as pdf:
        pdf.savefig(draw_figure(recording))
        compared = compared_view(recording)
        pdf.savefig(_why_page(recording, compared))
        for page in _table_pages(recording, compared):
            pdf.savefig(page)
    return stream.getvalue()


def _why_page(recording: Recording, compared: ComparedView | None) -> Figure:
    page = new_figure(PAGE_INCHES)
    draw_title(page, recording)
    axes = page.add_axes((0.085, 0.555, 0.9, 0.32))
    fill_utilization(axes, recording)
    y = 3.35
    y = _paragraphs(page, y, "Where the time went", [compared.account] if compared else [])
    reasons = [f"{row.reason.title}: {row.reason.text}" for row in compared.reasons] if compared else []
    y = _paragraphs(page, y, "", reasons)
    _paragraphs(page, y - 0.08, "Before believing it", caveat_lines(recording))
    return page


def _paragraphs(page: Figure, y: float, heading: str, texts: Iterable[str]) -> float:
    """Writes paragraphs from `y` inches above the bottom down; returns where the next may begin."""
    every = list(texts)
    if not every:
        return y
    if heading:
        page.text(_MARGIN / WIDTH_INCHES, y / PAGE_INCHES, heading, size=9.5, weight="bold", va="top")
        y -= 0.22
    for text in every:
        for i, line in enumerate(textwrap.wrap(text, _LETTERS)):
            indent = 0.12 * (i > 0)
            page.text((_MARGIN + indent) / WIDTH_INCHES, y / PAGE_INCHES, line, size=7.5, va="top")
            y -= 0.145
        y -= 0.03
    return y


def _table_pages(recording: Recording, compared: ComparedView | None) -> list[Figure]:
    """Tables one after the other, as many on a page as it holds."""
    flow = _Flow()
    table = with_pair_first(comparison_table(recording), recording)
    columns = [f"{name} *" if i == table.chosen else name for i, name in enumerate(table.columns)]
    rows = [[row.name, row.unit, *row.texts] for row in table.rows]
    flow.table("Schedules (* chosen)", ["", "", *columns], rows, left=2)
    pair = shown_pair(recording)
    made = fact_rows([shown.candidate.timeline for shown in pair])
    flow.table(
        "How the timelines were made", ["", *(shown.title for shown in pair)],
        [[row.name, *row.texts] for row in made], left=1 + len(pair),
    )  # fmt: skip
    flow.table("Settings and environment", ["", ""], [[name, value] for name, value in facts(recording)], left=2)
    if compared is not None:
        changed = sorted(compared.operators, key=lambda row: -abs(_delta(row.cells)))[:MOST_OPERATORS]
        more = f", the {MOST_OPERATORS} that changed most" if len(compared.operators) > MOST_OPERATORS else ""
        flow.table(
            f"Operators{more}", ["operator", "computes", *(column.title for column in compared.columns)],
            [[row.place, row.title, *(cell.text for cell in row.cells)] for row in changed], left=2,
        )  # fmt: skip
    return flow.pages


def _delta(cells: Sequence[Any]) -> float:
    return next((float(cell.key) for cell in cells[5:6]), 0.0)


class _Flow:
    """Puts tables on pages; a table that is too long goes on over the next, its heading repeated."""

    def __init__(self) -> None:
        self.pages: list[Figure] = []
        self._y = 0.0

    def table(self, heading: str, titles: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> None:
        """Writes a table; the first `left` columns are text, the others figures aligned on their right."""
        short = [[_short(cell) for cell in row] for row in rows]
        widths, size = _widths(titles, short, left)
        begun = False
        for row in short:
            if self._y < _MARGIN + _LINE_INCHES or not begun:
                if not begun and self._y > _MARGIN + 6 * _LINE_INCHES:
                    self._y -= 0.25
                else:
                    self._page()
                self._write([heading if not begun else f"{heading}, continued"], [0.0], 1, weight="bold", size=9.5)
                self._y -= 0.05
                self._write(titles, widths, left, color=MUTED, size=size)
                begun = True
            self._write(row, widths, left, size=size)

    def _page(self) -> None:
        self.pages.append(new_figure(PAGE_INCHES))
        self._y = PAGE_INCHES - _MARGIN

    def _write(self, cells: Sequence[str], positions: Sequence[float], left: int, **style: Any) -> None:
        page, y = self.pages[-1], self._y / PAGE_INCHES
        for i, (cell, position) in enumerate(zip(cells, positions, strict=True)):
            side = "left" if i < left else "right"
            page.text((_MARGIN + position) / WIDTH_INCHES, y, cell, va="top", ha=side, **style)
        if positions[-1]:
            page.add_artist(_rule(y - 0.135 / PAGE_INCHES))
        self._y -= _LINE_INCHES


def _rule(y: float) -> Any:
    from matplotlib.lines import Line2D

    return Line2D((_MARGIN / WIDTH_INCHES, 1 - _MARGIN / WIDTH_INCHES), (y, y), color=LINE, linewidth=0.4)


def _widths(titles: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> tuple[list[float], float]:
    """Where each column begins (text) or ends (figures), in inches from the margin, and the size in points."""
    letters = [max(len(row[i]) for row in (titles, *rows)) + 2 for i in range(len(titles))]
    scale = min(_LETTER_INCHES, (WIDTH_INCHES - 2 * _MARGIN) / max(sum(letters), 1))
    ends, position = [], 0.0
    for count in letters:
        ends.append((position, position + count * scale))
        position += count * scale
    size = 7.5 * min(scale / _SMALLEST_LETTER_INCHES, 1.0)
    return [begin if i < left else end for i, (begin, end) in enumerate(ends)], size


def _short(cell: str) -> str:
    return cell if len(cell) <= _CELL_LETTERS else f"{cell[: _CELL_LETTERS - 1]}…"
