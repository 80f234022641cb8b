"""A model as a graph on a canvas: operators or ONNX nodes, blocks to collapse, colours, layouts; knows no events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QRectF, Signal
from PySide6.QtWidgets import QWidget

from warploom.graph import Graph
from warploom.paths import cache_folder
from warploom_app.painters.dag_painter import FULL_TINT, QUIET_TINT, TINT, DagPainter, DagPicture
from warploom_app.painters.dag_text import DagText
from warploom_app.presenters.dag_colours import ColourValue, Legend, kind_legend, node_colours
from warploom_app.presenters.dag_content import DagContent, DagOptions, Detail, with_latencies
from warploom_app.presenters.dag_nodes import DagNode
from warploom_app.theme import LIGHT, Theme
from warploom_app.views.dag_camera import DagCamera
from warploom_app.views.dag_canvas import DagCanvas
from warploom_app.views.dag_corners import DagCorners
from warploom_app.views.dag_finder import DagFinder
from warploom_app.views.dag_layouter import DagArrangement, DagLayouter
from warploom_app.views.dag_navigation import DagNavigation
from warploom_app.views.dag_selection import DagSelection

_STEP_ZOOM = 1.25
_NO_COLOURS = Legend("", ())


class DagDisplay(QWidget):
    """Shows a Graph; what the user does with it is for DagView.

    Signals:
        operators_selected(tuple[str, ...]): The user chose operators; none when the user let go.
        operators_hovered(tuple[str, ...]): The pointer is over what stands for these operators; none when it left.
        layout_ready(str): A layout is on screen: "quick", then "refined".
        current_changed(): The keyboard is at another node.
        options_changed(): Other blocks are collapsed, nodes shown, or directions taken.
    """

    operators_selected = Signal(object)
    operators_hovered = Signal(object)
    layout_ready = Signal(str)
    current_changed = Signal()
    options_changed = Signal()

    def __init__(
        self, theme: Theme = LIGHT, parent: QWidget | None = None, *, layout_cache: Path | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = DagText()
        self._painter = DagPainter(theme, self._text)
        self._graph: Graph | None = None
        self._options = DagOptions()
        self._colours: Mapping[str, ColourValue] | None = None
        self._latencies: Mapping[int, str] = {}
        self._tint = QUIET_TINT
        self._build_canvas()
        self._build_corners()
        self._build_layouter(cache_folder() / "layouts" if layout_cache is None else layout_cache)
        self._corners.say(self.tr("Open a model to see its operators"))

    def _build_canvas(self) -> None:
        self.canvas = DagCanvas(self._painter, self)
        self.selection = DagSelection(self.canvas, self)
        self.selection.moved.connect(self._describe)
        self.selection.moved.connect(self.current_changed)
        self._camera = DagCamera(self.canvas)
        self._navigation = DagNavigation(self.canvas, self._camera, self.selection)

    def _build_corners(self) -> None:
        self._corners = DagCorners(self.canvas, self._painter, self._theme, self)
        self._corners.wanted.connect(self._camera.jump)
        self.minimap, self.note, self.search = self._corners.minimap, self._corners.note, self._corners.search
        self.finder = DagFinder(self.search, self)
        self.finder.wanted.connect(self._go_to)

    def _build_layouter(self, folder: Path) -> None:
        self._layouter = DagLayouter(self._text, folder, self)
        self._layouter.arranged.connect(self._show_arrangement)
        self._layouter.failed.connect(self._corners.show_note)
        self._layouter.lasting.connect(self._show_patience)

    @property
    def _arrangement(self) -> DagArrangement | None:
        return self._navigation.arrangement

    # -- what is shown

    @property
    def graph(self) -> Graph | None:
        """What is shown or being laid out."""
        return self._graph

    @property
    def options(self) -> DagOptions:
        """How it is shown, or will be as soon as it is laid out."""
        return self._options

    @property
    def content(self) -> DagContent | None:
        """The nodes and edges on screen."""
        return self._arrangement.content if self._arrangement is not None else None

    @property
    def blocks(self) -> frozenset[int]:
        """Numbers of the blocks that can be collapsed."""
        return frozenset(self._layouter.blocks)

    @property
    def onnx_node_here(self) -> DagNode | None:
        """The ONNX node under the pointer, else the current one; None where nodes are operators or blocks."""
        node = self.selection.node_here
        onnx = self._arrangement is not None and self._arrangement.options.detail is Detail.ONNX_NODES
        return node if onnx and node is not None and not node.collapsed else None

    @property
    def block_here(self) -> int | None:
        """Number of the block where the keyboard is, if it can be collapsed or expanded."""
        node = self.selection.current_node
        return node.block if node is not None and node.block in self._layouter.blocks else None

    @property
    def scale(self) -> float:
        """Pixels per scene unit: 1 at 100%."""
        return self.canvas.port.scale

    @property
    def laying_out(self) -> bool:
        """Whether a better layout is still to come."""
        return self._layouter.busy

    @property
    def selected(self) -> tuple[str, ...]:
        """Names of the selected operators."""
        return self.selection.operators

    @property
    def current(self) -> str:
        """Name of the node that was chosen last; "" for none."""
        return self.selection.current

    def set_graph(self, graph: Graph) -> None:
        """Shows another graph; returns at once, `layout_ready` tells when it is on screen."""
        self.clear()
        self._graph = graph
        self._corners.say(self.tr("Laying out {} operators…").format(f"{len(graph.operators):,}"))
        self._layouter.start(graph, self._options)

    def clear(self) -> None:
        """Shows nothing, and stops any layout under way."""
        self._layouter.forget()
        self._graph = self._colours = None
        self._navigation.clear()
        self.selection.clear()
        self._latencies = {}
        self._camera.at_home, self._tint = True, QUIET_TINT
        self.canvas.set_picture(None)
        self.finder.set_content(None)
        self._corners.set_picture(None)
        self._corners.set_legend(_NO_COLOURS)
        self._corners.show_note("")
        self._corners.say(self.tr("Open a model to see its operators"))
        if self._options.collapsed:
            self._options = replace(self._options, collapsed=frozenset())
            self.options_changed.emit()

    def set_colours(self, colours: Mapping[str, ColourValue] | None, legend: Legend | None = None) -> None:
        """Colours operators by name; None goes back to a colour for each kind of operator."""
        self._colours = colours
        self._tint = QUIET_TINT
        if colours is not None:
            legend = legend or _NO_COLOURS
            self._corners.set_legend(legend)
            self._tint = FULL_TINT if legend.tints else TINT
        self._show_picture()

    def set_latencies(self, latencies: Mapping[int, str]) -> None:
        """What collapsed blocks say of their latency, by block number."""
        if latencies != self._latencies:
            self._latencies = latencies
            self._show_picture()

    def set_theme(self, theme: Theme) -> None:
        """Draws in another theme."""
        self._theme = theme
        self._painter = DagPainter(theme, self._text)
        self.canvas.set_painter(self._painter)
        self._corners.set_theme(theme, self._painter)
        self._show_picture()

    def stop_layout(self) -> None:
        """Keeps the quick layout where the better one takes too long."""
        if self._layouter.stop():
            self._corners.show_note("")

    def _show_patience(self) -> None:
        self._corners.show_note(self.tr("Improving the layout… Esc keeps this one."))

    # -- how it is shown

    def set_detail(self, detail: Detail) -> None:
        """Shows fused operators, or the ONNX nodes behind them; the selection stays, and stays in view."""
        if detail is not self._options.detail:
            self._set_options(replace(self._options, detail=detail))

    def toggle_detail(self) -> None:
        """From fused operators to ONNX nodes or back."""
        onnx = self._options.detail is Detail.ONNX_NODES
        self.set_detail(Detail.OPERATORS if onnx else Detail.ONNX_NODES)

    def set_horizontal(self, horizontal: bool) -> None:
        """Lets data flow from left to right, or downwards."""
        self._set_options(replace(self._options, horizontal=horizontal))

    def toggle_block(self, number: int) -> None:
        """Draws a block as one node, or its operators again."""
        if number in self._layouter.blocks:
            self._camera.at_home = False
            self._navigation.turning = number
            self._set_options(replace(self._options, collapsed=self._options.collapsed ^ {number}))

    def toggle_selected_block(self) -> None:
        """Collapses or expands the block where the keyboard is."""
        if self.block_here is not None:
            self.toggle_block(self.block_here)

    def collapse_all(self) -> None:
        """Draws every block as one node."""
        self._set_options(replace(self._options, collapsed=self.blocks))

    def expand_all(self) -> None:
        """Draws every operator."""
        self._set_options(replace(self._options, collapsed=frozenset()))

    def _set_options(self, options: DagOptions) -> None:
        if options == self._options:
            return
        self._options = options
        if self._graph is not None:
            self._corners.show_note("")
            self._layouter.start(self._graph, options)
        self.options_changed.emit()

    # -- selection

    def select(self, names: Iterable[str]) -> None:
        """Selects operators without telling (`operators_selected` is for the user's own choices)."""
        self.selection.select(names)
        self._describe()

    def highlight(self, names: Iterable[str]) -> None:
        """Marks operators as if the pointer were over them."""
        self.selection.highlight(names)

    def let_go(self) -> None:
        """Nothing is chosen any more, as if the user had clicked the background."""
        self.selection.choose(-1)

    def show_operator(self, name: str) -> None:
        """Shows the fused operator of that name, and chooses it."""
        self._reveal(name, Detail.OPERATORS)

    def show_source(self, name: str) -> None:
        """Shows the ONNX node of that name, and chooses it."""
        self._reveal(name, Detail.ONNX_NODES)

    def _reveal(self, name: str, detail: Detail) -> None:
        if detail is self._options.detail:
            self._go_to(name)
        else:
            self._navigation.going_to = name  # before: a small graph is laid out at once
            self.set_detail(detail)

    def _go_to(self, name: str) -> None:
        """Brings a node into view and chooses it; opens its block first if need be."""
        block = self._navigation.go_to(name)
        if block is not None:
            self.toggle_block(block)

    # -- where to look

    def centre_on(self, name: str) -> None:
        """Brings an operator to the middle, large enough to be read."""
        for position in self.selection.positions((name,))[:1]:
            assert self._arrangement is not None
            self._camera.centre_on(self._arrangement.geometry, position)

    @property
    def covered(self) -> QRectF | None:
        """What the legend hides; None without one."""
        return self._corners.covered

    def fit(self) -> None:
        """Shows everything."""
        if self._arrangement is not None:
            self._camera.fit(self._arrangement.geometry, self.covered)

    def go_home(self) -> None:
        """Shows the beginning of the graph, readable."""
        if self._arrangement is not None:
            self._camera.go_home(self._arrangement.geometry)

    def zoom_in(self) -> None:
        """A step closer."""
        self.canvas.zoom_about(_STEP_ZOOM)

    def zoom_out(self) -> None:
        """A step back."""
        self.canvas.zoom_about(1 / _STEP_ZOOM)

    def zoom_to_actual_size(self) -> None:
        """100%."""
        self.canvas.zoom_about(1.0 / self.canvas.port.scale)

    # -- layouts and pictures

    def _show_arrangement(self, arrangement: DagArrangement) -> None:
        if arrangement.quality == "refined":
            self._corners.show_note("")
        self._corners.say("" if arrangement.content.nodes else self.tr("This graph has no operators"))
        kept = self._navigation.arrange(arrangement)
        self._show_picture()
        self._navigation.look(kept)
        self.selection.set_content(arrangement.content, arrangement.full)
        self.finder.set_content(arrangement.full)
        self._describe()
        if self._navigation.going_to:
            self._go_to(self._navigation.going_to)
        self.layout_ready.emit(arrangement.quality)

    def _show_picture(self) -> None:
        picture = self._picture(self._theme)
        if picture is None or self._graph is None:
            return
        if self._colours is None:
            self._corners.set_legend(self._kinds())
        self.canvas.set_picture(picture)
        self._corners.set_picture(picture)

    def _picture(self, theme: Theme) -> DagPicture | None:
        if self._arrangement is None or self._graph is None:
            return None
        nodes = with_latencies(self._arrangement.content.nodes, self._latencies)
        colours = node_colours(nodes, self._graph, self._colours, theme)
        return DagPicture(self._arrangement.geometry, nodes, colours.colours, colours.shares, self._tint)

    def _kinds(self) -> Legend:
        assert self._arrangement is not None
        return kind_legend((node.kind for node in self._arrangement.full.nodes), self._theme)

    def _describe(self) -> None:
        """What assistive technology reads of the view: what is chosen."""
        nodes = self.content.nodes if self.content is not None else ()
        positions = self.selection.positions(self.selected)
        current = self.selection.position
        if current in positions:
            positions.remove(current)
            positions.insert(0, current)
        self.setAccessibleDescription("\n".join(nodes[i].description for i in positions[:3]))
