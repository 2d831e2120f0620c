"""``Showing all locks held in the system``, and which hung tasks it belongs to.  Source: kernel/locking/lockdep.c."""

from __future__ import annotations

from lockview.model.wait_reports import LocksDumpReport
from lockview.parsing.bug_reader import BugReader
from lockview.parsing.lines import Stream
from lockview.parsing.sections import Title
from lockview.parsing.tokens import Token, Word

_STRAY_IN_LIST = 40
"""So many lines of others inside the list mean that its closing fence is lost."""
_REQUEST_WITHIN = 80
"""So far above the title the words of sysrq-d may stand, in characters."""


class AllLocksReader(BugReader):
    """Reads the held lists of all tasks up to the closing fence."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self._requested = "Show Locks Held" in stream.flat[max(start - _REQUEST_WITHIN, 0) : start]
        self._strays = 0
        self.handlers[Word.FENCE] = self._fence
        self.handlers[Word.CPU] = self.handlers[Word.CALL_TRACE] = self.handlers[Word.PART] = self._foreign

    def _fence(self, token: Token) -> None:
        if self.held_lists and self.stream.flat[token.start] == "=":
            self.last = token.end
            self.finished = True

    def _held_head(self, token: Token) -> None:
        super()._held_head(token)
        self._strays = 0

    def _foreign(self, token: Token) -> None:
        """Others may print in between; a list without its fence ends where they go on for long."""
        self._strays += 1
        self.finished = self._strays > _STRAY_IN_LIST or not self.held_lists
        self.repairs.passed_over(self.stream.span(token.start, token.end))

    def _other(self, token: Token) -> None:
        self._foreign(token)

    def _frame(self, token: Token) -> None:
        self._foreign(token)

    @property
    def has_body(self) -> bool:
        return bool(self.held_lists)

    def report(self) -> LocksDumpReport:
        return LocksDumpReport(
            **(self.common() | {"task": None, "held_locks": None}),
            all_locks=self.held_lists.of_all(),
            requested=self._requested,
        )
