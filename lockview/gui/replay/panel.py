"""The replay panel: the report as a run of its tasks, stepped, played, scrubbed and steered."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QSplitter, QVBoxLayout, QWidget

from lockview.analysis.cycles import why_no_run
from lockview.document.documents import OpenReport
from lockview.document.links import first_line
from lockview.document.selection import Selection
from lockview.gui.plain import tip
from lockview.gui.replay.event_rows import event_rows, position_of
from lockview.gui.replay.lanes_view import LanesView
from lockview.gui.replay.runs import any_run, run_into_deadlock, run_past_deadlock
from lockview.gui.replay.task_buttons import TaskButtons
from lockview.gui.replay.transport import Transport
from lockview.gui.replay.words import assumptions_text, notice, state_sentence
from lockview.gui.rows.row import Row
from lockview.gui.rows.row_list import RowList
from lockview.gui.theme import Appearance
from lockview.gui.workspace import Workspace
from lockview.gui.wrapped_text import WrappedText
from lockview.layout.drawing import Role
from lockview.model.traces import Outcome
from lockview.sim.replay import Replay
from lockview.sim.search import point_of_no_return

NARROW = 640
"""Below this width the parts stand on top of each other."""
TASKS_WIDTH = 210
PADDING = 8
EMPTY = "Open a log that holds a lock report to replay its deadlock here."


class ReplayPanel(QWidget):
    """Shows ``workspace.replay``, or a run that was not started yet; every move of the user becomes the new replay.

    A step selects the edge or lock that it was about, so that graph, stacks and log follow.
    """

    def __init__(self, workspace: Workspace, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._offered: tuple[OpenReport, Replay] | None = None
        self._said = ""
        self._divided = False
        self._in_front = True
        self.transport = Transport(appearance)
        self.state = WrappedText(appearance, semibold=True)
        self.hint = WrappedText(appearance, scale=0.87, role=Role.DIM)
        self.notice = WrappedText(appearance, scale=0.87, role=Role.DIM)
        self.lanes = LanesView(appearance)
        self.tasks = TaskButtons(appearance)
        self.events = RowList("Steps of the run", appearance)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self._lay_out()
        self._connect()
        self._show()

    def _lay_out(self) -> None:
        self.parts = QSplitter(Qt.Orientation.Horizontal)
        self.parts.setChildrenCollapsible(False)
        self.parts.setHandleWidth(1)
        for part in (self.lanes, self.tasks, self.events):
            self.parts.addWidget(part)
        words = QVBoxLayout()
        words.setContentsMargins(PADDING, 4, PADDING, 4)
        words.setSpacing(2)
        words.addWidget(self.state)
        words.addWidget(self.hint)
        foot = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        foot.setContentsMargins(PADDING, 4, PADDING, 4)
        foot.addWidget(self.notice)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.transport)
        column.addLayout(words)
        column.addWidget(self.parts, 1)
        column.addLayout(foot)

    def _connect(self) -> None:
        for name in ("first", "back", "toggle_play", "forward", "last", "deadlock", "avoid"):
            self.transport.button(name).clicked.connect(getattr(self, name))
        self.transport.position_chosen.connect(self.go_to)
        self.transport.speed_chosen.connect(self._set_speed)
        self.lanes.position_chosen.connect(self.go_to)
        self.tasks.task_chosen.connect(self.choose)
        self.events.row_chosen.connect(self._choose_row)
        self._workspace.selection_changed.connect(self._follow_selection)
        self._workspace.replay_changed.connect(self._show)

    # -- what the user can do

    @property
    def replay(self) -> Replay | None:
        """The run that is shown: the workspace's, else one that waits to be started."""
        return self._workspace.replay or self._offer()

    @property
    def playing(self) -> bool:
        """Whether the run goes on by itself."""
        return self._timer.isActive()

    def first(self) -> None:
        """Go to before the first step."""
        if self.replay is not None:
            self._go(self.replay.first())

    def back(self) -> None:
        """Take one step back."""
        if self.replay is not None:
            self._go(self.replay.back())

    def forward(self) -> None:
        """Make the next step of the schedule."""
        if self.replay is not None:
            self._go(self.replay.forward())

    def last(self) -> None:
        """Go to after the last step."""
        if self.replay is not None:
            self._go(self.replay.last())

    def go_to(self, position: int) -> None:
        """Go to after that many steps."""
        if self.replay is not None and position != self.replay.position:
            self._go(self.replay.to(position))

    def choose(self, task: int) -> None:
        """Let a task make the next step; a task that cannot step is left alone."""
        if self.replay is not None and task in self.replay.enabled:
            self._go(self.replay.choose(task))

    def toggle_play(self) -> None:
        """Play on by itself, from the start when the run is at its end; or pause."""
        if self.playing:
            self._stop()
        elif self.replay is not None and self.replay.length:
            if self.replay.position == self.replay.length:
                self._move(self.replay.first())
            self._timer.start(self.transport.interval)
            self._show()

    def deadlock(self) -> None:
        """Run into the deadlock by the shortest way that was found."""
        opened = self._workspace.report
        found = run_into_deadlock(opened.scenario) if opened else None
        if found is None:
            self._say("No order of steps was found in which these tasks deadlock.")
        else:
            self._go(found.last())

    def avoid(self) -> None:
        """Find an order in which all tasks finish, keeping as many of the steps done so far as possible."""
        if self.replay is None:
            return
        found = run_past_deadlock(self.replay)
        if found is None:
            self._say("No order of steps was found in which these tasks all finish.")
            return
        kept = found.position
        said = f"The first {kept} steps are kept; from step {kept + 1} on the order is another." if kept else ""
        self._go(found.last(), said)

    # -- moving

    def _go(self, replay: Replay, said: str = "") -> None:
        """A move by the user: it ends the playing. ``said`` is what there is to say about it."""
        self._timer.stop()
        self._move(replay, said)

    def _move(self, replay: Replay, said: str = "") -> None:
        self._said = said
        self._workspace.show_replay(replay)
        self._select_step(replay)

    def _say(self, words: str) -> None:
        self._said = words
        self._show()

    def _tick(self) -> None:
        replay = self.replay
        if replay is None or replay.position >= replay.length:
            self._stop()
            return
        self._move(replay.forward())
        if replay.position + 1 >= replay.length:
            self._stop()

    def _stop(self) -> None:
        self._timer.stop()
        self._show()

    def _set_speed(self) -> None:
        self._timer.setInterval(self.transport.interval)

    def _choose_row(self, row: Row) -> None:
        position = position_of(row.item)
        if position is not None:
            self.go_to(position)

    def _select_step(self, replay: Replay) -> None:
        """Select what the last step was about: the edge that it made, else the lock."""
        opened, event = self._workspace.report, replay.event
        if opened is None or event is None or event.lock is None:
            return
        edge, node = replay.edge, opened.graph.node(event.lock)
        item = f"edge:{edge}" if edge is not None else f"lock:{node.number}" if node else ""
        if item:
            selection = Selection(self._workspace.selection.document, self._workspace.selection.report, item)
            self._workspace.select_item(item, line=first_line(opened.report, opened.graph, selection))

    # -- showing

    def _offer(self) -> Replay | None:
        """The run to watch before one was started; made once per report, and only when somebody looks."""
        opened = self._workspace.report
        if opened is None or not opened.scenario.tasks:
            return None
        if self._offered is None or self._offered[0] is not opened:
            self._offered = (opened, any_run(opened.scenario))
        return self._offered[1]

    def _follow_selection(self, _selection: Selection) -> None:
        """Another report needs another run; within a report the selection is not the replay's business."""
        if self._workspace.replay is None:
            self._say("")

    def _show(self, _replay: object = None) -> None:
        """Show the run as it stands; nothing is computed while nobody can see it."""
        if not (self.isVisible() and self._in_front):
            return
        replay, opened = self.replay, self._workspace.report
        self.transport.show_replay(replay, playing=self.playing)
        if self.tasks.show_replay(replay):
            self._divide()
        self.events.set_rows(event_rows(replay) if replay else ())
        if replay is None or opened is None:
            self.lanes.show_replay(None, None)
            self.state.set_text(why_no_run(opened.graph) if opened else EMPTY, Role.DIM)
            self.hint.set_text("")
            self.notice.set_text("")
            return
        no_return = point_of_no_return(replay.scenario, replay.schedule)
        self.lanes.show_replay(replay, no_return)
        self.events.mark(Selection(item=f"event:{replay.position - 1}"))
        self.state.set_text(state_sentence(replay), Role.SIGNAL if replay.outcome is Outcome.DEADLOCK else Role.TEXT)
        self.hint.set_text(self._hint(replay, no_return))
        self.notice.set_text(notice(opened.graph, opened.report.kind))
        self.notice.setToolTip(tip(assumptions_text(replay.scenario)))

    def _hint(self, replay: Replay, no_return: int | None) -> str:
        if self._said:
            return self._said
        if replay.outcome is Outcome.RUNNING and no_return is not None and replay.position >= no_return:
            return "From here on every order of steps ends in the deadlock."
        return ""

    def set_in_front(self, in_front: bool) -> None:
        """Tell whether the panel can be seen: for Qt, one behind another tab is visible all the same."""
        self._in_front = in_front
        self._show()

    # -- Qt

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        self.transport.set_narrow(narrow)
        wanted = Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal
        if self.parts.orientation() != wanted or not self._divided:
            self.parts.setOrientation(wanted)
            self._divide()

    def _divide(self) -> None:
        """Most for the lanes; the user's own division then stays until the panel is turned."""
        self._divided = True
        if self.parts.orientation() == Qt.Orientation.Horizontal:
            tasks = min(TASKS_WIDTH, self.width() // 3)
            events = (self.width() - tasks) * 2 // 5
            self.parts.setSizes([self.width() - tasks - events, tasks, events])
        else:
            tasks = self.tasks.height_at(self.width())
            rest = max(100, self.height() - tasks)
            self.parts.setSizes([rest * 3 // 5, tasks, rest * 2 // 5])
        for number, stretch in enumerate((2, 0, 1)):
            self.parts.setStretchFactor(number, stretch)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._show()
