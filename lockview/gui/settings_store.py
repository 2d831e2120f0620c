"""What the window remembers between runs: theme, geometry, docks, recent files. One INI file, replaced atomically.

The folder is ``$LOCKVIEW_CONFIG_HOME``, else ``$XDG_CONFIG_HOME/lockview``, else ``~/.config/lockview``. A damaged or
foreign file gives the defaults, value by value.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QMargins, QSettings

from lockview.gui.theme import CHOICES, SYSTEM

if TYPE_CHECKING:
    from lockview.document.recent import RecentFile

LAYOUT_VERSION = 1
"""Counted up when the docks change so that a saved layout no longer fits."""


def config_folder() -> str:
    """Where the settings live; it need not exist yet."""
    own = os.environ.get("LOCKVIEW_CONFIG_HOME")
    if own:
        return own
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")  # noqa: PTH111, PTH118
    return os.path.join(home, "lockview")  # noqa: PTH118


class SettingsStore:
    """Typed access to the settings file."""

    def __init__(self, folder: str = "") -> None:
        path = os.path.join(folder or config_folder(), "lockview.ini")  # noqa: PTH118
        # The path and format are given in full: QSettings("org", "app") would write into the real home in any case.
        self._settings = QSettings(path, QSettings.Format.IniFormat)

    @property
    def path(self) -> str:
        """The settings file."""
        return self._settings.fileName()

    @property
    def theme(self) -> str:
        """``system`` or the name of a theme."""
        choice = self._text("theme")
        return choice if choice in CHOICES else SYSTEM

    @theme.setter
    def theme(self, choice: str) -> None:
        self._settings.setValue("theme", choice)

    @property
    def geometry(self) -> QByteArray:
        """Place and size of the window, as Qt packs it; empty at the first start."""
        return self._bytes("window/geometry")

    @property
    def docks(self) -> QByteArray:
        """Places and sizes of the docks, as Qt packs them; empty at the first start."""
        return self._bytes("window/docks")

    @property
    def room(self) -> QMargins | None:
        """What bars and docks take of the window around its middle, in pixels; None at the first start."""
        values = self._texts("window/room")
        if len(values) != 4 or not all(value.isdecimal() and len(value) < 6 for value in values):
            return None
        return QMargins(*(int(value) for value in values))

    def keep_window(self, geometry: QByteArray, docks: QByteArray, room: QMargins) -> None:
        """Remember the window for the next start."""
        self._settings.setValue("window/geometry", geometry)
        self._settings.setValue("window/docks", docks)
        sides = (room.left(), room.top(), room.right(), room.bottom())
        self._settings.setValue("window/room", [str(side) for side in sides])

    def forget_docks(self) -> None:
        """Start with the first layout again."""
        self._settings.remove("window/docks")
        self._settings.remove("window/room")

    @property
    def recent(self) -> tuple[RecentFile, ...]:
        """The recent files, newest first."""
        from lockview.document.recent import RecentFile

        pinned = set(self._texts("recent/pinned"))
        return tuple(RecentFile(path, path in pinned) for path in self._texts("recent/files"))

    @recent.setter
    def recent(self, files: tuple[RecentFile, ...]) -> None:
        self._settings.setValue("recent/files", [file.path for file in files])
        self._settings.setValue("recent/pinned", [file.path for file in files if file.pinned])

    def flush(self) -> None:
        """Write now instead of when the event loop is idle."""
        self._settings.sync()

    def _text(self, key: str) -> str:
        value = self._settings.value(key)
        return value if isinstance(value, str) else ""

    def _texts(self, key: str) -> list[str]:
        # An INI list of one is read back as a plain string.
        value = self._settings.value(key)
        values = value if isinstance(value, list) else [value]
        return [text for text in values if isinstance(text, str) and text]

    def _bytes(self, key: str) -> QByteArray:
        value = self._settings.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()
