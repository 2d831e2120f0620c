"""The panel of the graph: the picture of the selected report in one of three views, with selection and replay on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lockview.analysis.lock_graph import LockGraph, Shape
from lockview.document.documents import OpenReport
from lockview.document.selection import Selection
from lockview.gui.graph.items import Look
from lockview.gui.graph.pictures import LANES, LAYERED, RING, VIEWS, Pictures, marks_of
from lockview.gui.graph.view import NO_DRAWING, GraphView
from lockview.gui.painting import Fonts
from lockview.gui.theme import Appearance
from lockview.gui.workspace import Workspace
from lockview.layout.drawing import Drawing, Group

if TYPE_CHECKING:
    from lockview.gui.jobs import Jobs
    from lockview.sim.replay import Replay

NOTHING_OPEN = "Open a kernel log, drop one here or paste it: the cycle of its first lock report will be drawn here."
NO_CYCLE = "This report names no locks, so there is nothing to draw. The log shows what was printed."
BY_US = "Layers, our own layout"
BY_GRAPHVIZ = "Layers, laid out by Graphviz"
GRAPHVIZ_LIMIT_MS = 3000


class GraphPanel(QWidget):
    """Shows ``workspace.report``; picks leave through ``workspace.select_item``.

    ``status_changed`` tells which layout is shown; ``failed`` and ``succeeded`` tell, in a sentence, what
    became of an export.
    """

    status_changed = Signal(str)
    view_changed = Signal(str)
    failed = Signal(str)
    succeeded = Signal(str)

    def __init__(
        self,
        workspace: Workspace,
        appearance: Appearance,
        jobs: Jobs | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._appearance = appearance
        self._jobs = jobs
        self._name = RING
        self._status = ""
        self._hovered = ""
        self._place = ""
        self._shown: OpenReport | None = None
        fonts = Fonts(appearance.ui_font, appearance.fixed_font)
        self._pictures = Pictures(fonts)
        self.view = GraphView(Look(appearance.theme, fonts), self)
        self.view.setAccessibleName("Graph")
        self.view.tip_of = self._tip
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self.setFocusProxy(self.view)
        self.view.picked.connect(self._picked)
        self.view.hovered.connect(self._hover)
        self.view.menu_wanted.connect(self._show_menu)
        workspace.selection_changed.connect(self._selection_changed)
        workspace.replay_changed.connect(self._refresh)
        appearance.changed.connect(self._appearance_changed)
        self._show_report()

    @property
    def view_name(self) -> str:
        """``ring``, ``layered`` or ``lanes``."""
        return self._name

    @property
    def status(self) -> str:
        """Which picture is shown and who laid it out, in a few words."""
        return self._status

    def set_view(self, name: str) -> None:
        """Show the report as its natural diagram (``ring``), in layers or in lanes. Other names are ignored."""
        if name in VIEWS and name != self._name:
            self._name = name
            self._show_report()
            self.view_changed.emit(name)

    def fit(self) -> None:
        """Show the whole picture."""
        self.view.fit()

    def zoom(self, factor: float) -> None:
        """Zoom in (above 1) or out at the middle of the panel."""
        self.view.zoom_at(factor)

    def walk(self, step: int) -> None:
        """Select the edge that comes so many places later (or earlier) in the cycle than what is selected."""
        report = self._workspace.report
        if report is None or not report.graph.edges:
            return
        edges, selection = report.graph.edges, self._workspace.selection
        if selection.edge is not None:
            number = selection.edge + step
        else:
            start = next((edge.number for edge in edges if edge.tail == selection.lock), 0)
            number = start + (step - 1 if step > 0 else step)
        self._workspace.select_item(f"edge:{number % len(edges)}")

    # From the workspace to the view

    def _selection_changed(self, selection: Selection) -> None:
        if self._workspace.report is not self._shown:
            self._show_report()
            return
        self._refresh()
        place = self._place_of(selection.item)
        self.view.reveal(place)
        self._announce(place)

    def _show_report(self) -> None:
        """Show another report or another view: all of it."""
        self._shown = self._workspace.report
        self._hovered = ""
        self._refresh()
        self.view.fit()
        if self._name == LAYERED and self._shown is not None:
            self._ask_graphviz(self._shown.graph)
        else:
            self._say(self._title())

    def _title(self) -> str:
        """What the shown view is called."""
        if self._shown is None:
            return ""
        ring = self._name == RING and self._shown.graph.shape is not Shape.RING
        return "Diagram" if ring else self._name.capitalize()

    def _refresh(self, _: Replay | None = None) -> None:
        """Show selection, hover and replay on the same picture."""
        report, selection = self._shown, self._workspace.selection
        self.view.note = self._note(report)
        if report is None or self.view.note:
            self.view.show_drawing(NO_DRAWING)
        else:
            replay = self._workspace.replay
            marks = marks_of(report.graph, selection.item, self._hovered, replay)
            self.view.show_drawing(self._pictures.drawing(report, self._name, marks, replay))
        place = self._place_of(selection.item)
        self.view.set_focus_item(place)
        self._describe(place)

    def _note(self, report: OpenReport | None) -> str:
        """Words where there is no picture."""
        if report is None:
            return NOTHING_OPEN
        if not report.graph.nodes:
            return NO_CYCLE
        if self._name == LANES:
            from lockview.analysis.cycles import has_cycle, why_no_run

            return "" if has_cycle(report.graph) else why_no_run(report.graph)
        return ""

    def _appearance_changed(self) -> None:
        fonts = Fonts(self._appearance.ui_font, self._appearance.fixed_font)
        self._pictures = Pictures(fonts)
        self.view.set_look(Look(self._appearance.theme, fonts))
        self._show_report()

    def _item_of(self, report: OpenReport, group: str) -> str:
        """What the selection calls a group of the drawing."""
        if self._name != LANES:
            return group
        from lockview.gui.graph.lane_items import item_of

        return item_of(report.graph, self._pictures.run_of(report, self._workspace.replay), group)

    def _place_of(self, item: str) -> str:
        """The group that stands for the selection: the one that was picked, where several do."""
        report = self._shown
        if report is None or not item or self._name != LANES:
            return item
        if self._item_of(report, self._place) == item:
            return self._place
        from lockview.gui.graph.lane_items import group_of

        return group_of(report.graph, self._pictures.run_of(report, self._workspace.replay), item)

    # From the view to the workspace

    def _picked(self, name: str) -> None:
        """Select what was picked. In the lanes of a watched run, picking a step also goes there."""
        report = self._shown
        if report is None:
            return
        self._place = name
        replay = self._workspace.replay
        if replay is not None and self._name == LANES:
            from lockview.gui.graph.lane_items import step_of

            step = step_of(name)
            if step is not None:
                self._workspace.show_replay(replay.to(step + 1))
        self._workspace.select_item(self._item_of(report, name))
        self._refresh()

    def _hover(self, name: str) -> None:
        self._hovered = name
        self._refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_BracketRight:
            self.walk(1)
        elif event.key() == Qt.Key.Key_BracketLeft:
            self.walk(-1)
        elif event.key() == Qt.Key.Key_Escape and self._workspace.selection.item:
            self._workspace.select_item("")
        else:
            super().keyPressEvent(event)

    def _show_menu(self, name: str, at: QPoint) -> None:
        from lockview.gui.graph.menu import graph_menu

        if self._shown is not None:
            graph_menu(self, self._shown.graph, name).popup(at)

    def copy_as(self, fmt: str) -> None:
        """Put the picture on the clipboard, as the panel shows it but without selection."""
        from lockview.gui.export import copy_report

        self._try(lambda: copy_report(self._workspace, self._appearance, fmt, self._name, self._special()))

    def export(self, fmt: str) -> None:
        """Ask for a file name and save the picture, as the panel shows it but without selection."""
        from lockview.gui.export import export_report

        self._try(lambda: export_report(self, self._workspace, self._appearance, fmt, self._name, self._special()))

    def _special(self) -> Drawing | None:
        """What is shown, where it is not what anybody would draw of the report alone: a replay, Graphviz's layout."""
        report, replay = self._shown, self._workspace.replay
        if report is None or not report.graph.nodes:
            return None
        if self.view.note or (replay is None and not (self._name == LAYERED and self._pictures.improved(report.graph))):
            return None
        return self._pictures.drawing(report, self._name, marks_of(report.graph, "", "", replay), replay)

    def _try(self, work: Callable[[], str]) -> None:
        from lockview.document.errors import UserError

        try:
            done = work()
        except UserError as error:
            self.failed.emit(str(error))
        else:
            if done:
                self.succeeded.emit(done)

    # Graphviz, in a process of its own

    def _ask_graphviz(self, graph: LockGraph) -> None:
        """Have a better layered placement made; ours stays in sight until it comes, and for good if none comes."""
        if self._pictures.improved(graph):
            self._say(BY_GRAPHVIZ)
            return
        if self._jobs is None:
            from lockview.gui.jobs import Jobs

            self._jobs = Jobs(self)
        self._say(f"{BY_US}; Graphviz works on another")
        self._jobs.run(
            "layered",
            self._pictures.graphviz_request(graph),
            on_done=lambda result: self._take_layout(graph, result),
            on_failed=lambda why: self._keep_ours(graph, why),
            timeout_ms=GRAPHVIZ_LIMIT_MS,
            title="Graphviz",
        )

    def _take_layout(self, graph: LockGraph, result: object) -> None:
        try:
            shown = self._pictures.take(graph, result)
        except ValueError as error:
            self._keep_ours(graph, f"Graphviz: {error}.")
            return
        if shown and self._name == LAYERED:
            self._refresh()
            self._say(BY_GRAPHVIZ)

    def _keep_ours(self, graph: LockGraph, why: str) -> None:
        if self._name == LAYERED and self._shown is not None and self._shown.graph is graph:
            self._say(f"{BY_US}. {why}")

    def _say(self, status: str) -> None:
        if status != self._status:
            self._status = status
            self.status_changed.emit(status)

    # In words

    def _tip(self, group: Group) -> str:
        report = self._shown
        if report is None:
            return group.title
        from lockview.gui.graph.tips import tip_text

        return tip_text(report.report, report.graph, group)

    def _describe(self, item: str) -> None:
        """Tell assistive tools what the picture shows; they cannot look into a scene."""
        words = self.view.note
        if not words:
            drawing = self.view.drawing
            selected = self.view.item_named(item)
            words = f"{drawing.title}: {drawing.description}."
            words += f" Selected: {selected.shown.title}." if selected else " Nothing is selected."
        if words != self.view.accessibleDescription():
            self.view.setAccessibleDescription(words)

    def _announce(self, item: str) -> None:
        from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

        chosen = self.view.item_named(item)
        if chosen is not None and QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.view, chosen.shown.title))
