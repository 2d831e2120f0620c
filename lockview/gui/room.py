"""The room that bars and docks will take around the middle of the window, reserved before any of them is made.

The picture is painted first. When the rest comes, it finds its room empty, and the picture stays where it is.
"""

from __future__ import annotations

from PySide6.QtCore import QMargins, QSize
from PySide6.QtGui import QFont, QFontMetrics

TOOL_BAR = 36
SHARES = {"reports": 0.18, "details": 0.31, "log": 0.30, "replay": 0.30}
"""The part of the window's width (sides) or height (bottom) that each dock has at the first start."""
SEPARATOR = 1


def first_room(window: QSize, font: QFont) -> QMargins:
    """The room at the first start; later ones know it from the last time."""
    line = QFontMetrics(font).height()
    menu_bar, status_bar = line + 5, max(line + 5, 24) + 1
    return QMargins(
        round(window.width() * SHARES["reports"]) + SEPARATOR,
        menu_bar + TOOL_BAR,
        round(window.width() * SHARES["details"]) + SEPARATOR,
        round(window.height() * SHARES["log"]) + SEPARATOR + status_bar,
    )
