"""Where an arrow key leads in the DAG: along edges up and down, to the neighbour on the same level sideways."""

from __future__ import annotations

import enum

import numpy as np

from warploom_app.painters.dag_geometry import DagGeometry


class Direction(enum.Enum):
    """The arrow keys."""

    UP = enum.auto()
    DOWN = enum.auto()
    LEFT = enum.auto()
    RIGHT = enum.auto()


def neighbour(geometry: DagGeometry, node: int, direction: Direction) -> int | None:
    """The node that an arrow key leads to; None at the end."""
    if direction in (Direction.UP, Direction.DOWN):
        here, there = (1, 0) if direction is Direction.UP else (0, 1)
        candidates = geometry.edges.ends[geometry.edges.ends[:, here] == node, there]
    else:
        candidates = _level(geometry, node, direction)
    if not len(candidates):
        return None
    left, top, right, bottom = geometry.columns
    x, y = (left + right) / 2, (top + bottom) / 2
    distance = np.abs(x[candidates] - x[node]) + 0.5 * np.abs(y[candidates] - y[node])
    return int(candidates[int(distance.argmin())])


def _level(geometry: DagGeometry, node: int, direction: Direction) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    left, top, _, bottom = geometry.columns
    same = (top <= bottom[node]) & (bottom >= top[node])
    side = left < left[node] if direction is Direction.LEFT else left > left[node]
    return np.flatnonzero(same & side)
