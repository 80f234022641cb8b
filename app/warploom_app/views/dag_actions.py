"""The commands of the graph: its menu, its shortcuts, and which of them make sense now."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QCoreApplication, QObject

from warploom_app.actions import ActionRegistry, ActionSpec
from warploom_app.presenters.dag_content import Detail
from warploom_app.views.dag_panel import DagPanel, colour_texts


class DagActions(QObject):
    """Registers the commands "graph.*" and keeps their state that of the view."""

    def __init__(self, registry: ActionRegistry, panel: DagPanel) -> None:
        super().__init__(panel)
        self._registry, self._panel, self._dag = registry, panel, panel.dag
        self._register_views()
        self._register_colours()
        self._register_rest()
        for signal in (self._dag.options_changed, self._dag.layout_ready, self._dag.current_changed):
            signal.connect(self.update)
        for signal in (panel.colour_chosen, panel.offers_changed):
            signal.connect(self.update)
        self.update()

    def _register_views(self) -> None:
        add, dag = self._registry.add, self._dag
        add(ActionSpec("graph.find", _tr("&Find in the graph"), "Ctrl+Shift+F"), self._find)
        onnx = ActionSpec("graph.onnx", _tr("&ONNX nodes"), "Ctrl+Shift+O", checkable=True, separated=True)
        add(onnx, dag.toggle_detail)
        across = ActionSpec("graph.horizontal", _tr("From &left to right"), "Ctrl+Shift+L", checkable=True)
        add(across, lambda: dag.set_horizontal(not dag.options.horizontal))
        toggle = ActionSpec("graph.toggle", _tr("Collapse or expand this &block"), "Ctrl+Shift+B", separated=True)
        add(toggle, dag.toggle_selected_block)
        add(ActionSpec("graph.collapse", _tr("&Collapse all blocks"), "Ctrl+Shift+Up"), dag.collapse_all)
        add(ActionSpec("graph.expand", _tr("&Expand all blocks"), "Ctrl+Shift+Down"), dag.expand_all)

    def _register_colours(self) -> None:
        for i, (what, text) in enumerate(colour_texts().items()):
            title = _tr("Colour by {}").format(text)
            spec = ActionSpec(f"graph.colour-{what.value}", title, checkable=True, separated=i == 0)
            self._registry.add(spec, partial(self._panel.set_colour_by, what))

    def _register_rest(self) -> None:
        add, dag = self._registry.add, self._dag
        add(ActionSpec("graph.home", _tr("&Beginning of the graph"), "Ctrl+Home", separated=True), dag.go_home)
        add(ActionSpec("graph.fit", _tr("Fit the &graph"), "Ctrl+9"), dag.fit)
        add(ActionSpec("graph.zoom-in", _tr("Zoom &in"), "Ctrl++"), dag.zoom_in)
        add(ActionSpec("graph.zoom-out", _tr("Zoom o&ut"), "Ctrl+-"), dag.zoom_out)
        add(ActionSpec("graph.copy", _tr("Co&py picture"), "Ctrl+Shift+C", separated=True), dag.copy_picture)

    def update(self) -> None:
        """Enables and checks what fits the view."""
        dag, options = self._dag, self._dag.options
        shown = dag.content is not None
        for spec, action in self._registry:
            if spec.menu == "graph":
                action.setEnabled(shown)
        self._registry["graph.collapse"].setEnabled(shown and bool(dag.blocks - options.collapsed))
        self._registry["graph.expand"].setEnabled(shown and bool(options.collapsed))
        self._registry["graph.toggle"].setEnabled(dag.block_here is not None)
        self._registry["graph.onnx"].setChecked(options.detail is Detail.ONNX_NODES)
        self._registry["graph.horizontal"].setChecked(options.horizontal)
        for what in colour_texts():
            action = self._registry[f"graph.colour-{what.value}"]
            action.setEnabled(shown and self._panel.offers(what))
            action.setChecked(what is self._panel.colour_by)

    def _find(self) -> None:
        self._dag.open_search()


def _tr(text: str) -> str:
    return QCoreApplication.translate("Actions", text)
