"""Lines of a log with the wrappers off, and the running text that the report parsers read.

A report may be cut, wrapped, quoted or squeezed into one paragraph, so parsers do not see lines: they see one text in
which every run of blanks and every line break is one blank, and from which any place can be traced to its raw line.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from lockview.model.text import Span

_MOST_BETWEEN = 4
"""So many lines of other printers are looked for inside one lock line."""


class LogLine(NamedTuple):
    """One line of a source. ``text`` keeps its leading blanks; ``number`` is that of the raw line, from 1.

    ``time`` and ``caller`` are as printed (``2311.315400``, ``T43``), "" without; ``depth`` counts mail quote marks.
    """

    number: int
    text: str
    time: str = ""
    caller: str = ""
    depth: int = 0


class Stream:
    """The non-blank lines of one printer as one text, ``flat``; offsets into it are the parsers' positions."""

    def __init__(self, lines: Iterable[LogLine]) -> None:
        self.lines: list[LogLine] = []
        self.starts: list[int] = []
        self.depths: list[int] = []
        """The quote depth of each line; what follows a quoted line directly may be its tail and is as deep."""
        parts: list[str] = []
        offset = depth = 0
        for line in _locks_in_one_piece(list(lines)):
            depth = max(line.depth, depth)
            part = " ".join(line.text.split())
            if part:
                if self.lines and not (line.time or line.caller) and _cut_by_width(self.lines[-1], part):
                    parts.pop()
                    offset -= 1
                self.lines.append(line)
                self.starts.append(offset)
                self.depths.append(depth)
                parts += (part, " ")
                offset += len(part) + 1
            elif not line.time:
                depth = 0
        self.flat = "".join(parts[:-1])
        self._spans: list[Span | None] = [None] * len(self.lines)
        self._ordered = all(one.number <= other.number for one, other in itertools.pairwise(self.lines))

    def index(self, offset: int) -> int:
        """The index into ``lines`` of the line that holds an offset."""
        return bisect_right(self.starts, offset, 1) - 1

    def line(self, offset: int) -> LogLine:
        """The line that holds an offset."""
        return self.lines[self.index(offset)]

    def line_end(self, offset: int) -> int:
        """Where the line that holds an offset ends."""
        after = self.index(offset) + 1
        return self.starts[after] - 1 if after < len(self.starts) else len(self.flat)

    def next_line(self, offset: int) -> int:
        """Where the line after the one that holds an offset starts; the text's length when it is the last."""
        after = self.index(offset) + 1
        return self.starts[after] if after < len(self.starts) else len(self.flat)

    def span(self, start: int, end: int) -> Span:
        """The raw lines of a stretch of the text; ``end`` is exclusive."""
        first = bisect_right(self.starts, start, 1) - 1
        after = first + 1
        if after < len(self.starts) and end > self.starts[after]:
            last = self.index(end - 1)
            if self._ordered:
                return Span(self.lines[first].number, self.lines[last].number)
            numbers = [line.number for line in self.lines[first : last + 1]]
            return Span(min(numbers), max(numbers))
        span = self._spans[first]
        if span is None:
            number = self.lines[first].number
            span = self._spans[first] = Span(number, number)
        return span

    def broken(self, start: int, end: int) -> bool:
        """Whether a line break lies inside a stretch of the text."""
        after = bisect_right(self.starts, start, 1)
        return after < len(self.starts) and end > self.starts[after]

    def column(self, offset: int) -> int:
        """The column in its unwrapped line of what stands at an offset, tabs expanded; needed for scenarios only."""
        index = self.index(offset)
        text = self.lines[index].text.expandtabs()
        words = self.flat[self.starts[index] : offset].split()
        column = 0
        for word in words:
            column = text.find(word, column) + len(word)
        rest = text[column:]
        return column + len(rest) - len(rest.lstrip())


@cache
def _open_frame() -> re.Pattern[str]:
    return re.compile(r"(?:\[<[0-9a-f]{0,16}>\]|\bat:|\?) [\w.$]{1,200}(?:\+(?:0(?:x[0-9a-f]{0,8}(?:/(?:0x?)?)?)?)?)?$")


@cache
def _open_offset() -> re.Pattern[str]:
    return re.compile(r"\+0x(?:[0-9a-f]{1,8}/(?:0x?)?)?$")


def _cut_by_width(above: LogLine, part: str) -> bool:
    """Whether a terminal broke a line inside the name or the offset of a frame: it counts columns, not words."""
    tail = above.text[-120:].rstrip()
    if above.time:
        return bool(("[<" in tail or "at:" in tail or "? " in tail) and _open_frame().search(tail))
    return tail[-1:] in "x/0" and part[0] in "0123456789abcdefx" and bool(_open_offset().search(tail))


@cache
def _rest_of_lock() -> re.Pattern[str]:
    return re.compile(r"(?:#\d{1,6})?(?:/\d)?\)\{[-.+?]{4,6}\}")


@cache
def _open_lock() -> re.Pattern[str]:
    return re.compile(r"(?:^|[0-9a-f] |#\d{1,2}: )\s*\([^\s{}][^{}]{0,120}$")


def _locks_in_one_piece(lines: list[LogLine]) -> list[LogLine]:
    """Move the lines of other printers out of a lock line that was printed in pieces: behind its last piece."""
    for index, line in enumerate(lines):
        text = line.text.lstrip()
        if line.time and text[:1] in ("#", "/", ")") and _rest_of_lock().match(text):
            first = index - 1
            while first >= max(index - _MOST_BETWEEN, 0) and ": " in lines[first].text:
                first -= 1
            if 0 <= first < index - 1 and _open_lock().search(lines[first].text):
                lines[first + 1 : index + 1] = [line, *lines[first + 1 : index]]
    return lines


def by_caller(lines: Sequence[LogLine]) -> dict[str, list[LogLine]]:
    """Tell the printers of a log apart by the caller id; a line that lost its prefix belongs to the one before it."""
    callers: dict[str, list[LogLine]] = {}
    current = ""
    for line in lines:
        current = line.caller or ("" if line.time else current)
        callers.setdefault(current, []).append(line)
    return callers
