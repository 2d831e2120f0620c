"""Painting a view of a timeline: lanes, bars, bins and arrows, as far as they are in sight."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from lockview.document.visible import visible
from lockview.gui.theme import Appearance
from lockview.layout.drawing import Role
from lockview.layout.timeline import NOBODY, SHADES, Place, Stretches, Timeline, View, arrows, bars, joined, shade

ROW = 20.0
BAR = 16.0
PADDING = 6.0
AXIS = 24.0
SHORTEST_TEXT = 40.0
TICK_ROOM = 90.0
"""Pixels between two numbers of the axis at the least."""
HEAD = 4.0
WAIT_MARK = 3.0
"""The height of the line below a bin in which somebody waits."""


class Sheet(NamedTuple):
    """Where things lie: the view begins at pixel ``left``, the lanes at ``tops``, all moved up by ``scrolled``."""

    timeline: Timeline
    view: View
    left: float
    tops: tuple[float, ...]
    scrolled: float
    height: float

    def top(self, place: Place) -> float:
        """The upper border of a row's bars."""
        return self.tops[place.task] + PADDING + place.row * ROW + (ROW - BAR) / 2 - self.scrolled

    def place_at(self, y: float) -> Place | None:
        """The row at a height of the widget."""
        y += self.scrolled
        for task, lane in enumerate(self.timeline.lanes):
            row = int((y - self.tops[task] - PADDING) // ROW)
            if self.tops[task] <= y < self.tops[task + 1] and 0 <= row < len(lane):
                return Place(task, row)
        return None


def tops_of(timeline: Timeline) -> tuple[float, ...]:
    """The upper borders of the lanes and, last, the bottom of the lowest."""
    tops = [AXIS]
    for lane in timeline.lanes:
        tops.append(tops[-1] + 2 * PADDING + max(1, len(lane)) * ROW)
    return tuple(tops)


def paint_sheet(painter: QPainter, sheet: Sheet, appearance: Appearance, stops: frozenset[str]) -> None:
    """Paint everything but the cursor. Bars of locks in ``stops`` have a thick border."""
    fixed = appearance.scaled(appearance.fixed_font, 0.87)
    painter.setFont(fixed)
    right = sheet.left + sheet.view.width
    painter.save()
    painter.setClipRect(QRectF(sheet.left, AXIS, sheet.view.width, sheet.height - AXIS))
    stopped = {number for number, lock in enumerate(sheet.timeline.locks) if lock in stops}
    for task, lane in enumerate(sheet.timeline.lanes):
        colour = appearance.colour(Role.task(task))
        for number, row in enumerate(lane):
            top = sheet.top(Place(task, number))
            if AXIS - BAR < top < sheet.height:
                _paint_row(painter, sheet, row, top, _Inks(colour, appearance, fixed, stopped))
    _paint_arrows(painter, sheet, appearance)
    painter.restore()
    _paint_names(painter, sheet, appearance)
    _paint_axis(painter, sheet, appearance, right)


class _Inks(NamedTuple):
    colour: QColor
    appearance: Appearance
    font: QFont
    stopped: set[int]

    def fill(self, share: float) -> QColor:
        """The colour of the task, the stronger the more of a bin is taken."""
        colour = QColor(self.colour)
        colour.setAlphaF(0.15 + 0.45 * share)
        return colour


def _paint_row(painter: QPainter, sheet: Sheet, row: Stretches, top: float, inks: _Inks) -> None:
    metrics = QFontMetricsF(inks.font)
    thin, thick = QPen(inks.colour, 1.0), QPen(inks.colour, 2.5)
    dashed = QPen(inks.colour, 1.0, Qt.PenStyle.DashLine)
    shades = [inks.fill(number / SHADES) for number in range(SHADES + 1)]
    hold, hatch = QBrush(inks.fill(0.1)), QBrush(inks.colour, Qt.BrushStyle.BDiagPattern)
    for bar in joined(bars(row, sheet.view)):
        x = max(sheet.left - 4, sheet.left + bar.x)
        width = min(sheet.left + bar.x + bar.width, sheet.left + sheet.view.width + 4) - x
        if bar.stretch == NOBODY or width < 3:
            painter.fillRect(QRectF(x, top, width, BAR), shades[shade(bar)])
            if bar.waits:
                painter.fillRect(QRectF(x, top + BAR - WAIT_MARK, width, WAIT_MARK), inks.colour)
            continue
        stop = row.locks[bar.stretch] in inks.stopped
        painter.setPen(thick if stop else dashed if bar.waits else thin)
        painter.setBrush(hatch if bar.waits else hold)
        painter.drawRect(QRectF(x, top, width, BAR))
        if width >= SHORTEST_TEXT:
            name = visible(sheet.timeline.locks[row.locks[bar.stretch]])
            _paint_name(painter, QRectF(x + 4, top, width - 8, BAR), name, metrics, inks, plate=bar.waits)


def _paint_name(painter: QPainter, box: QRectF, name: str, metrics: QFontMetricsF, inks: _Inks, *, plate: bool) -> None:
    """The lock's name as far as it fits; on a hatched bar it lies on a plate."""
    text = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, box.width())
    if plate:
        width = metrics.horizontalAdvance(text)
        plate_box = QRectF(box.x() - 2, box.y() + 2, width + 4, box.height() - 4)
        painter.fillRect(plate_box, inks.appearance.colour(Role.BACKGROUND))
    painter.setPen(inks.appearance.colour(Role.TEXT))
    painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


def _paint_arrows(painter: QPainter, sheet: Sheet, appearance: Appearance) -> None:
    for arrow in arrows(sheet.timeline, sheet.view):
        x = sheet.left + arrow.x + 5
        mine, other = sheet.top(arrow.waiter), sheet.top(arrow.holder)
        start, end = (mine + BAR, other) if other > mine else (mine, other + BAR)
        way = HEAD if end > start else -HEAD
        colour = appearance.colour(Role.task(arrow.waiter.task))
        painter.setPen(QPen(colour, 2.0))
        painter.drawLine(QLineF(x, start, x, end - way))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        base = end - 2 * way
        painter.drawPolygon(QPolygonF([QPointF(x - HEAD, base), QPointF(x + HEAD, base), QPointF(x, end)]))


def _paint_names(painter: QPainter, sheet: Sheet, appearance: Appearance) -> None:
    """The names of the tasks on the left, and the lines between the lanes."""
    metrics = QFontMetricsF(painter.font())
    background, line = appearance.colour(Role.BACKGROUND), appearance.colour(Role.LINE)
    painter.fillRect(QRectF(0, AXIS, sheet.left, sheet.height - AXIS), background)
    painter.save()
    painter.setClipRect(QRectF(0, AXIS, sheet.left + sheet.view.width, sheet.height - AXIS))
    for task, name in enumerate(sheet.timeline.tasks):
        top, bottom = sheet.tops[task] - sheet.scrolled, sheet.tops[task + 1] - sheet.scrolled
        if bottom < AXIS or top > sheet.height:
            continue
        painter.fillRect(QRectF(0, top + PADDING, 4, bottom - top - 2 * PADDING), appearance.colour(Role.task(task)))
        painter.setPen(appearance.colour(Role.TEXT))
        text = metrics.elidedText(visible(name), Qt.TextElideMode.ElideRight, sheet.left - 20)
        painter.drawText(QRectF(12, top, sheet.left - 16, bottom - top), Qt.AlignmentFlag.AlignVCenter, text)
        painter.setPen(line)
        painter.drawLine(QLineF(0, bottom, sheet.left + sheet.view.width, bottom))
    painter.restore()


def _paint_axis(painter: QPainter, sheet: Sheet, appearance: Appearance, right: float) -> None:
    """Numbers at round steps, as many as have room."""
    painter.fillRect(QRectF(0, 0, right, AXIS), appearance.colour(Role.BACKGROUND))
    painter.setFont(appearance.scaled(appearance.ui_font, 0.87))
    view = sheet.view
    every = round_step((view.end - view.start) * TICK_ROOM / max(view.width, TICK_ROOM))
    painter.setPen(appearance.colour(Role.DIM))
    painter.drawText(QRectF(12, 0, sheet.left - 16, AXIS), Qt.AlignmentFlag.AlignVCenter, "step")
    number = -(-int(view.start) // every) * every
    while number <= view.end:
        x = sheet.left + view.x(number)
        painter.drawLine(QLineF(x, AXIS - 5, x, AXIS))
        painter.drawText(QRectF(x + 3, 0, TICK_ROOM - 6, AXIS), Qt.AlignmentFlag.AlignVCenter, f"{number:,}")
        number += every
    painter.setPen(appearance.colour(Role.LINE))
    painter.drawLine(QLineF(0, AXIS, right, AXIS))


def round_step(least: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 and so on that is no less."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power >= least:
                return digit * power
        power *= 10
