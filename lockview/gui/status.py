"""The status bar: what is shown, and work that takes long enough to be noticed, with its progress and a button."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QStatusBar, QToolButton, QWidget

from lockview.document.documents import Document, OpenReport
from lockview.gui.jobs import Work
from lockview.gui.plain import PlainLabel, shown

PATIENCE_MS = 250
"""Work that is done sooner never appears."""
DOT = "  \N{MIDDLE DOT}  "


class StatusBar(QStatusBar):
    """Facts on the left, running work on the right."""

    working_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.facts = PlainLabel("", self)
        self.facts.setObjectName("secondary")
        self.picture = PlainLabel("", self)
        self.picture.setObjectName("secondary")
        self._works: list[WorkView] = []
        self.addWidget(self.facts, 1)
        self.addPermanentWidget(self.picture)

    @property
    def working(self) -> bool:
        """Whether work is shown that can be cancelled."""
        return bool(self._works)

    def show_facts(self, document: Document | None, opened: OpenReport | None) -> None:
        """Say what is known about the selected document and report."""
        self.facts.setText(shown(facts_about(document, opened)))

    def set_picture(self, text: str) -> None:
        """Say how the picture was made."""
        self.picture.setText(shown(text))

    def watch(self, work: Work) -> None:
        """Show a piece of work if it lasts."""
        patience = QTimer(work)
        patience.setSingleShot(True)
        patience.timeout.connect(lambda: self._add(work))
        work.ended.connect(patience.stop)
        patience.start(PATIENCE_MS)

    def cancel_newest(self) -> None:
        """Stop the work that appeared last."""
        if self._works:
            self._works[-1].work.cancel()

    def _add(self, work: Work) -> None:
        view = WorkView(work, self)
        self._works.append(view)
        self.insertPermanentWidget(0, view)
        view.show()
        work.ended.connect(lambda: self._drop(view))
        self.working_changed.emit()

    def _drop(self, view: WorkView) -> None:
        self._works.remove(view)
        self.removeWidget(view)
        view.deleteLater()
        self.working_changed.emit()


class WorkView(QWidget):
    """Title, bar and button of one piece of work."""

    def __init__(self, work: Work, parent: QWidget) -> None:
        super().__init__(parent)
        self.work = work
        self.title = PlainLabel(work.title, self)
        self.bar = QProgressBar(self)
        self.bar.setFixedSize(120, 6)
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 0)
        self.bar.setAccessibleName(work.title)
        self.button = QToolButton(self)
        self.button.setText("Cancel")
        self.button.setToolTip("Stop this (Esc)")
        self.button.clicked.connect(work.cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(8)
        for widget in (self.title, self.bar, self.button):
            row.addWidget(widget)
        work.progress.connect(self._progress)

    def _progress(self, done: int, total: int) -> None:
        # A QProgressBar counts in 32 bits, a log in bytes.
        if total:
            self.bar.setRange(0, 1000)
            self.bar.setValue(done * 1000 // total)
        else:
            self.title.setText(f"{shown(self.work.title)}, {done / 1e6:.1f} MB")


def facts_about(document: Document | None, opened: OpenReport | None) -> str:
    """Number of reports, what was taken off the lines, and what is missing."""
    if document is None:
        return ""
    count = len(document.reports)
    words = [f"{count} report{'' if count == 1 else 's'} in {document.log.lines:,} lines"]
    if document.log.wrappers:
        words.append(f"taken off the lines: {', '.join(document.log.wrappers)}")
    if opened is not None and opened.report.reading.missing:
        words.append(f"incomplete: {', '.join(part.replace('-', ' ') for part in opened.report.reading.missing)}")
    return DOT.join(words)
