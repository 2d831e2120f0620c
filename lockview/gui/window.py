"""The main window: puts the panels together and does what the actions ask. It knows every panel; no panel knows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMargins, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow

from lockview.document.errors import UserError
from lockview.document.names import display_name
from lockview.document.selection import Selection
from lockview.gui.central import Central
from lockview.gui.graph.panel import GraphPanel
from lockview.gui.jobs import Jobs, Work
from lockview.gui.opening import Opener
from lockview.gui.plain import shown
from lockview.gui.room import room_in
from lockview.gui.settings_store import LAYOUT_VERSION, SettingsStore
from lockview.gui.theme import Appearance
from lockview.gui.workspace import Workspace

if TYPE_CHECKING:
    from lockview.document.recent import RecentFile
    from lockview.gui.actions import ActionSpec, UiState
    from lockview.gui.details.panel import DetailsPanel
    from lockview.gui.docks import Docks
    from lockview.gui.menus import ActionBoard
    from lockview.gui.messages import Message, MessageBar
    from lockview.gui.replay.panel import ReplayPanel
    from lockview.gui.simulation.beside import BesidePanel
    from lockview.gui.simulation.page import SimulationPage
    from lockview.gui.start.page import StartPage
    from lockview.gui.status import StatusBar
    from lockview.gui.tool_bar import ToolBar

FIRST_SIZE = (1280, 800)
SAMPLE = "samples/khugepaged-fs-reclaim.log"
SCENARIOS = "scenarios"


class MainWindow(QMainWindow):
    """The picture is painted first, in its place; menus, bars and docks come around it right after that."""

    finished = Signal()
    """Everything is there, not only what the first paint needs."""

    board: ActionBoard
    tools: ToolBar
    status: StatusBar
    docks: Docks
    _beside: BesidePanel
    """Made by ``finish``, like the panels."""

    def __init__(self, store: SettingsStore, appearance: Appearance) -> None:
        super().__init__()
        self.setObjectName("main")
        self.store = store
        self.appearance = appearance
        self.workspace = Workspace(self)
        self.jobs = Jobs(self)
        self.opener = Opener(self.workspace, self.jobs, self)
        self.graph: GraphPanel = GraphPanel(self.workspace, appearance, self.jobs)
        self.central = Central(self.graph, self.workspace, appearance, self)
        self.setCentralWidget(self.central)
        self._details: DetailsPanel | None = None
        self._replay: ReplayPanel | None = None
        self._painted = self._is_finished = False
        self._opened_early: list[str] = []
        self._connect()
        self.resize(*FIRST_SIZE)
        self.restoreGeometry(store.geometry)

    def _connect(self) -> None:
        self.workspace.documents_changed.connect(self.refresh)
        self.workspace.selection_changed.connect(self.refresh)
        self.graph.failed.connect(self._complain)
        self.opener.trouble.connect(self._show_message)
        self.opener.settled.connect(self.central.clear_messages)
        self.opener.opened.connect(self._remember)
        self.opener.followed.connect(self.refresh)
        self.jobs.started.connect(self._watch)
        self.central.start_made.connect(self._connect_start)
        self.central.simulation_made.connect(self._connect_simulation)

    # -- start and end

    def showEvent(self, event: QShowEvent) -> None:
        # Not earlier: a window that is given files never makes its start page, and only now its size is known.
        self.refresh()
        if not self._is_finished:
            self.setContentsMargins(room_in(self.size(), self.font(), self.store.room))
        super().showEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self.finish)

    def finish(self) -> None:
        """Make what the first paint did not need. Happens by itself; calling it again does nothing."""
        if self._is_finished:
            return
        self._is_finished = True
        from lockview.gui.late import finish_window

        self.setContentsMargins(0, 0, 0, 0)
        finish_window(self)
        if not self.restoreState(self.store.docks, LAYOUT_VERSION):
            self.docks.proportion()
        self.tools.show()  # nobody can hide it; a window that was closed at once may say otherwise
        self.docks.refresh_heads()
        for path in self._opened_early:
            self._remember(path)
        self.refresh()
        self.finished.emit()

    def catch_bugs(self) -> None:
        """Offer a report of every exception that nothing else caught."""
        from lockview.gui.crash import CrashReporter

        CrashReporter(self).install()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._is_finished:
            self.store.keep_window(self.saveGeometry(), self.saveState(LAYOUT_VERSION), self._room())
            self.store.flush()
        self.jobs.stop()
        self.opener.forget_spool()
        super().closeEvent(event)

    def _room(self) -> QMargins:
        """What stands around the middle of the window takes so much."""
        middle, whole = self.central.geometry(), self.rect()
        return QMargins(middle.left(), middle.top(), whole.right() - middle.right(), whole.bottom() - middle.bottom())

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.ThemeChange:
            self.appearance.refresh()
        super().changeEvent(event)

    # -- what is shown

    @property
    def state(self) -> UiState:
        """What decides which actions make sense."""
        from lockview.gui.ui_state import state_of

        return state_of(self)

    def refresh(self, _: object = None) -> None:
        """Bring title, page, actions and facts up to what is selected."""
        document = self.workspace.document
        self.setWindowTitle(f"{shown(display_name(document))} \N{EM DASH} lockview" if document else "lockview")
        self.central.refresh()
        if self._is_finished:
            self._beside.show_for(self.central.beside)
            self.board.refresh(self.state)
            self.status.show_facts(document, self.workspace.report)
            following = self.opener.following_of(document)
            self.status.show_following(following.new_lines if following else None)

    def run(self, spec: ActionSpec) -> None:
        """Do what an action says. The one place where a refusal becomes a message."""
        try:
            spec.run(self)
        except UserError as error:
            self._complain(str(error))
            self.refresh()  # what is refused is not checked either

    @property
    def messages(self) -> MessageBar:
        """The message bar."""
        return self.central.messages

    def _watch(self, work: Work) -> None:
        self.finish()
        self.status.watch(work)

    def _complain(self, words: str) -> None:
        from lockview.gui.messages import Message

        self._show_message(Message(shown(words)))

    def _show_message(self, message: Message) -> None:
        self.messages.show_message(message)

    @property
    def details(self) -> DetailsPanel:
        """The details panel."""
        self.finish()
        assert self._details is not None
        return self._details

    @property
    def replay(self) -> ReplayPanel:
        """The replay panel, in front."""
        self.finish()
        assert self._replay is not None
        self.docks.bring_up("replay")
        return self._replay

    @property
    def player(self) -> ReplayPanel | SimulationPage:
        """What the keys of the replay speak to: a scenario that is shown, else the replay panel."""
        simulation = self.central.simulation
        return simulation if simulation is not None and self.central.beside is not None else self.replay

    def take_panels(self, details: DetailsPanel, replay: ReplayPanel, beside: BesidePanel) -> None:
        """Keep the panels that actions speak to, when they are made, and the place of the details."""
        self._details, self._replay, self._beside = details, replay, beside

    # -- documents

    def open_paths(self, paths: Sequence[str]) -> None:
        """Open files, folders, pipes and ``-`` for standard input."""
        self.opener.open_paths(paths)

    def open_path(self, path: str) -> None:
        """Open one file, folder or pipe."""
        self.open_paths([path])

    def open_dropped_text(self, text: str) -> None:
        """Open text that was dragged into the window as a scratch document."""
        self.opener.open_text(text, "Dropped text")

    def ask_for_files(self) -> None:
        """Let the user choose files, starting where the current document lies."""
        self._ask("Open logs", folders=False)

    def ask_for_folder(self) -> None:
        """Let the user choose a folder of logs."""
        self._ask("Open a folder of logs", folders=True)

    def _ask(self, title: str, *, folders: bool) -> None:
        from PySide6.QtWidgets import QFileDialog

        document = self.workspace.document
        folder = document.path.rpartition("/")[0] if document else ""
        dialog = QFileDialog(self, title, folder)
        dialog.setObjectName("open-dialog")
        dialog.setFileMode(QFileDialog.FileMode.Directory if folders else QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self.open_paths)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def open_sample(self) -> None:
        """Open the report that comes with lockview."""
        from lockview.document.resources import resource

        self.open_paths([resource(SAMPLE)])

    def paste(self) -> None:
        """Read what is on the clipboard: files as files, text as a scratch document."""
        from PySide6.QtCore import QMimeData
        from PySide6.QtWidgets import QApplication

        from lockview.gui.drops import paths_in

        data: QMimeData | None = QApplication.clipboard().mimeData()  # None when nobody owns the clipboard
        paths = paths_in(data) if data else []
        if paths:
            self.open_paths(paths)
        else:
            self.opener.open_text(data.text() if data else "")

    def reload(self, number: int | None = None) -> None:
        """Read a document's file again; the selected one's unless told another."""
        where = self.workspace.selection.document if number is None else number
        if 0 <= where < len(self.workspace.documents):
            self.opener.reload(self.workspace.documents[where])

    def follow(self) -> None:
        """Show what is written to the selected document's file or pipe from now on, or no longer."""
        if self.workspace.document is not None:
            self.opener.toggle_following(self.workspace.document)

    def close_document(self, number: int | None = None) -> None:
        """Close a document; the selected one unless told another."""
        where = self.workspace.selection.document if number is None else number
        if 0 <= where < len(self.workspace.documents):
            document = self.workspace.documents[where]
            topic = document.path or document.log.name
            for about in (topic, f"follow:{topic}", f"follow:{topic} restart"):
                self.central.clear_messages(about)
            self.workspace.close(where)

    def step_report(self, step: int) -> None:
        """Go to the report before or after, over all documents."""
        place = self.workspace.report_after(step)
        if place is not None:
            self.workspace.select(Selection(document=place[0], report=place[1]))

    # -- recent files

    def _remember(self, path: str) -> None:
        if not self._is_finished:
            self._opened_early.append(path)
            return
        from lockview.document.recent import opened
        from lockview.document.resources import resource

        if path != resource(SAMPLE) and not path.startswith(f"{resource(SCENARIOS)}/"):
            self.keep_recent(opened(self.store.recent, path))

    def keep_recent(self, files: tuple[RecentFile, ...]) -> None:
        """Remember these files and show them."""
        self.store.recent = files
        self.central.show_recent(files)

    def _connect_start(self, page: StartPage) -> None:
        page.show_recent(self.store.recent)
        page.open_wanted.connect(self.ask_for_files)
        page.sample_wanted.connect(self.open_sample)
        page.file_wanted.connect(self.open_path)
        page.pin_wanted.connect(self.pin_recent)
        page.forget_wanted.connect(self.forget_recent)

    def _connect_simulation(self, page: SimulationPage) -> None:
        page.comparison_wanted.connect(self.compare)

    def pin_recent(self, path: str, pinned: bool) -> None:
        """Keep a recent file in the list, or no longer."""
        from lockview.document.recent import with_pin

        self.keep_recent(with_pin(self.store.recent, path, pinned))

    def forget_recent(self, path: str) -> None:
        """Take a file off the list."""
        from lockview.document.recent import without

        self.keep_recent(without(self.store.recent, path))

    # -- the picture and the panels

    def set_view(self, name: str) -> None:
        """Show the picture as a ring, in layers or in lanes."""
        self.graph.set_view(name)
        self.refresh()

    def choose_theme(self, choice: str) -> None:
        """Use a theme and remember it."""
        self.store.theme = choice
        self.appearance.choose(choice)
        self.refresh()

    def reset_layout(self) -> None:
        """Put the docks back where they were at the first start."""
        self.store.forget_docks()
        self.docks.reset()

    def export(self, fmt: str) -> None:
        """Write the report, pictured as the graph shows it, to a file that the user names."""
        self.graph.export(fmt)

    def copy_as(self, fmt: str) -> None:
        """Put the report, pictured as the graph shows it, on the clipboard."""
        self.graph.copy_as(fmt)

    def copy_frame(self) -> None:
        """Copy the selected frame."""
        self.details.copy_frame()

    def copy_stack(self) -> None:
        """Copy the stack of the selected edge."""
        self.details.copy_stack()

    def compare(self) -> None:
        """Show the selected report, or the first of a scenario, beside another one."""
        from lockview.gui.compare.window import compare_from

        compare_from(self.workspace, SAMPLE, self.appearance, self)

    def show_clock(self) -> None:
        """Compute curves of the storm of page faults."""
        from lockview.gui.clock.window import ClockWindow

        ClockWindow(self.jobs, self.appearance, self).show()

    def cancel_work(self) -> None:
        """Stop the work that the status bar shows."""
        self.status.cancel_newest()

    def show_shortcuts(self) -> None:
        """Show all actions with their keys."""
        from lockview.gui.help import ShortcutSheet

        ShortcutSheet(self).show()

    def show_about(self) -> None:
        """Say what this is."""
        from lockview.gui.help import AboutDialog

        AboutDialog(self).show()
