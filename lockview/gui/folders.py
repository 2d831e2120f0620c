"""A folder in the window: each of its logs that holds reports becomes a document, while the others are still read."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from lockview.document.documents import Document
from lockview.document.errors import UserError
from lockview.document.folders import summed_up
from lockview.document.lines import NamedFileLines
from lockview.document.opening import document_from
from lockview.export.as_json import report_from_json
from lockview.gui.jobs import Jobs
from lockview.gui.messages import Message
from lockview.gui.plain import shown
from lockview.gui.workspace import Workspace
from lockview.model.reports import Report
from lockview.model.text import Severity

_SELDOM = 0.2
"""Seconds between two additions to the list."""
_SHARE = 10
_PER_DOCUMENT = 0.001
"""The list is laid out anew with each addition: by this many seconds more for each document that it holds already."""


class FolderReading(QObject):
    """Reads one folder; logs are taken one in each turn of the event loop. ``ended`` follows whatever ended it.

    The first that is found is selected when ``select`` is true and the user has gone nowhere else meanwhile.
    """

    trouble = Signal(object)  # Message
    ended = Signal()

    def __init__(self, workspace: Workspace, path: str, select: bool, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._path = path.rstrip("/") or "/"
        self._selected = workspace.selection
        self._select = select
        self._came: deque[dict[str, Any]] = deque()
        self._read: list[Document] = []
        self._due = 0.0
        self._others: list[Report] = []
        self._last: Message | None = None
        self._turn = QTimer(self)
        self._turn.timeout.connect(self._take_next)

    def start(self, jobs: Jobs, spool: str) -> None:
        """Start to read; ``spool`` starts the names of new files."""
        name = self._path.rpartition("/")[2] or self._path
        job = jobs.run(
            "folder",
            {"path": self._path, "spool": spool},
            self._sum_up,
            self._fail,
            slot=f"folder {self._path}",
            title=f"Reading the logs in {shown(name)}",
        )
        job.news.connect(self._hear)
        job.cancelled.connect(self._cut_short)

    def _hear(self, answer: dict[str, Any]) -> None:
        self._came.append(answer)
        self._turn.start(0)

    def _take_next(self) -> None:
        if self._came:
            self._take(self._came.popleft())
            if time.monotonic() < self._due:
                return
        elif self._last is None:
            self._turn.stop()
        self._show()
        if self._last is not None and not self._came:
            self._turn.stop()
            self.trouble.emit(self._last)
            self.ended.emit()

    def _take(self, answer: dict[str, Any]) -> None:
        if "others" in answer:
            self._others += map(report_from_json, answer["others"])
            return
        others, self._others = self._others, []
        pieces = tuple(answer["pieces"])
        try:
            document = document_from(answer, pieces[-1], others=others, lines_of=NamedFileLines)
        except UserError as error:
            self.trouble.emit(Message(shown(str(error)), topic=pieces[-1]))
            return
        document.pieces = pieces if len(pieces) > 1 else ()
        document.title = pieces[-1].removeprefix(f"{self._path}/")
        self._read.append(document)

    def _show(self) -> None:
        """Add what was read since: seldom, when there is so much already that it takes its time to list."""
        read, self._read = self._read, []
        if not read:
            return
        start = time.monotonic()
        places = {document.path: number for number, document in enumerate(self._workspace.documents)}
        for document in read:
            if document.path in places:
                self._put_in_place(places[document.path], document)
        new = [document for document in read if document.path not in places]
        if new:
            select = self._select and self._workspace.selection == self._selected
            self._select = False
            self._workspace.add_all(new, select)
        now = time.monotonic()
        self._due = now + max(_SELDOM, _SHARE * (now - start), _PER_DOCUMENT * len(self._workspace.documents))

    def _put_in_place(self, number: int, document: Document) -> None:
        """Show a document instead of an older reading of its file."""
        if not self._workspace.documents[number].growing:
            self._workspace.replace(number, document)

    def _sum_up(self, census: dict[str, Any]) -> None:
        severity = Severity.WARNING if census["failed"] or census["left_out"] else Severity.NOTE
        self._end_with(Message(shown(summed_up(self._path, census)), severity, (), self._path))

    def _cut_short(self) -> None:
        text = f"Reading {self._path} was stopped; the reports that were found until then are listed."
        self._end_with(Message(shown(text), Severity.NOTE, (), self._path))

    def _fail(self, sentence: str) -> None:
        self._end_with(Message(shown(sentence), topic=self._path))

    def _end_with(self, message: Message) -> None:
        """Say this when everything that came is in its place."""
        self._last = message
        self._turn.start(0)
