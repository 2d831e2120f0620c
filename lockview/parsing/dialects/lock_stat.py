"""/proc/lock_stat.  Source: ``seq_stats`` and ``seq_header``, kernel/locking/lockdep_proc.c."""

from __future__ import annotations

import re
from functools import cache

from lockview.model.stacks import Frame
from lockview.model.statistics import ContentionPoint, Table, TableKind, TableRow
from lockview.model.text import Span

_COLUMNS = (
    "con-bounces",
    "contentions",
    "waittime-min",
    "waittime-max",
    "waittime-total",
    "waittime-avg",
    "acq-bounces",
    "acquisitions",
    "holdtime-min",
    "holdtime-max",
    "holdtime-total",
    "holdtime-avg",
)
_OLD_COLUMNS = tuple(column for column in _COLUMNS if not column.endswith("avg"))
_FIRST_COLUMNS = tuple(column for column in _OLD_COLUMNS if not column.endswith("bounces"))
"""Of version 0.1, in 2.6.23."""
_KNOWN_COLUMNS = {len(columns): columns for columns in (_COLUMNS, _OLD_COLUMNS, _FIRST_COLUMNS)}
_NAME_WIDTH = 37
"""The kernel prints so many characters of a name at most, the marks of key number and subclass included."""


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_VALUE = r"(?:\s{1,40}-?\d{1,20}(?:\.\d{1,4})?)"
_NUMBERS = rf"^(.*?):({_VALUE}{{12}}|{_VALUE}{{10}}|{_VALUE}{{8}})\s*$"
_POINT = r"^(\S.*?)\s{1,60}(\d{1,20})\s{1,20}\[<([^<>\s]{1,24})>\] (\S{1,300})(?: \[(\S{1,80})(?: \S{1,80})?\])?$"


def starts(line: str) -> bool:
    """Whether a line is the first of the file."""
    return bool(_compiled(r"lock_stat version \d{1,4}\.\d{1,4}\s*$").match(line))


class ContentionReader:
    """Reads the classes with their numbers, and under each the two groups of places."""

    def __init__(self) -> None:
        self._version = ""
        self._columns: tuple[str, ...] = _COLUMNS
        self._rows: list[TableRow] = []
        self._remarks: list[str] = []
        self._groups: list[list[ContentionPoint]] = []
        self._first = self._last = 0

    def take(self, text: str, number: int) -> bool:
        """Any line of the file."""
        text = text[:1_000]
        if not self._version:
            self._version = text.split()[-1]
            self._first = self._last = number
            return True
        bare = text.strip()
        if not bare or bare.startswith(("....", "class name ")):
            known = True
        elif not bare.strip("-"):  # as long as the name above, which may be a single letter
            known = True
            self._groups.append([])
        else:
            known = self._row(bare, number) or self._point(bare, number)
            if bare.startswith("*WARNING*"):
                self._remarks.append(bare.removeprefix("*WARNING*").strip())
                known = True
        if known and bare:
            self._last = number
        return known

    def _row(self, bare: str, number: int) -> bool:
        match = _compiled(_NUMBERS).match(bare) if bare[-1:].isdigit() else None
        if not match:
            return False
        self._finish()
        values = tuple(float(word) if "." in word else int(word) for word in match[2].split())
        self._columns = _KNOWN_COLUMNS[len(values)]
        name, mode = match[1], ""
        if name.endswith(("-W", "-R")):
            name, mode = name[:-2], name[-1]
        cut = len(name) >= _NAME_WIDTH or bool(_compiled(r"#\d(?:/\d)?$").search(name))
        self._rows.append(TableRow(name, values, mode, uncertain=cut, span=Span(number, number)))
        return True

    def _point(self, bare: str, number: int) -> bool:
        match = _compiled(_POINT).match(bare)
        if not match or not self._rows or not self._groups:
            return False
        span = Span(number, number)
        self._groups[-1].append(ContentionPoint(_site(match[4], match[3], match[5] or "", span), int(match[2]), span))
        return True

    def _finish(self) -> None:
        """Give the places read so far to the class above them: the first group waited, the second held."""
        if self._rows and any(self._groups):
            groups = [*self._groups, [], []]
            row = self._rows[-1]
            last = next(group[-1].span for group in reversed(self._groups) if group)
            self._rows[-1] = TableRow(
                row.name, row.values, row.mode, tuple(groups[0]), tuple(groups[1]), row.uncertain, row.span.joined(last)
            )
        self._groups = []

    def value(self) -> Table | None:
        """The table; None when no class was in it."""
        self._finish()
        if not self._rows:
            return None
        return Table(
            TableKind.CONTENTION,
            self._columns,
            tuple(self._rows),
            self._version,
            tuple(self._remarks),
            span=Span(self._first, self._last),
        )


def _site(text: str, address: str, module: str, span: Span) -> Frame:
    """``function+0x1/0x2``, or a symbol without an offset."""
    match = _compiled(r"(.+)\+0x([0-9a-f]{1,8})/0x([0-9a-f]{1,8})$").match(text)
    if match is None:
        return Frame(text, module=module, address=address, span=span)
    return Frame(match[1], int(match[2], 16), int(match[3], 16), module=module, address=address, span=span)
