"""What the window gets after its first paint: the contents of the docks, the recent files, drag and drop.

A module of its own, so that nothing of it is imported before the picture stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lockview.gui.details.panel import DetailsPanel
from lockview.gui.drops import DropArea
from lockview.gui.log.panel import LogPanel
from lockview.gui.recent_menu import RecentMenu
from lockview.gui.replay.panel import ReplayPanel
from lockview.gui.reports.panel import ReportsPanel

if TYPE_CHECKING:
    from lockview.gui.window import MainWindow


LEAST_HEIGHT = 120


def finish_window(window: MainWindow) -> None:
    """Make the panels and hang the rest onto the window."""
    workspace, appearance = window.workspace, window.appearance
    reports = ReportsPanel(workspace, appearance)
    reports.close_wanted.connect(window.close_document)
    reports.reload_wanted.connect(window.reload)
    details = DetailsPanel(workspace, appearance)
    log = LogPanel(workspace, appearance)
    replay = ReplayPanel(workspace, appearance)
    for panel in (log, replay):
        # The tab behind must not keep the one in front from getting small.
        panel.setMinimumHeight(LEAST_HEIGHT)
    window.take_panels(details, replay)
    place = window.docks.dock("replay")
    replay.set_in_front(not place.visibleRegion().isEmpty())
    place.visibilityChanged.connect(replay.set_in_front)
    window.docks.fill({"reports": reports, "details": details, "log": log, "replay": replay})
    drops = DropArea(window, appearance)
    drops.files_dropped.connect(window.open_paths)
    drops.text_dropped.connect(window.open_dropped_text)
    _add_dock_choices(window)
    _add_recent_menu(window)


def _add_dock_choices(window: MainWindow) -> None:
    view = window.board.menu("View")
    before = window.board.action("reset-layout")
    for dock in window.docks.all:
        view.insertAction(before, dock.toggleViewAction())
    view.insertSeparator(before)


def _add_recent_menu(window: MainWindow) -> None:
    menu = RecentMenu(window.store, window)
    menu.file_chosen.connect(window.open_path)
    menu.list_cleared.connect(window.keep_recent)
    window.board.menu("File").insertMenu(window.board.action("open-sample"), menu)
    window.tools.give_open_a_menu(menu)
