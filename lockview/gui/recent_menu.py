"""The menu of the recent files, made anew each time it opens."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from lockview.document.recent import in_order, without_unpinned
from lockview.gui.plain import menu_text, shown
from lockview.gui.settings_store import SettingsStore


class RecentMenu(QMenu):
    """``file_chosen`` carries a path, ``list_cleared`` the files that stay because they are pinned."""

    file_chosen = Signal(str)
    list_cleared = Signal(object)  # tuple[RecentFile, ...]

    def __init__(self, store: SettingsStore, parent: QWidget) -> None:
        super().__init__("Open recent", parent)
        self.setObjectName("recent")
        self._store = store
        self._clear: QAction | None = None
        self.aboutToShow.connect(self._fill)
        self.triggered.connect(self._choose)

    def _fill(self) -> None:
        self.clear()
        files = in_order(self._store.recent)
        for file in files:
            state = ", ".join(word for word, on in (("pinned", file.pinned), ("missing", file.missing)) if on)
            action = self.addAction(menu_text(f"{file.name}  ({state})" if state else file.name))
            action.setStatusTip(shown(file.path))
            action.setData(file.path)
        self.addSeparator()
        self._clear = self.addAction("Clear the list")
        self._clear.setEnabled(bool(files))

    def _choose(self, action: QAction) -> None:
        if action is self._clear:
            self.list_cleared.emit(without_unpinned(self._store.recent))
        else:
            self.file_chosen.emit(action.data())
