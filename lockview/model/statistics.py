"""Tables of numbers about the locks of a kernel: /proc/lockdep_stats, /proc/lock_stat and those of perf lock."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from lockview.model.stacks import Frame
from lockview.model.text import NOWHERE, Span


class TableKind(StrEnum):
    """Where a table comes from; the value is the stable name in the JSON form."""

    LOCKDEP = "lockdep_stats"
    CONTENTION = "lock_stat"
    PERF_REPORT = "perf_lock_report"
    PERF_CONTENTION = "perf_lock_contention"


@dataclass(frozen=True, slots=True)
class ContentionPoint:
    """A place in the code where ``count`` tasks waited for a lock, or held it while others waited."""

    site: Frame
    count: int
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of numbers, one per column, None where nothing is printed.

    ``mode`` is ``W`` or ``R`` for a class whose writers and readers are counted apart; of ``perf lock contention`` the
    word before the name: the type of the lock, its address, or the pid. ``waiters`` are the places that
    waited, of perf the calls that led there, innermost first, and ``holders`` those that were waited for.
    ``uncertain`` marks a name that the kernel or perf had to shorten, so that several classes may look like it.
    """

    name: str
    values: tuple[int | float | None, ...] = ()
    mode: str = ""
    waiters: tuple[ContentionPoint, ...] = ()
    holders: tuple[ContentionPoint, ...] = ()
    uncertain: bool = False
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Table:
    """A table; ``version`` is that of lock_stat, times are microseconds.

    ``remarks`` are sentences about it: lock debugging was off, a limit was reached. ``headings`` are what perf writes
    over the words of its rows, that of the name last: ``type`` and ``caller``, ``Name``.
    Source: ``lockdep_stats_show`` and ``seq_stats``, kernel/locking/lockdep_proc.c.
    """

    kind: TableKind
    columns: tuple[str, ...] = ()
    rows: tuple[TableRow, ...] = ()
    version: str = ""
    remarks: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    span: Span = field(default=NOWHERE, compare=False)

    def row(self, name: str) -> TableRow | None:
        """The first row of a name."""
        return next((row for row in self.rows if row.name == name), None)
