"""What decides which actions make sense right now, gathered from the parts of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lockview.analysis.cycles import has_cycle
from lockview.analysis.lock_graph import Shape
from lockview.gui.actions import UiState

if TYPE_CHECKING:
    from lockview.gui.window import MainWindow


def state_of(window: MainWindow) -> UiState:
    """The state of a finished window."""
    workspace = window.workspace
    selection, document, report = workspace.selection, workspace.document, workspace.report
    edge = report is not None and selection.edge is not None and selection.edge < len(report.graph.edges)
    is_log = document is not None and document.simulated is None
    return UiState(
        document=document is not None,
        reloadable=document is not None and bool(document.path) and not document.growing,
        followable=document is not None
        and is_log
        and document.traced is None
        and (bool(document.path) or document.growing),
        following=document is not None and document.growing,
        report=report is not None,
        simulation=document is not None and not is_log and report is None,
        picture=report is not None and bool(report.graph.nodes),
        links=report is not None and bool(report.graph.edges),
        cycle=report is not None and has_cycle(report.graph),
        ring=report is None or report.graph.shape is Shape.RING,
        edge=edge,
        frame=edge and selection.frame is not None,
        earlier_report=workspace.report_after(-1) is not None,
        later_report=workspace.report_after(1) is not None,
        working=window.status.working,
        view=window.graph.view_name,
        theme=window.appearance.choice,
    )
