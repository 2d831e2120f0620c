"""The start page: how to open something, the sample, the scenarios, and what was open before."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QMenu, QPushButton, QVBoxLayout, QWidget

from lockview.document.recent import RecentFile, in_order
from lockview.gui.plain import PlainLabel, tip
from lockview.gui.theme import Appearance
from lockview.gui.two_lines import FAINT, MARK, SECOND, TwoLineDelegate

WIDTH = 520
PATH = Qt.ItemDataRole.UserRole
PINNED = Qt.ItemDataRole.UserRole + 9


class StartPage(QWidget):
    """A narrow column in the middle of the window. It asks; the window decides."""

    open_wanted = Signal()
    sample_wanted = Signal()
    file_wanted = Signal(str)  # path
    pin_wanted = Signal(str, bool)  # path, pinned
    forget_wanted = Signal(str)  # path

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("start-page")
        self._appearance = appearance
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self._title = PlainLabel("Open a kernel log", self)
        hint = PlainLabel(
            "Drop files or text anywhere in this window, or paste a report with Ctrl+V.\n"
            "dmesg, journals, serial consoles and mails are read as they are, quoted or cut.",
            self,
        )
        hint.setObjectName("secondary")
        hint.setWordWrap(True)
        self._recent_title = PlainLabel("Recent", self)
        self._recent_title.setObjectName("secondary")
        self.recent = self._recent_list()
        self.scenarios = self._list("scenarios", "Scenarios of the simulated kernel")
        lists = QHBoxLayout()
        lists.setSpacing(24)
        self._recent_part = self._part(self._recent_title, self.recent)
        lists.addWidget(self._recent_part, 1)
        lists.addWidget(self._part(self._scenarios_title(), self.scenarios), 1)
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addStretch(2)
        column.addWidget(self._title)
        column.addWidget(hint)
        column.addSpacing(8)
        column.addLayout(self._buttons())
        column.addSpacing(24)
        column.addLayout(lists, 8)
        column.addStretch(2)
        page = QHBoxLayout(self)
        page.setContentsMargins(24, 24, 24, 24)
        page.addStretch(1)
        page.addLayout(column, 8)
        page.addStretch(1)
        self.show_recent(())
        appearance.changed.connect(self._dress)
        self._dress()

    def show_recent(self, files: tuple[RecentFile, ...]) -> None:
        """Show what was open before, pinned files first; files that are gone are marked and stay."""
        self.recent.clear()
        for file in in_order(files):
            missing = file.missing
            item = QListWidgetItem(file.name, self.recent)
            item.setData(PATH, file.path)
            item.setData(PINNED, file.pinned)
            item.setData(SECOND, file.path)
            item.setData(FAINT, missing)
            item.setData(MARK, ", ".join(word for word, on in (("pinned", file.pinned), ("missing", missing)) if on))
            item.setToolTip(tip(file.path))
        self._recent_part.setVisible(bool(files))

    def _buttons(self) -> QHBoxLayout:
        self.open_button = open_button = QPushButton("Open...", self)
        open_button.setObjectName("primary")
        open_button.setDefault(True)
        open_button.clicked.connect(self.open_wanted)
        self.sample_button = sample_button = QPushButton("Open the sample", self)
        sample_button.setToolTip("A real report: khugepaged in reclaim against exec and mremap")
        sample_button.clicked.connect(self.sample_wanted)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(open_button)
        row.addWidget(sample_button)
        row.addStretch()
        return row

    def _recent_list(self) -> QListWidget:
        recent = self._list("recent-files", "Recent files")
        recent.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        recent.customContextMenuRequested.connect(self._show_menu)
        return recent

    def _part(self, title: QWidget, listed: QWidget) -> QWidget:
        part = QWidget(self)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(title)
        column.addWidget(listed, 1)
        return part

    def _scenarios_title(self) -> PlainLabel:
        title = PlainLabel("Scenarios of the simulated kernel", self)
        title.setObjectName("secondary")
        return title

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self._list_scenarios)  # the files are looked into after the first paint

    def _list_scenarios(self) -> None:
        from lockview.document.scenarios import library

        if self.scenarios.count():
            return
        for entry in library():
            item = QListWidgetItem(f"{entry.id}  {entry.title}", self.scenarios)
            item.setData(PATH, entry.path)
            item.setToolTip(tip(entry.title))

    def _list(self, name: str, said: str) -> QListWidget:
        files = QListWidget(self)
        files.setObjectName(name)
        files.setAccessibleName(said)
        files.setFrameShape(QListWidget.Shape.NoFrame)
        files.setItemDelegate(TwoLineDelegate(self._appearance, files))
        files.setMouseTracking(True)
        files.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        files.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        files.setCursor(Qt.CursorShape.PointingHandCursor)
        files.itemClicked.connect(self._choose)
        files.itemActivated.connect(self._choose)
        return files

    def _choose(self, item: QListWidgetItem) -> None:
        self.file_wanted.emit(item.data(PATH))

    def _show_menu(self, place: QPoint) -> None:
        item = self.recent.itemAt(place)
        if item is None:
            return
        path, pinned = item.data(PATH), bool(item.data(PINNED))
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        pin = menu.addAction("Unpin" if pinned else "Pin")
        pin.triggered.connect(lambda: self.pin_wanted.emit(path, not pinned))
        forget = menu.addAction("Remove from the list")
        forget.triggered.connect(lambda: self.forget_wanted.emit(path))
        menu.popup(self.recent.viewport().mapToGlobal(place))

    def _dress(self) -> None:
        font = self._appearance.scaled(self._appearance.ui_font, 1.6)
        font.setWeight(font.Weight.DemiBold)
        self._title.setFont(font)
