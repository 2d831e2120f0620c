"""A list of rows that the user walks through with pointer or arrow keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QListView, QWidget

from lockview.document.selection import Selection
from lockview.gui.rows.delegate import RowDelegate
from lockview.gui.rows.model import ROW_ROLE, RowsModel
from lockview.gui.rows.row import Kind, Row
from lockview.gui.theme import Appearance


class RowList(QListView):
    """``row_chosen`` fires when the user comes to a row that selects something; a link fires only when followed.

    ``fold_toggled`` carries the name of the run to open or close.
    """

    row_chosen = Signal(object)  # Row
    fold_toggled = Signal(str)

    def __init__(self, name: str, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quiet = False
        self._rows = RowsModel(self)
        self.setModel(self._rows)
        self.setItemDelegate(RowDelegate(appearance, self))
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMouseTracking(True)
        self.clicked.connect(self._follow)
        appearance.changed.connect(self._lay_out)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is shown."""
        return self._rows.rows

    @property
    def current(self) -> Row | None:
        """The row that the user is on."""
        row = self.currentIndex().data(ROW_ROLE)
        return row if isinstance(row, Row) else None

    def set_rows(self, rows: tuple[Row, ...]) -> None:
        """Show other rows; the same rows again change nothing."""
        if rows == self._rows.rows:
            return
        self._quiet = True
        self._rows.set_rows(rows)
        self._quiet = False

    def mark(self, selection: Selection) -> None:
        """Put the user on the row that stands for the selection, without telling anybody; on none if there is none."""
        found = _place(self.rows, selection)
        if found is not None and found == self.currentIndex().row():
            return
        self._quiet = True
        index = self._rows.index(found) if found is not None else QModelIndex()
        self.setCurrentIndex(index)
        if found is None:
            self.clearSelection()
        else:
            self.scrollTo(index)
        self._quiet = False

    def keep_at(self, fold: str) -> None:
        """Stay on the head of a run after it was opened or closed."""
        for number, row in enumerate(self.rows):
            if row.fold == fold:
                self._quiet = True
                self.setCurrentIndex(self._rows.index(number))
                self._quiet = False

    def currentChanged(
        self, current: QModelIndex | QPersistentModelIndex, previous: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().currentChanged(current, previous)
        row = current.data(ROW_ROLE) if current.isValid() else None
        if not self._quiet and isinstance(row, Row) and row.selects and row.kind != Kind.LINK:
            self.row_chosen.emit(row)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.scheduleDelayedItemsLayout()  # words wrap elsewhere now; Qt looks at the height only
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    def event(self, event: QEvent) -> bool:
        # While this list has the keyboard, Ctrl+C is about its row, not about what the window would copy.
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.ShortcutOverride:
            return super().event(event)
        event.setAccepted(event.matches(QKeySequence.StandardKey.Copy))
        return event.isAccepted()

    def copy(self) -> None:
        """Put the current row on the clipboard."""
        if self.current is not None:
            QApplication.clipboard().setText(self.current.spoken())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._follow(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _follow(self, index: QModelIndex) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, Row):
            return
        if row.fold:
            self.fold_toggled.emit(row.fold)
        elif row.selects:
            self.row_chosen.emit(row)

    def _lay_out(self) -> None:
        self.scheduleDelayedItemsLayout()
        self.viewport().update()


def _place(rows: tuple[Row, ...], selection: Selection) -> int | None:
    """The row that stands for a selection: the same frame, else the same line, else the same item."""
    numbered = [(number, row) for number, row in enumerate(rows) if row.selects and row.kind != Kind.LINK]
    if selection.item and selection.frame is not None:
        return next((n for n, row in numbered if (row.item, row.frame) == (selection.item, selection.frame)), None)
    for number, row in numbered:
        if row.frame is None and (row.item, row.line, row.spans) == (selection.item, selection.line, selection.spans):
            return number
    return None
