"""The source that is executing, and behind it the lanes of the run: two views of where it stands."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabWidget, QWidget

from lockview.gui.replay.lanes_view import LanesView
from lockview.gui.simulation.source_view import SourceView
from lockview.gui.theme import Appearance
from lockview.sim.course import Course
from lockview.sim.lock_trace import LockTrace, lock_trace


class Middle(QTabWidget):
    """``position_chosen`` carries the position after the step whose bar the user clicked."""

    position_chosen = Signal(int)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Course, int] | None = None
        self._known: tuple[Course, int, LockTrace] | None = None
        self.source = SourceView(appearance)
        self.lanes = LanesView(appearance)
        self.setDocumentMode(True)
        self.addTab(self.source, "Source")
        self.addTab(self.lanes, "Lanes")
        self.setTabToolTip(1, "Who holds which lock when; each column is one lock operation")
        self.lanes.position_chosen.connect(self._choose)
        self.currentChanged.connect(self._draw)

    def show_run(self, course: Course, position: int) -> None:
        """Show the lanes of a run as it stands; they are drawn when somebody looks."""
        self._shown = (course, position)
        self._draw()

    def _draw(self, _tab: int = 0) -> None:
        if self._shown is not None and self.currentWidget() is self.lanes:
            course, position = self._shown
            whole = self._trace(course)
            self.lanes.show_trace(whole.trace, whole.events_before(position))

    def _trace(self, course: Course) -> LockTrace:
        """Made once per run."""
        if self._known is None or self._known[0] is not course or self._known[1] != len(course):
            self._known = (course, len(course), lock_trace(course))
        return self._known[2]

    def _choose(self, events: int) -> None:
        if self._known is not None:
            self.position_chosen.emit(self._known[2].position_after(events))
