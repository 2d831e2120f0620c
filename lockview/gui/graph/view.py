"""A drawing on the screen: pick, hover and keyboard. It knows names of groups, not what they stand for.

What the user does leaves as names (``picked``, ``hovered``); what is selected comes back inside the next drawing.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
)
from PySide6.QtWidgets import (
    QApplication,
    QGraphicsScene,
    QToolTip,
    QWidget,
)

from lockview.gui.graph.canvas import STEP, Canvas
from lockview.gui.graph.items import GroupItem, Look, label_area
from lockview.gui.plain import tip
from lockview.layout.drawing import Box, Drawing, Group, Role

NO_DRAWING = Drawing(Box(0.0, 0.0, 0.0, 0.0), ())

_SLOP = 3
"""How far, in screen pixels, a click may miss."""
_PAN = 48
_NOTE_SIZE = 14.0

_DIRECTIONS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_KEYS_BROUGHT_IT = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class GraphView(Canvas):
    """Shows one drawing. Until the user zooms or pans, the whole picture stays in sight."""

    picked = Signal(str)  # the name of a group, "" for the empty ground
    hovered = Signal(str)
    menu_wanted = Signal(str, QPoint)  # the name of a group, or "", and where on the screen

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._note = ""
        self.tip_of: Callable[[Group], str] = lambda group: group.title
        """What the tool tip of a group says; plain text."""
        self._look = look
        self._drawing = NO_DRAWING
        self._items: list[GroupItem] = []
        self._hover = ""
        self._focus = ""
        self._by_keyboard = False
        self._press: QPoint | None = None
        self._grabbed: QPoint | None = None
        self._scene = QGraphicsScene()
        self._scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.setScene(self._scene)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._set_background()

    # What is shown

    @property
    def drawing(self) -> Drawing:
        """What is shown now."""
        return self._drawing

    @property
    def note(self) -> str:
        """Words that stand in for a picture."""
        return self._note

    @note.setter
    def note(self, words: str) -> None:
        if words != self._note:
            self._note = words
            self.viewport().update()  # a scene only paints again where things were

    def set_look(self, look: Look) -> None:
        """Show the same drawing in other colours or fonts."""
        self._look = look
        self._set_background()
        self.show_drawing(self._drawing)

    def show_drawing(self, drawing: Drawing) -> None:
        """Show this instead; the same groups in another state only repaint those that differ."""
        old, self._drawing = self._drawing, drawing
        if [group.name for group in old.groups] == [group.name for group in drawing.groups] and self._items:
            for item, group in zip(self._items, drawing.groups, strict=True):
                item.show_group(group, self._look)
        else:
            self._scene.clear()
            self._items = [GroupItem(group, self._look) for group in drawing.groups]
            for item in self._items:
                self._scene.addItem(item)
        self.set_bounds(drawing.bounds)

    def _set_background(self) -> None:
        self.setBackgroundBrush(QColor(self._look.theme.colours[Role.BACKGROUND]))

    # Pointer

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._show_tooltip(event)
            return True
        if event.type() == QEvent.Type.Leave:
            self._set_hover("")
        return super().viewportEvent(event)

    def name_at(self, at: QPoint) -> str:
        """The name of the topmost named group under a viewport position, or nearly under it; "" for none."""
        near = QRect(at.x() - _SLOP, at.y() - _SLOP, 2 * _SLOP + 1, 2 * _SLOP + 1)
        for found in (self.items(at), self.items(near)):
            for item in found:
                if isinstance(item, GroupItem) and item.shown.name:
                    return item.shown.name
        return ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._set_by_keyboard(False)
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._press = event.position().toPoint()
            self._grabbed = None
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        if self._press is None or not event.buttons():
            self._set_hover(self.name_at(at))
            return
        far = (at - self._press).manhattanLength() >= QApplication.startDragDistance()
        if self._grabbed is None and far:
            self._grabbed = self._press
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        if self._grabbed is not None:
            self.pan(self._grabbed.x() - at.x(), self._grabbed.y() - at.y())
            self._grabbed = at

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._press is None:
            return
        at = event.position().toPoint()
        if self._grabbed is None and event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(self.name_at(at))
        self._press = self._grabbed = None
        self._set_hover(self.name_at(at))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.fit()
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            item = self.item_named(self._focus)
            at = self.mapFromScene(label_area(item.shown).center()) if item else self.viewport().rect().center()
            self.menu_wanted.emit(self._focus, self.viewport().mapToGlobal(at))
        else:
            self.menu_wanted.emit(self.name_at(event.pos()), event.globalPos())
        event.accept()

    def _set_hover(self, name: str) -> None:
        shape = Qt.CursorShape.PointingHandCursor if name else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)
        if name != self._hover:
            self._hover = name
            self.hovered.emit(name)

    def _show_tooltip(self, event: QHelpEvent) -> None:
        item = self.item_named(self.name_at(event.pos()))
        text = tip(self.tip_of(item.shown)) if item else ""
        QToolTip.showText(event.globalPos(), text, self.viewport())

    # Keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._set_by_keyboard(True)
        key, modifiers = Qt.Key(event.key()), event.modifiers()
        control = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        if key in _DIRECTIONS:
            across, down = _DIRECTIONS[key]
            if control or not self._focus or not self._pick_towards(across, down):
                self.pan(across * _PAN, down * _PAN)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_at(STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom_at(1 / STEP)
        elif key == Qt.Key.Key_0 and control:
            self.fit()
        else:
            event.ignore()
            return
        event.accept()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes through the picture thing by thing and leaves it at its end."""
        names = [item.shown.name for item in self._items if item.shown.name]
        names.sort(key=_reading_order)
        self._set_by_keyboard(True)
        place = names.index(self._focus) if self._focus in names else (-1 if forward else len(names))
        place += 1 if forward else -1
        if 0 <= place < len(names):
            self.picked.emit(names[place])
            return True
        return super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in _KEYS_BROUGHT_IT:
            self._set_by_keyboard(True)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def _set_by_keyboard(self, by_keyboard: bool) -> None:
        """Remember how the user works: the frame of the focus is for the keyboard and would only disturb a pointer."""
        if by_keyboard != self._by_keyboard:
            self._by_keyboard = by_keyboard
            self.viewport().update()

    def _pick_towards(self, across: int, down: int) -> bool:
        """Pick the nearest thing in a direction from the focused one; False when there is none."""
        start = self.item_named(self._focus)
        if start is None:
            return False
        here = label_area(start.shown).center()
        best, name = float("inf"), ""
        for item in self._items:
            away = label_area(item.shown).center() - here
            ahead = away.x() * across + away.y() * down
            aside = abs(away.x() * down) + abs(away.y() * across)
            if item.shown.name and ahead > 1 and ahead + 2 * aside < best:
                best, name = ahead + 2 * aside, item.shown.name
        if name:
            self.picked.emit(name)
        return bool(name)

    # Focus and sight

    def item_named(self, name: str) -> GroupItem | None:
        """The item of a group."""
        return next((item for item in self._items if name and item.shown.name == name), None)

    def set_focus_item(self, name: str) -> None:
        """The thing that keys start from; it gets a frame while the view has the keyboard."""
        if name != self._focus:
            self._focus = name
            self.viewport().update()

    def reveal(self, name: str) -> None:
        """Scroll the least that brings the thing into sight; a picture that is all in sight stays where it is."""
        item = self.item_named(name)
        if item is not None and self.touched:
            self.ensureVisible(label_area(item.shown), 24, 24)

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        super().drawForeground(painter, rect)
        if self.note:
            painter.resetTransform()
            painter.setFont(self._look.fonts.font(_NOTE_SIZE, False, False)[0])
            painter.setPen(QColor(self._look.theme.colours[Role.DIM]))
            room = self.viewport().rect().adjusted(32, 32, -32, -32)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.note)
        if self.hasFocus() and self._by_keyboard:
            self._draw_focus(painter)

    def _draw_focus(self, painter: QPainter) -> None:
        pen = QPen(QColor(self._look.theme.colours[Role.ACCENT]), 1.5, Qt.PenStyle.DotLine)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        item = self.item_named(self._focus)
        if item is not None:
            painter.drawRoundedRect(label_area(item.shown).adjusted(-5, -5, 5, 5), 8, 8)
        else:
            painter.resetTransform()
            painter.drawRect(self.viewport().rect().adjusted(1, 1, -2, -2))


def _reading_order(name: str) -> tuple[int, int, str]:
    """Lock 0, edge 0, lock 1, edge 1 ...: the order of the cycle."""
    sort, _, number = name.partition(":")
    return (int(number) if number.isdecimal() else 0, {"lock": 0, "edge": 1}.get(sort, 2), sort)
