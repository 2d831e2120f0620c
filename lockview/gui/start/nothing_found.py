"""The page of a log in which no report was found: what was looked for, and the lines that came close."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from lockview.gui.plain import PlainLabel, shown
from lockview.gui.theme import Appearance
from lockview.gui.two_lines import FIXED, MARK, SECOND, TwoLineDelegate
from lockview.model.logs import Log, NearMiss

LINE = Qt.ItemDataRole.UserRole
MOST = 1000
WAITING = "Waiting for lock reports\N{HORIZONTAL ELLIPSIS}"


class NothingFoundPage(QWidget):
    """Shown instead of the picture. A near miss that is chosen leads to its line in the log."""

    line_chosen = Signal(int)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("nothing-found")
        self._appearance = appearance
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.title = PlainLabel("", self, selectable=True)
        self.title.setWordWrap(True)
        self.words = PlainLabel("", self, selectable=True)
        self.words.setWordWrap(True)
        self.words.setObjectName("secondary")
        self.near = QListWidget(self)
        self.near.setObjectName("near-misses")
        self._listed: tuple[NearMiss, ...] | None = None
        self.near.setAccessibleName("Lines that came close")
        self.near.setFrameShape(QListWidget.Shape.NoFrame)
        self.near.setItemDelegate(TwoLineDelegate(appearance, self.near))
        self.near.setMouseTracking(True)
        self.near.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.near.itemClicked.connect(self._choose)
        self.near.itemActivated.connect(self._choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 32, 32, 16)
        column.setSpacing(8)
        column.addWidget(self.title)
        column.addWidget(self.words)
        column.addSpacing(8)
        column.addWidget(self.near, 1)
        column.addStretch()
        appearance.changed.connect(self._dress)
        self._dress()

    def show_log(self, log: Log, name: str, growing: bool = False) -> None:
        """Say what was looked for in this log, or that its reports are waited for, and list what came close."""
        self.title.setText(shown(WAITING if growing else f"No lock report in {name}"))
        self.words.setText(shown(words_while_waiting(log, name) if growing else words_for(log)))
        if log.near_misses is not self._listed:
            self._listed = log.near_misses
            self._list_near_misses(log)

    def _list_near_misses(self, log: Log) -> None:
        self.near.clear()
        for miss in log.near_misses[:MOST]:
            item = QListWidgetItem(miss.text.strip(), self.near)
            item.setData(LINE, miss.line)
            item.setData(SECOND, miss.reason)
            item.setData(MARK, f"line {miss.line}")
            item.setData(FIXED, True)
        self.near.setVisible(bool(log.near_misses))

    def _choose(self, item: QListWidgetItem) -> None:
        self.line_chosen.emit(item.data(LINE))

    def _dress(self) -> None:
        font = self._appearance.scaled(self._appearance.ui_font, 1.25)
        font.setWeight(font.Weight.DemiBold)
        self.title.setFont(font)


def words_while_waiting(log: Log, name: str) -> str:
    """How far a growing log was read, and what will happen."""
    lines = "1 line" if log.lines == 1 else f"{log.lines:,} lines".replace(",", "\N{NARROW NO-BREAK SPACE}")
    close = " The lines below came close." if log.near_misses else ""
    return f"{lines} read from {name}. The first report is shown here as soon as it is whole.{close}"


def words_for(log: Log) -> str:
    """What was searched, what for, and what to do next."""
    lines = f"{log.lines:,} lines".replace(",", "\N{NARROW NO-BREAK SPACE}") if log.lines != 1 else "1 line"
    searched = f"{lines} were searched" if log.lines != 1 else "1 line was searched"
    looked = "for the titles of lock reports, such as \u201cpossible circular locking dependency detected\u201d."
    if not log.near_misses:
        return (
            f"{searched} {looked} Nothing came close. lockdep reports once per boot and only with "
            "CONFIG_PROVE_LOCKING; the report may stand in an older log."
        )
    count = len(log.near_misses)
    which = "This line" if count == 1 else f"These {min(count, MOST)} lines"
    more = f" ({count - MOST} more are not listed)" if count > MOST else ""
    return f"{searched} {looked} {which} came close{more}; a click leads to the place in the log."
