"""When lockview itself has a bug: the error goes to the terminal and is offered as text to copy. The window stays."""

from __future__ import annotations

import sys
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from lockview.gui.plain import PlainLabel

MOST_DIALOGS = 3
"""A bug in a paint routine happens sixty times a second."""


class CrashReporter(QObject):
    """The hook may run in any thread and at any moment, so it only emits; the window is made in the GUI thread."""

    happened = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._shown = 0
        self.happened.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Become ``sys.excepthook``."""
        sys.excepthook = self.hook

    def hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Write the error down and tell the window."""
        import traceback

        text = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(text)
        if kind is KeyboardInterrupt:
            sys.exit(130)
        self.happened.emit(text)

    def _show(self, text: str) -> None:
        if self._shown < MOST_DIALOGS:
            self._shown += 1
            dialog = CrashDialog(report_text(text), self._window)
            dialog.show()


class CrashDialog(QDialog):
    """Plain text to copy; it blocks nothing."""

    def __init__(self, report: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("lockview has a bug")
        self.resize(640, 400)
        words = PlainLabel(
            "Something in lockview went wrong; what is open stays open. Please report this bug with the text below. "
            "Look over it first: it may name files or locks.",
            self,
        )
        words.setWordWrap(True)
        self.text = QPlainTextEdit(report, self)
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self.copy_button = QPushButton("Copy", self)
        buttons.addButton(self.copy_button, QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button.clicked.connect(self._copy)
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.addWidget(words)
        column.addWidget(self.text)
        column.addWidget(buttons)

    def _copy(self) -> None:
        from PySide6.QtWidgets import QApplication

        QApplication.clipboard().setText(self.text.toPlainText())


def report_text(trace: str) -> str:
    """Versions and the traceback."""
    import platform

    import PySide6
    from PySide6.QtCore import qVersion

    from lockview import __version__

    head = f"lockview {__version__}, Python {platform.python_version()}, PySide6 {PySide6.__version__}, Qt {qVersion()}"
    return f"{head}\n{platform.platform()}\n\n{trace}"
