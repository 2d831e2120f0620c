"""The lanes of a run: the drawing of the layout, painted as it is, with the current step kept in view."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QToolTip, QWidget

from lockview.gui.painting import Fonts, font_measure, paint
from lockview.gui.plain import tip
from lockview.gui.replay.event_rows import position_of
from lockview.gui.theme import Appearance
from lockview.layout.drawing import Drawing, Group
from lockview.layout.lanes import lanes
from lockview.model.traces import Trace
from lockview.sim.replay import Replay


class LanesView(QScrollArea):
    """``position_chosen`` carries the position after the step that the user clicked."""

    position_chosen = Signal(int)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._canvas = _Canvas(appearance)
        self._canvas.group_clicked.connect(self._choose)
        self._shown: tuple[Trace, int, int | None] | None = None
        self.setWidget(self._canvas)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Lanes, one per task")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        appearance.changed.connect(self._draw)

    def show_replay(self, replay: Replay | None, no_return: int | None) -> None:
        """Draw a run as it stands; nothing for None."""
        self._shown = (replay.trace, replay.position, no_return) if replay is not None else None
        self._draw()

    def show_trace(self, trace: Trace, position: int) -> None:
        """Draw a trace of which ``position`` events have happened."""
        self._shown = (trace, position, None)
        self._draw()

    def _draw(self) -> None:
        if self._shown is None:
            self._canvas.show_drawing(None)
            return
        trace, position, no_return = self._shown
        measure, width = font_measure(self._canvas.fonts), float(self.viewport().width())
        drawing = lanes(trace, measure, position, no_return, width)
        self._canvas.show_drawing(drawing)
        current = next((group for group in drawing.groups if position_of(group.name) == position), None)
        if current is not None:
            x, y = current.bounds.centre
            self.ensureVisible(round(x - drawing.bounds.x), round(y - drawing.bounds.y), 80, 40)
        elif position == 0:
            self.horizontalScrollBar().setValue(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._draw()

    def _choose(self, name: str) -> None:
        position = position_of(name)
        if position is not None:
            self.position_chosen.emit(position)


class _Canvas(QWidget):
    """One drawing at its own size."""

    group_clicked = Signal(str)

    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self._appearance = appearance
        self._drawing: Drawing | None = None
        self._make_fonts()
        appearance.changed.connect(self._make_fonts)

    def _make_fonts(self) -> None:
        self.fonts = Fonts(self._appearance.ui_font, self._appearance.fixed_font)

    def show_drawing(self, drawing: Drawing | None) -> None:
        self._drawing = drawing
        bounds = drawing.bounds if drawing else None
        self.resize(QSize(round(bounds.width), round(bounds.height)) if bounds else QSize(0, 0))
        self.setAccessibleDescription(drawing.description if drawing else "")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._drawing is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(-self._drawing.bounds.x, -self._drawing.bounds.y)
        paint(painter, self._drawing, self._appearance.theme, self.fonts)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        group = self._group_at(event.position())
        if group is not None and event.button() == Qt.MouseButton.LeftButton:
            self.group_clicked.emit(group.name)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            group = self._group_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), tip(group.title) if group else "", self)
            return True
        return super().event(event)

    def _group_at(self, position: QPointF) -> Group | None:
        """The topmost named group under a point of the widget."""
        if self._drawing is None:
            return None
        x, y = position.x() + self._drawing.bounds.x, position.y() + self._drawing.bounds.y
        for group in reversed(self._drawing.groups):
            box = group.bounds
            if group.name and box.x <= x <= box.right and box.y <= y <= box.bottom:
                return group
        return None
