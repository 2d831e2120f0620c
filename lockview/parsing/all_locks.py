"""``Showing all locks held in the system``, and which hung tasks it belongs to.  Source: kernel/locking/lockdep.c."""

from __future__ import annotations

from lockview.model.wait_reports import LocksDumpReport
from lockview.parsing.bug_reader import BugReader, own_token
from lockview.parsing.lines import Stream
from lockview.parsing.sections import Part, Title
from lockview.parsing.tokens import Token, Word

_STRAY_IN_LIST = 40
"""So many lines of others inside the list mean that its closing fence is lost."""
_REQUEST_WITHIN = 80
"""So far above the title the words of sysrq-d may stand, in characters."""


_FRAGMENT = (
    r"(?!\d{1,4} locks? held|no locks|#\d)\S(?:(?!\+0x|, at:).){0,60}? "
    r"(?=#\d{1,3}: [0-9a-f]{8,16} \(|\d{1,4} locks? held by |no locks held by )"
)


def _own(stream: Stream, start: int, end: int) -> Token | None:
    """What another printer wrote at the start of a line of the list, whose time stamp is off by then."""
    if start != stream.starts[stream.index(start)]:
        return None
    return own_token(_FRAGMENT, "fragment", stream.flat, start, min(end, start + 120))


def _repeated(token: Token, above: Token) -> bool:
    """Whether a decoder printed an entry once more, for a function inlined at its site."""
    return (
        token.groups == above.groups
        and token.lock is not None
        and above.lock is not None
        and (token.lock.name, token.lock.address) == (above.lock.name, above.lock.address)
    )


class AllLocksReader(BugReader):
    """Reads the held lists of all tasks up to the closing fence."""

    own_words = staticmethod(_own)

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self._requested = "Show Locks Held" in stream.flat[max(start - _REQUEST_WITHIN, 0) : start]
        self._strays = 0
        self._above: Token | None = None
        self.handlers[Word.FENCE] = self._fence
        self.handlers[Word.CPU] = self.handlers[Word.CALL_TRACE] = self.handlers[Word.PART] = self._foreign

    def fact(self, token: Token) -> None:
        self.repairs.note(
            "printers-mixed",
            f"line {self.stream.line(token.start).number}: words of another printer stand before those of the list",
            self.stream.span(token.start, token.end),
        )

    def _fence(self, token: Token) -> None:
        if self.held_lists and self.stream.flat[token.start] == "=":
            self.last = token.end
            self.finished = True

    def _held_head(self, token: Token) -> None:
        super()._held_head(token)
        self._strays = 0
        self._above = None

    def _held_entry(self, token: Token) -> None:
        """An entry that counts from the start again is of another task, whose first line is lost."""
        above = self._above
        if above and int(token.groups[0]) <= int(above.groups[0]) and not _repeated(token, above):
            if self.part is Part.HELD_LIST:
                span = self.stream.span(token.start, token.end)
                self.repairs.warn("task-lost", f"line {span.first}: whose locks these are is lost", span)
            self.part = Part.BETWEEN
            return
        self._above = token
        super()._held_entry(token)

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
