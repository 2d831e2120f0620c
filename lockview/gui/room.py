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
LEAST_MIDDLE = 100


def room_in(window: QSize, font: QFont, last: QMargins | None) -> QMargins:
    """The room of the last time, unless this window is too small for it; else that of the first start."""
    if last is not None:
        middle = window.shrunkBy(last)
        if min(middle.width(), middle.height()) >= LEAST_MIDDLE:
            return last
    return first_room(window, font)


def first_room(window: QSize, font: QFont) -> QMargins:
    """The room at the first start."""
    line = QFontMetrics(font).height()
    menu_bar, status_bar = line + 5, max(line + 5, 24) + 1
    return QMargins(
        round(window.width() * SHARES["reports"]) + SEPARATOR,
        menu_bar + TOOL_BAR,
        round(window.width() * SHARES["details"]) + SEPARATOR,
        round(window.height() * SHARES["log"]) + SEPARATOR + status_bar,
    )
