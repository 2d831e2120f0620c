"""A recorded run in the middle of the window: its lanes, played and scrubbed, and what each event did."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QPalette
from PySide6.QtWidgets import QPushButton, QSplitter, QVBoxLayout, QWidget

from lockview.document.traced import TracedRun
from lockview.document.visible import visible
from lockview.gui.replay.transport import Transport
from lockview.gui.rows.row import Row
from lockview.gui.rows.row_list import RowList
from lockview.gui.simulation.source_view import SourceView
from lockview.gui.theme import Appearance
from lockview.gui.timeline.rows import event_words, moment_rows
from lockview.gui.timeline.stops import Stops
from lockview.gui.timeline.view import TimelineView
from lockview.gui.wrapped_text import WrappedText
from lockview.layout.drawing import Role
from lockview.model.stacks import Frame

PADDING = 8


class TracePage(QWidget):
    """``moment``, what each task holds and waits for and the stack of the event, stands beside the page.

    ``steering_wanted`` asks for the scenario of the run, at this place of it; ``line_chosen`` carries the line of the
    log in which the event stands.
    """

    steering_wanted = Signal()
    line_chosen = Signal(int)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("trace")
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self._run: TracedRun | None = None
        self._places: dict[int, int] = {}
        self._learned = False
        self.position = 0
        self.stops = Stops()
        self.title = WrappedText(appearance, semibold=True)
        self.remarks = WrappedText(appearance, scale=0.87, role=Role.DIM)
        self.transport = Transport(appearance, searches=False)
        self.state = WrappedText(appearance, semibold=True)
        self.lanes = TimelineView(appearance)
        self.moment = RowList("What is held at this event, and its call stack", appearance)
        self.source = SourceView(appearance)
        self.steer = QPushButton("Steer from here", self)
        self.steer.setToolTip("Run the scenario as far as this, and choose at each step which task goes on")
        self._playing = QTimer(self)
        self._playing.timeout.connect(self._play_on)
        words = QVBoxLayout()
        words.setContentsMargins(PADDING, PADDING, PADDING, 4)
        for widget in (self.title, self.remarks, self.transport, self.state):
            words.addWidget(widget)
        words.addWidget(self.steer, 0, Qt.AlignmentFlag.AlignLeft)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setHandleWidth(1)
        for part in (self.lanes, self.source):
            parts.addWidget(part)
        parts.setStretchFactor(0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(words)
        column.addWidget(parts, 1)
        self._connect()

    def _connect(self) -> None:
        for name in ("first", "back", "toggle_play", "forward", "last"):
            self.transport.button(name).clicked.connect(getattr(self, name))
        self.transport.position_chosen.connect(self.go_to)
        self.transport.speed_chosen.connect(self._set_speed)
        self.lanes.position_chosen.connect(self.go_to)
        self.lanes.stop_toggled.connect(self._toggle_stop)
        self.lanes.next_wanted.connect(self.go_to_next)
        self.moment.row_chosen.connect(self._show_place)
        self.steer.clicked.connect(self.steering_wanted)

    @property
    def run(self) -> TracedRun | None:
        """The run that is shown."""
        return self._run

    @property
    def playing(self) -> bool:
        """Whether the run is being played."""
        return self._playing.isActive()

    def show_run(self, run: TracedRun) -> None:
        """Show a run where it was left."""
        if run is self._run:
            return
        self._playing.stop()
        if self._run is not None:
            self._places[id(self._run.timeline)] = self.position
        self._run = run
        self.position = min(self._places.get(id(run.timeline), 0), run.length)
        self._learned = False
        if self.stops.locks:
            self._learn_uses(run)
        self.title.set_text(visible(run.title))
        self.remarks.set_text(visible(" ".join(run.remarks)))
        self.remarks.setVisible(bool(run.remarks))
        self.source.setVisible(run.source is not None)
        self.steer.setVisible(run.source is not None)
        self.lanes.show_timeline(run.timeline)
        self._show()

    # -- what the user can do

    def first(self) -> None:
        """Go to before the first event."""
        self.go_to(0)

    def back(self) -> None:
        """Go one event back."""
        self.go_to(self.position - 1)

    def forward(self) -> None:
        """Go one event on."""
        self.go_to(self.position + 1)

    def last(self) -> None:
        """Go to after the last event."""
        if self._run is not None:
            self.go_to(self._run.length)

    def go_to(self, position: int) -> None:
        """Go to after that many events."""
        self._playing.stop()
        self._move(position)
        run = self._run
        if run is not None and run.lines and self.position:
            self.line_chosen.emit(run.lines[self.position - 1])

    def go_to_next(self, lock: str) -> None:
        """Go to after the next event of a lock; stay when there is none."""
        if self._run is not None:
            self._learn_uses(self._run)
        position = self.stops.next_use(lock, self.position)
        if position is not None:
            self.go_to(position)

    def toggle_play(self) -> None:
        """Play on by itself, from the start when the run is at its end; or pause."""
        if self._run is None or not self._run.length:
            return
        if self.playing:
            self._playing.stop()
        else:
            if self.position == self._run.length:
                self.position = 0
            self._playing.start(self.transport.interval)
        self._show()

    def _learn_uses(self, run: TracedRun) -> None:
        """Where which lock is used; found out when it is asked for, as a long run takes half a second."""
        if not self._learned:
            self._learned = True
            self.stops.show_uses((number, run.lock(number)) for number in range(run.length) if run.lock(number))

    def _toggle_stop(self, lock: str) -> None:
        if self._run is not None:
            self._learn_uses(self._run)
        self.stops.toggle(lock)
        self.lanes.show_stops(self.stops.locks)

    def _set_speed(self) -> None:
        self._playing.setInterval(self.transport.interval)

    def _play_on(self) -> None:
        if self._run is None or self.position + 1 >= self._run.length or self.stops.stops_after(self.position + 1):
            self._playing.stop()
        self._move(self.position + 1)

    def _move(self, position: int) -> None:
        if self._run is not None and 0 <= position <= self._run.length:
            self.position = position
            self._show()

    def _show(self) -> None:
        run = self._run
        if run is None:
            return
        self.transport.show_position(self.position, run.length, playing=self.playing)
        lost = run.result == "deadlock" and self.position == run.length
        self.state.set_text(event_words(run, self.position), Role.SIGNAL if lost else Role.TEXT)
        self.moment.set_rows(moment_rows(run, self.position))
        self.lanes.show_position(self.position)
        self._show_source(0)

    def _show_place(self, row: Row) -> None:
        """Show the source of a frame."""
        if row.frame is not None:
            self._show_source(row.frame)

    def _show_source(self, number: int) -> None:
        """Our own source at a frame of the event's stack; that of a real kernel is not here."""
        run = self._run
        if run is None or run.source is None:
            return
        stack = run.stack(self.position - 1) if self.position else ()
        function, place = stack[number] if number < len(stack) else ("", "")
        file, _, line = place.rpartition(":")
        self.source.show_frame(Frame(function, file=file, line=int(line)) if file and line.isdecimal() else None)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._playing.stop()
