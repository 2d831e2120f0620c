"""What is open and what is selected: the one place that panels listen to and tell.

Panels are built with a ``Workspace``. They show ``selection`` when ``selection_changed`` fires and call ``select`` when
the user picks something; no panel knows another panel. The replay works the same way through ``replay_changed``.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from lockview.document.documents import Document, OpenReport
from lockview.document.selection import NOTHING, Selection
from lockview.sim.replay import Replay


class Workspace(QObject):
    """Signals carry frozen values: ``selection_changed(Selection)``, ``replay_changed(Replay | None)``."""

    documents_changed = Signal()
    selection_changed = Signal(object)  # Selection
    replay_changed = Signal(object)  # Replay | None

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.documents: list[Document] = []
        self._selection = NOTHING
        self._replay: Replay | None = None

    @property
    def selection(self) -> Selection:
        """What the user is looking at."""
        return self._selection

    @property
    def document(self) -> Document | None:
        """The document of the selection."""
        number = self._selection.document
        return self.documents[number] if 0 <= number < len(self.documents) else None

    @property
    def report(self) -> OpenReport | None:
        """The report of the selection."""
        document = self.document
        number = self._selection.report
        return document.reports[number] if document and 0 <= number < len(document.reports) else None

    @property
    def replay(self) -> Replay | None:
        """The run of the selected report that is being watched; None before the user starts one."""
        return self._replay

    def add(self, document: Document) -> None:
        """Open a document and select its first report."""
        self.documents.append(document)
        self.documents_changed.emit()
        number = len(self.documents) - 1
        self.select(Selection(document=number, report=0 if document.reports else -1))

    def close(self, number: int) -> None:
        """Close a document; the selection moves to its neighbour."""
        del self.documents[number]
        self.documents_changed.emit()
        left = min(number, len(self.documents) - 1)
        has_reports = left >= 0 and bool(self.documents[left].reports)
        self.select(Selection(document=left, report=0 if has_reports else -1))

    def select(self, selection: Selection) -> None:
        """Make this the selection. A change of report ends the replay."""
        if selection == self._selection:
            return
        old, self._selection = self._selection, selection
        if (old.document, old.report) != (selection.document, selection.report) and self._replay is not None:
            self.show_replay(None)
        self.selection_changed.emit(selection)

    def select_item(self, item: str, frame: int | None = None, line: int | None = None) -> None:
        """Select a lock, an edge or a frame of the current report."""
        self.select(replace(self._selection, item=item, frame=frame, line=line))

    def show_replay(self, replay: Replay | None) -> None:
        """Show this state of the run everywhere."""
        self._replay = replay
        self.replay_changed.emit(replay)
