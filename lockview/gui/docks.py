"""The docks around the picture."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QMainWindow, QTabWidget, QToolButton, QWidget

from lockview.gui.plain import PlainLabel
from lockview.gui.room import SHARES


class DockSpec(NamedTuple):
    """A dock, and where it is at the first start."""

    name: str
    title: str
    area: Qt.DockWidgetArea


DOCKS = (
    DockSpec("reports", "Reports", Qt.DockWidgetArea.LeftDockWidgetArea),
    DockSpec("details", "Details", Qt.DockWidgetArea.RightDockWidgetArea),
    DockSpec("log", "Log", Qt.DockWidgetArea.BottomDockWidgetArea),
    DockSpec("replay", "Replay", Qt.DockWidgetArea.BottomDockWidgetArea),
)
TABBED = ("log", "replay")


class Docks:
    """The docks of a window by name; ``contents`` holds a widget for each."""

    def __init__(self, window: QMainWindow, contents: dict[str, QWidget]) -> None:
        self._window = window
        self._docks = {spec.name: Dock(spec, contents[spec.name], window) for spec in DOCKS}
        window.setDockOptions(
            QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.GroupedDragging
        )
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.reset()

    def dock(self, name: str) -> Dock:
        """One dock."""
        return self._docks[name]

    @property
    def all(self) -> tuple[Dock, ...]:
        """The docks in the order of the table."""
        return tuple(self._docks.values())

    def bring_up(self, name: str) -> None:
        """Show a dock and bring it to the front of its tabs."""
        self._docks[name].show()
        self._docks[name].raise_()

    def refresh_heads(self) -> None:
        """Give every dock the head that it needs where it is, before it is seen with another one."""
        for dock in self.all:
            dock.refresh_head()

    def reset(self) -> None:
        """Put every dock where it is at the first start."""
        for spec in DOCKS:
            dock = self._docks[spec.name]
            dock.setFloating(False)
            self._window.addDockWidget(spec.area, dock)
            dock.show()
        first, *others = (self._docks[name] for name in TABBED)
        for other in others:
            self._window.tabifyDockWidget(first, other)
        first.raise_()
        self.proportion()

    def proportion(self) -> None:
        """Share out the room of the window as at the first start."""
        width, height = self._window.width(), self._window.height()
        sides = [spec for spec in DOCKS if spec.name not in TABBED]
        widths = [round(width * SHARES[spec.name]) for spec in sides]
        self._window.resizeDocks([self._docks[spec.name] for spec in sides], widths, Qt.Orientation.Horizontal)
        bottom = next(spec for spec in DOCKS if spec.name in TABBED)
        self._window.resizeDocks(
            [self._docks[bottom.name]], [round(height * SHARES[bottom.name])], Qt.Orientation.Vertical
        )


class Dock(QDockWidget):
    """A dock with a quiet head; among tabs, where the tab says its name, it has none."""

    def __init__(self, spec: DockSpec, contents: QWidget, window: QMainWindow) -> None:
        super().__init__(spec.title, window)
        self.setObjectName(spec.name)
        self._head = DockHead(spec.title, self)
        self._no_head = QWidget(self)
        self.setTitleBarWidget(self._head)
        self.setWidget(contents)
        # Later, because these signals come from the middle of Qt's own laying out.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.refresh_head)
        for signal in (self.dockLocationChanged, self.topLevelChanged, self.visibilityChanged):
            signal.connect(self._refresh_soon)
        self.visibilityChanged.connect(self._let_in)

    def _let_in(self, seen: bool) -> None:
        """Keep the keyboard out while another tab is in front: for Qt the contents are visible, only far outside."""
        contents = self.widget()
        if contents is not None:
            contents.setEnabled(seen)

    def _refresh_soon(self, _: object) -> None:
        self._soon.start(0)

    def refresh_head(self) -> None:
        """Show the head, unless a tab shows the name."""
        window = self.parentWidget()
        if not isinstance(window, QMainWindow):
            return
        tabbed = not self.isFloating() and any(not other.isHidden() for other in window.tabifiedDockWidgets(self))
        head = self._no_head if tabbed else self._head
        if self.titleBarWidget() is not head:
            self.setTitleBarWidget(head)
            head.show()


class DockHead(QWidget):
    """The name of a dock and its cross. Dragging it moves the dock, a double click lets it float."""

    def __init__(self, title: str, dock: QDockWidget) -> None:
        super().__init__(dock)
        self.setObjectName("dock-head")
        label = PlainLabel(title, self)
        label.setObjectName("dock-title")
        cross = QToolButton(self)
        cross.setText("\N{MULTIPLICATION SIGN}")
        cross.setAutoRaise(True)
        cross.setToolTip(f"Hide {title}; the View menu shows it again")
        cross.setAccessibleName(f"Hide {title}")
        cross.clicked.connect(dock.close)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 4, 2)
        row.addWidget(label)
        row.addStretch()
        row.addWidget(cross)
