"""The status bar: what is shown, and work that takes long enough to be noticed, with its progress and a button."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QStatusBar, QToolButton, QWidget

from lockview.document.documents import Document, OpenReport
from lockview.gui.jobs import Work
from lockview.gui.plain import PlainLabel, shown

PATIENCE_MS = 250
"""Work that is done sooner never appears."""
TOLD_MS = 8000
"""So long what was done is said in place of the facts."""
DOT = "  \N{MIDDLE DOT}  "


class StatusBar(QStatusBar):
    """Facts on the left, running work on the right."""

    working_changed = Signal()
    follow_ended = Signal()
    """The user pressed the chip that says that a document is followed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.facts = PlainLabel("", self)
        self.facts.setObjectName("secondary")
        self.picture = PlainLabel("", self)
        self.picture.setObjectName("secondary")
        self.facts.setContentsMargins(6, 0, 0, 0)
        self.picture.setContentsMargins(0, 0, 8, 0)
        self._works: list[WorkView] = []
        self.following = self._following_chip()
        self.addWidget(self.facts, 1)
        self.addPermanentWidget(self.following)
        self.addPermanentWidget(self.picture)
        self.following.hide()

    @property
    def working(self) -> bool:
        """Whether work is shown that can be cancelled."""
        return bool(self._works)

    def show_facts(self, document: Document | None, opened: OpenReport | None) -> None:
        """Say what is known about the selected document and report."""
        self.facts.setText(shown(facts_about(document, opened)))

    def show_following(self, lines: int | None) -> None:
        """Say that the selected document is followed and how many lines have come since; None when it is not."""
        self.following.setVisible(lines is not None)
        if lines is not None:
            came = f", {lines:,} new line{'' if lines == 1 else 's'}" if lines else ""
            self.following.setText(f"\N{BLACK CIRCLE} Following{came}")
            self.following.setAccessibleName(f"Following{came}; press to stop")

    def _following_chip(self) -> QToolButton:
        chip = QToolButton(self)
        chip.setObjectName("following")
        chip.setAutoRaise(True)
        chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        chip.setToolTip("What is written from now on is read and shown; press to stop")
        chip.clicked.connect(self.follow_ended)
        return chip

    def set_picture(self, text: str) -> None:
        """Say how the picture was made."""
        self.picture.setText(shown(text))

    def tell(self, sentence: str) -> None:
        """Say for a while what was done."""
        self.showMessage(shown(sentence), TOLD_MS)

    def watch(self, work: Work) -> None:
        """Show a piece of work if it lasts."""
        view = WorkView(work, self)
        view.appeared.connect(self._add)
        view.gone.connect(self._drop)

    def cancel_newest(self) -> None:
        """Stop the work that appeared last."""
        if self._works:
            self._works[-1].work.cancel()

    def _add(self, view: WorkView) -> None:
        self._works.append(view)
        self.insertPermanentWidget(1, view)  # behind the facts, before the picture
        view.show()
        self.working_changed.emit()

    def _drop(self, view: WorkView) -> None:
        if view in self._works:
            self._works.remove(view)
            self.removeWidget(view)
            self.working_changed.emit()
        view.deleteLater()


class WorkView(QWidget):
    """Title, bar and button of one piece of work; made when the work has lasted for a while."""

    appeared = Signal(object)  # this
    gone = Signal(object)  # this

    def __init__(self, work: Work, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()
        self.work = work
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._appear)
        self._patience.start(PATIENCE_MS)
        work.ended.connect(self._end)

    def _appear(self) -> None:
        self.title = PlainLabel(self.work.title, self)
        self.bar = QProgressBar(self)
        self.bar.setFixedSize(120, 6)
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 0)
        self.bar.setAccessibleName(self.work.title)
        self.button = QToolButton(self)
        self.button.setText("Cancel")
        self.button.setToolTip("Stop this (Esc)")
        self.button.clicked.connect(self._cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(8)
        for widget in (self.title, self.bar, self.button):
            row.addWidget(widget)
        self.work.progress.connect(self._progress)
        self.appeared.emit(self)

    def _cancel(self) -> None:
        self.work.cancel()

    def _end(self) -> None:
        self._patience.stop()
        self.gone.emit(self)

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
    number = {0: "No report", 1: "1 report"}.get(count, f"{count} reports")
    lines = document.log.lines
    if document.simulated is not None and not count:
        return "Lockdep has said nothing in this run"
    if document.traced is not None:
        return f"{document.traced.length:,} events of {len(document.traced.task_names):,} tasks"
    words = [f"{number} in {lines:,} line{'' if lines == 1 else 's'}"]
    if document.log.wrappers:
        words.append(f"taken off the lines: {', '.join(document.log.wrappers)}")
    if opened is not None and opened.report.reading.missing:
        words.append(f"incomplete: {', '.join(part.replace('-', ' ') for part in opened.report.reading.missing)}")
    return DOT.join(words)
