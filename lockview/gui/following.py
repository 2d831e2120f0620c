"""Following in the window: a document grows while its log does, and each new report is announced.

The child process reads (``lockview.document.live``); here its news is added to the document, one piece in each turn of
the event loop.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from lockview.document.documents import Document, OpenReport, lines_of_older_pieces
from lockview.document.following import line_to_go_on_from
from lockview.document.growing import GrowingLines
from lockview.document.lines import FileLines
from lockview.document.names import display_name
from lockview.document.selection import Selection
from lockview.export.as_json import log_from_json
from lockview.gui.child import LiveJob
from lockview.gui.jobs import Jobs
from lockview.gui.messages import Message, Way
from lockview.gui.plain import shown
from lockview.gui.reports.words import report_name
from lockview.gui.workspace import Workspace
from lockview.model.logs import Log
from lockview.model.reports import Report
from lockview.model.text import Severity

_SELDOM = 0.2
"""Seconds between two looks at what comes all the time."""
_SHARE = 10


class Following(QObject):
    """One document that is followed.

    ``path`` is the file that grows; ``copy`` a new file for what comes, or "" when the file is itself a copy of a pipe.
    ``trouble`` carries a ``Message``; after ``ended`` nothing is heard any more.
    """

    trouble = Signal(object)  # Message
    changed = Signal()
    ended = Signal(object)  # this

    def __init__(self, workspace: Workspace, document: Document, path: str, copy: str, parent: QObject) -> None:
        super().__init__(parent)
        self.document = document
        self.new_lines = 0
        self._workspace = workspace
        self._path = path
        self._copy = copy
        self._lines_before = len(document.lines)
        self._parse_from = line_to_go_on_from(document.log)
        self._lines: GrowingLines | None = None
        self._job: LiveJob | None = None
        self._came: deque[dict[str, Any]] = deque()
        self._unseen: list[OpenReport] = []
        self._new: list[OpenReport] = []
        self._reread: set[int] = set()
        self._is_shown = True
        self._due = 0.0
        self._is_last = self._is_over = False
        self._turn = QTimer(self)
        self._turn.timeout.connect(self._take_next)
        workspace.documents_changed.connect(self._stop_without_document)
        workspace.selection_changed.connect(self._see)

    @property
    def topic(self) -> str:
        """What its messages are about."""
        return f"follow:{self.document.path or self.document.log.name}"

    def start(self, jobs: Jobs) -> None:
        """Start to follow."""
        payload = {
            "path": self._path,
            "copy": self._copy,
            "lines": self._lines_before,
            "parse_from": self._parse_from,
            "older": lines_of_older_pieces(self.document),
        }
        self._job = LiveJob("follow", payload, jobs)
        self._job.news.connect(self._hear)
        self._job.call_back(self._come_to_the_end, self._fail, None)
        self.document.growing = True
        jobs.keep(self._job, f"follow {id(self)}")

    def finish_up(self) -> None:
        """Nothing more will be written: take the rest, then end."""
        if self._job is not None:
            self._job.finish_up()

    def stop(self) -> None:
        """Follow no longer."""
        job, self._job = self._job, None
        if job is not None:
            job.cancel()
        self._came.clear()
        self._end()

    # -- news

    def _hear(self, news: dict[str, Any]) -> None:
        self._came.append(news)
        self._turn.start(0)

    def _take_next(self) -> None:
        """Take one piece of news; show what has come when there is no more, or when it was long ago."""
        if self._came:
            self._take(self._came.popleft())
            if self._came and time.monotonic() < self._due:
                return
        self._show()
        if not self._came:
            self._turn.stop()
            if self._is_last:
                self._end()

    def _take(self, news: dict[str, Any]) -> None:
        if not self._grow_lines(news):
            return
        if "restart" in news:
            self._tell_of_restart(news)
        self._add(log_from_json(news["log"]))
        self._is_shown = False

    def _show(self) -> None:
        if self._is_shown:
            return
        number = self._number()
        if number < 0:
            self.stop()
            return
        self._is_shown = True
        start = time.monotonic()
        new, self._new = self._new, []
        reread, self._reread = frozenset(self._reread), set()
        reports = tuple(opened.report for opened in self.document.reports)
        self.document.log = replace(self.document.log, reports=reports, lines=len(self.document.lines))
        self._workspace.grow(number, reread)
        if new:
            self._announce(new)
        self.changed.emit()
        now = time.monotonic()
        self._due = now + max(_SELDOM, _SHARE * (now - start))

    def _grow_lines(self, news: dict[str, Any]) -> bool:
        if self._lines is None:
            try:
                self._lines = GrowingLines(self.document.lines, news["kept"], self._copy or self._path)
            except OSError as error:
                self._fail(f"{self._path} cannot be followed: its copy cannot be read ({error.strerror}).")
                return False
            self.document.lines = self._lines
            self._forget_name(self._copy or self._path)
        self._lines.grow(news["first"], news["ends"], news["size"])
        self.new_lines = max(len(self._lines) - self._lines_before, 0)
        return True

    def _add(self, log: Log) -> None:
        """Add the reports of news to the document, or put them in the place of what was cut off."""
        document = self.document
        for report in log.reports:
            place = self._place_of(report)
            if place < 0:
                self._new.append(OpenReport(report))
                document.reports.append(self._new[-1])
            elif document.reports[place].report != report:
                document.reports[place] = OpenReport(report)
                self._reread.add(place)
        before = tuple(miss for miss in document.log.near_misses if miss.line < self._parse_from)
        if (*before, *log.near_misses) != document.log.near_misses:
            document.log = replace(document.log, near_misses=(*before, *log.near_misses))
        wrappers = tuple(sorted({*document.log.wrappers, *log.wrappers}))
        if wrappers != document.log.wrappers:
            document.log = replace(document.log, wrappers=wrappers)

    def _place_of(self, report: Report) -> int:
        """Which report of the document has lines in common with this one; -1 for none."""
        for place in range(len(self.document.reports) - 1, -1, -1):
            span = self.document.reports[place].report.span
            if span.first <= report.span.last and report.span.first <= span.last:
                return place
        return -1

    # -- what is said

    def _announce(self, new: list[OpenReport]) -> None:
        """Say which reports came. The one that is shown already needs no way to it."""
        self._unseen += new
        last = self._unseen[-1]
        where = f"{display_name(self.document)}, line {last.report.span.first:,}"
        title = last.report.title.partition(": ")[2] or last.report.title or "a report without its top"
        count = len(self._unseen)
        start = f"{count} new reports, the last" if count > 1 else "New report"
        text = f"{start}: {title}, {report_name(last.report)} ({where})."
        is_shown = last is self._workspace.report
        ways = () if is_shown else (Way("Show", self._show_last),)
        if is_shown:
            self._unseen = []
        self.trouble.emit(Message(shown(text), Severity.NOTE, ways, self.topic))

    def _show_last(self) -> None:
        number = self._number()
        place = self._place_of(self._unseen[-1].report) if self._unseen else -1
        if number >= 0 and place >= 0:
            self._workspace.select(Selection(document=number, report=place))

    def _see(self, _: Selection) -> None:
        """What the user has gone to need not be counted any more."""
        if self._unseen and self._unseen[-1] is self._workspace.report:
            self._unseen = []

    def _tell_of_restart(self, news: dict[str, Any]) -> None:
        """Lines that are read from a file that was cut are gone; those of one that got another name are still there."""
        if news["cut"] and self._lines is not None:
            for part in self._lines.parts[:-1]:
                if isinstance(part.lines, FileLines) and part.lines.path == self._path:
                    self._lines.lose(part.lines)
        text = f"{news['restart']} What is written to it now is shown behind what was there."
        self.trouble.emit(Message(shown(text), Severity.NOTE, (), f"{self.topic} restart"))

    # -- the end

    def _come_to_the_end(self, _: object) -> None:
        self._job = None
        self._is_last = True
        self._turn.start(0)

    def _fail(self, sentence: str) -> None:
        self._job = None
        if not self.document.path:  # of the copy of a pipe the user knows nothing
            sentence = sentence.replace(self._path, display_name(self.document))
        self.trouble.emit(Message(shown(sentence), topic=self.topic))
        self.stop()

    def _end(self) -> None:
        self._turn.stop()
        if self._copy:
            self._forget_name(self._copy)
        if not self._is_over:
            self._is_over = True
            self.document.growing = False
            number = self._number()
            if number >= 0:
                self._workspace.grow(number)
            self.ended.emit(self)

    def _stop_without_document(self) -> None:
        """A document that was closed, or read anew, is followed no longer."""
        if not self._is_over and self._number() < 0:
            self.stop()

    def _number(self) -> int:
        documents = self._workspace.documents
        return next((number for number, document in enumerate(documents) if document is self.document), -1)

    def _forget_name(self, path: str) -> None:
        """The document and the child hold the copy open: its name can go, so that nothing stays behind."""
        with contextlib.suppress(OSError):
            os.unlink(path)  # noqa: PTH108


class Followings(QObject):
    """Which documents are followed."""

    trouble = Signal(object)  # Message
    changed = Signal()
    """Another document is followed or none is any more, or one has grown."""
    left = Signal(object)  # Following that has ended

    def __init__(self, workspace: Workspace, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._jobs = jobs
        self._all: list[Following] = []

    def of(self, document: Document | None) -> Following | None:
        """How a document is followed; None when it is not."""
        return next((following for following in self._all if following.document is document), None)

    def follow(self, document: Document, path: str, copy: str) -> Following:
        """Follow a document; as for ``Following``."""
        following = Following(self._workspace, document, path, copy, self)
        self._all.append(following)
        following.trouble.connect(self.trouble)
        following.changed.connect(self.changed)
        following.ended.connect(self._forget)
        following.start(self._jobs)
        self.changed.emit()
        return following

    def _forget(self, following: Following) -> None:
        self._all.remove(following)
        following.deleteLater()
        self.left.emit(following)
        self.changed.emit()


def why_not(document: Document) -> str:
    """Why a document cannot be followed; "" when it can."""
    from lockview.document.opening import HEAD, can_grow

    path = document.path
    if not path:
        return f"{display_name(document)} is no file; nothing can be written to it any more."
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            head = file.read(HEAD)
    except OSError as error:
        return f"{path} cannot be followed: {error.strerror}."
    if not can_grow(head):
        return f"{path} is compressed or no plain text; only logs that are written line by line can be followed."
    return ""
