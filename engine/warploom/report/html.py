"""Exports a recording as one HTML file that needs nothing else: no network, no server, no other file."""

from __future__ import annotations

import jinja2
from markupsafe import Markup

from warploom.paths import data_path
from warploom.recording.recording import Recording
from warploom.report.dag_svg import dag_svg
from warploom.report.html_data import script_data
from warploom.report.html_view import ComparedView, caveat_lines, compared_view, facts, log_lines, timeline_captions
from warploom.report.measured import fact_rows
from warploom.report.pair import shown_pair
from warploom.report.table import comparison_table, with_pair_first
from warploom.report.verdict import verdict

MOST_DRAWN = 5000
"""Operators that the page draws and lists; a browser gets slow with more."""


def html_report(recording: Recording) -> bytes:
    """The file's content; everything that comes from the recording is escaped (`dag_svg` escapes names itself)."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(data_path("assets", "report")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    compared = compared_view(recording)
    data = script_data(recording)
    text = environment.get_template("report.html.j2").render(
        recording=recording,
        verdict=verdict(recording),
        table=with_pair_first(comparison_table(recording), recording),
        compared=compared,
        captions=timeline_captions(recording),
        facts=facts(recording),
        log=log_lines(recording),
        most=MOST_DRAWN,
        dag=Markup(_dag(recording, compared)) if len(recording.graph.operators) <= MOST_DRAWN else "",
        measured=fact_rows([shown.candidate.timeline for shown in shown_pair(recording)]),
        caveats=caveat_lines(recording),
        thinned=data.thinned,
        data=Markup(data.json),  # JSON without a sign that HTML knows
        columns=Markup(data.columns),  # base64
        style=Markup(_asset("report.css")),  # our own file
        script=Markup(_asset("columns.js") + _asset("report.js")),  # our own files
    )
    return text.encode("utf-8", "replace")


def _asset(name: str) -> str:
    return data_path("assets", "report", name).read_text(encoding="utf-8")


def _dag(recording: Recording, compared: ComparedView | None) -> str:
    if compared is None:
        return dag_svg(recording.graph, {})
    operators = compared.comparison.operators
    stages = {operator.name: operator.stage for operator in operators}
    return dag_svg(recording.graph, stages, frozenset(item.name for item in operators if item.merged_with))
