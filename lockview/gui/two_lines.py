"""Rows of two lines: what it is, and below it in small what else is known; a mark at the right end.

Used by the reports, the recent files and the near misses. All text is painted as plain text.
"""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from lockview.gui.plain import shown
from lockview.gui.theme import Appearance
from lockview.layout.drawing import Role

SECOND = Qt.ItemDataRole.UserRole + 1
"""The second line, "" for a row of one line."""
MARK = Qt.ItemDataRole.UserRole + 2
"""A word at the right end of the second line (or of the only one)."""
FIXED = Qt.ItemDataRole.UserRole + 3
"""The first line came from a kernel."""
FAINT = Qt.ItemDataRole.UserRole + 4
"""The thing is gone."""

PADDING = 8
ONE_LINE = 24
TWO_LINES = 40

Index = QModelIndex | QPersistentModelIndex


class TwoLineDelegate(QStyledItemDelegate):
    """Paints rows; the selected one has a bar in the accent colour, so that it is not told by colour alone."""

    def __init__(self, appearance: Appearance, parent: QWidget) -> None:
        super().__init__(parent)
        self._appearance = appearance

    def sizeHint(self, _: QStyleOptionViewItem, index: Index) -> QSize:
        line = QFontMetrics(self._appearance.ui_font).height()
        two = bool(index.data(SECOND))
        return QSize(120, max(TWO_LINES, 2 * line + 10) if two else max(ONE_LINE, line + 8))

    def kept_free(self, _: Index) -> int:
        """Pixels at the right end that a subclass needs."""
        return 0

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        self._paint_ground(painter, area, chosen, bool(state & QStyle.StateFlag.State_MouseOver))
        text, dim = self._appearance.colour(Role.TEXT), self._appearance.colour(Role.DIM)
        if index.data(FAINT):
            text = dim
        room = area.adjusted(PADDING, 0, -PADDING - self.kept_free(index), 0)
        second = index.data(SECOND)
        first_room = room
        if second:
            middle = room.top() + room.height() // 2
            first_room = QRect(room.left(), room.top() + 4, room.width(), middle - room.top() - 4)
            second_room = QRect(room.left(), middle, room.width(), room.bottom() - middle - 3)
            second_room = self._paint_mark(painter, second_room, index, text)
            self._paint_text(painter, second_room, second, self._small(), dim, Qt.TextElideMode.ElideRight)
        else:
            first_room = self._paint_mark(painter, room, index, dim)
        self._paint_text(painter, first_room, index.data(), self._font(index), text, Qt.TextElideMode.ElideMiddle)
        painter.restore()

    def _paint_ground(self, painter: QPainter, area: QRect, chosen: bool, hover: bool) -> None:
        accent = QColor(self._appearance.colour(Role.ACCENT))
        if chosen or hover:
            wash = QColor(accent)
            wash.setAlphaF(0.14 if chosen else 0.06)
            painter.fillRect(area, wash)
        if chosen:
            painter.fillRect(QRect(area.left(), area.top(), 3, area.height()), accent)

    def _paint_mark(self, painter: QPainter, room: QRect, index: Index, colour: QColor) -> QRect:
        """Paint the word at the right end; what is left of the room comes back."""
        mark = index.data(MARK)
        if not mark:
            return room
        font = self._small()
        width = QFontMetrics(font).horizontalAdvance(mark)
        painter.setFont(font)
        painter.setPen(colour)
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, mark)
        return room.adjusted(0, 0, -width - PADDING, 0)

    def _paint_text(
        self, painter: QPainter, room: QRect, text: str, font: QFont, colour: QColor, mode: Qt.TextElideMode
    ) -> None:
        painter.setFont(font)
        painter.setPen(colour)
        line = QFontMetrics(font).elidedText(shown(text).replace("\n", " "), mode, room.width())
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        painter.drawText(room, flags, line)

    def _font(self, index: Index) -> QFont:
        font = QFont(self._appearance.fixed_font if index.data(FIXED) else self._appearance.ui_font)
        given = index.data(Qt.ItemDataRole.FontRole)
        if isinstance(given, QFont):
            font.setBold(given.bold())
        return font

    def _small(self) -> QFont:
        return self._appearance.scaled(self._appearance.ui_font, 0.87)
