"""The log panel: ties the raw text to the selection, in both directions."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QVBoxLayout, QWidget

from lockview.document.documents import Document
from lockview.document.links import selection_for_line, spans_for
from lockview.document.selection import Selection
from lockview.gui.log.marks import Marks, problem_signs
from lockview.gui.log.view import EMPTY, LogView
from lockview.gui.theme import Appearance
from lockview.gui.workspace import Workspace
from lockview.model.text import NOWHERE, Span

RECORDED = "A recorded run is no text; its events are in the lanes."
SILENT = "Lockdep has said nothing in this run. What it prints is shown here."


class LogPanel(QWidget):
    """The text of the current document; the selection's lines are marked, a chosen line selects what it shows."""

    def __init__(self, workspace: Workspace, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._shown: Document | None = None
        self._problems: dict[int, tuple[str, str]] = {}
        self.view = LogView(appearance)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.setFocusProxy(self.view)
        self.view.line_chosen.connect(self._choose)
        self.view.explain_line = self._words
        workspace.documents_changed.connect(self._show)
        workspace.selection_changed.connect(self._show)
        workspace.document_grew.connect(self._take_growth)
        self._show()

    def copy(self) -> None:
        """Copy the selected lines."""
        self.view.copy()

    def _take_growth(self, number: int, _: object) -> None:
        """Show what was added to the document; nothing else moves."""
        document = self._workspace.document
        if document is not None and document is self._shown and number == self._workspace.selection.document:
            self._problems = self._signs(document)
            self.view.take_growth(document.lines)
            self.view.set_marks(self._marks(self._workspace.selection))

    def _show(self, _selection: object = None) -> None:
        document, selection = self._workspace.document, self._workspace.selection
        if document is not self._shown:
            self._shown = document
            self.view.empty_words = _empty_words(document)
            self.view.set_lines(document.lines if document else ())
            self._problems = self._signs(document)
        marks = self._marks(selection)
        self.view.set_marks(marks)
        if selection.line is not None:
            self.view.put_cursor(selection.line)
        elif marks.chosen:
            self.view.put_cursor(marks.chosen[0].first)
        else:
            self.view.put_cursor(0)
        self._reveal(selection, marks)

    def _signs(self, document: Document | None) -> dict[int, tuple[str, str]]:
        if document is None:
            return {}
        problems = list(document.log.problems)
        for opened in document.reports:
            problems += opened.report.reading.problems
        return problem_signs(problems)

    def _marks(self, selection: Selection) -> Marks:
        opened = self._workspace.report
        if opened is None:
            return Marks(problems=self._problems)
        whole = selection.spans or spans_for(opened.report, opened.graph, replace(selection, frame=None))
        chosen = spans_for(opened.report, opened.graph, selection) if selection.frame is not None else ()
        return Marks(opened.report.span, whole, chosen, self._problems)

    def _reveal(self, selection: Selection, marks: Marks) -> None:
        """Show the start of the marked lines; when there are several places, the one in view is enough."""
        if selection.line is not None:
            self.view.reveal(Span(selection.line, selection.line))
            return
        for spans in (marks.chosen, marks.item, (marks.report,)):
            if spans and spans[0]:
                self.view.reveal(spans[0])
                return

    def _words(self, line: int) -> tuple[str, ...]:
        """What the tokens of a line mean, by the report that the line belongs to."""
        from lockview.analysis.line_words import line_words

        document = self._workspace.document
        if document is None or not 1 <= line <= len(document.lines):
            return ()
        reports = (opened.report for opened in document.reports)
        report = next((report for report in reports if line in report.span), None)
        return line_words(document.lines[line - 1], report) if report else ()

    def _choose(self, line: int) -> None:
        """Select what a line shows: in the report it belongs to, else just the line."""
        document = self._workspace.document
        if document is None:
            return
        selection = replace(self._workspace.selection, item="", frame=None, line=line, spans=())
        for number, opened in enumerate(document.reports):
            if opened.report.span != NOWHERE and line in opened.report.span:
                item, frame = selection_for_line(opened.report, opened.graph, line)
                selection = replace(selection, report=number, item=item, frame=frame)
                break
        self._workspace.select(selection)


def _empty_words(document: Document | None) -> str:
    """What is said where there are no lines."""
    if document is None:
        return EMPTY
    return SILENT if document.simulated is not None else RECORDED if document.traced is not None else EMPTY
