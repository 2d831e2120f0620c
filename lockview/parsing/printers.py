"""Two reports printed at the same time, their lines mixed and no caller ids: tells them apart by what each can hold.

A line goes to a report only when no other that is open could have printed it; else it goes to none, and both reports
are known to be incomplete. So a line is never guessed into a report, and no dependency is made of two halves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import IntEnum
from functools import cache
from typing import NamedTuple

from lockview.model.text import Problem, Severity, Span
from lockview.parsing.lines import LogLine, Stream
from lockview.parsing.locks import LockText
from lockview.parsing.tokens import OwnWords, Token, Word, tokens


class Heading(NamedTuple):
    """The title of a report, the offsets it covers, its family, and what reads that family's own words."""

    start: int
    end: int
    family: str
    own: OwnWords | None


class Separated(NamedTuple):
    """The lines of one report, or those of none, with the notes that belong to them."""

    lines: list[LogLine]
    notes: list[Problem]


class _May(IntEnum):
    """Whether a report waits for something: MAYBE when a line that began or ended it could be somebody else's."""

    NO = 0
    MAYBE = 1
    YES = 2


_ORDER = (
    (Word.WANTS,),
    (Word.HOLDING, Word.CROSSLOCK),
    (Word.DEPENDS,),
    (Word.CHAIN_HEAD,),
    (Word.ENTRY,),
    (Word.OTHER_INFO,),
    (Word.CHAIN_EXISTS,),
    (Word.SCENARIO,),
    (Word.COLUMNS,),
    (Word.OPERATION,),
    (Word.DEADLOCK,),
    (Word.HELD_HEAD, Word.LOCKDEP_OFF),
    (Word.HELD_ENTRY,),
    (Word.BACKTRACE,),
    (Word.CPU,),
    (Word.HARDWARE, Word.WORKQUEUE),
    (Word.CALL_TRACE,),
)
_RANKS = {word: rank for rank, words in enumerate(_ORDER) for word in words}
_AFTER = {
    Word.HOLDING: Word.WANTS,
    Word.CROSSLOCK: Word.WANTS,
    Word.DEPENDS: Word.WANTS,
    Word.CHAIN_HEAD: Word.WANTS,
    Word.ENTRY: Word.CHAIN_HEAD,
    Word.COLUMNS: Word.SCENARIO,
    Word.OPERATION: Word.SCENARIO,
    Word.DEADLOCK: Word.SCENARIO,
    Word.HARDWARE: Word.CPU,
    Word.CALL_TRACE: Word.CPU,
}
_OF_ALL = frozenset(
    (Word.OTHER_INFO, Word.HELD_HEAD, Word.HELD_ENTRY, Word.LOCKDEP_OFF, Word.BACKTRACE, Word.CPU, Word.HARDWARE)
) | {Word.WORKQUEUE, Word.CALL_TRACE, Word.FRAME, Word.PART, Word.REGISTERS, Word.OWN, Word.LOCK}
_SCENARIO = frozenset((Word.SCENARIO, Word.COLUMNS, Word.OPERATION, Word.DEADLOCK))
_CIRCLE = frozenset((Word.WANTS, Word.HOLDING, Word.CROSSLOCK))
_CHAIN = frozenset((Word.DEPENDS, Word.CHAIN_HEAD, Word.ENTRY, Word.CHAIN_EXISTS))
_OF_FAMILY = {
    "circular locking dependency": _CIRCLE | _CHAIN | _SCENARIO,
    "recursive locking": _CIRCLE | _SCENARIO,
    "inconsistent lock state": _SCENARIO,
    "irq lock inversion": _SCENARIO | {Word.CHAIN_EXISTS},
    "irq-safe before irq-unsafe": _SCENARIO | {Word.CHAIN_EXISTS},
}
_NESTED = "nested lock not taken"
_OFTEN = frozenset((Word.OPERATION, Word.COLUMNS))
_TWICE = _OFTEN | frozenset((Word.BACKTRACE, Word.CPU, Word.HARDWARE, Word.WORKQUEUE, Word.CALL_TRACE))
_WITHOUT_ORDER = (_NESTED, "irq-safe before irq-unsafe", "irq lock inversion")
"""Families that print a stack before other parts, or parts of their own behind the shared ones."""
_STACKED = frozenset((Word.FRAME, Word.PART, Word.REGISTERS))
_WEAK = {Word.FRAME, Word.REGISTERS, Word.OTHER, Word.FENCE, Word.DETAIL, Word.IDENT, Word.DROPPED}
_ALONE = (
    "hung task",
    "list of all locks",
    "stall",
    "hard lockup",
    "ThreadSanitizer",
    "Helgrind",
    "BSD",
    "Java",
    "deadlock of mutexes",
    "mutex held at exit",
    "waits and events",
    "DEPT",
)
"""Parts of the names of families whose reports have an order of their own; lines around these stay as they are."""
_MANY = (Word.ENTRY, Word.HELD_ENTRY, Word.OPERATION, Word.LOCKDEP_OFF)
_SAYS_NOTHING = frozenset(
    (Word.DEPENDS, Word.CHAIN_HEAD, Word.OTHER_INFO, Word.COLUMNS, Word.DEADLOCK, Word.BACKTRACE, Word.CALL_TRACE)
)
"""Phrases without which a report is whole."""
_MOST_OPEN = 4
_LONGEST = 400
"""A report that got no line for so many lines is over."""
_MENTION = 15
"""A title that so many lines follow which are none of its report is a mention in prose."""
_PROVEN_FRAMES = 2


@cache
def _named_task() -> re.Pattern[str]:
    return re.compile(r"/(\d{1,10}) (?:is |just |\[HC)")


@cache
def _task_of_title() -> re.Pattern[str]:
    return re.compile(r"[/\[](\d{1,10})(?:\]|/0x| still has|,|$)")


class _Open:
    """A report whose lines still come. What it waits for is a superset of what is true: doubt leaves more open."""

    def __init__(self, heading: Heading, index: int, title: str) -> None:
        named = _task_of_title().search(title)
        self.heading = heading
        self.prints = _OF_ALL | _OF_FAMILY.get(heading.family, frozenset())
        self.again = _TWICE if heading.family == _NESTED else _OFTEN
        self.indexes = [index]
        self.latest = index
        self.pid = int(named[1]) if named else -1
        self.seen: set[Word] = set()
        self.maybe: set[Word] = set()
        self.names: set[str] = set()
        self.rank = 0
        self.frames = self.locks = self.lists = _May.NO
        self.entry = -1
        self.held = self.count = 0
        self.proofs = self.own_proofs = self.strays = 0
        self.done = self.doubted = False

    @property
    def is_mention(self) -> bool:
        """Whether the title stands in prose."""
        return not self.seen and not self.maybe and self.strays > _MENTION

    def can_take(self, token: Token, pid: int, strict: bool) -> bool:
        """Whether the report could have printed a token that names the task ``pid``, -1 for none."""
        word = token.word
        if self.done or word not in self.prints or (pid >= 0 <= self.pid and pid != self.pid):
            return False
        if word in _STACKED:
            tagged = word is Word.FRAME or Word.CALL_TRACE in self.seen | self.maybe
            return self.frames > _May.NO and tagged
        if word is Word.LOCK:
            return self.locks > _May.NO
        if word is Word.OWN:
            return self.rank < _RANKS[Word.CPU] or self.heading.family in _WITHOUT_ORDER
        if word is Word.HELD_ENTRY:
            index = int(token.groups[0])
            return self.held == index < self.count if strict else self.held <= index < self.count
        if word is Word.ENTRY:
            return self._can_enter(int(token.groups[0]), strict)
        if word is Word.OPERATION and token.groups[1] and self.names and strict:
            return self._follows(word, strict) and token.groups[1] in self.names
        return word not in self.seen - self.again and self._follows(word, strict)

    def _can_enter(self, index: int, strict: bool) -> bool:
        if self.entry < 0:
            return index > 0 and self._follows(Word.ENTRY, strict)
        return index == self.entry - 1 if strict else index < self.entry

    def _follows(self, word: Word, strict: bool) -> bool:
        rank = _RANKS.get(word, 0)
        before = _AFTER.get(word)
        known = not strict or before is None or before in self.seen or before in self.maybe
        return known and (rank >= self.rank or self.heading.family in _WITHOUT_ORDER)

    def sure_of(self, token: Token) -> bool:
        """Whether the token has one place in the report."""
        if token.word in _STACKED:
            return self.frames is _May.YES
        if token.word is Word.HELD_ENTRY:
            return self.lists is _May.YES
        return token.word is not Word.LOCK or self.locks is _May.YES

    def take(self, index: int, token: Token, pid: int) -> None:
        """Add a line that can be no other report's."""
        self.indexes.append(index)
        self.latest = index
        word = token.word
        if word in (Word.OTHER, Word.FENCE, Word.IDENT, Word.DETAIL, Word.DROPPED):
            return
        self.seen.add(word)
        self.pid = pid if self.pid < 0 <= pid else self.pid
        self.rank = max(self.rank, _RANKS.get(word, 0))
        if token.lock:
            self.names.add(token.lock.name)
        if word in _STACKED:
            last = Word.HELD_HEAD in self.seen or self.heading.family != _NESTED
            self.done = self.done or (last and word is Word.PART and token.groups == ("/", "TASK"))
            return
        self.locks = _May.YES if word in (Word.WANTS, Word.HOLDING, Word.CROSSLOCK, Word.OWN) else _May.NO
        self.frames = _May.YES if word in (Word.ENTRY, Word.CALL_TRACE, Word.OWN) else _May.NO
        if word is Word.ENTRY:
            self.entry = int(token.groups[0])
        elif word is Word.HELD_HEAD:
            self.held, self.count, self.lists = 0, int(token.groups[1] or 0), _May.YES
        elif word is Word.HELD_ENTRY:
            self.held = int(token.groups[0]) + 1

    def doubt(self, index: int, token: Token) -> None:
        """A line may be this report's, or another's."""
        self.latest = index
        self.doubted = self.doubted or token.word not in _SAYS_NOTHING
        self.maybe.add(token.word)
        if token.word is Word.HELD_HEAD:
            self.held, self.count, self.lists = 0, max(self.count, int(token.groups[1] or 0)), _May.MAYBE
        if token.word in (Word.ENTRY, Word.CALL_TRACE, Word.OWN) or self.frames:
            self.frames = _May.MAYBE
        if token.word in (Word.WANTS, Word.HOLDING, Word.CROSSLOCK, Word.OWN) or self.locks:
            self.locks = _May.MAYBE


class _Separation:
    """One walk over the lines of a stream."""

    def __init__(self, stream: Stream, headings: Sequence[Heading]) -> None:
        self._stream = stream
        self._titles = {stream.index(heading.start): heading for heading in headings}
        self._reports: list[_Open] = []
        self._open: list[_Open] = []
        self._last: _Open | None = None
        self._site_follows = False
        self._doubts: dict[Word, int] = {}
        self.mixed = False
        self.free: list[int] = []

    def walk(self) -> list[_Open]:
        for index in range(len(self._stream.lines)):
            heading = self._titles.get(index)
            if heading:
                self._begin(heading, index)
            else:
                self._line(index)
        return self._reports

    def _begin(self, heading: Heading, index: int) -> None:
        self._open = [one for one in self._open if not one.done and index - one.latest < _LONGEST][1 - _MOST_OPEN :]
        self._last = _Open(heading, index, self._stream.flat[heading.start : self._end(index)])
        self._doubts.clear()
        self._open.append(self._last)
        self._end_before(self._last)
        self._reports.append(self._last)
        self._site_follows = False

    def _line(self, index: int) -> None:
        readings = list(self._readings(index))
        token = next((token for token, _, _ in readings if token.word is not Word.OTHER), readings[0][0])
        if self._site_follows and token.word is Word.FRAME and self._last:
            self._site_follows = False
            self._last.take(index, token._replace(word=Word.OTHER), -1)
            return
        if token.word in (Word.OTHER, Word.FENCE, Word.IDENT, Word.DETAIL, Word.DROPPED):
            self._unmarked(index, token)
            return
        for strict in (True, False):
            able = [(one, t, pid) for t, pid, one in readings if one and one.can_take(t, pid, strict)]
            if able:
                self._decide(index, able)
                return
        self.free.append(index)

    def _decide(self, index: int, able: list[tuple[_Open, Token, int]]) -> None:
        one, token, pid = able[-1]
        if len(able) == 1:
            self._prove(one, token)
        if (len(able) == 1 or _are_nameless_twins(able)) and one.sure_of(token):
            one.take(index, token, pid)
            self._end_before(one)
            self._last = one
            self._site_follows = bool(
                token.lock and token.lock.site_follows and _ends_open(token.lock, self._end(index))
            )
            return
        self._site_follows = False
        closes = token.word is Word.PART and token.groups == ("/", "TASK")
        if len(able) > 1 and (closes or (token.word in _RANKS and token.word not in _MANY)):
            # Each report prints such a line once.
            self._doubts[token.word] = self._doubts.get(token.word, 0) + 1
            self.mixed = self.mixed or self._doubts[token.word] > 1
        for one, token, _ in able:
            one.doubt(index, token)

    def _end(self, index: int) -> int:
        return self._stream.line_end(self._stream.starts[index])

    def _prove(self, one: _Open, token: Token) -> None:
        if one is self._open[-1]:
            one.own_proofs += token.word not in _WEAK
        elif token.word not in _WEAK:
            one.proofs += _PROVEN_FRAMES
        elif token.word is Word.FRAME:
            one.proofs += 1

    def _end_before(self, one: _Open) -> None:
        """A task that prints a report has finished the one before."""
        for older in self._open[: self._open.index(one)]:
            older.done = older.done or one.pid == older.pid >= 0

    def _unmarked(self, index: int, token: Token) -> None:
        if " --> " in self._stream.flat[token.start : token.end]:
            named = [one for one in self._open if Word.CHAIN_EXISTS in one.seen and Word.SCENARIO not in one.seen]
            self._last = named[0] if len(named) == 1 else self._last
        if self._last is None or self._last.done or index - self._last.latest > _LONGEST:
            self.free.append(index)
        else:
            self._last.strays += token.word is Word.OTHER
            self._last.take(index, token._replace(word=Word.OTHER), -1)

    def _readings(self, index: int) -> Iterator[tuple[Token, int, _Open | None]]:
        """What the line is for each open report: each reads its own words."""
        start, end = self._stream.starts[index], self._end(index)
        text = self._stream.flat[start : min(end, start + 300)]
        named = _named_task().search(text)
        shared = next(tokens(self._stream, start, end))
        if all(one.is_mention for one in self._open):
            yield shared, -1, None
        for one in self._open:
            if one.is_mention:
                continue
            own = one.heading.own(self._stream, start, end) if one.heading.own else None
            token = own or shared
            pid = int(named[1]) if named else -1
            if token.word is Word.HELD_HEAD:
                pid = int(token.groups[3])
            elif token.word is Word.CPU:
                pid = int(token.groups[1])
            yield token, pid, one


def _are_nameless_twins(able: list[tuple[_Open, Token, int]]) -> bool:
    """Whether reports of one family have nothing but their titles yet, so that it does not matter whose task it is."""
    kinds = {one.heading.family for one, _, _ in able}
    return len(kinds) == 1 and all(pid >= 0 and one.pid < 0 and not one.maybe for one, _, pid in able)


def _ends_open(lock: LockText, end: int) -> bool:
    return end - lock.end < 3


def apart(stream: Stream, headings: Sequence[Heading]) -> list[Separated]:
    """The lines of each report, and last those of none; nothing when they are not mixed.

    They are mixed when a report goes on behind the title of the next one with what only it can hold.
    """
    if len(headings) < 2 or any(name in heading.family for heading in headings for name in _ALONE):
        return []
    walk = _Separation(stream, headings)
    reports = walk.walk()
    mixed = [one for one in reports if one.proofs >= _PROVEN_FRAMES]
    newer = [one for one in reports if one.own_proofs]
    if not walk.mixed and not (mixed and newer):
        return []
    outside = _outside(walk.free, reports)
    parts = []
    for one in reports:
        others = [other for other in reports if other is not one and _overlap(one, other)]
        notes = [_note(stream, one, others)] if others else []
        parts.append(Separated([stream.lines[index] for index in one.indexes], notes))
    return [*parts, Separated([stream.lines[index] for index in outside], [])]


def _outside(free: list[int], reports: list[_Open]) -> list[int]:
    """The lines before, behind and between the reports. What no report could have printed inside of one is damage."""
    outside = []
    for index in free:
        around = [one for one in reports if one.indexes[0] < index < one.indexes[-1]]
        for one in around:
            one.doubted = True
        if not around:
            outside.append(index)
    return outside


def _overlap(one: _Open, other: _Open) -> bool:
    return one.indexes[0] <= max(other.indexes[-1], other.latest) and other.indexes[0] <= max(
        one.indexes[-1], one.latest
    )


def _note(stream: Stream, one: _Open, others: list[_Open]) -> Problem:
    numbers = [stream.lines[index].number for index in one.indexes]
    span = Span(min(numbers), max(numbers))
    titles = ", ".join(f"line {stream.lines[other.indexes[0]].number}" for other in others)
    told = f"lines {span.first}-{span.last}: the report of {titles} was printed at the same time"
    if one.doubted:
        message = f"{told}; lines that could be of either were left out"
        return Problem(Severity.WARNING, "printers-mixed", message, span)
    message = f"{told}; the lines were told apart by what each report can hold"
    return Problem(Severity.NOTE, "printers-mixed", message, span)
