"""The tool bar: a few words instead of icons to learn, 36 pixels high. The rows come from the table of actions."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from lockview.gui.menus import ActionBoard
from lockview.gui.room import TOOL_BAR


class ToolBar(QToolBar):
    """Open on the left, the views in the middle, Export on the right."""

    def __init__(self, board: ActionBoard, parent: QWidget) -> None:
        super().__init__("Tool bar", parent)
        self.setObjectName("tools")
        self.setMovable(False)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setFixedHeight(TOOL_BAR)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        board.fill_tool_bar(self)
        space = QWidget(self)
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(space)
        self.export_button = self._menu_button("Export", board.menu("File/Export as"))
        self.addWidget(self.export_button)

    def give_open_a_menu(self, recent: QMenu) -> None:
        """Let the Open button offer the recent files."""
        button = self.findChild(QToolButton, "tool-open")
        if button is not None:
            button.setMenu(recent)
            button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)

    def _menu_button(self, title: str, menu: QMenu) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(f"tool-{title.lower()}")
        button.setText(f"{title} \N{BLACK DOWN-POINTING SMALL TRIANGLE}")
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolTip("Save the picture or the report in another form")
        return button
