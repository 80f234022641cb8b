"""Draws the laid-out Graph as SVG for the HTML report; colours come from the report's style sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from warploom.graph import Graph
from warploom.report.dag_layout import NODE_HEIGHT, NODE_WIDTH, DagLayout, Point, layout_dag
from warploom.report.naming import places, shape_text, title

_MARGIN = 8.0
_TITLE_LETTERS, _PLACE_LETTERS = 16, 21


def dag_svg(graph: Graph, stages: Mapping[str, int], merged: frozenset[str] = frozenset()) -> str:
    """The picture.

    Args:
        graph: What to draw.
        stages: Stage of each operator, from 0; neighbouring stages get different tints.
        merged: Operators that run merged with others: drawn with a dashed outline.
    """
    layout = layout_dag(graph.predecessors)
    names = places(graph)
    parts = [_head(layout)]
    parts += [_edge(start, end, points) for start, end, points in layout.edges]
    for number, (operator, centre) in enumerate(zip(graph.operators, layout.centres, strict=True)):
        parts.append(
            _node(
                number,
                centre,
                title(operator),
                names[operator.name],
                f"{operator.name}\n{operator.label}\n{shape_text(graph, operator)}",
                stages.get(operator.name),
                operator.name in merged,
            )
        )
    parts.append("</svg>")
    return "\n".join(parts)


def _head(layout: DagLayout) -> str:
    width, height = layout.width + 2 * _MARGIN, layout.height + 2 * _MARGIN
    box = f"{-_MARGIN:g} {-_MARGIN:g} {width:.0f} {height:.0f}"
    return (
        f'<svg id="dag" role="img" aria-label="Operators and what they depend on, coloured by stage" '
        f'viewBox="{box}" width="{width:.0f}" height="{height:.0f}" data-width="{width:.0f}">'
    )


def _edge(start: int, end: int, points: Sequence[Point]) -> str:
    """A smooth line from bend to bend: vertical where it leaves and arrives."""
    (x, y), *rest = points
    path = [f"M{x:.1f} {y:.1f}"]
    for nx, ny in rest:
        middle = (y + ny) / 2
        path.append(f"C{x:.1f} {middle:.1f} {nx:.1f} {middle:.1f} {nx:.1f} {ny:.1f}")
        x, y = nx, ny
    return f'<path class="edge" data-from="{start}" data-to="{end}" d="{"".join(path)}"/>'


def _node(
    number: int, centre: Point, heading: str, place: str, tooltip: str, stage: int | None, is_merged: bool
) -> str:
    x, y = centre[0] - NODE_WIDTH / 2, centre[1] - NODE_HEIGHT / 2
    tint = "plain" if stage is None else ("even", "odd")[stage % 2]
    chip = "" if stage is None else f'<text class="chip" x="{NODE_WIDTH - 8:g}" y="16">{stage + 1}</text>'
    label = quoteattr(f"{heading} {place}" + ("" if stage is None else f", stage {stage + 1}"))
    return (
        f'<g class="node {tint}{" merged" if is_merged else ""}" data-op="{number}" '
        f'transform="translate({x:.1f} {y:.1f})" tabindex="0" role="button" aria-label={label}>'
        f"<title>{escape(tooltip)}</title>"
        f'<rect width="{NODE_WIDTH:g}" height="{NODE_HEIGHT:g}" rx="6"/>'
        f'<text class="heading" x="8" y="16">{escape(_short(heading, _TITLE_LETTERS))}</text>{chip}'
        f'<text class="place" x="8" y="31">{escape(_short(place, _PLACE_LETTERS))}</text></g>'
    )


def _short(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"…{text[1 - letters :]}"
