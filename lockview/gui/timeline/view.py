"""The lanes of a run, however long: zoomed with the wheel, scrubbed with the pointer, walked with the keys.

What does not move is painted once into a picture; a step of playing paints that picture and the cursor.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QLineF, QPoint, QPointF, QRectF, QSignalBlocker, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QMenu, QToolTip, QWidget

from lockview.document.visible import visible
from lockview.gui.plain import menu_text, tip
from lockview.gui.theme import Appearance
from lockview.gui.timeline.paint import AXIS, ROW, Sheet, paint_sheet, tops_of
from lockview.layout.drawing import Role
from lockview.layout.timeline import NOBODY, Timeline, View

CLOSER = 1.25
"""So much closer with one notch of the wheel."""
FIRST_LOOK = 400
"""Steps that are in sight at first."""
WIDEST_NAME = 190.0
SCROLL_STEPS = 100_000
"""The horizontal bar counts in parts of the run, for Qt's bars end at 2 ** 31."""
NO_RETURN = "point of no return"


class TimelineView(QAbstractScrollArea):
    """``position_chosen`` carries the position after the step under the pointer, ``stop_toggled`` a lock's name.

    ``next_wanted`` carries the name of a lock of which the next use is wanted.
    """

    position_chosen = Signal(object)  # int; Signal(int) is 32 bits wide
    stop_toggled = Signal(str)
    next_wanted = Signal(str)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._timeline: Timeline | None = None
        self._view = View(0, 1, 1)
        self._tops: tuple[float, ...] = (AXIS,)
        self._left = 0.0
        self._position = 0
        self._no_return: int | None = None
        self._stops: frozenset[str] = frozenset()
        self._picture: QPixmap | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Lanes of the run, one per task")
        self.viewport().setMouseTracking(True)
        self.horizontalScrollBar().valueChanged.connect(self._scroll_to)
        self.verticalScrollBar().valueChanged.connect(self._forget)
        appearance.changed.connect(self._restyle)

    @property
    def view(self) -> View:
        """What is in sight."""
        return self._view

    def show_timeline(self, timeline: Timeline | None, no_return: int | None = None) -> None:
        """Show another run, from its beginning; ``no_return`` is the position from which nothing helps any more."""
        fresh = timeline is None or self._timeline is None or timeline.tasks != self._timeline.tasks
        self._timeline, self._no_return = timeline, no_return
        self._tops = tops_of(timeline) if timeline is not None else (AXIS,)
        self._restyle()
        if timeline is not None:
            self.setAccessibleDescription(f"{len(timeline.tasks)} tasks, {len(timeline.locks)} locks")
            length = min(self._most, FIRST_LOOK) if fresh else min(self._view.end - self._view.start, self._most)
            self._look(View(0, length, self._view.width).moved_to(0 if fresh else self._view.start, self._most))

    def show_position(self, position: int) -> None:
        """Put the cursor after so many steps, and keep it in sight."""
        self._position = position
        view = self._view
        if self._timeline is not None and not view.start <= position <= view.end:
            self._look(view.moved_to(position - (view.end - view.start) / 4, self._most))
        self.viewport().update()

    def show_stops(self, stops: frozenset[str]) -> None:
        """Mark the locks at which playing stops."""
        self._stops = stops
        self._forget()

    def zoom(self, factor: float, x: float | None = None) -> None:
        """Come closer, to the cursor unless told another pixel of the view."""
        at = self._view.x(self._position) if x is None else x
        self._look(self._view.zoomed(factor, min(max(at, 0.0), self._view.width), self._most))

    def show_all(self) -> None:
        """Show the whole run."""
        self._look(View(0, self._most, self._view.width))

    # -- laying out

    @property
    def _most(self) -> float:
        return float(self._timeline.end) if self._timeline is not None else 1.0

    def _restyle(self) -> None:
        metrics = QFontMetricsF(self._appearance.scaled(self._appearance.fixed_font, 0.87))
        names = self._timeline.tasks[:200] if self._timeline is not None else ()
        widest = max((metrics.horizontalAdvance(visible(name[:80])) for name in names), default=0.0)
        self._left = min(widest, WIDEST_NAME) + 24.0
        self._fit()

    def _fit(self) -> None:
        """Take the size of the widget."""
        width = max(50.0, self.viewport().width() - self._left)
        self._view = self._view._replace(width=width)
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, round(self._tops[-1]) - self.viewport().height()))
        bar.setPageStep(max(1, self.viewport().height()))
        bar.setSingleStep(round(ROW))
        self._look(self._view)

    def _look(self, view: View) -> None:
        self._view = view
        part = SCROLL_STEPS / self._most
        with QSignalBlocker(self.horizontalScrollBar()):
            bar = self.horizontalScrollBar()
            page = round((view.end - view.start) * part)
            bar.setRange(0, max(0, SCROLL_STEPS - page))
            bar.setPageStep(max(1, page))
            bar.setSingleStep(max(1, page // 10))
            bar.setValue(round(view.start * part))
        self._forget()

    def _scroll_to(self, value: int) -> None:
        self._view = self._view.moved_to(value * self._most / SCROLL_STEPS, self._most)
        self._forget()

    def _forget(self, _value: int = 0) -> None:
        self._picture = None
        self.viewport().update()

    def _sheet(self) -> Sheet | None:
        if self._timeline is None:
            return None
        scrolled, height = float(self.verticalScrollBar().value()), float(self.viewport().height())
        return Sheet(self._timeline, self._view, self._left, self._tops, scrolled, height)

    # -- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        sheet = self._sheet()
        if sheet is None:
            painter.fillRect(self.viewport().rect(), self._appearance.colour(Role.BACKGROUND))
            return
        if self._picture is None:
            self._picture = self._painted(sheet)
        painter.drawPixmap(0, 0, self._picture)
        self._paint_cursor(painter, sheet)

    def _painted(self, sheet: Sheet) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.viewport().size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(self._appearance.colour(Role.BACKGROUND))
        painter = QPainter(picture)
        paint_sheet(painter, sheet, self._appearance, self._stops)
        painter.end()
        return picture

    def _paint_cursor(self, painter: QPainter, sheet: Sheet) -> None:
        """What is to come is paler; the line of the position, and that of no return."""
        painter.setClipRect(QRectF(self._left, 0, self._view.width, sheet.height))
        x = self._left + self._view.x(self._position)
        bottom = min(sheet.height, self._tops[-1] - sheet.scrolled)
        veil = self._appearance.colour(Role.BACKGROUND)
        veil.setAlphaF(0.6)
        painter.fillRect(QRectF(x, AXIS + 1, max(0.0, self._left + self._view.width - x), bottom - AXIS - 1), veil)
        if self._no_return is not None:
            self._paint_no_return(painter, self._left + self._view.x(self._no_return), bottom)
        accent = self._appearance.colour(Role.ACCENT)
        painter.setPen(QPen(accent, 2.0))
        painter.drawLine(QLineF(x, AXIS - 4, x, bottom))
        painter.setBrush(accent)
        painter.setPen(Qt.PenStyle.NoPen)
        handle = [QPointF(x - 5, AXIS - 10), QPointF(x + 5, AXIS - 10), QPointF(x, AXIS - 2)]
        painter.drawPolygon(QPolygonF(handle))

    def _paint_no_return(self, painter: QPainter, x: float, bottom: float) -> None:
        painter.setPen(QPen(self._appearance.colour(Role.TEXT), 1.5, Qt.PenStyle.DashLine))
        painter.drawLine(QLineF(x, 2, x, bottom))
        font = self._appearance.scaled(self._appearance.ui_font, 0.87)
        font.setWeight(font.Weight.DemiBold)
        painter.setFont(font)
        width = QFontMetricsF(font).horizontalAdvance(NO_RETURN) + 8
        left = x - width - 2 if x - width > self._left else x + 2
        box = QRectF(left, 1, width, AXIS - 3)
        painter.fillRect(box, self._appearance.colour(Role.BACKGROUND))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, NO_RETURN)

    # -- the user

    def lock_at(self, point: QPoint) -> str:
        """The lock whose bar is at a point; "" where none is."""
        sheet = self._sheet()
        place = sheet.place_at(point.y()) if sheet is not None and point.y() > AXIS else None
        if place is None or self._timeline is None or point.x() < self._left:
            return ""
        row = self._timeline.lanes[place.task][place.row]
        stretch = row.at(self._view.time(point.x() - self._left))
        return self._timeline.locks[row.locks[stretch]] if stretch != NOBODY else ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._scrub(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._scrub(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def _scrub(self, x: float) -> None:
        if self._timeline is not None and x >= self._left:
            time = int(self._view.time(min(x - self._left, self._view.width)))
            self.position_chosen.emit(max(0, min(time + 1, self._timeline.end)))

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(CLOSER ** (turned / 120), event.position().x() - self._left)
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier or event.angleDelta().x():
            length = self._view.end - self._view.start
            self._look(self._view.moved_to(self._view.start - length * turned / 1200, self._most))
        else:
            super().wheelEvent(event)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(CLOSER)
        elif event.key() == Qt.Key.Key_Minus:
            self.zoom(1 / CLOSER)
        elif event.key() == Qt.Key.Key_0:
            self.show_all()
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self._timeline is not None:
            step = 1 if event.key() == Qt.Key.Key_Right else -1
            self.position_chosen.emit(max(0, min(self._position + step, self._timeline.end)))
        else:
            super().keyPressEvent(event)

    def menu_for(self, lock: str) -> QMenu:
        """What can be done here: with a lock, unless it is "", and with the view."""
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        if lock:
            name = visible(lock[:80])
            stop = menu.addAction(menu_text(f"Stop at {name}"), lambda: self.stop_toggled.emit(lock))
            stop.setCheckable(True)
            stop.setChecked(lock in self._stops)
            menu.addAction(menu_text(f"Next step at {name}"), lambda: self.next_wanted.emit(lock))
            menu.addSeparator()
        menu.addAction("Closer", lambda: self.zoom(2.0))
        menu.addAction("Farther", lambda: self.zoom(0.5))
        menu.addAction("Whole run", self.show_all)
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._timeline is not None:
            self.menu_for(self.lock_at(event.pos())).popup(event.globalPos())

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), tip(self.lock_at(event.pos())), self)
            return True
        return super().viewportEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
