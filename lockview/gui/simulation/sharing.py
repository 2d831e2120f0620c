"""The button for schedules: the run as a line for the clipboard, and such a line from it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from lockview.document.schedules import schedule_of
from lockview.document.simulated import Simulated


class ScheduleButton(QToolButton):
    """``pasted`` carries the text of the clipboard, which shall be a schedule."""

    pasted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._simulated: Simulated | None = None
        self.setText("Schedule")
        self.setToolTip("The steps of this run as a line that can be sent to others")
        self.setAutoRaise(True)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        self.copying = menu.addAction("Copy the schedule", self.copy_schedule)
        self.pasting = menu.addAction("Follow the schedule on the clipboard", self.paste_schedule)
        self.setMenu(menu)

    def show_simulated(self, simulated: Simulated) -> None:
        """Be about another run."""
        self._simulated = simulated

    def copy_schedule(self) -> None:
        """Put the line of the run on the clipboard."""
        if self._simulated is not None:
            QGuiApplication.clipboard().setText(schedule_of(self._simulated))

    def paste_schedule(self) -> None:
        """Ask for the run of the line on the clipboard."""
        self.pasted.emit(QGuiApplication.clipboard().text())
