"""The table of actions made into menus, a tool bar and shortcuts. Nothing here knows what any action does."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar, QToolButton, QWidget

from lockview.gui.actions import ACTIONS, MENUS, TOOL_BAR, ActionSpec, UiState


class ActionBoard(QObject):
    """One ``QAction`` per row of the table. ``chosen`` carries the row that the user triggered."""

    chosen = Signal(object)  # ActionSpec

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._actions: dict[str, QAction] = {}
        self._groups: dict[str, QActionGroup] = {}
        self._menus: dict[str, QMenu] = {}
        for spec in ACTIONS:
            self._actions[spec.name] = self._made(spec)
        window.addActions(list(self._actions.values()))

    def action(self, name: str) -> QAction:
        """The action of a row."""
        return self._actions[name]

    def menu(self, path: str) -> QMenu:
        """A menu by its path in the table."""
        return self._menus[path]

    def refresh(self, state: UiState) -> None:
        """Enable and check what the state says."""
        for spec in ACTIONS:
            action = self._actions[spec.name]
            action.setEnabled(spec.enabled(state))
            if spec.title_of is not None:
                action.setText(spec.title_of(state))
            if spec.checked is not None:
                action.setChecked(spec.checked(state))

    def fill_menu_bar(self, bar: QMenuBar) -> None:
        """Add all menus, in the order of the table."""
        for name in MENUS:
            self._menus[name] = bar.addMenu(f"&{name}")
        last: dict[str, int] = {}
        for spec in ACTIONS:
            menu = self._menu_at(spec.menu)
            # A submenu stands in its parent menu at the place of its first row, and follows the same lines.
            if last.setdefault(spec.menu, spec.group) != spec.group:
                menu.addSeparator()
            last[spec.menu] = spec.group
            menu.addAction(self._actions[spec.name])

    def fill_tool_bar(self, bar: QToolBar) -> None:
        """Add the groups of the tool bar."""
        for number, names in enumerate(TOOL_BAR):
            if number:
                bar.addSeparator()
            for name in names:
                bar.addAction(self._actions[name])
                button = bar.widgetForAction(self._actions[name])
                if isinstance(button, QToolButton):
                    button.setObjectName(f"tool-{name}")

    def _menu_at(self, path: str) -> QMenu:
        if path not in self._menus:
            parent, _, title = path.rpartition("/")
            self._menu_at(parent).addSeparator()
            self._menus[path] = self._menu_at(parent).addMenu(title)
        return self._menus[path]

    def _made(self, spec: ActionSpec) -> QAction:
        action = TableAction(spec, self)
        action.setObjectName(spec.name)
        action.setShortcuts([QKeySequence(keys) for keys in spec.shortcuts])
        if spec.short:
            action.setIconText(spec.short)
        words = spec.hint or spec.title.rstrip(".")
        action.setStatusTip(words)
        action.setToolTip(f"{words} ({spec.shortcuts[0]})" if spec.shortcuts else words)
        if spec.checked is not None:
            action.setCheckable(True)
            family = f"{spec.menu}:{spec.group}"
            group = self._groups.setdefault(family, QActionGroup(self))
            group.addAction(action)
        action.chosen.connect(self.chosen)
        return action


class TableAction(QAction):
    """An action that knows its row."""

    chosen = Signal(object)  # ActionSpec

    def __init__(self, spec: ActionSpec, parent: QObject) -> None:
        super().__init__(spec.title, parent)
        self._spec = spec
        self.triggered.connect(self._tell)

    def _tell(self) -> None:
        self.chosen.emit(self._spec)
