"""/proc/lockdep_stats.  Source: ``lockdep_stats_show``, kernel/locking/lockdep_proc.c."""

from __future__ import annotations

import re
from functools import cache

from lockview.model.statistics import Table, TableKind, TableRow
from lockview.model.text import Span


@cache
def _row() -> re.Pattern[str]:
    return re.compile(r" ([a-z][^:]{0,80}): {1,60}(-?\d{1,20})(?: \[max: (\d{1,20})\])?\s*$")


def starts(line: str) -> bool:
    """Whether a line is the first of the file."""
    return line.startswith(" lock-classes:") and bool(_row().match(line))


class StatisticsReader:
    """Reads the lines ``label: number [max: number]``."""

    def __init__(self) -> None:
        self._rows: list[TableRow] = []

    def take(self, text: str, number: int) -> bool:
        """A row or a blank line."""
        match = _row().match(text[:400])
        if match:
            if self._rows and match[1] == self._rows[0].name:
                return False
            values = (int(match[2]), int(match[3]) if match[3] else None)
            self._rows.append(TableRow(match[1], values, span=Span(number, number)))
            return True
        return not text.strip()

    def value(self) -> Table | None:
        """The table, with a remark for every limit that is reached and for lockdep being off."""
        if not self._rows:
            return None
        remarks = [
            f"{row.name}: the limit of {row.values[1]} is reached"
            for row in self._rows
            if row.values[0] is not None and row.values[1] is not None and row.values[0] >= row.values[1]
        ]
        if any(row.name == "debug_locks" and row.values[0] == 0 for row in self._rows):
            remarks.append("lockdep is off: debug_locks is 0")
        span = self._rows[0].span.joined(self._rows[-1].span)
        return Table(TableKind.LOCKDEP, ("value", "max"), tuple(self._rows), remarks=tuple(remarks), span=span)
