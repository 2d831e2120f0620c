"""The details panel: the selection in words and stacks, on three pages."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QMenu, QTabWidget, QVBoxLayout, QWidget

from lockview.analysis.lock_graph import LockEdge
from lockview.document.documents import OpenReport
from lockview.document.selection import Selection
from lockview.gui.details.lock_rows import lock_rows
from lockview.gui.details.stack_rows import OPENED, edge_rows, fold_of, frame_text
from lockview.gui.details.verdict import Judging
from lockview.gui.details.why import why_rows
from lockview.gui.jobs import Jobs
from lockview.gui.rows.row import Kind, Row
from lockview.gui.rows.row_list import RowList
from lockview.gui.theme import Appearance
from lockview.gui.workspace import Workspace

WHY, EDGE, LOCK = range(3)
NO_REPORT = (Row(Kind.NOTE, "Open a log that holds a lock report to see here what it means.", dim=True),)
NO_EDGE = (
    Row(Kind.NOTE, "Select an arrow of the graph, or walk along the cycle with [ and ], to see its stacks.", dim=True),
)
NO_LOCK = (Row(Kind.NOTE, "Select a lock, a task or an arrow of the graph to see what is known about it.", dim=True),)


class DetailsPanel(QWidget):
    """Why the report was printed, the stacks of the selected edge, the facts of the selected lock.

    The page follows the selection, except when the user is reading the sentences and chose one of them.
    """

    def __init__(
        self,
        workspace: Workspace,
        appearance: Appearance,
        parent: QWidget | None = None,
        *,
        jobs: Jobs | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._opened = OPENED
        self._shown: tuple[OpenReport | None, str] = (None, "")
        self._reading = False
        self.judging = Judging(jobs, self)
        self.why = RowList("Why the report was printed", appearance)
        self.edge = RowList("Stacks of the selected dependency", appearance)
        self.lock = RowList("Facts about the selected lock", appearance)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for page, title in ((self.why, "Why"), (self.edge, "Stacks"), (self.lock, "Lock")):
            self.tabs.addTab(page, title)
            page.row_chosen.connect(self._choose)
            page.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.edge.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.edge.fold_toggled.connect(self._toggle)
        self.why.fold_toggled.connect(self._ask)
        self.judging.changed.connect(self._fill)
        self.edge.customContextMenuRequested.connect(self._show_stack_menu)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        self.tabs.currentChanged.connect(self._fill)
        workspace.selection_changed.connect(self._show)
        self._show(workspace.selection)

    # -- what the user can do

    def copy_frame(self) -> None:
        """Copy the frame the user is on, as the kernel prints it."""
        edge, frame = self._edge(), self._workspace.selection.frame
        row = self.edge.current
        if edge is not None and frame is not None and 0 <= frame < len(edge.dependency.stack):
            QApplication.clipboard().setText(frame_text(edge.dependency.stack.frames[frame]))
        elif row is not None and row.kind == Kind.FRAME:
            self.edge.copy()

    def copy_stack(self) -> None:
        """Copy the whole stack of the selected edge, innermost frame first."""
        edge = self._edge()
        if edge is not None and edge.dependency.stack.frames:
            QApplication.clipboard().setText("\n".join(frame_text(frame) for frame in edge.dependency.stack.frames))

    # -- showing

    def _edge(self) -> LockEdge | None:
        opened, number = self._workspace.report, self._workspace.selection.edge
        return (
            opened.graph.edges[number] if opened and number is not None and number < len(opened.graph.edges) else None
        )

    def _show(self, selection: Selection) -> None:
        now = (self._workspace.report, selection.item)
        if now != self._shown:
            self._shown = now
            self._opened = OPENED
        self._open_fold_of(selection)
        page = EDGE if selection.edge is not None else LOCK if selection.lock is not None else WHY
        if not self._reading and page != self.tabs.currentIndex():
            self.tabs.setCurrentIndex(page)  # fills it
        else:
            self._fill()

    def _open_fold_of(self, selection: Selection) -> None:
        """A frame that was chosen elsewhere must not stay hidden in a closed run."""
        edge, opened = self._edge(), self._workspace.report
        if edge is not None and opened is not None and selection.frame is not None:
            self._opened |= fold_of(opened.graph, edge, selection.frame)

    def _fill(self, _page: int = 0) -> None:
        """Make the rows of the page in front; the others are made when they are asked for."""
        opened, selection = self._workspace.report, self._workspace.selection
        page = self.tabs.currentWidget()
        if opened is None:
            for each in (self.why, self.edge, self.lock):
                each.set_rows(NO_REPORT)
        elif page is self.why:
            self.why.set_rows((*why_rows(opened.report, opened.graph), *self.judging.rows(opened)))
            self.why.mark(selection)
        elif page is self.edge:
            edge = self._edge()
            rows = edge_rows(opened.report, opened.graph, edge.number, self._opened) if edge else NO_EDGE
            self.edge.set_rows(rows)
            self.edge.mark(selection)
        else:
            self.lock.set_rows(self._lock_rows(opened, selection))
            self.lock.mark(selection)

    def _lock_rows(self, opened: OpenReport, selection: Selection) -> tuple[Row, ...]:
        """The selected lock; both locks of a selected edge, the first one first."""
        edge = self._edge()
        if edge is not None:
            return tuple(row for node in (edge.tail, edge.head) for row in lock_rows(opened.report, opened.graph, node))
        number = selection.lock
        if number is not None and number < len(opened.graph.nodes):
            return lock_rows(opened.report, opened.graph, number)
        return NO_LOCK

    # -- what the user did

    def _choose(self, row: Row) -> None:
        """Select what a row stands for."""
        self._reading = self.tabs.currentWidget() is self.why
        selection = self._workspace.selection
        self._workspace.select(replace(selection, item=row.item, frame=row.frame, line=row.line, spans=row.spans))
        self._reading = False

    def _toggle(self, fold: str) -> None:
        self._opened ^= {fold}
        self._fill()
        self.edge.keep_at(fold)

    def _ask(self, fold: str) -> None:
        self.judging.toggle(fold)
        self.why.keep_at(fold)

    def _show_stack_menu(self, position: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        row = self.edge.current
        frame = menu.addAction("Copy &Frame", self.copy_frame)
        frame.setEnabled(row is not None and row.kind == Kind.FRAME)
        stack = menu.addAction("Copy &Stack", self.copy_stack)
        edge = self._edge()
        stack.setEnabled(edge is not None and bool(edge.dependency.stack.frames))
        menu.popup(self.edge.viewport().mapToGlobal(position))
