"""The rows of the delta table: operators matched between the two compared schedules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from warploom.graph import Graph
from warploom_app.presenters.results import Pair


@dataclass(frozen=True, slots=True)
class DeltaRow:
    """One operator; times in microseconds.

    Attributes:
        name: The operator's name.
        title: What the window calls it.
        label: Its primitives.
        kind: Its operator type.
        alone_us: With the device to itself; None where nobody knows.
        before_us: In the first schedule.
        after_us: In the second.
        delta_us: How much longer in the second.
        slowdown: Second over alone; None where that is not known.
        before_stream: Stream in the first.
        after_stream: Stream in the second.
        stage: Stage in the second.
        note: With which others it is merged, "" for none.
    """

    name: str
    title: str
    label: str
    kind: str
    alone_us: float | None
    before_us: float
    after_us: float
    delta_us: float
    slowdown: float | None
    before_stream: int
    after_stream: int
    stage: int
    note: str

    @property
    def streams(self) -> str:
        """From which stream to which."""
        return f"{self.before_stream} → {self.after_stream}"


def delta_rows(graph: Graph, names: Mapping[str, str], pair: Pair) -> tuple[DeltaRow, ...]:
    """The operators that both schedules have, in the graph's order as far as the first one keeps it."""
    rows = []
    for one in pair.comparison.operators:
        operator = graph.operators[graph.index[one.name]]
        merged = ", ".join(names.get(name, name) for name in one.merged_with)
        rows.append(
            DeltaRow(
                name=one.name,
                title=names.get(one.name, one.name),
                label=operator.label,
                kind=operator.kind.value.replace("_", " "),
                alone_us=one.alone_us,
                before_us=one.before_us,
                after_us=one.after_us,
                delta_us=one.delta_us,
                slowdown=one.slowdown,
                before_stream=one.before_stream,
                after_stream=one.after_stream,
                stage=one.stage,
                note=_tr("Merged with {}").format(merged) if merged else "",
            )
        )
    return tuple(rows)


def _tr(text: str) -> str:
    return QCoreApplication.translate("DeltaRows", text)
