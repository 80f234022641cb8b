"""The context menu of the DAG: what can be done with the node or the block under the pointer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu

from warploom_app.presenters.dag_content import Detail, block_title
from warploom_app.presenters.dag_nodes import DagNode

if TYPE_CHECKING:
    from warploom_app.views.dag_view import DagView


def context_menu(view: DagView, node: DagNode | None) -> QMenu:
    """The menu for a node, or for the background."""
    menu = QMenu(view)
    menu.setToolTipsVisible(True)
    if node is not None:
        _node_entries(menu, view, node)
        menu.addSeparator()
    onnx = view.options.detail is Detail.ONNX_NODES
    _entry(menu, view.tr("Show fused operators") if onnx else view.tr("Show ONNX nodes"), view.toggle_detail)
    across = view.options.horizontal
    turn = view.tr("Lay out from top to bottom") if across else view.tr("Lay out from left to right")
    _entry(menu, turn, lambda: view.set_horizontal(not across))
    collapse = _entry(menu, view.tr("Collapse all blocks"), view.collapse_all)
    collapse.setEnabled(bool(view.blocks - view.options.collapsed))
    _entry(menu, view.tr("Expand all blocks"), view.expand_all).setEnabled(bool(view.options.collapsed))
    menu.addSeparator()
    _entry(menu, view.tr("Copy picture"), view.copy_picture)
    return menu


def _node_entries(menu: QMenu, view: DagView, node: DagNode) -> None:
    if node.block in view.blocks:
        closed = node.block in view.options.collapsed
        text = view.tr("Expand {}") if closed else view.tr("Collapse {}")
        _entry(menu, text.format(block_title(node.block)), lambda: view.toggle_block(node.block))
    if not node.collapsed:
        if view.options.detail is Detail.OPERATORS and node.sources:
            _entry(menu, view.tr("Show its ONNX nodes"), lambda: view.show_source(node.sources[0]))
        elif view.options.detail is Detail.ONNX_NODES and node.operators:
            _entry(menu, view.tr("Show its operator"), lambda: view.show_operator(node.operators[0]))
        clipboard = QGuiApplication.clipboard()
        _entry(menu, view.tr("Copy name"), lambda: clipboard.setText(node.name))


def _entry(menu: QMenu, text: str, run: Callable[[], object]) -> QAction:
    action = menu.addAction(text)
    action.triggered.connect(lambda *_: run())
    return action
