"""The middle of the window: messages on top, below them the picture, a scenario, or a page while there is neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from lockview.document.documents import Document
from lockview.document.names import display_name
from lockview.gui.plain import shown
from lockview.gui.theme import Appearance
from lockview.gui.workspace import Workspace

if TYPE_CHECKING:
    from lockview.document.recent import RecentFile
    from lockview.gui.messages import MessageBar
    from lockview.gui.simulation.page import SimulationPage
    from lockview.gui.start.nothing_found import NothingFoundPage
    from lockview.gui.start.page import StartPage
    from lockview.gui.timeline.page import TracePage


class Central(QWidget):
    """Pages are made when they are first needed: at a start with a file only the picture is."""

    start_made = Signal(object)  # StartPage
    simulation_made = Signal(object)  # SimulationPage

    def __init__(self, graph: QWidget, workspace: Workspace, appearance: Appearance, parent: QWidget) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._appearance = appearance
        self._recent: tuple[RecentFile, ...] = ()
        self.graph = graph
        self.start: StartPage | None = None
        self.nothing: NothingFoundPage | None = None
        self.simulation: SimulationPage | None = None
        self.trace: TracePage | None = None
        self._messages: MessageBar | None = None
        self._stack = QStackedWidget(self)
        self._stack.addWidget(graph)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self._stack, 1)

    @property
    def messages(self) -> MessageBar:
        """The messages above the page."""
        if self._messages is None:
            from lockview.gui.messages import MessageBar

            self._messages = MessageBar(self._appearance, self)
            self._column.insertWidget(0, self._messages)
        return self._messages

    def clear_messages(self, topic: str) -> None:
        """Take away what was said about a topic, if anything was."""
        if self._messages is not None:
            self._messages.clear(topic)

    @property
    def page(self) -> QWidget | None:
        """What is shown below the messages."""
        return self._stack.currentWidget()

    @property
    def beside(self) -> QWidget | None:
        """What belongs to the page and stands in the place of the details."""
        if self.simulation is not None and self.page is self.simulation:
            return self.simulation.tabs
        return self.trace.moment if self.trace is not None and self.page is self.trace else None

    def show_recent(self, files: tuple[RecentFile, ...]) -> None:
        """Show these files on the start page."""
        self._recent = files
        if self.start is not None:
            self.start.show_recent(files)

    def refresh(self) -> None:
        """Show the page that fits what is selected."""
        document = self._workspace.document
        if document is None:
            self._stack.setCurrentWidget(self._start_page())
        elif document.simulated is not None and self._workspace.selection.report < 0:
            page = self._simulation_page()
            self._stack.setCurrentWidget(page)
            page.show_simulated(document.simulated)
        elif document.reports:
            self._stack.setCurrentWidget(self.graph)
        elif document.traced is not None or document.log.event_streams:
            self._show_trace(document)
        else:
            self._show_nothing(document)

    def _show_nothing(self, document: Document) -> None:
        nothing = self._nothing_page()
        nothing.show_log(document.log, display_name(document), document.growing)
        self._stack.setCurrentWidget(nothing)

    def _show_trace(self, document: Document) -> None:
        """Show the run that was recorded; one that is still being written is a log."""
        from lockview.document.traced import traced_of

        run = traced_of(document)
        if run is None:
            self._show_nothing(document)
            return
        if self.trace is None:
            from lockview.gui.timeline.page import TracePage

            self.trace = TracePage(self._appearance, self)
            self.trace.steering_wanted.connect(self._steer)
            self.trace.line_chosen.connect(self._show_line)
            self._stack.addWidget(self.trace)
        self._stack.setCurrentWidget(self.trace)
        self.trace.show_run(run)

    def _steer(self) -> None:
        """Open the scenario of the recorded run, at the same place."""
        from lockview.document.errors import UserError
        from lockview.document.steering import steered_document
        from lockview.gui.messages import Message

        assert self.trace is not None
        run = self.trace.run
        assert run is not None
        try:
            self._workspace.add(steered_document(run, self.trace.position))
        except UserError as error:
            self.messages.show_message(Message(shown(str(error)), topic="steer"))

    def _show_line(self, line: int) -> None:
        self._workspace.select_item("", line=line)

    def _start_page(self) -> StartPage:
        if self.start is None:
            from lockview.gui.start.page import StartPage

            self.start = StartPage(self._appearance, self)
            self.start.show_recent(self._recent)
            self._stack.addWidget(self.start)
            self.start_made.emit(self.start)
        return self.start

    def _simulation_page(self) -> SimulationPage:
        if self.simulation is None:
            from lockview.gui.simulation.page import SimulationPage

            self.simulation = SimulationPage(self._workspace, self._appearance, self)
            self._stack.addWidget(self.simulation)
            self.simulation_made.emit(self.simulation)
        return self.simulation

    def _nothing_page(self) -> NothingFoundPage:
        if self.nothing is None:
            from lockview.gui.start.nothing_found import NothingFoundPage

            self.nothing = NothingFoundPage(self._appearance, self)
            self.nothing.line_chosen.connect(self._show_line)
            self._stack.addWidget(self.nothing)
        return self.nothing
