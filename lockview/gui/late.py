"""What the window gets after its first paint: the contents of the docks, the recent files, drag and drop.

A module of its own, so that nothing of it is imported before the picture stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from lockview.document.recent import in_order, without_unpinned
from lockview.gui.details.panel import DetailsPanel
from lockview.gui.drops import DropArea
from lockview.gui.log.panel import LogPanel
from lockview.gui.plain import menu_text
from lockview.gui.replay.panel import ReplayPanel
from lockview.gui.reports.panel import ReportsPanel

if TYPE_CHECKING:
    from lockview.gui.window import MainWindow


def finish_window(window: MainWindow) -> None:
    """Make the panels and hang the rest onto the window."""
    workspace, appearance = window.workspace, window.appearance
    reports = ReportsPanel(workspace, appearance)
    reports.close_wanted.connect(window.close_document)
    reports.reload_wanted.connect(window.reload)
    details = DetailsPanel(workspace, appearance)
    log = LogPanel(workspace, appearance)
    replay = ReplayPanel(workspace, appearance)
    window.take_panels(details, replay)
    window.docks.fill({"reports": reports, "details": details, "log": log, "replay": replay})
    drops = DropArea(window, appearance)
    drops.files_dropped.connect(window.open_paths)
    drops.text_dropped.connect(lambda text: window.opener.open_text(text, "Dropped text"))
    _add_dock_choices(window)
    _add_recent_menu(window)


def _add_dock_choices(window: MainWindow) -> None:
    view = window.board.menu("View")
    before = window.board.action("reset-layout")
    for dock in window.docks.all:
        view.insertAction(before, dock.toggleViewAction())
    view.insertSeparator(before)


def _add_recent_menu(window: MainWindow) -> None:
    menu = QMenu("Open recent", window)
    menu.setObjectName("recent")
    menu.aboutToShow.connect(lambda: _fill_recent(window, menu))
    window.board.menu("File").insertMenu(window.board.action("open-sample"), menu)
    window.tools.give_open_a_menu(menu)


def _fill_recent(window: MainWindow, menu: QMenu) -> None:
    menu.clear()
    files = in_order(window.store.recent)
    for file in files:
        state = ", ".join(word for word, on in (("pinned", file.pinned), ("missing", file.missing)) if on)
        action = menu.addAction(menu_text(f"{file.name}  ({state})" if state else file.name))
        action.setStatusTip(file.path)
        action.triggered.connect(lambda _=False, path=file.path: window.open_paths([path]))
    menu.addSeparator()
    clear = menu.addAction("Clear the list")
    clear.setEnabled(bool(files))
    clear.triggered.connect(lambda: window.keep_recent(without_unpinned(files)))
