"""Drag and drop: the whole window takes files and text, and says so while something is over it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from lockview.gui.theme import Appearance
from lockview.layout.drawing import Role


class DropArea(QObject):
    """Watches a window. ``files_dropped`` carries a list of paths, ``text_dropped`` a text."""

    files_dropped = Signal(list)  # list[str]
    text_dropped = Signal(str)

    def __init__(self, window: QWidget, appearance: Appearance) -> None:
        super().__init__(window)
        self._window = window
        self._appearance = appearance
        self.hint: DropHint | None = None
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in (QEvent.Type.DragEnter, QEvent.Type.DragMove) and isinstance(event, QDropEvent):
            return self._enter(event)
        if kind == QEvent.Type.DragLeave:
            self._leave()
        elif kind == QEvent.Type.Drop and isinstance(event, QDropEvent):
            self._leave()
            return self._drop(event)
        return False

    def _enter(self, event: QDropEvent) -> bool:
        if not (paths_in(event.mimeData()) or event.mimeData().hasText()):
            return False
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if self.hint is None:
            self.hint = DropHint(self._appearance, self._window)
        self.hint.cover(self._window)
        return True

    def _leave(self) -> None:
        if self.hint is not None:
            self.hint.hide()

    def _drop(self, event: QDropEvent) -> bool:
        paths, text = paths_in(event.mimeData()), event.mimeData().text()
        if not (paths or text):
            return False
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if paths:
            self.files_dropped.emit(paths)
        else:
            self.text_dropped.emit(text)
        return True


class DropHint(QWidget):
    """Covers the window with a frame and a word. It takes no drags itself, so the window keeps getting them."""

    def __init__(self, appearance: Appearance, window: QWidget) -> None:
        super().__init__(window)
        self._appearance = appearance
        self.setObjectName("drop-hint")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAcceptDrops(False)

    def cover(self, window: QWidget) -> None:
        """Show over all of the window."""
        self.setGeometry(window.rect())
        self.raise_()
        self.show()

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(self._appearance.colour(Role.BACKGROUND))
        veil.setAlphaF(0.88)
        painter.fillRect(self.rect(), veil)
        accent = self._appearance.colour(Role.ACCENT)
        painter.setPen(QPen(accent, 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(24, 24, -24, -24), 8, 8)
        font = self._appearance.scaled(self._appearance.ui_font, 1.6)
        font.setWeight(font.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(self._appearance.colour(Role.TEXT))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Drop to look for lock reports")
        painter.end()


def paths_in(data: QMimeData) -> list[str]:
    """The local files of a drag; links to elsewhere are not followed."""
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()] if data.hasUrls() else []
