"""The source that is executing, and behind it the lanes of the run: two views of where it stands."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabWidget, QWidget

from lockview.gui.simulation.source_view import SourceView
from lockview.gui.theme import Appearance
from lockview.gui.timeline.stops import Stops
from lockview.gui.timeline.view import TimelineView
from lockview.layout.timeline import TimelineMaker
from lockview.sim.course import Course
from lockview.sim.lock_changes import lock_changes
from lockview.sim.no_return import no_return


class Middle(QTabWidget):
    """``position_chosen`` carries the position that the user wants to see. ``stops`` are the locks to stop at."""

    position_chosen = Signal(object)  # int

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Course, int] | None = None
        self._known: tuple[Course, int] | None = None
        self.stops = Stops()
        self.source = SourceView(appearance)
        self.lanes = TimelineView(appearance)
        self.setDocumentMode(True)
        self.addTab(self.source, "Source")
        self.addTab(self.lanes, "Lanes")
        self.setTabToolTip(1, "Who holds which lock when; the context menu of a bar stops at its lock")
        self.lanes.position_chosen.connect(self.position_chosen)
        self.lanes.stop_toggled.connect(self._toggle)
        self.lanes.next_wanted.connect(self._go_to_next)
        self.currentChanged.connect(self._draw)

    def show_run(self, course: Course, position: int) -> None:
        """Show the lanes of a run as it stands; they are drawn when somebody looks."""
        self._shown = (course, position)
        self._draw()

    def _draw(self, _tab: int = 0) -> None:
        if self._shown is not None and (self.currentWidget() is self.lanes or self.stops.locks):
            course, position = self._shown
            self._learn(course)
            self.lanes.show_position(position)

    def _learn(self, course: Course) -> None:
        """Look at a run once, and again when it has gone on."""
        if self._known is not None and self._known[0] is course and self._known[1] == len(course.moves):
            return
        self._known = (course, len(course))
        changes = tuple(lock_changes(course))
        maker = TimelineMaker(tuple(str(task) for task in course.built.tasks))
        for change in changes:
            maker.change(*change)
        self.stops.show_uses((change.step, change.lock) for change in changes)
        self.lanes.show_timeline(maker.made(len(course)), no_return(course))

    def _toggle(self, lock: str) -> None:
        self.stops.toggle(lock)
        self.lanes.show_stops(self.stops.locks)

    def _go_to_next(self, lock: str) -> None:
        if self._shown is not None:
            position = self.stops.next_use(lock, self._shown[1])
            if position is not None:
                self.position_chosen.emit(position)
