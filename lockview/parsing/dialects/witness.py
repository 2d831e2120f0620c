"""Lock order reversals of WITNESS.  Source: sys/kern/subr_witness.c of FreeBSD and of OpenBSD."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from lockview.model.foreign_reports import ForeignLock, ForeignOrder, WitnessReport
from lockview.model.locks import HeldLock
from lockview.model.stacks import Backtrace, Frame
from lockview.model.text import Span
from lockview.parsing.dialects.reading import DialectReader, StackBuilder
from lockview.parsing.lines import LogLine, Stream
from lockview.parsing.sections import Title


class _Block(NamedTuple):
    held: str
    held_sort: str
    wanted: str
    wanted_sort: str
    words: str
    stack: StackBuilder
    line: int


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_LOCK = r"(1st|2nd|3rd) (0x[0-9a-fA-F]{1,16}) (.+?)(?: @ (\S.{0,300}:\d{1,9}))?$"
_QUOTED = r'(?:\[\d{1,4}\] )?"(.{1,200})"(?: ?\(([^()]{1,60})\))?'
_WORDS = r" (first seen at|established at|attempted at|missing|is missing)(?: at)?:?$"
_FRAME = (
    r"#(\d{1,3}) {1,3}(?:(0x[0-9a-fA-F]{1,16}) at )?([^\s+]{1,200})(?:\+(0x[0-9a-fA-F]{1,8}))?"
    r"(?: ([^\s:]{1,200}))??(?: ([^\s:]{1,300}):(\d{1,9}))?( \[inline\])?$"
)
_TRACE = r"(\S{1,120}\(.{0,300}\)) at ([^\s+]{1,200})\+(0x[0-9a-fA-F]{1,8})(?:/frame (0x[0-9a-fA-F]{1,16}))?$"
_LONGEST_NAME = 500
_LONGEST_WORDS = 40
_NUMBERS = ("1st", "2nd", "3rd")
_SORTS = ("rwlock", "rrwlock", "mutex", "kernel_lock", "sleep mutex", "spin mutex", "sx", "lockmgr", "rw", "rm")


class WitnessReader(DialectReader):
    """Reads the numbered locks, the recorded orders and the backtrace of old systems."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self._begun = False
        self._locks: list[ForeignLock] = []
        self._blocks: list[_Block] = []
        self._trace = StackBuilder()
        self._trace_line = 0
        self._stack: StackBuilder | None = None

    def take_line(self, line: LogLine, text: str) -> bool:
        bare = text.strip()
        if not self._begun:
            self._begun = True
            return True
        span = Span(line.number, line.number)
        if bare.startswith("#") and (match := _compiled(_FRAME).match(bare)):
            if self._stack is not None:
                self._stack.frames.append(_frame(match, span))
            return self._stack is not None
        if self._trace_line and (match := _compiled(_TRACE).match(bare)):
            self._trace.frames.append(Frame(match[2], int(match[3], 16), span=span))
            return True
        if match := _compiled(_LOCK).match(bare):
            return self._numbered(match, span)
        if bare.startswith("lock order ") and " -> " in bare:
            self._order(bare.removeprefix("lock order ").removeprefix("data "), line.number)
            return True
        if bare in ("KDB: stack backtrace:", "stack backtrace:", "Stack backtrace:"):
            self._trace_line, self._stack = line.number, self._trace
            return True
        self.finished = bool(self._stack and self._stack.frames) or bare.startswith(("Stopped at", "ddb", "db>"))
        return False

    def _order(self, text: str, line: int) -> None:
        words = _compiled(_WORDS).search(text[-_LONGEST_WORDS:])
        held, _, wanted = (text[: -len(words[0])] if words else text).partition(" -> ")
        self._stack = StackBuilder()
        self._blocks.append(_Block(*_end(held), *_end(wanted), words[1] if words else "", self._stack, line))

    def _numbered(self, match: re.Match[str], span: Span) -> bool:
        number, address, text, place = match.groups()
        if len(self._locks) >= len(_NUMBERS) or number != _NUMBERS[len(self._locks)]:
            self.finished = bool(self._locks)
            return False
        self._locks.append(_named(text, address, place or "", span))
        return True

    @property
    def has_body(self) -> bool:
        return bool(self._locks)

    def report(self) -> WitnessReport:
        blocks = [block for block in self._blocks if "missing" not in block.words]
        sorts = {name: sort for block in blocks for name, sort in (block[0:2], block[2:4])}
        locks = tuple(replace(lock, sort=lock.sort or sorts.get(lock.name, "")) for lock in self._locks)
        orders = tuple(
            ForeignOrder(
                held=block.held,
                wanted=block.wanted,
                words=block.words,
                stack=block.stack.stack(),
                span=Span(block.line, block.line).joined(block.stack.stack().span),
            )
            for block in blocks
        )
        uses = [HeldLock(lock.lock_class, instance=lock.address, span=lock.span) for lock in locks]
        trace = self._trace.stack()
        report = WitnessReport(
            title=self.head,
            wanted=uses[-1] if len(uses) > 1 else None,
            held=uses[-2] if len(uses) > 1 else uses[0],
            locks=locks,
            orders=orders,
            backtrace=Backtrace(trace, span=Span(self._trace_line, self._trace_line)) if self._trace_line else None,
            span=self.span,
        )
        missing = () if len(uses) > 1 else ("wanted",)
        return replace(report, reading=self.reading(missing))


def _frame(match: re.Match[str], span: Span) -> Frame:
    """A frame; decoded ones name a place behind, and in front of it a function that was merged into this one."""
    _, address, function, offset, inner, file, line, inlined = match.groups()
    if inlined:
        return Frame(
            inner or function, address=address or "", file=file or "", line=int(line or 0), inlined=True, span=span
        )
    return Frame(
        function,
        int(offset, 16) if offset else None,
        address=address or "",
        file=file or "",
        line=int(line or 0),
        span=span,
    )


def _end(text: str) -> tuple[str, str]:
    """The type and the sort of a lock in an order.

    OpenBSD prints ``"type"(sort)``, or ``[n] name (type)`` in longer circles; FreeBSD the type alone, which may end in
    brackets of its own.
    """
    if match := _compiled(_QUOTED).fullmatch(text):
        return match[1], match[2] or ""
    number = _compiled(r"\[\d{1,4}\] ").match(text)
    bare = text[number.end() :] if number else text
    head, inner = _brackets(bare)
    if inner in _SORTS and head:
        return head, inner
    return (inner, "") if number and inner else (bare, "")


def _brackets(text: str) -> tuple[str, str]:
    """What stands before the last pair of brackets, and inside; the text itself and "" without one."""
    if not text.endswith(")"):
        return text, ""
    depth = 0
    for place in range(len(text) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(text[place], 0)
        if not depth:
            head, inner = text[:place].rstrip(), text[place + 1 : -1]
            return (head, inner) if head and inner else (text, "")
    return text, ""


def _named(text: str, address: str, place: str, span: Span) -> ForeignLock:
    """``name (type, sort)``, ``name (type)`` or the type alone, when both are the same.

    The type names the lock in orders, so it is the name here; the other name is the label.
    """
    label, inner = _brackets(text[:_LONGEST_NAME])
    if not inner:
        return ForeignLock(text, address, place=place, span=span)
    kind, comma, sort = inner.rpartition(", ")
    return ForeignLock(kind if comma else inner, address, label, sort if comma else "", place, span=span)
