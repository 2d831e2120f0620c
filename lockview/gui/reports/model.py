"""The open documents and their reports as a Qt model: a read-only window over one flat list of rows."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from lockview.document.documents import Document
from lockview.document.names import display_name
from lockview.gui.plain import tip
from lockview.gui.reports.words import report_facts, report_mark, report_name, report_tip
from lockview.gui.two_lines import FIXED, MARK, SECOND

Index = QModelIndex | QPersistentModelIndex


class Row(NamedTuple):
    """``report`` is -1 for a document; ``parent`` indexes the row of the document, -1 at the top."""

    parent: int
    place: int
    document: int
    report: int
    name: str
    facts: str = ""
    mark: str = ""
    hint: str = ""
    childless: bool = True
    scenario: bool = False
    """The row of a document that is more than the sum of its reports."""

    @property
    def selectable(self) -> bool:
        """Whether the user can be on it. A log with reports is a heading: what is shown is always a report."""
        return self.report >= 0 or self.childless or self.scenario


class ReportsModel(QAbstractItemModel):
    """The internal id of an index is the number of its row in the list."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._documents: list[Document] = []
        self._rows: list[Row] = []
        self._below: dict[int, list[int]] = {}
        """Row of a document, -1 for the top -> the rows below it, in order; Qt asks for them all the time."""

    def set_documents(self, documents: list[Document]) -> int:
        """Show these documents; how many of them, from the first on, are left as they were."""
        known = len(self._documents)
        grown = 0 < known < len(documents) and all(map(operator.is_, self._documents, documents))
        kept = known if grown else 0
        if grown:
            self.beginInsertRows(QModelIndex(), kept, len(documents) - 1)
        else:
            self.beginResetModel()
            self._rows, self._below = [], {}
        self._documents = list(documents)
        for number in range(kept, len(documents)):
            self._append(number, documents[number])
        if grown:
            self.endInsertRows()
        else:
            self.endResetModel()
        return kept

    def _append(self, number: int, document: Document) -> None:
        """The row of a document, followed by those of its reports."""
        for row in rows_of(number, document, len(self._rows)):
            self._below.setdefault(row.parent, []).append(len(self._rows))
            self._rows.append(row)

    def grow(self, number: int, document: Document, reread: frozenset[int]) -> None:
        """Add the rows of reports that a document has got since, and renew those of the reports ``reread``."""
        top = self.index_of(number, -1)
        if not top.isValid() or self._documents[number] is not document:
            return
        above = top.internalId()
        self._rows[above] = row_of_document(number, document)
        below = self._below.setdefault(above, [])
        for place in (place for place in reread if place < len(below)):
            self._rows[below[place]] = row_of_report(number, document, place, above)
        known, count = len(below), len(document.reports)
        if count > known:
            self.beginInsertRows(top, known, count - 1)
            for place in range(known, count):
                below.append(len(self._rows))
                self._rows.append(row_of_report(number, document, place, above))
            self.endInsertRows()
        self.dataChanged.emit(top, top)

    def row_at(self, index: Index) -> Row | None:
        """The row behind an index."""
        return self._rows[index.internalId()] if index.isValid() else None

    def index_of(self, document: int, report: int) -> QModelIndex:
        """The index of a report, or of a document when ``report`` is -1; invalid when there is none."""
        for number, row in enumerate(self._rows):
            if (row.document, row.report) == (document, report):
                return self.createIndex(row.place, 0, number)
        return QModelIndex()

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008 - Qt's signature
        below = self._rows_below(parent)
        return self.createIndex(row, 0, below[row]) if column == 0 and 0 <= row < len(below) else QModelIndex()

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]
        row = self.row_at(index)
        if row is None or row.parent < 0:
            return QModelIndex()
        return self.createIndex(self._rows[row.parent].place, 0, row.parent)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        if parent.isValid() and parent.column() > 0:
            return 0
        return len(self._rows_below(parent))

    def _rows_below(self, parent: Index) -> list[int]:
        return self._below.get(parent.internalId() if parent.isValid() else -1, [])

    def columnCount(self, _: Index = QModelIndex()) -> int:  # noqa: B008
        return 1

    def flags(self, index: Index) -> Qt.ItemFlag:
        row = self.row_at(index)
        if row is None:
            return Qt.ItemFlag.NoItemFlags
        enabled = Qt.ItemFlag.ItemIsEnabled
        return enabled | Qt.ItemFlag.ItemIsSelectable if row.selectable else enabled

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.row_at(index)
        if row is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.name
            case Qt.ItemDataRole.ToolTipRole:
                return tip(row.hint)
            case Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(part for part in (row.name, row.facts, row.mark) if part)
            case Qt.ItemDataRole.FontRole if row.report < 0:
                return _bold()
        return {SECOND: row.facts, MARK: row.mark, FIXED: row.report >= 0}.get(role)


def rows_of(number: int, document: Document, above: int) -> Iterator[Row]:
    """The row of a document, which becomes row ``above``, and one for each of its reports."""
    yield row_of_document(number, document)
    for place in range(len(document.reports)):
        yield row_of_report(number, document, place, above)


def row_of_document(number: int, document: Document) -> Row:
    """The row of a document."""
    name = display_name(document)
    if document.simulated is not None:
        return Row(-1, number, number, -1, name, "Scenario", "", document.path or name, not document.reports, True)
    if document.traced is not None:
        return Row(-1, number, number, -1, name, "Recorded run", "", document.path or name, True)
    mark = "" if document.reports else "waiting" if document.growing else "no report"
    return Row(-1, number, number, -1, name, "", mark, document.path or name, not document.reports)


def row_of_report(number: int, document: Document, place: int, above: int) -> Row:
    """The row of a report, below row ``above``."""
    report = document.reports[place].report
    words = report_name(report), report_facts(report), report_mark(report), report_tip(report)
    return Row(above, place, number, place, *words)


def _bold() -> QFont:
    font = QFont()
    font.setBold(True)
    return font
