"""What is open and what is selected: the one place that panels listen to and tell.

Panels are built with a ``Workspace``. They show ``selection`` when ``selection_changed`` fires and call ``select`` when
the user picks something; no panel knows another panel. The replay works the same way through ``replay_changed``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from lockview.document.documents import Document, OpenReport
from lockview.document.selection import NOTHING, Selection

if TYPE_CHECKING:
    from lockview.sim.replay import Replay


class Workspace(QObject):
    """Signals carry frozen values: ``selection_changed(Selection)``, ``replay_changed(Replay | None)``."""

    documents_changed = Signal()
    document_grew = Signal(int, object)
    """The number of a document that has more lines or reports now, and the numbers (frozenset) of reports that have
    become whole; nothing of what it had moved."""
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

    def report_after(self, step: int) -> tuple[int, int] | None:
        """The report after the selected one (before it for ``step`` -1), as (document, report); None at the end.

        A scenario counts itself as a report, -1.
        """
        places = [
            (number, report)
            for number, document in enumerate(self.documents)
            for report in range(0 if document.simulated is None else -1, len(document.reports))
        ]
        here = (self._selection.document, self._selection.report)
        if step > 0:
            return next((place for place in places if place > here), None)
        return next((place for place in reversed(places) if place < here), None)

    def add(self, document: Document, select: bool = True) -> None:
        """Open a document and select its first report, unless the user shall stay where they are."""
        self.add_all([document], select)

    def add_all(self, documents: list[Document], select: bool) -> None:
        """Open documents and select the first report of the first, or let the user stay where they are."""
        first = len(self.documents)
        self.documents += documents
        if select:
            self._become(_first_report(self.documents, first))
        else:
            self.documents_changed.emit()

    def replace(self, number: int, document: Document) -> None:
        """Show a document that was read again; the selection stays where the same things are still there."""
        self.documents[number] = document
        now = self._selection
        if now.document != number:
            self.documents_changed.emit()
        elif 0 <= now.report < len(document.reports):
            edges = len(document.reports[now.report].graph.edges)
            kept = now.edge is not None and now.edge < edges
            self._become(Selection(number, now.report, now.item if kept else ""))
        else:
            self._become(_first_report(self.documents, number))

    def grow(self, number: int, reread: frozenset[int] = frozenset()) -> None:
        """A document has grown; what was cut off in the reports ``reread`` has come. The selection stays."""
        now = self._selection
        self.document_grew.emit(number, reread)
        if number != now.document:
            return
        if now.report in reread:
            edges = len(self.documents[number].reports[now.report].graph.edges)
            kept = now.edge is None or now.edge < edges
            self._become(now if kept else Selection(number, now.report, line=now.line))
        elif now.report < 0 and self.documents[number].reports:
            # Nothing but the waiting for it was shown.
            self._become(Selection(number, 0, line=now.line))

    def close(self, number: int) -> None:
        """Close a document; when it was the selected one, the selection moves to its neighbour."""
        del self.documents[number]
        now = self._selection
        if number > now.document:
            self.documents_changed.emit()
        elif number < now.document:
            self._selection = replace(now, document=now.document - 1)
            self.documents_changed.emit()
            self.selection_changed.emit(self._selection)
        else:
            self._become(_first_report(self.documents, min(number, len(self.documents) - 1)))

    def select(self, selection: Selection) -> None:
        """Make this the selection. A change of report ends the replay."""
        if selection == self._selection:
            return
        old, self._selection = self._selection, selection
        if (old.document, old.report) != (selection.document, selection.report) and self._replay is not None:
            self.show_replay(None)
        self.selection_changed.emit(selection)

    def select_document(self, number: int) -> None:
        """Go to a document: to its first report, unless one of its reports is selected already."""
        if self._selection.document != number:
            self.select(_first_report(self.documents, number))

    def select_item(self, item: str, frame: int | None = None, line: int | None = None) -> None:
        """Select a lock, an edge or a frame of the current report."""
        self.select(replace(self._selection, item=item, frame=frame, line=line, spans=()))

    def show_replay(self, replay: Replay | None) -> None:
        """Show this state of the run everywhere."""
        self._replay = replay
        self.replay_changed.emit(replay)

    def _become(self, selection: Selection) -> None:
        """Tell everybody, also when the numbers are the same: they mean another document now."""
        self._selection = selection
        if self._replay is not None:
            self.show_replay(None)
        self.documents_changed.emit()
        self.selection_changed.emit(selection)


def _first_report(documents: list[Document], number: int) -> Selection:
    """Of a log its first report; a scenario is looked at itself, whatever its run has brought out."""
    has_reports = number >= 0 and bool(documents[number].reports) and documents[number].simulated is None
    return Selection(document=number, report=0 if has_reports else -1)
