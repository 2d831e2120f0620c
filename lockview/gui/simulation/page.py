"""A scenario in the middle of the window: run, stepped, scrubbed and steered; the world at each step.

Runs are made in slices between the events of the window; what was run is kept, so moving in it costs nothing.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QPalette
from PySide6.QtWidgets import QSplitter, QTabWidget, QVBoxLayout, QWidget

from lockview.document.errors import UserError
from lockview.document.schedules import follow_schedule
from lockview.document.selection import Selection
from lockview.document.simulated import BY_HAND, Setup, Simulated, with_its_reports
from lockview.gui.replay.task_buttons import TaskButtons
from lockview.gui.replay.transport import Transport
from lockview.gui.rows.row import Kind, Row
from lockview.gui.rows.row_list import RowList
from lockview.gui.simulation.controls import Controls
from lockview.gui.simulation.head import Head, ReportLine
from lockview.gui.simulation.middle import Middle
from lockview.gui.simulation.outcomes import OutcomeMenu
from lockview.gui.simulation.rows import frames_at, stack_rows, step_rows, world_rows
from lockview.gui.simulation.turns import show_turns
from lockview.gui.simulation.words import outcomes, state_words
from lockview.gui.theme import Appearance
from lockview.gui.workspace import Workspace
from lockview.gui.wrapped_text import WrappedText
from lockview.layout.drawing import Role
from lockview.sim.course import Course
from lockview.sim.machine import Move
from lockview.sim.running import Choose, Ending

SLICE = 0.008
"""Seconds of a run between two looks at the events of the window."""
PADDING = 8
TASKS_WIDTH = 160
"""So much is left to the tasks and their stacks."""


class SimulationPage(QWidget):
    """Shows the scenario of the selected document. ``tabs``, with its world and its steps, stands beside the page.

    ``comparison_wanted`` asks for the bundled sample beside the report.
    """

    comparison_wanted = Signal()

    def __init__(self, workspace: Workspace, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("simulation")
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self._workspace = workspace
        self._simulated: Simulated | None = None
        self._choose: Choose | None = None
        self._trouble = ""
        self._listed: tuple[Course, int] | None = None
        self.head = Head(appearance)
        self.controls = Controls()
        self.transport = Transport(appearance, searches=False)
        self.state = WrappedText(appearance, semibold=True)
        self.spoken = ReportLine(appearance)
        self.tasks = TaskButtons(appearance)
        self.stacks = RowList("Call stacks of the tasks", appearance)
        self.world = RowList("The world at this step", appearance)
        self.steps = RowList("Steps of the run", appearance)
        self.middle = Middle(appearance)
        self.source, self.lanes = self.middle.source, self.middle.lanes
        self._running, self._playing = QTimer(self), QTimer(self)
        self._running.timeout.connect(self._run_on)
        self._playing.timeout.connect(self._play_on)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.world, "World")
        self.tabs.addTab(self.steps, "Steps")
        self._left, self._parts = QSplitter(Qt.Orientation.Vertical), QSplitter(Qt.Orientation.Horizontal)
        for splitter, parts in (
            (self._left, (self.tasks, self.stacks)),
            (self._parts, (self._left, self.middle)),
        ):
            splitter.setHandleWidth(1)
            splitter.setChildrenCollapsible(False)
            for part in parts:
                splitter.addWidget(part)
        self._left.setMinimumWidth(TASKS_WIDTH)
        self._left.setStretchFactor(1, 1)
        self._parts.setStretchFactor(0, 2)
        self._parts.setStretchFactor(1, 3)
        words = QVBoxLayout()
        words.setContentsMargins(PADDING, 0, PADDING, 4)
        words.addWidget(self.state)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.head, self.controls, self.spoken, self.transport):
            column.addWidget(widget)
        column.addLayout(words)
        column.addWidget(self._parts, 1)

    def _connect(self) -> None:
        for name in ("first", "back", "toggle_play", "forward", "last"):
            self.transport.button(name).clicked.connect(getattr(self, name))
        self.transport.position_chosen.connect(self.go_to)
        self.middle.position_chosen.connect(self.go_to)
        self.transport.speed_chosen.connect(self._set_speed)
        self.controls.run_wanted.connect(self.start)
        self.controls.going_on_wanted.connect(self.go_on)
        self.spoken.step_wanted.connect(self.go_to_report)
        self.spoken.report_wanted.connect(self.show_report)
        self.spoken.comparison_wanted.connect(self.comparison_wanted)
        self.tasks.task_chosen.connect(self.choose)
        self.stacks.row_chosen.connect(self._show_place)
        self.steps.row_chosen.connect(self._choose_step)
        self.head.schedule.pasted.connect(self.follow)
        self.tabs.currentChanged.connect(self._show_steps)

    # -- what the user can do

    @property
    def simulated(self) -> Simulated | None:
        """The scenario that is shown."""
        return self._simulated

    @property
    def running(self) -> bool:
        """Whether a run is being made."""
        return self._running.isActive()

    @property
    def playing(self) -> bool:
        """Whether the run is being played."""
        return self._playing.isActive()

    def show_simulated(self, simulated: Simulated) -> None:
        """Show a scenario; one that was never run is run as it recommends."""
        if simulated is self._simulated:
            return
        self._stop()
        self._simulated = simulated
        self._trouble = ""
        self.head.show_simulated(simulated)
        self.controls.show_simulated(simulated)
        if not simulated.course.moves and simulated.setup.way != BY_HAND:
            self.start(simulated.setup)
        else:
            self._show()

    def start(self, setup: Setup) -> None:
        """Run afresh, in another way perhaps."""
        simulated = self._simulated
        if simulated is None:
            return
        self._stop()
        self._trouble = ""
        try:
            self._choose = simulated.prepare(setup)
        except UserError as error:
            self._trouble = str(error)
        else:
            self._take_reports()
            if self._choose is not None:
                self._running.start(0)
        self.controls.show_simulated(simulated)
        self._show()

    def follow(self, schedule: str) -> None:
        """Run along the line of a schedule, and say where it does not fit."""
        simulated = self._simulated
        if simulated is None:
            return
        self._stop()
        try:
            self._trouble = follow_schedule(simulated, schedule)
        except UserError as error:
            self._trouble = str(error)
        self._take_reports()
        self.controls.show_simulated(simulated)
        self._show()

    def first(self) -> None:
        """Go to before the first step."""
        self.go_to(0)

    def back(self) -> None:
        """Take one step back."""
        if self._simulated is not None:
            self.go_to(self._simulated.position - 1)

    def forward(self) -> None:
        """Go one step on in the run."""
        if self._simulated is not None:
            self.go_to(self._simulated.position + 1)

    def last(self) -> None:
        """Go to the end of the run."""
        if self._simulated is not None:
            self.go_to(len(self._simulated.course))

    def go_to(self, position: int) -> None:
        """Go to after that many steps."""
        self._playing.stop()
        self._move(position)

    def go_to_report(self) -> None:
        """Go to the step at which the validator spoke first."""
        if self._simulated is not None and self._simulated.course.spoke:
            self.go_to(min(self._simulated.course.spoke) + 1)

    def show_report(self) -> None:
        """Show the first report like any other."""
        self._workspace.select(Selection(document=self._workspace.selection.document, report=0))

    def toggle_play(self) -> None:
        """Play on by itself, from the start when the run is at its end; or pause."""
        simulated = self._simulated
        if simulated is None or not simulated.course.moves:
            return
        if self.playing:
            self._playing.stop()
        else:
            if simulated.position == len(simulated.course):
                simulated.position = 0
            self._playing.start(self.transport.interval)
        self._show()

    def choose(self, task: int) -> None:
        """Let a task make the next step, instead of what the run did from here on."""
        simulated = self._simulated
        if simulated is None:
            return
        ways = outcomes(simulated.course, simulated.position, task)
        if not ways:
            self.step(Move(task))
            return
        menu = OutcomeMenu(task, ways, self)
        menu.chosen.connect(self.step)
        menu.open_below(self.tasks.buttons[task])

    def step(self, move: Move) -> None:
        """Make a step by hand; what the run did after this position is dropped."""
        simulated = self._simulated
        if simulated is None or move.task not in simulated.course.machine.enabled(simulated.state):
            return
        self._stop()
        simulated.course.cut(simulated.position)
        if simulated.course.ending is not None:
            self._show()
            return
        simulated.course.step(move)
        simulated.position += 1
        self._take_reports()
        self._show()

    def go_on(self) -> None:
        """Run on from this position, each task as far as it gets."""
        simulated = self._simulated
        if simulated is None:
            return
        self._stop()
        simulated.course.cut(simulated.position)
        self._choose = simulated.going_on()
        self._running.start(0)
        self._show()

    # -- running and playing

    def _run_on(self) -> None:
        """One slice of the run."""
        simulated = self._simulated
        if simulated is None or self._choose is None:
            self._running.stop()
            return
        more = False
        try:
            more = simulated.course.advance(self._choose, SLICE)
        except ValueError as error:
            self._trouble = f"The recommended order does not fit this kernel: {error}."
        if more:
            self.state.set_text(self._words(simulated))
            return
        self._running.stop()
        self._choose = None
        self._take_reports()
        self._show()

    def _play_on(self) -> None:
        simulated = self._simulated
        if simulated is None or simulated.position >= len(simulated.course):
            self._playing.stop()
            self._show()
        else:
            if self.middle.stops.stops_after(simulated.position + 1):
                self._playing.stop()
            self._move(simulated.position + 1)

    def _set_speed(self) -> None:
        self._playing.setInterval(self.transport.interval)

    def _stop(self) -> None:
        self._running.stop()
        self._playing.stop()
        self._choose = None

    def _move(self, position: int) -> None:
        simulated = self._simulated
        if simulated is not None and 0 <= position <= len(simulated.course):
            self._trouble, simulated.position = "", position
            self._show()

    def _take_reports(self) -> None:
        """Make the reports of the run those of the document, if they are not yet."""
        simulated = self._simulated
        documents = self._workspace.documents
        number = next((n for n, document in enumerate(documents) if document.simulated is simulated), -1)
        if simulated is None or number < 0 or not (simulated.course.reports or documents[number].reports):
            return
        document = with_its_reports(documents[number])
        if [opened.report for opened in document.reports] != [opened.report for opened in documents[number].reports]:
            self._workspace.replace(number, document)

    # -- showing

    def _show(self) -> None:
        simulated = self._simulated
        if simulated is None:
            return
        course, position = simulated.course, simulated.position
        self.transport.show_position(position, len(course), playing=self.playing)
        self.spoken.show_simulated(simulated)
        self.state.set_text(self._words(simulated), self._role(simulated))
        self._show_tasks(course, position)
        self.stacks.set_rows(stack_rows(course, position))
        self.world.set_rows(world_rows(course, position))
        self._show_steps()
        self.middle.show_run(course, position)
        self._show_step_of(course, position)

    def _words(self, simulated: Simulated) -> str:
        if self._trouble:
            return self._trouble
        if self.running:
            return f"Running: {len(simulated.course)} steps so far."
        return state_words(simulated.course, simulated.position)

    def _role(self, simulated: Simulated) -> str:
        course = simulated.course
        deadlock = course.ending is Ending.DEADLOCK and simulated.position == len(course)
        return Role.SIGNAL if deadlock and not self._trouble else Role.TEXT

    def _show_tasks(self, course: Course, position: int) -> None:
        changed = show_turns(self.tasks, course, position)
        if changed:
            whole = self.tasks.height_at(self._left.width())
            self._left.setSizes([whole, max(100, self._left.height() - whole)])

    def _show_steps(self, _tab: int = 0) -> None:
        """The list of steps is long: it is made when somebody looks, and once per run."""
        simulated = self._simulated
        if simulated is None or self.tabs.currentWidget() is not self.steps:
            return
        course = simulated.course
        if self._listed is None or self._listed[0] is not course or self._listed[1] != len(course):
            self._listed = (course, len(course))
            self.steps.set_rows(step_rows(course))
        self.steps.mark(Selection(item=f"{simulated.position - 1}"))

    def _show_step_of(self, course: Course, position: int) -> None:
        """The line that the last step executed, and the stack that it was executed from."""
        frames = course.steps[position - 1].stack.frames if position else ()
        self.source.show_frame(frames[0] if frames else None)
        if position:
            self.stacks.mark(Selection(item=f"{course.moves[position - 1].task}", frame=0))
            frame = self.stacks.currentIndex()
            self.stacks.scrollTo(frame.siblingAtRow(frame.row() - 1), RowList.ScrollHint.PositionAtTop)

    def _show_place(self, row: Row) -> None:
        """Show the source of a frame."""
        simulated = self._simulated
        if simulated is None or row.kind != Kind.FRAME or row.frame is None:
            return
        frames = frames_at(simulated.course, simulated.position, int(row.item))
        if row.frame < len(frames):
            self.source.show_frame(frames[row.frame])

    def _choose_step(self, row: Row) -> None:
        if row.item.isdecimal():
            self.go_to(int(row.item) + 1)

    # -- Qt

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._playing.stop()
