"""The tables of ``perf lock report`` and ``perf lock contention``.  Source: tools/perf/builtin-lock.c."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from lockview.model.stacks import Frame
from lockview.model.statistics import ContentionPoint, Table, TableKind, TableRow
from lockview.model.text import Span

UNFOLLOWED = "perf could not follow "
"""How the one remark about such a table begins."""
_LONGEST = 1_000
_MICROSECONDS = {"ns": 0.001, "us": 1.0, "ms": 1e3, "s": 1e6, "m": 6e7, "h": 3.6e9, "": 0.001}
"""What a unit is in microseconds; older versions print nanoseconds without a unit."""
_LEAST_COLUMNS = 2


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_HEADING = (
    r"\b(acquired|contended|(?:avg|total|max|min) wait)(?: \(ns\))?(?=\s|$)"
    r"|\b(Name|type|caller|pid|comm|owner|address|symbol|cgroup)(?=\s|$)"
)
_VALUE = r"\s{0,60}(-?\d{1,20}(?:\.\d{1,9})?)(?: (ns|us|ms|s|m|h)(?=\s|$))?(?=\s|$)"
_FRAME = r"\s{1,60}(0x[0-9a-f]{1,16}) {1,4}([^\s+]{1,300})(?:\+0x([0-9a-f]{1,8}))?\s*$"
_BAD = r"bad: (\d{1,12}), total: (\d{1,12})"


def starts(line: str) -> bool:
    """Whether a line is the head of such a table: nothing but its headings, times among them."""
    text = line[:_LONGEST]
    numbers, words = _headings(text)
    times = sum("wait" in column for column in numbers)
    return len(words) > 0 and times >= _LEAST_COLUMNS and not _compiled(_HEADING).sub("", text).strip()


def _headings(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The headings of numbers, and of words."""
    found = [match.groups() for match in _compiled(_HEADING).finditer(text)]
    return tuple(number for number, _ in found if number), tuple(word for _, word in found if word)


class PerfLockReader:
    """Reads the rows under the headings: the name first, or the numbers first and what they are about behind them."""

    def __init__(self) -> None:
        self._columns: tuple[str, ...] = ()
        self._headings: tuple[str, ...] = ()
        self._rows: list[TableRow] = []
        self._remarks: list[str] = []
        self._first = self._last = 0
        self._ended = False

    def take(self, text: str, number: int) -> bool:
        """A row, a frame below one, a line about the run or a blank line."""
        text = text[:_LONGEST]
        if not self._first:
            self._columns, self._headings = _headings(text)
            self._first = self._last = number
            return True
        if not text.strip():
            return True
        if text.startswith("=== output for debug"):
            self._ended = True
        elif self._ended:
            return self._debug(text, number)
        elif match := _compiled(_FRAME).match(text):
            self._calls(match, number)
        elif starts(text):
            return False
        else:
            row = self._named_first(text, number) if self._headings == ("Name",) else self._named_last(text, number)
            if row is None:
                return False
            self._rows.append(row)
        self._last = number
        return True

    def _calls(self, match: re.Match[str], number: int) -> None:
        """A call of the stack below a row: all that the row counts waited there."""
        if not self._rows:
            return
        address, function, offset = match.groups()
        span = Span(number, number)
        site = Frame(function, int(offset, 16) if offset else None, address=address, span=span)
        row = self._rows[-1]
        count = next((int(value) for value in row.values[:1] if value is not None), 0)
        self._rows[-1] = replace(
            row, waiters=(*row.waiters, ContentionPoint(site, count, span)), span=row.span.joined(span)
        )

    def _debug(self, text: str, number: int) -> bool:
        match = _compiled(_BAD).match(text)
        if match and int(match[1]):
            self._remarks.append(f"{UNFOLLOWED}{match[1]} of {match[2]} sequences of events")
        known = bool(match) or text.startswith(("bad rate:", "histogram of")) or _is_histogram(text)
        self._last = number if known else self._last
        return known

    def _named_first(self, text: str, number: int) -> TableRow | None:
        words = text.split()
        values: list[int | float] = []
        for column in reversed(self._columns):
            unit = words.pop() if words and words[-1] in _MICROSECONDS else ""
            if not words or not _compiled(r"-?\d{1,20}(?:\.\d{1,9})?$").match(words[-1]):
                return None
            values.append(_value(column, words.pop(), unit))
        name = " ".join(words)
        return TableRow(name, tuple(values[::-1]), uncertain=name.endswith("..."), span=Span(number, number))

    def _named_last(self, text: str, number: int) -> TableRow | None:
        values: list[int | float] = []
        position = 0
        for column in self._columns:
            match = _compiled(_VALUE).match(text, position)
            if match is None:
                return None
            values.append(_value(column, match[1], match[2] or ""))
            position = match.end()
        rest = text[position:].strip()
        mode = ""
        if len(self._headings) > 1:
            mode, _, rest = rest.partition(" ")
        return TableRow(rest.strip(), tuple(values), mode, span=Span(number, number))

    def value(self) -> Table | None:
        """The table; None without a row."""
        if not self._rows:
            return None
        return Table(
            TableKind.PERF_REPORT if self._headings == ("Name",) else TableKind.PERF_CONTENTION,
            self._columns,
            tuple(self._rows),
            remarks=tuple(self._remarks),
            headings=self._headings,
            span=Span(self._first, self._last),
        )


def _value(column: str, digits: str, unit: str) -> int | float:
    if "wait" not in column:
        return int(float(digits))
    return round(float(digits) * _MICROSECONDS[unit], 3)


def _is_histogram(text: str) -> bool:
    return bool(_compiled(r"\s{1,20}(?:acquire|acquired|contended|release): \d{1,12}\s*$").match(text))
