"""Our own source, read only, with the line that is executing marked by a sign and a wash."""

from __future__ import annotations

from PySide6.QtGui import QTextBlockFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget

from lockview.document.simulated import own_source
from lockview.gui.plain import PlainLabel
from lockview.gui.theme import Appearance, blend
from lockview.layout.drawing import Role
from lockview.model.stacks import Frame

SIGN = "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}"


class SourceView(QWidget):
    """Shows the place of a frame of the simulated kernel."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._shown: tuple[str, int] = ("", 0)
        self.place = PlainLabel("", self)
        self.place.setObjectName("secondary")
        self.place.setContentsMargins(8, 2, 8, 2)
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setUndoRedoEnabled(False)
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName("Source of the simulated kernel")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.place)
        column.addWidget(self.text, 1)
        appearance.changed.connect(self._dress)
        self._dress()

    @property
    def line(self) -> int:
        """The line that is marked, from 1; 0 for none."""
        return self._shown[1]

    def show_frame(self, frame: Frame | None) -> None:
        """Show the line of a frame; nothing for None."""
        file, line = (frame.file, frame.line) if frame else ("", 0)
        if (file, line) == self._shown:
            return
        if file != self._shown[0]:
            self._show_file(file)
        else:
            self._sign(self.line, " ")
        self._shown = (file, line)
        there = frame is not None and not self.text.document().isEmpty()
        self.place.setText(f"{frame.function}  \N{MIDDLE DOT}  {file}:{line}" if frame and there else "")
        self._sign(line, SIGN)
        self._mark()

    def _show_file(self, file: str) -> None:
        lines = own_source(file).splitlines()
        width = len(str(len(lines)))
        self.text.setPlainText("\n".join(f"  {number:{width}}  {text}" for number, text in enumerate(lines, 1)))

    def _sign(self, line: int, sign: str) -> None:
        """Put a sign before a line. Setting the whole text again would take milliseconds."""
        block = self.text.document().findBlockByNumber(line - 1)
        if line and block.isValid() and block.length() > 1:
            cursor = QTextCursor(block)
            cursor.movePosition(QTextCursor.MoveOperation.Right, QTextCursor.MoveMode.KeepAnchor)
            cursor.insertText(sign)

    def _mark(self) -> None:
        block = self.text.document().findBlockByNumber(self.line - 1)
        if not block.isValid() or not self.line:
            self.text.setExtraSelections([])
            return
        cursor = QTextCursor(block)
        wash = QTextEdit.ExtraSelection()
        ground, accent = self._appearance.colour(Role.BACKGROUND), self._appearance.colour(Role.ACCENT)
        wash.format.setBackground(blend(ground, accent, 0.2))
        wash.format.setProperty(QTextBlockFormat.Property.FullWidthSelection, True)
        wash.cursor = cursor
        self.text.setExtraSelections([wash])
        self.text.setTextCursor(cursor)
        self.text.centerCursor()
        self.text.horizontalScrollBar().setValue(0)

    def _dress(self) -> None:
        self.text.setFont(self._appearance.fixed_font)
        self._mark()
