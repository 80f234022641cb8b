"""Where the DAG view looks: at home, at everything, at one node; and how a node keeps its place when all is moved."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF

from warploom_app.painters.dag_geometry import DagGeometry
from warploom_app.views.dag_canvas import DagCanvas

READABLE = 0.75  # a picture is opened at least this large: its beginning, if it does not fit
_LARGEST_FIT = 1.25
_CORNERS = 56.0
_AIR = 0.97  # what is fitted leaves a little room around it


class DagCamera:
    """Moves a canvas. It follows the widget's size: what the user has not moved stays at home or whole."""

    def __init__(self, canvas: DagCanvas) -> None:
        self._canvas = canvas
        self.at_home = True

    @property
    def at_home(self) -> bool:
        """Whether the user has not moved it."""
        return self._at_home

    @at_home.setter
    def at_home(self, at_home: bool) -> None:
        self._at_home, self._fitted = at_home, False

    def follow(self, geometry: DagGeometry, middle: QPointF, covered: QRectF | None) -> None:
        """The widget has another size; `middle` is the scene point that was in the middle."""
        if self._at_home:
            self.go_home(geometry)
        elif self._fitted:
            self.fit(geometry, covered)
        else:
            self._canvas.centre_on(middle)

    def fit(self, geometry: DagGeometry, covered: QRectF | None = None) -> None:
        """Shows everything, above what lies over the foot of the widget (`covered`) where that would hide a part."""
        self.at_home = False
        scale = self._fitting(geometry, 0.0)
        middle, bounds, canvas = geometry.bounds.center(), geometry.bounds, self._canvas
        foot = canvas.height() - covered.top() if covered is not None else 0.0
        if covered is not None and foot < canvas.height() / 2:
            seen = QRectF(QPointF(), bounds.size() * scale)
            seen.moveCenter(QRectF(canvas.rect()).center())
            if seen.intersects(covered):
                scale = self._fitting(geometry, foot)
                middle += QPointF(0.0, foot / 2 / scale)
        canvas.centre_on(middle, scale)
        self._fitted = True

    def go_home(self, geometry: DagGeometry) -> None:
        """Everything if it is readable so, else the beginning: as much as fits across, from the first node on."""
        wide, high = self._ratios(geometry)
        if min(wide, high) >= READABLE:
            self._canvas.centre_on(geometry.bounds.center(), min(_LARGEST_FIT, wide, high))
        else:
            self._show_beginning(geometry, high if geometry.horizontal else wide)
        self.at_home = True

    def centre_on(self, geometry: DagGeometry, node: int) -> None:
        """Brings a node to the middle, large enough to be read."""
        self.at_home = False
        self._canvas.centre_on(geometry.rect(node).center(), max(self._canvas.port.scale, READABLE))

    def show(self, geometry: DagGeometry, node: int) -> None:
        """Moves only if the node is not seen, or too small to be read."""
        port = self._canvas.port
        inset = min(_CORNERS, self._canvas.height() / 4) / port.scale  # the legend and the search bar are there
        seen = port.area.adjusted(0, inset, 0, -inset)
        if port.scale < READABLE / 2 or not seen.contains(geometry.rect(node)):
            self.centre_on(geometry, node)

    def jump(self, point: QPointF) -> None:
        """Brings a scene point to the middle."""
        self.at_home = False
        self._canvas.centre_on(point)

    def middle_node(self, geometry: DagGeometry) -> int:
        """The node nearest to the middle of the widget."""
        left, top, right, bottom = geometry.columns
        scene = self._canvas.port.to_scene(QPointF(self._canvas.rect().center()))
        distance = abs((left + right) / 2 - scene.x()) + abs((top + bottom) / 2 - scene.y())
        return int(distance.argmin())

    def place_of(self, geometry: DagGeometry, node: int) -> QPointF:
        """Where a node's middle is on the widget."""
        port = self._canvas.port
        return (geometry.rect(node).center() - port.origin) * port.scale

    def keep(self, geometry: DagGeometry, node: int, place: QPointF) -> None:
        """Moves so that a node's middle is there."""
        port = self._canvas.port
        self._canvas.look_at(port.scale, geometry.rect(node).center() - place / port.scale)

    def _show_beginning(self, geometry: DagGeometry, across: float) -> None:
        bounds, canvas = geometry.bounds, self._canvas
        scale = max(min(across, 1.0), READABLE)
        first = self._first(geometry) if across < scale else bounds.center()
        if geometry.horizontal:
            canvas.look_at(scale, QPointF(bounds.left(), first.y() - canvas.height() / 2 / scale))
        else:
            canvas.look_at(scale, QPointF(first.x() - canvas.width() / 2 / scale, bounds.top()))

    def _first(self, geometry: DagGeometry) -> QPointF:
        left, top, _, _ = geometry.columns
        return geometry.rect(int((left if geometry.horizontal else top).argmin())).center()

    def _fitting(self, geometry: DagGeometry, foot: float) -> float:
        """The scale at which all of it is seen, `foot` pixels at the bottom left free."""
        wide, high = self._ratios(geometry)
        high *= 1 - foot / max(self._canvas.height(), 1)
        return _AIR * min(_LARGEST_FIT / _AIR, wide, high)

    def _ratios(self, geometry: DagGeometry) -> tuple[float, float]:
        bounds = geometry.bounds
        return self._canvas.width() / bounds.width(), self._canvas.height() / bounds.height()
