"""Complaints of the spinlock and rwlock checks.  Source: spin_dump, rwlock_bug, kernel/locking/spinlock_debug.c."""

from __future__ import annotations

from lockview.model.reports import Task
from lockview.model.wait_reports import SpinReport
from lockview.parsing.bug_reader import BugReader, compiled, own_token
from lockview.parsing.lines import Stream
from lockview.parsing.sections import Title
from lockview.parsing.tokens import Token

TITLE = (
    r"BUG: (?:(?P<sort>spinlock|rwlock) (?P<complaint>[a-zA-Z -]{3,40}?)|(?P<old>(?:read|write)-lock lockup)) "
    r"on CPU#(?P<cpu>\d{1,5})"
    r"(?:, (?P<comm>.{1,64}?)/(?P<pid>\d{1,10})(?=,| |$)(?:, ?(?P<lock>(?:0x)?[0-9a-f]{8,16})(?= |$))?)?"
)
_LOCK = (
    r"lock: (\S{1,200}(?: \[[\w-]{1,64}\])?), \.magic: ([0-9a-f]{1,8})"
    r"(?:, \.owner: (.{1,160}?)/(-?\d{1,10}), \.owner_cpu: (-?\d{1,10}))?"
)


def _own(stream: Stream, start: int, end: int) -> Token | None:
    text = stream.flat
    return own_token(_LOCK, "lock", text, start, end) if text.startswith("lock: ", start) else None


class SpinReader(BugReader):
    """Adds the line about the lock and its owner."""

    own_words = staticmethod(_own)

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        match = compiled(TITLE).fullmatch(self.title_text)
        self._title = match.groupdict() if match else {}
        if self._title.get("comm"):
            self.task = Task(self._title["comm"], int(self._title["pid"]))
        self._lock_line: tuple[str, ...] = ()

    def fact(self, token: Token) -> None:
        self._lock_line = self._lock_line or token.groups[1:]

    @property
    def has_body(self) -> bool:
        return bool(self._lock_line or self.backtrace.frames or self._title.get("lock")) or super().has_body

    def report(self) -> SpinReport:
        symbol, magic, owner, pid, owner_cpu = self._lock_line or ("", "", "", "", "")
        backtrace = self.backtrace.backtrace()
        return SpinReport(
            **self.common(*(() if backtrace else ("backtrace",))),
            backtrace=backtrace,
            rwlock=self._title.get("sort") == "rwlock" or bool(self._title.get("old")),
            complaint=self._title.get("complaint") or self._title.get("old") or "",
            cpu=int(self._title["cpu"]) if self._title else None,
            lock=self._title.get("lock") or symbol,
            magic=magic,
            owner=Task(owner, int(pid)) if owner and int(pid) >= 0 else None,
            owner_cpu=int(owner_cpu) if owner_cpu and int(owner_cpu) >= 0 else None,
        )
