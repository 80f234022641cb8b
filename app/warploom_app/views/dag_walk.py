"""Where an arrow key leads in the DAG: along edges with the flow of data, to a neighbour on the same level across."""

from __future__ import annotations

import enum

import numpy as np
import numpy.typing as npt

from warploom_app.painters.dag_geometry import DagGeometry


class Direction(enum.Enum):
    """The arrow keys."""

    UP = enum.auto()
    DOWN = enum.auto()
    LEFT = enum.auto()
    RIGHT = enum.auto()


_FORWARD = {False: Direction.DOWN, True: Direction.RIGHT}
_BACK = {False: Direction.UP, True: Direction.LEFT}


def neighbour(geometry: DagGeometry, node: int, direction: Direction) -> int | None:
    """The node that an arrow key leads to; None at the end."""
    left, top, right, bottom = geometry.columns
    x, y = (left + right) / 2, (top + bottom) / 2
    along, across = (x, y) if geometry.horizontal else (y, x)
    if direction in (_FORWARD[geometry.horizontal], _BACK[geometry.horizontal]):
        here, there = (0, 1) if direction is _FORWARD[geometry.horizontal] else (1, 0)
        candidates = geometry.edges.ends[geometry.edges.ends[:, here] == node, there]
    else:
        candidates = _level(geometry, across, node, back=direction in (Direction.UP, Direction.LEFT))
    if not len(candidates):
        return None
    distance = np.abs(across[candidates] - across[node]) + 0.5 * np.abs(along[candidates] - along[node])
    return int(candidates[int(distance.argmin())])


def _level(geometry: DagGeometry, across: npt.NDArray[np.float64], node: int, *, back: bool) -> npt.NDArray[np.intp]:
    """The nodes beside one, on the side of smaller or of larger coordinates."""
    low, high = geometry.columns[[0, 2] if geometry.horizontal else [1, 3]]
    same = (low <= high[node]) & (high >= low[node])
    side = across < across[node] if back else across > across[node]
    return np.flatnonzero(same & side)
