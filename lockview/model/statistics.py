"""Tables of numbers that a kernel keeps about its locks: /proc/lockdep_stats and /proc/lock_stat."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from lockview.model.stacks import Frame
from lockview.model.text import NOWHERE, Span


class TableKind(StrEnum):
    """The file that a table stands in; the value is the stable name in the JSON form."""

    LOCKDEP = "lockdep_stats"
    CONTENTION = "lock_stat"


@dataclass(frozen=True, slots=True)
class ContentionPoint:
    """A place in the code where ``count`` tasks waited for a lock, or held it while others waited."""

    site: Frame
    count: int
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of numbers, one per column, None where nothing is printed.

    ``mode`` is ``W`` or ``R`` for a class whose writers and readers are counted apart. ``waiters`` are the places that
    waited and ``holders`` those that were waited for. ``uncertain`` marks a name that the kernel had to shorten, so
    that several classes may look like it.
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
    """A table; ``version`` is that of lock_stat, times there are microseconds.

    ``remarks`` are sentences about it: lock debugging was off, a limit was reached.
    Source: ``lockdep_stats_show`` and ``seq_stats``, kernel/locking/lockdep_proc.c.
    """

    kind: TableKind
    columns: tuple[str, ...] = ()
    rows: tuple[TableRow, ...] = ()
    version: str = ""
    remarks: tuple[str, ...] = ()
    span: Span = field(default=NOWHERE, compare=False)

    def row(self, name: str) -> TableRow | None:
        """The first row of a name."""
        return next((row for row in self.rows if row.name == name), None)
