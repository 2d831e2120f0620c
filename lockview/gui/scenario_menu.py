"""The menu of the scenarios that lockview ships, filled when it first opens."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from lockview.gui.plain import menu_text, shown


class ScenarioMenu(QMenu):
    """``file_chosen`` carries a path."""

    file_chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Open a scenario", parent)
        self.setObjectName("scenarios")
        self.aboutToShow.connect(self._fill)
        self.triggered.connect(self._choose)

    def _fill(self) -> None:
        from lockview.document.scenarios import library

        if self.actions():
            return
        for entry in library():
            action = self.addAction(menu_text(f"{entry.id}  {entry.title}"))
            action.setStatusTip(shown(entry.path))
            action.setData(entry.path)

    def _choose(self, action: QAction) -> None:
        self.file_chosen.emit(action.data())
