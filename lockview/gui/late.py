"""What the window gets after its first paint: menus, bars, docks with their panels, the recent files, drag and drop.

A module of its own, so that nothing of it is imported before the picture stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lockview.gui.details.panel import DetailsPanel
from lockview.gui.docks import Docks
from lockview.gui.drops import DropArea
from lockview.gui.log.panel import LogPanel
from lockview.gui.menus import ActionBoard
from lockview.gui.recent_menu import RecentMenu
from lockview.gui.replay.panel import ReplayPanel
from lockview.gui.reports.panel import ReportsPanel
from lockview.gui.scenario_menu import ScenarioMenu
from lockview.gui.simulation.beside import BesidePanel
from lockview.gui.status import StatusBar
from lockview.gui.tool_bar import ToolBar

if TYPE_CHECKING:
    from lockview.gui.window import MainWindow


LEAST_HEIGHT = 120


def finish_window(window: MainWindow) -> None:
    """Make all that stands around the picture and connect it."""
    _make_bars(window)
    _make_docks(window)
    drops = DropArea(window, window.appearance)
    drops.files_dropped.connect(window.open_paths)
    drops.text_dropped.connect(window.open_dropped_text)
    _add_dock_choices(window)
    _add_file_menus(window)


def _make_bars(window: MainWindow) -> None:
    window.board = ActionBoard(window)
    window.board.fill_menu_bar(window.menuBar())
    window.board.chosen.connect(window.run)
    window.tools = ToolBar(window.board, window)
    window.addToolBar(window.tools)
    window.status = StatusBar(window)
    window.setStatusBar(window.status)
    window.status.set_picture(window.graph.status)
    window.status.working_changed.connect(window.refresh)
    window.status.follow_ended.connect(window.follow)
    window.graph.status_changed.connect(window.status.set_picture)
    window.graph.succeeded.connect(window.status.tell)
    window.graph.view_changed.connect(window.refresh)
    window.appearance.changed.connect(window.refresh)


def _make_docks(window: MainWindow) -> None:
    workspace, appearance = window.workspace, window.appearance
    reports = ReportsPanel(workspace, appearance)
    reports.close_wanted.connect(window.close_document)
    reports.reload_wanted.connect(window.reload)
    details = DetailsPanel(workspace, appearance, jobs=window.jobs)
    log = LogPanel(workspace, appearance)
    replay = ReplayPanel(workspace, appearance)
    for panel in (log, replay):
        # The tab behind must not keep the one in front from getting small.
        panel.setMinimumHeight(LEAST_HEIGHT)
    replay.set_in_front(False)  # nothing is computed for it while the docks find their places
    beside = BesidePanel(details)
    window.take_panels(details, replay, beside)
    window.docks = Docks(window, {"reports": reports, "details": beside, "log": log, "replay": replay})
    place = window.docks.dock("replay")
    replay.set_in_front(not place.visibleRegion().isEmpty())
    place.visibilityChanged.connect(replay.set_in_front)


def _add_dock_choices(window: MainWindow) -> None:
    view = window.board.menu("View")
    before = window.board.action("reset-layout")
    for dock in window.docks.all:
        view.insertAction(before, dock.toggleViewAction())
    view.insertSeparator(before)


def _add_file_menus(window: MainWindow) -> None:
    scenarios = ScenarioMenu(window)
    scenarios.file_chosen.connect(window.open_path)
    window.board.menu("File").insertMenu(window.board.action("open-sample"), scenarios)
    menu = RecentMenu(window.store, window)
    menu.file_chosen.connect(window.open_path)
    menu.list_cleared.connect(window.keep_recent)
    window.board.menu("File").insertMenu(scenarios.menuAction(), menu)
    window.tools.give_open_a_menu(menu)
