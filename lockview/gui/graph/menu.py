"""The context menu of the graph: copy a name, copy or export the picture, show all of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from lockview.analysis.lock_graph import LockGraph
from lockview.gui.actions import FORMATS
from lockview.gui.plain import menu_text

if TYPE_CHECKING:
    from lockview.gui.graph.panel import GraphPanel

_LONGEST = 48


def graph_menu(panel: GraphPanel, graph: LockGraph, name: str) -> QMenu:
    """Make the menu for the thing of this name, "" for the empty ground. It deletes itself when it closes."""
    menu = QMenu(panel)
    menu.aboutToHide.connect(menu.deleteLater)
    words = words_of(graph, name)
    if words:
        short = words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
        menu.addAction(menu_text(f"Copy {short}"), lambda: QGuiApplication.clipboard().setText(words))
        menu.addSeparator()
    copy, export = menu.addMenu("Copy the figure as"), menu.addMenu("Export as")
    for fmt, title, _ in FORMATS:
        copy.addAction(title, partial(panel.copy_as, fmt))
        export.addAction(f"{title}...", partial(panel.export, fmt))
    menu.addSeparator()
    menu.addAction("Fit", panel.fit)
    return menu


def words_of(graph: LockGraph, name: str) -> str:
    """The kernel's words for a thing in the picture: a lock's name, or both names of an edge."""
    sort, _, number = name.partition(":")
    if sort == "lock" and int(number) < len(graph.nodes):
        return graph.nodes[int(number)].name
    if sort == "edge" and int(number) < len(graph.edges):
        edge = graph.edges[int(number)]
        return f"{graph.nodes[edge.tail].name} -> {graph.nodes[edge.head].name}"
    return ""
