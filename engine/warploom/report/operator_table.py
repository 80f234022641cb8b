"""The table of operators side by side: the same columns, titles and explanations wherever it is shown or exported."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from warploom.recording.recording import Recording
from warploom.report.naming import places, title
from warploom.report.pair import shown_pair
from warploom.timeline.comparison import Comparison, OperatorComparison, compare
from warploom.units import change_text, number_text


@dataclass(frozen=True, slots=True)
class OperatorColumn:
    """A column of figures.

    Attributes:
        key: Its name in files: "before_us".
        title: Its heading, unit included.
        explanation: One sentence on what it means.
        digits: After the point; 0 for a count.
        signed: Whether it is a difference, shown with its sign.
    """

    key: str
    title: str
    explanation: str
    digits: int = 2
    signed: bool = False

    def text(self, value: float | None) -> str:
        """A value as shown; "–" where it is not known."""
        return change_text(value, self.digits) if self.signed and value is not None else number_text(value, self.digits)


@dataclass(frozen=True, slots=True)
class OperatorLine:
    """A row.

    Attributes:
        name: The operator.
        place: Where it is in the model.
        computes: "Conv 3×3".
        nodes: The ONNX nodes that it came from.
        merged_with: Other operators of its launch.
        values: One for each of `operator_columns`.
    """

    name: str
    place: str
    computes: str
    nodes: tuple[str, ...]
    merged_with: tuple[str, ...]
    values: tuple[float | None, ...]


def operator_columns(comparison: Comparison) -> tuple[OperatorColumn, ...]:
    """The columns for a comparison, which names its two schedules in their headings."""
    before, after = comparison.before_name, comparison.after_name
    return (
        OperatorColumn("stage", comparison.unit, f"The {comparison.unit} that it runs in, from 1.", 0),
        OperatorColumn("stream", "stream", f"Its stream in {after}.", 0),
        OperatorColumn(
            "alone_us", "as a stage µs", "As a stage of its own, by the cost model, launch and barrier included."
        ),
        OperatorColumn("before_us", f"{before} µs", f"What it takes in {before}."),
        OperatorColumn("after_us", f"{after} µs", f"What it takes in {after}; a merged launch counts in parts."),
        OperatorColumn("delta_us", "change µs", "How much longer it takes in the second.", signed=True),
        OperatorColumn(
            "slowdown", "slowdown", f"Its time in {after} over its time with the device to itself: what company costs."
        ),
    )


def operator_values(operator: OperatorComparison) -> tuple[float | None, ...]:
    """The figures of one operator, in the order of `operator_columns`."""
    return (
        operator.stage + 1, operator.after_stream, operator.solo_us, operator.before_us, operator.after_us,
        operator.delta_us, operator.slowdown,
    )  # fmt: skip


def operator_lines(recording: Recording, comparison: Comparison) -> tuple[OperatorLine, ...]:
    """The rows in the Graph's order."""
    names = places(recording.graph)
    operators = [(recording.graph.operators[recording.graph.index[one.name]], one) for one in comparison.operators]
    return tuple(
        OperatorLine(
            one.name, names[one.name], title(operator), operator.sources, one.merged_with, operator_values(one)
        )
        for operator, one in operators
    )


def operators_csv(recording: Recording) -> bytes:
    """The table as CSV, one row per operator; a recording of one schedule is compared with itself."""
    pair = [shown.candidate for shown in shown_pair(recording)]
    comparison = compare(pair[0], pair[-1], recording.solo_us)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    keys = [column.key for column in operator_columns(comparison)]
    writer.writerow(["operator", "place", "computes", *keys, "merged_with", "onnx_nodes"])
    for line in operator_lines(recording, comparison):
        merged, nodes = (" & ".join(names) for names in (line.merged_with, line.nodes))
        writer.writerow([line.name, line.place, line.computes, *line.values, merged, nodes])
    return text.getvalue().encode("utf-8", "replace")
