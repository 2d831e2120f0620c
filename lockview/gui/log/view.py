"""A view of very many lines: only those on the screen are fetched, measured and painted.

Lines are painted in cells of the fixed-pitch font, in the order of the text, with what hides or reorders written as
escapes. The widget knows nothing of reports: it is given marks and says which line the user chose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QToolTip, QWidget

from lockview.document.visible import Run, runs, visible_line
from lockview.gui.log.marks import Marks
from lockview.gui.plain import tip
from lockview.gui.theme import Appearance, blend
from lockview.layout.drawing import Role
from lockview.model.text import Span

PADDING = 8
SIGN = 16
"""Width of the column for signs, left of the numbers."""
EMPTY = "Open a log (Ctrl+O), drop a file here or paste text (Ctrl+V) to see it line by line."
MOST_KEPT = 500
"""Lines whose cells are kept for the next painting."""
MOST_COPIED = 100_000
"""Lines that one copy puts on the clipboard at most."""


class LogView(QAbstractScrollArea):
    """Raw text with line numbers. Lines are 1-based; 0 is no line.

    ``line_chosen`` fires when the user puts the cursor on a line, by pointer or key, without extending a selection.
    """

    line_chosen = Signal(int)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._lines: Sequence[str] = ()
        self._shown = 0
        """How many lines there were when they were last taken."""
        self._marks = Marks()
        self.explain_line: Callable[[int], Sequence[str]] = lambda _line: ()
        """Says in words what the tokens of a line mean."""
        self.empty_words = EMPTY
        self._cursor = 0
        self._anchor = 0
        self._widest = 0.0
        self._cells: dict[int, list[Run]] = {}
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Log text")
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self.verticalScrollBar().valueChanged.connect(self.viewport().update)
        self.horizontalScrollBar().valueChanged.connect(self.viewport().update)
        appearance.changed.connect(self._measure)
        self._measure()

    # -- what is shown

    @property
    def cursor_line(self) -> int:
        """The line the cursor is on."""
        return self._cursor

    @property
    def selected(self) -> Span:
        """The lines that a copy takes."""
        return Span(min(self._cursor, self._anchor), max(self._cursor, self._anchor))

    def set_lines(self, lines: Sequence[str]) -> None:
        """Show another text, from its start."""
        self._lines = lines
        self._shown = len(lines)
        self._marks = Marks()
        self._cursor = self._anchor = 0
        self._widest = 0.0
        self._cells = {}
        self.verticalScrollBar().setValue(0)
        self.horizontalScrollBar().setValue(0)
        self._measure()

    def take_growth(self, lines: Sequence[str]) -> None:
        """More lines stand behind those that are shown. Who looks at the end alone goes on seeing the end."""
        bar = self.verticalScrollBar()
        goes_on = bar.value() >= bar.maximum() and not self._holds_something()
        self._lines = lines
        self._shown = len(lines)
        self._cells = {}
        self._measure()
        if goes_on:
            bar.setValue(bar.maximum())

    def _holds_something(self) -> bool:
        """Whether lines that the user has chosen are in view; a cursor on the last line asks for the end."""
        first = self.verticalScrollBar().value() + 1
        last = first + self._rows() - 1
        report = self._marks.report
        if report and report.first <= last and first <= report.last:
            return True
        return first <= self._cursor <= last and self._cursor != self._shown

    def set_marks(self, marks: Marks) -> None:
        """Mark lines; nothing scrolls."""
        self._marks = marks
        self.viewport().update()

    def put_cursor(self, line: int) -> None:
        """Move the cursor without telling anybody and without scrolling."""
        self._cursor = self._anchor = max(0, min(line, len(self._lines)))
        self.viewport().update()

    def reveal(self, span: Span) -> None:
        """Scroll so that a span is seen: not at all when it is, else with a third of the view above its start."""
        top, rows = self.verticalScrollBar().value() + 1, self._rows()
        if not span or (span.first >= top and min(span.last, span.first + rows - 1) < top + rows):
            return
        above = max(1, (rows - (span.last - span.first + 1)) // 3)
        self.verticalScrollBar().setValue(span.first - 1 - min(above, rows // 3))

    def visible_text(self, line: int) -> str:
        """A line as it is painted."""
        return visible_line(self._lines[line - 1]) if 1 <= line <= len(self._lines) else ""

    def copy(self) -> None:
        """Put the selected lines on the clipboard, with the same escapes as on the screen."""
        span = self.selected
        if not span:
            return
        last = min(span.last, span.first + MOST_COPIED - 1)
        rows = [self.visible_text(line) for line in range(span.first, last + 1)]
        if last < span.last:
            rows.append(f"... {span.last - last} more lines were not copied")
        QApplication.clipboard().setText("\n".join(rows))

    def select_all(self) -> None:
        """Select every line."""
        if self._lines:
            self._anchor, self._cursor = 1, len(self._lines)
            self.viewport().update()

    # -- geometry

    def _measure(self) -> None:
        font = self._appearance.fixed_font
        self.setFont(font)
        self.viewport().setFont(font)
        metrics = QFontMetricsF(font)
        self._cell = metrics.horizontalAdvance("0")
        self._height = max(1, round(metrics.height() * 1.2))
        self._ascent = round((self._height - metrics.height()) / 2 + metrics.ascent())
        self._numbers = (
            round(max(3, len(str(len(self._lines)))) * self._cell) + SIGN + PADDING * 2 if self._lines else 0
        )
        self._set_ranges()
        self.viewport().update()

    def _rows(self) -> int:
        return max(1, self.viewport().height() // self._height)

    def _set_ranges(self) -> None:
        rows = self._rows()
        self.verticalScrollBar().setPageStep(rows)
        self.verticalScrollBar().setRange(0, max(0, len(self._lines) - rows))
        room = self.viewport().width() - self._numbers - PADDING
        bar = self.horizontalScrollBar()
        bar.setPageStep(max(1, room))
        bar.setSingleStep(round(self._cell * 4))
        bar.setRange(0, max(0, round(self._widest + self._cell) - room))

    def _line_at(self, position: QPoint) -> int:
        line = self.verticalScrollBar().value() + position.y() // self._height + 1
        return max(1, min(line, len(self._lines))) if self._lines else 0

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._set_ranges()

    # -- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), self._appearance.colour(Role.BACKGROUND))
        if not self._lines:
            self._paint_hint(painter)
            return
        first = self.verticalScrollBar().value()
        last = min(len(self._lines), first + self._rows() + 2)
        margin = QRectF(0, 0, self._numbers, self.viewport().height())
        painter.fillRect(margin, self._appearance.colour(Role.NODE))
        for line in range(first + 1, last + 1):
            top = (line - 1 - first) * self._height
            self._paint_background(painter, line, top)
            self._paint_margin(painter, line, top)
            self._paint_text(painter, line, top)
        painter.setPen(self._appearance.colour(Role.LINE))
        painter.drawLine(QPointF(self._numbers - 0.5, 0), QPointF(self._numbers - 0.5, margin.height()))

    def _paint_hint(self, painter: QPainter) -> None:
        painter.setFont(self._appearance.ui_font)
        painter.setPen(self._appearance.colour(Role.DIM))
        area = self.viewport().rect().adjusted(PADDING * 2, PADDING * 2, -PADDING * 2, -PADDING * 2)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self.empty_words)

    def _tint(self, line: int) -> QColor | None:
        ground, accent = self._appearance.colour(Role.BACKGROUND), self._appearance.colour(Role.ACCENT)
        selected = self.selected
        if line in selected and selected.first != selected.last:
            return blend(ground, accent, 0.32)
        if self._marks.is_chosen(line) or line == self._cursor:
            return blend(ground, accent, 0.24)
        return blend(ground, accent, 0.09) if self._marks.in_item(line) else None

    def _paint_background(self, painter: QPainter, line: int, top: int) -> None:
        tint = self._tint(line)
        if tint is not None:
            painter.fillRect(QRectF(self._numbers, top, self.viewport().width(), self._height), tint)
        if line == self._cursor and self.hasFocus():
            painter.setPen(self._appearance.colour(Role.ACCENT))
            width = self.viewport().width() - self._numbers - 1
            painter.drawRect(QRectF(self._numbers + 0.5, top + 0.5, width - 0.5, self._height - 1))

    def _paint_margin(self, painter: QPainter, line: int, top: int) -> None:
        colour = self._appearance.colour
        if line in self._marks.report:
            painter.fillRect(
                QRectF(0, top, self._numbers, self._height), blend(colour(Role.NODE), colour(Role.TEXT), 0.07)
            )
        if self._marks.in_item(line):
            painter.fillRect(QRectF(self._numbers - 4, top, 3, self._height), colour(Role.ACCENT))
        chosen = self._marks.is_chosen(line) or line == self._cursor
        painter.setFont(self._appearance.fixed_font)
        painter.setPen(colour(Role.TEXT if chosen else Role.DIM))
        number = QRectF(0, top, self._numbers - PADDING, self._height)
        painter.drawText(number, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), str(line))
        if line in self._marks.problems:
            sign = QRectF(0, top, SIGN, self._height)
            painter.drawText(sign, int(Qt.AlignmentFlag.AlignCenter), self._marks.problems[line][0])
        elif chosen:
            middle, left = top + self._height / 2, 6.0
            painter.setBrush(colour(Role.ACCENT))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawPolygon(
                QPolygonF([QPointF(left, middle - 4), QPointF(left + 6, middle), QPointF(left, middle + 4)])
            )
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_text(self, painter: QPainter, line: int, top: int) -> None:
        left = self._numbers + PADDING - self.horizontalScrollBar().value()
        painter.save()
        painter.setClipRect(QRectF(self._numbers, top, self.viewport().width() - self._numbers, self._height))
        painter.setPen(self._appearance.colour(Role.TEXT))
        row = self._runs(line)
        for run in row:
            start = left + run.column * self._cell
            if start > self.viewport().width() or start + run.columns * self._cell < self._numbers:
                continue
            hidden = max(0, int((self._numbers - start) / self._cell)) if run.text.isascii() else 0
            shown = int(self.viewport().width() / self._cell) + 2
            piece = run.text[hidden : hidden + shown] if run.text.isascii() else run.text
            painter.drawText(QPointF(start + hidden * self._cell, top + self._ascent), piece)
        painter.restore()
        width = (row[-1].column + row[-1].columns) * self._cell if row else 0.0
        if width > self._widest:
            self._widest = width
            self._set_ranges()

    def _runs(self, line: int) -> list[Run]:
        """The cells of a line, kept while it may be painted again."""
        row = self._cells.get(line)
        if row is None:
            if len(self._cells) >= MOST_KEPT:
                self._cells.clear()
            row = self._cells[line] = runs(self.visible_text(line))
        return row

    # -- pointer and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._lines:
            extend = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._move(self._line_at(event.position().toPoint()), extend=extend)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self._lines:
            line = self._line_at(event.position().toPoint())
            if line != self._cursor:
                self._move(line, extend=True)

    def event(self, event: QEvent) -> bool:
        # While the text has the keyboard, these keys are about its lines, not about what the window would copy.
        keys = (QKeySequence.StandardKey.Copy, QKeySequence.StandardKey.SelectAll)
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.ShortcutOverride:
            return super().event(event)
        event.setAccepted(any(event.matches(key) for key in keys))
        return event.isAccepted()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif self._lines and (target := self._target(event)) is not None:
            self._move(target, extend=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            bar = self.horizontalScrollBar()
            bar.setValue(bar.value() + (bar.singleStep() if event.key() == Qt.Key.Key_Right else -bar.singleStep()))
        else:
            super().keyPressEvent(event)

    def _target(self, event: QKeyEvent) -> int | None:
        here = self._cursor or self.verticalScrollBar().value() + 1
        match event.key():
            case Qt.Key.Key_Up:
                return here - 1
            case Qt.Key.Key_Down:
                return here + 1 if self._cursor else here
            case Qt.Key.Key_PageUp:
                return here - self._rows()
            case Qt.Key.Key_PageDown:
                return here + self._rows()
            case Qt.Key.Key_Home:
                return 1
            case Qt.Key.Key_End:
                return len(self._lines)
        return None

    def _move(self, line: int, *, extend: bool) -> None:
        self._cursor = max(1, min(line, len(self._lines)))
        if not extend:
            self._anchor = self._cursor
        self._keep_cursor_in_view()
        self.viewport().update()
        if not extend:
            self.line_chosen.emit(self._cursor)

    def _keep_cursor_in_view(self) -> None:
        bar, rows = self.verticalScrollBar(), self._rows()
        if self._cursor - 1 < bar.value():
            bar.setValue(self._cursor - 1)
        elif self._cursor > bar.value() + rows:
            bar.setValue(self._cursor - rows)

    def focusInEvent(self, _event: QEvent) -> None:
        self.viewport().update()

    def focusOutEvent(self, _event: QEvent) -> None:
        self.viewport().update()

    def tip_of(self, line: int) -> str:
        """What a tool tip says of a line: what was noticed about it, then what its tokens mean."""
        problem = self._marks.problems.get(line)
        told = [problem[1]] if problem else []
        return "\n".join([*told, *self.explain_line(line)])

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), tip(self.tip_of(self._line_at(event.pos()))), self.viewport())
            return True
        return super().viewportEvent(event)
