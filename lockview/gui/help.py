"""The sheet of keyboard shortcuts, made from the table of actions, and what this program is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from lockview import __version__
from lockview.gui.actions import ACTIONS, MENUS
from lockview.gui.plain import PlainLabel

if TYPE_CHECKING:
    from lockview.gui.window import MainWindow


class ShortcutSheet(QDialog):
    """All actions that have a key, by menu, in two columns."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.setObjectName("shortcut-sheet")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keyboard shortcuts")
        columns = QHBoxLayout()
        columns.setSpacing(32)
        for menus in (MENUS[:3], MENUS[3:]):
            columns.addWidget(self._column(menus, window), 1)
        page = QVBoxLayout(self)
        page.setContentsMargins(24, 16, 24, 16)
        page.setSpacing(16)
        page.addLayout(columns)
        page.addWidget(_close_button(self))

    def _column(self, menus: tuple[str, ...], window: MainWindow) -> QWidget:
        column = QWidget(self)
        grid = QGridLayout(column)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(6)
        for menu in menus:
            rows = [spec for spec in ACTIONS if spec.menu.partition("/")[0] == menu and spec.shortcuts]
            if not rows:
                continue
            title = PlainLabel(menu, column)
            font = title.font()
            font.setBold(True)
            title.setFont(font)
            title.setContentsMargins(0, 8, 0, 0)
            grid.addWidget(title, grid.rowCount(), 0, 1, 2)
            for spec in rows:
                row = grid.rowCount()
                keys = ", ".join(
                    QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in spec.shortcuts
                )
                label = PlainLabel(keys, column)
                label.setFont(window.appearance.fixed_font)
                grid.addWidget(PlainLabel(_words(spec.menu, spec.title), column), row, 0)
                grid.addWidget(label, row, 1)
        grid.setRowStretch(grid.rowCount(), 1)
        return column


class AboutDialog(QDialog):
    """Name, version, licence."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.setObjectName("about")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("About lockview")
        title = PlainLabel(f"lockview {__version__}", self)
        font = window.appearance.scaled(window.appearance.ui_font, 1.6)
        font.setBold(True)
        title.setFont(font)
        words = PlainLabel(
            "Draws the lock reports of the Linux kernel, shows the stack behind each dependency "
            "and replays the deadlock.\n\nFree software under the MIT licence. Nothing you open leaves this computer.",
            self,
        )
        words.setWordWrap(True)
        words.setFixedWidth(392)
        page = QVBoxLayout(self)
        page.setContentsMargins(24, 24, 24, 16)
        page.setSpacing(8)
        page.addWidget(title)
        page.addWidget(words)
        page.addSpacing(8)
        page.addWidget(_close_button(self))


def _words(menu: str, title: str) -> str:
    """A title that makes sense outside its menu."""
    above = menu.partition("/")[2]
    words = title.rstrip(".")
    return f"{above} {words}" if above else words


def _close_button(dialog: QDialog) -> QDialogButtonBox:
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, dialog)
    buttons.rejected.connect(dialog.close)
    return buttons
