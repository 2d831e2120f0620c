"""Paints rows. Plain text only: nothing here ever guesses whether a text is HTML."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen, QPolygonF, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from lockview.gui.rows.model import ROW_ROLE, WORDS
from lockview.gui.rows.row import Kind, Row
from lockview.gui.theme import Appearance, blend
from lockview.gui.wrapped_text import unbroken
from lockview.layout.drawing import Role

PADDING = 8
GUTTER = 16
"""Room for the marker of a frame, right of the padding."""
LINE = 24
"""Height of a row of one line in the usual size of type."""
GUESS_OPACITY = 0.55
ELIDE = Qt.TextElideMode.ElideMiddle
LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)


class RowDelegate(QStyledItemDelegate):
    """Frames in columns (function, offset, module, file:line), words wrapped at the width of the view."""

    def __init__(self, appearance: Appearance, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view
        self._appearance = appearance
        appearance.changed.connect(self._make_fonts)
        self._make_fonts()

    def _make_fonts(self) -> None:
        look = self._appearance
        self._ui, self._fixed = look.ui_font, look.fixed_font
        self._small = look.scaled(look.ui_font, 0.87)
        self._small_fixed = look.scaled(look.fixed_font, 0.87)
        self._strong_fixed = _semibold(look.fixed_font)
        self._strong_ui = _semibold(look.ui_font)
        self._title = _semibold(look.scaled(look.ui_font, 1.25))
        self._title_fixed = _semibold(look.scaled(look.fixed_font, 1.25))
        self._line = max(LINE, round(QFontMetricsF(self._fixed).height() * 1.4))

    # -- sizes

    def sizeHint(self, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        row = index.data(ROW_ROLE)
        if not isinstance(row, Row):
            return QSize(0, 0)
        width = self._view.viewport().width()
        if row.kind in WORDS:
            label = self._line - 4 if row.kind == Kind.FACT else 0
            above = PADDING if row.kind == Kind.TITLE and index.row() == 0 else 0
            return QSize(0, round(self._laid_out(row, width).boundingRect().height()) + label + PADDING + above)
        return QSize(0, self._line + (GUTTER if row.kind == Kind.HEADING and index.row() > 0 else 0))

    def _laid_out(self, row: Row, width: float) -> QTextLayout:
        """The text of a wrapped row, with the kernel's words in the fixed face."""
        title = row.kind == Kind.TITLE
        layout = QTextLayout(unbroken(row.text), self._title if title else self._ui)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option.setTextDirection(Qt.LayoutDirection.LeftToRight)
        layout.setTextOption(option)
        ranges = []
        for start, length in row.fixed:
            piece = QTextLayout.FormatRange()
            piece.start = start + row.text.count("->", 0, start)
            piece.length = length + row.text.count("->", start, start + length)
            piece.format = QTextCharFormat()
            piece.format.setFont(self._title_fixed if title else self._fixed)
            ranges.append(piece)
        layout.setFormats(ranges)
        layout.beginLayout()
        top = 0.0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(40.0, width - self._text_left(row) - PADDING))
            line.setPosition(QPointF(0, top))
            top += line.height() * 1.1
        layout.endLayout()
        return layout

    def _text_left(self, row: Row) -> float:
        return PADDING + (GUTTER if row.kind == Kind.NOTE and row.role else 0)

    # -- painting

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, Row):
            return
        area = QRectF(option.rect)
        painter.save()
        self._paint_ground(painter, option, area, row)
        if row.kind in WORDS:
            above = PADDING if row.kind == Kind.TITLE and index.row() == 0 else 0
            self._paint_wrapped(painter, area.adjusted(0, above, 0, 0), row)
        elif row.kind == Kind.FRAME:
            self._paint_frame(painter, area, row)
        elif row.kind == Kind.HEADING:
            self._paint_heading(painter, area, row, first=index.row() == 0)
        elif row.kind == Kind.STEP:
            self._paint_step(painter, area, row)
        else:
            self._paint_line(painter, area, row)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, area: QRectF, row: Row) -> None:
        if not row.reachable:
            return
        ground, accent = self._appearance.colour(Role.BACKGROUND), self._appearance.colour(Role.ACCENT)
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, blend(ground, accent, 0.16))
            painter.fillRect(QRectF(area.left(), area.top(), 3, area.height()), accent)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, blend(ground, accent, 0.06))
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(accent, 1))
            painter.drawRect(area.adjusted(0.5, 0.5, -1, -1))

    def _paint_wrapped(self, painter: QPainter, area: QRectF, row: Row) -> None:
        top = area.top() + PADDING / 2
        if row.kind == Kind.FACT:
            painter.setFont(self._small)
            painter.setPen(self._appearance.colour(Role.DIM))
            painter.drawText(QRectF(PADDING, top, area.width() - 2 * PADDING, self._line - 4), LEFT, row.label)
            top += self._line - 4
        elif row.role:
            bar = QRectF(PADDING, top, 4, area.height() - PADDING)
            painter.fillRect(bar, self._appearance.colour(row.role))
        painter.setPen(self._appearance.colour(Role.DIM if row.dim else Role.TEXT))
        self._laid_out(row, area.width()).draw(painter, QPointF(area.left() + self._text_left(row), top))

    def _paint_number(self, painter: QPainter, area: QRectF, row: Row) -> None:
        painter.setFont(self._small)
        painter.setPen(self._appearance.colour(row.role or Role.DIM))
        painter.drawText(area, LEFT, row.label)

    def _paint_heading(self, painter: QPainter, area: QRectF, row: Row, *, first: bool) -> None:
        if not first:
            painter.setPen(self._appearance.colour(Role.LINE))
            y = area.top() + PADDING + 0.5
            painter.drawLine(QPointF(area.left() + PADDING, y), QPointF(area.right() - PADDING, y))
            area = area.adjusted(0, GUTTER, 0, 0)
        left = area.left() + PADDING
        if row.fold:
            self._paint_triangle(painter, left + 5, area.center().y(), opened=row.opened)
            left += GUTTER
        elif row.role:
            painter.fillRect(QRectF(left, area.top() + 6, 4, area.height() - 12), self._appearance.colour(row.role))
            left += GUTTER
        painter.setFont(self._small)
        right = self._right_text(painter, area, row.right, Role.DIM, area.width() * 0.4)
        painter.setPen(self._appearance.colour(Role.TEXT))
        self._paint_pieces(painter, QRectF(left, area.top(), right - left - PADDING, area.height()), row)

    def _paint_pieces(self, painter: QPainter, area: QRectF, row: Row) -> None:
        """Our words and one name of the kernel's on a line; the name gives way when there is no room."""
        start, length = row.fixed[0] if row.fixed else (len(row.text), 0)
        ours, fixed = QFontMetricsF(self._strong_ui), QFontMetricsF(self._strong_fixed)
        before, name, after = row.text[:start], row.text[start : start + length], row.text[start + length :]
        room = area.width() - ours.horizontalAdvance(before) - ours.horizontalAdvance(after)
        name = fixed.elidedText(name, ELIDE, max(0.0, room))
        left = area.left()
        for text, font, metrics in (
            (before, self._strong_ui, ours),
            (name, self._strong_fixed, fixed),
            (after, self._strong_ui, ours),
        ):
            painter.setFont(font)
            width = metrics.horizontalAdvance(text)
            painter.drawText(QRectF(left, area.top(), min(width + 1, area.right() - left), area.height()), LEFT, text)
            left += width

    def _paint_line(self, painter: QPainter, area: QRectF, row: Row) -> None:
        """A fold or a link."""
        left = area.left() + PADDING
        if row.kind == Kind.FOLD:
            self._paint_triangle(painter, left + 5, area.center().y(), opened=row.opened)
            left += GUTTER
        elif row.label:
            self._paint_number(painter, QRectF(left, area.top(), GUTTER + 4, area.height()), row)
            left += GUTTER + PADDING
        painter.setFont(self._small)
        right = self._right_text(painter, area, row.right, Role.DIM, area.width() * 0.4)
        painter.setFont(self._fixed if row.fixed else self._ui)
        painter.setPen(self._appearance.colour(Role.ACCENT if row.kind == Kind.LINK else Role.DIM))
        room = QRectF(left, area.top(), max(0.0, right - left - PADDING), area.height())
        painter.drawText(room, LEFT, painter.fontMetrics().elidedText(row.text, ELIDE, int(room.width())))

    def _paint_step(self, painter: QPainter, area: QRectF, row: Row) -> None:
        painter.setFont(self._small)
        painter.setPen(self._appearance.colour(Role.DIM))
        number = QRectF(area.left(), area.top(), PADDING + GUTTER + 4, area.height())
        painter.drawText(number, RIGHT, row.label)
        left = number.right() + PADDING
        bar = QRectF(left, area.top() + 5, 4, area.height() - 10)
        if row.dim:
            painter.setPen(QPen(self._appearance.colour(row.role), 1))
            painter.drawRect(bar.adjusted(0.5, 0.5, -0.5, -0.5))
        else:
            painter.fillRect(bar, self._appearance.colour(row.role))
        left += PADDING + 4
        painter.setFont(self._fixed)
        painter.setPen(self._appearance.colour(Role.DIM if row.dim else Role.TEXT))
        room = QRectF(left, area.top(), max(0.0, area.right() - PADDING - left), area.height())
        shown = painter.fontMetrics().elidedText(row.text, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, LEFT, shown)

    def _paint_frame(self, painter: QPainter, area: QRectF, row: Row) -> None:
        middle, left = area.center().y(), area.left() + PADDING
        if row.strong:
            self._paint_marker(painter, left, middle, row.role or Role.TEXT)
        if row.dim:
            painter.setOpacity(GUESS_OPACITY)
        left += GUTTER
        painter.setFont(self._small_fixed)
        right = self._right_text(painter, area, row.right, Role.DIM, area.width() * 0.45)
        right = self._paint_chip(painter, area, row.chip, left, right)
        font = self._strong_fixed if row.strong else self._fixed
        detail = QFontMetricsF(self._small_fixed).horizontalAdvance(row.detail)
        room = right - left - PADDING
        wanted = QFontMetricsF(font).horizontalAdvance(row.text)
        if wanted + detail + 4 > room:
            detail = 0.0
        name = QFontMetricsF(font).elidedText(row.text, ELIDE, max(0.0, room - detail))
        painter.setFont(font)
        painter.setPen(self._appearance.colour(Role.TEXT if row.strong else row.role or Role.TEXT))
        painter.drawText(QRectF(left, area.top(), room, area.height()), LEFT, name)
        if detail:
            painter.setFont(self._small_fixed)
            painter.setPen(self._appearance.colour(Role.DIM))
            painter.drawText(QRectF(left + wanted + 4, area.top(), detail + 1, area.height()), LEFT, row.detail)

    def _paint_chip(self, painter: QPainter, area: QRectF, text: str, left: float, right: float) -> float:
        if not text:
            return right
        metrics = QFontMetricsF(self._small_fixed)
        shown = metrics.elidedText(text, ELIDE, (right - left) * 0.4)
        width, height = metrics.horizontalAdvance(shown) + 10, metrics.height() + 2
        chip = QRectF(right - width, area.center().y() - height / 2, width, height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._appearance.colour(Role.BORDER), 1))
        painter.drawRoundedRect(chip.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(self._small_fixed)
        painter.setPen(self._appearance.colour(Role.DIM))
        painter.drawText(chip, int(Qt.AlignmentFlag.AlignCenter), shown)
        return chip.left() - PADDING / 2

    def _right_text(self, painter: QPainter, area: QRectF, text: str, role: str, most: float) -> float:
        """Paint at the far end in the current font; where the room left of it ends."""
        edge = area.right() - PADDING
        if not text:
            return edge
        shown = painter.fontMetrics().elidedText(text, ELIDE, int(most))
        width = painter.fontMetrics().horizontalAdvance(shown)
        painter.setPen(self._appearance.colour(role))
        painter.drawText(QRectF(edge - width - 1, area.top(), width + 1, area.height()), RIGHT, shown)
        return edge - width - PADDING

    def _paint_marker(self, painter: QPainter, left: float, middle: float, role: str) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self._appearance.colour(role))
        painter.setPen(Qt.PenStyle.NoPen)
        corners = [QPointF(left + 1, middle - 5), QPointF(left + 10, middle), QPointF(left + 1, middle + 5)]
        painter.drawPolygon(QPolygonF(corners))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_triangle(self, painter: QPainter, x: float, y: float, *, opened: bool) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._appearance.colour(Role.DIM), 1.5))
        corners = ((-4, -2), (0, 2), (4, -2)) if opened else ((-2, -4), (2, 0), (-2, 4))
        painter.drawPolyline(QPolygonF([QPointF(x + dx, y + dy) for dx, dy in corners]))


def _semibold(font: QFont) -> QFont:
    copy = QFont(font)
    copy.setWeight(QFont.Weight.DemiBold)
    return copy
