"""A choice between the outcomes that a step leaves open."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from lockview.gui.plain import menu_text
from lockview.sim.machine import Move


class OutcomeMenu(QMenu):
    """``chosen`` carries the ``Move`` of the task with the outcome that the user took."""

    chosen = Signal(object)

    def __init__(self, task: int, outcomes: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self._task = task
        self.setObjectName("outcomes")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for number, words in enumerate(outcomes):
            self.addAction(menu_text(words)).setData(number)
        self.triggered.connect(self._choose)

    def open_below(self, widget: QWidget) -> None:
        """Ask below a widget."""
        self.popup(widget.mapToGlobal(QPoint(0, widget.height())))

    def _choose(self, action: QAction) -> None:
        self.chosen.emit(Move(self._task, action.data()))
