"""Asks the worker whether the report in front can happen, when the user wants to know, and keeps what it answers."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from lockview.document.documents import OpenReport
from lockview.gui.details.verdict_rows import VERDICTS, WHAT_IF, closes_a_circle, verdict_rows
from lockview.gui.jobs import Jobs
from lockview.gui.rows.row import Row

LIMIT_MS = 60_000


class Judging(QObject):
    """The section of one report at a time. Without ``jobs`` there is none."""

    changed = Signal()

    def __init__(self, jobs: Jobs | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._report: OpenReport | None = None
        self._answers: dict[str, Any] = {}
        self._asked: set[str] = set()
        self._opened: frozenset[str] = frozenset()

    def rows(self, opened: OpenReport) -> tuple[Row, ...]:
        """What there is to show about a report; another one than before starts closed."""
        if self._jobs is None or not closes_a_circle(opened.graph):
            return ()
        if opened is not self._report:
            self._forget()
            self._report = opened
        return verdict_rows(opened.graph, self._answers, self._opened)

    def toggle(self, fold: str) -> None:
        """Open or close a part; what is not known yet is asked for."""
        self._opened ^= {fold}
        is_question = fold == VERDICTS or fold.startswith(WHAT_IF)
        if is_question and fold in self._opened and fold not in self._asked:
            self._ask(fold)
        self.changed.emit()

    def _ask(self, fold: str) -> None:
        from lockview.document.judging import request

        if self._jobs is None or self._report is None:
            return
        self._asked.add(fold)
        edge = None if fold == VERDICTS else int(fold.removeprefix(WHAT_IF))
        self._jobs.run(
            "judge",
            request(self._report.report, edge),
            partial(self._take, self._report, fold),
            partial(self._fail, self._report, fold),
            timeout_ms=LIMIT_MS,
            slot=_slot(fold),
            title="Trying every order",
        )

    def _take(self, report: OpenReport, fold: str, answer: Any) -> None:
        from lockview.document.judging import changes_in, verdicts_in

        if report is self._report:
            self._answers[fold] = verdicts_in(answer) if fold == VERDICTS else changes_in(answer)
            self.changed.emit()

    def _fail(self, report: OpenReport, fold: str, sentence: str) -> None:
        if report is self._report:
            self._answers[fold] = sentence
            self.changed.emit()

    def _forget(self) -> None:
        if self._jobs is not None:
            for fold in self._asked:
                self._jobs.cancel(_slot(fold))
        self._asked = set()
        self._answers = {}
        self._opened = frozenset()


def _slot(fold: str) -> str:
    return f"judge {fold}"
