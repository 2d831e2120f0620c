"""Helgrind's lock order violations, as text and as XML.  Source: helgrind/hg_errors.c of Valgrind."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from lockview.model.foreign_reports import ForeignLock, ForeignOrder, HelgrindReport
from lockview.model.locks import HeldLock
from lockview.model.stacks import EMPTY_STACK, Frame, StackTrace
from lockview.model.text import Span
from lockview.parsing.dialects.reading import DialectReader, StackBuilder
from lockview.parsing.lines import LogLine, Stream
from lockview.parsing.sections import Title


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_MARK = r"(?:==|--)\d{1,10}(?:==|--) ?"
_TITLE = (
    r'.{0,60}?Thread #(\d{1,9})\b.{0,60}?: lock order "(0x[0-9A-Fa-f]{1,16}) before (0x[0-9A-Fa-f]{1,16})" violated'
)
_OBSERVED = r"Observed \(incorrect\) order is: acquisition of lock at (0x[0-9A-Fa-f]{1,16})"
_REQUIRED = r"Required order was established by acquisition of lock at (0x[0-9A-Fa-f]{1,16})"
_FOLLOWED = r"followed by a later acquisition of lock at (0x[0-9A-Fa-f]{1,16})"
_FIRST_SEEN = r"Lock at (0x[0-9A-Fa-f]{1,16}) was first observed"
_SYMBOL = r'Address (0x[0-9A-Fa-f]{1,16}) is .{0,100}? data symbol "(.{1,300})"$'
_PLACE = r"Address (0x[0-9A-Fa-f]{1,16}) is (.{1,300})$"
_MOST_DIGITS = 10
_FIELD = r"<([a-z]{1,20})>(.{0,2000})</\1>$"
_FRAME = r"(?:at|by) (0x[0-9A-Fa-f]{1,16}): (.+)$"


class HelgrindReader(DialectReader):
    """Reads the observed and the required order, two stacks each, and what is known of both locks."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self._head = _compiled(_TITLE).match(self.head)
        self._begun = False
        self._orders: dict[str, list[tuple[str, StackBuilder, int]]] = {"observed": [], "required": []}
        self._part = ""
        self._stack: StackBuilder | None = None
        self._first: dict[str, StackBuilder] = {}
        self._names: dict[str, tuple[str, str]] = {}
        self._fields: dict[str, str] = {}

    def take_line(self, line: LogLine, text: str) -> bool | None:
        bare = _compiled(_MARK).sub("", text.strip(), count=1).strip()
        if not self._begun:
            self._begun = True
            return True
        if not bare:
            return None
        if bare.startswith("<"):
            return self._element(line, bare)
        if match := _compiled(_FRAME).match(bare):
            return self._add(helgrind_frame(match[1], match[2], Span(line.number, line.number)))
        if bare.startswith(("---", "Thread #", "Possible data race", "ERROR SUMMARY")):
            self.finished = True
            return False
        return self._section(line, bare)

    def _element(self, line: LogLine, bare: str) -> bool:
        """A line of the XML form: the same sentences, and the parts of a frame one by one."""
        if match := _compiled(_FIELD).match(bare):
            if match[1] in ("auxwhat", "text"):
                return self._section(line, match[2].strip())
            self._fields[match[1]] = match[2]
        elif bare == "<frame>":
            self._fields = {}
        elif bare == "</frame>":
            return self._add(_xml_frame(self._fields, Span(line.number, line.number)))
        self.finished = bare == "</error>"
        return True

    def _add(self, frame: Frame) -> bool:
        """Versions before 3.9 print the stack of the observed order right below the title, without a sentence."""
        if self._stack is None and self._head and not any(self._orders.values()):
            self._acquisition("observed", self._head[2], frame.span.first)
        if self._stack is None:
            return False
        self._stack.frames.append(frame)
        return True

    def _section(self, line: LogLine, bare: str) -> bool:
        if match := _compiled(_OBSERVED).match(bare):
            self._acquisition("observed", match[1], line.number)
        elif match := _compiled(_REQUIRED).match(bare):
            self._acquisition("required", match[1], line.number)
        elif (match := _compiled(_FOLLOWED).match(bare)) and self._part:
            self._acquisition(self._part, match[1], line.number)
        elif match := _compiled(_FIRST_SEEN).match(bare):
            self._stack = self._first.setdefault(_number(match[1]), StackBuilder())
        elif match := _compiled(_SYMBOL).match(bare):
            self._names.setdefault(_number(match[1]), (match[2], ""))
            self._stack = None
        elif match := _compiled(_PLACE).match(bare):
            self._names.setdefault(_number(match[1]), ("", match[2]))
            self._stack = None
        else:
            if self._stack is not None and bare != "(stack unavailable)":
                self._stack = None
            return bare.startswith(("(stack unavailable)", "Block was alloc'd by"))
        return True

    def _acquisition(self, part: str, address: str, line: int) -> None:
        self._part, self._stack = part, StackBuilder()
        self._orders[part].append((address, self._stack, line))

    @property
    def has_body(self) -> bool:
        return self._head is not None and any(self._orders.values())

    def report(self) -> HelgrindReport:
        assert self._head
        thread, *addresses = self._head.groups()
        locks = self._locks(addresses)
        orders = tuple(self._order(part, locks) for part in ("observed", "required") if self._orders[part])
        line = self.stream.line(self.start).number
        held = HeldLock(
            locks[1].lock_class, instance=addresses[1], site=_site(orders[0].held_stack), span=Span(line, line)
        )
        report = HelgrindReport(
            title=self.head[self._head.start(1) - len("Thread #") : self._head.end()],
            thread=int(thread),
            wanted=HeldLock(
                locks[0].lock_class, instance=addresses[0], site=_site(orders[0].stack), span=Span(line, line)
            ),
            held=held,
            locks=locks,
            orders=orders,
            span=self.span,
        )
        missing = ("chain",) if any(item.inferred for item in report.cycle) and len(orders) > 1 else ()
        return replace(report, reading=self.reading(missing))

    def _locks(self, addresses: list[str]) -> tuple[ForeignLock, ...]:
        """Both locks of the title; by the name of their symbol if that tells them apart."""
        known = [self._names.get(_number(address), ("", "")) for address in addresses]
        symbols = [symbol for symbol, _ in known]
        apart = len(set(symbols)) == len(symbols)
        return tuple(
            ForeignLock(
                name=symbol if symbol and apart else address,
                address=address,
                label=place,
                stack=self._first[_number(address)].stack() if _number(address) in self._first else EMPTY_STACK,
            )
            for address, (symbol, place) in zip(addresses, known, strict=True)
        )

    def _order(self, part: str, locks: tuple[ForeignLock, ...]) -> ForeignOrder:
        names = {_number(lock.address): lock.name for lock in locks}
        held, wanted = (1, 0) if part == "observed" else (0, 1)
        blocks = self._orders[part]
        first = next((block for block in blocks if names.get(_number(block[0])) == locks[held].name), None)
        second = next((block for block in blocks if names.get(_number(block[0])) == locks[wanted].name), None)
        span = Span(blocks[0][2], blocks[-1][2])
        for block in blocks:
            span = span.joined(block[1].stack().span)
        return ForeignOrder(
            held=locks[held].name,
            wanted=locks[wanted].name,
            thread=f"Thread #{self._head[1]}" if part == "observed" and self._head else "",
            words=part,
            stack=second[1].stack() if second else EMPTY_STACK,
            held_stack=first[1].stack() if first else EMPTY_STACK,
            span=span,
        )


def _site(stack: StackTrace) -> Frame | None:
    return stack.frames[0] if stack.frames else None


def _number(address: str) -> str:
    """The same number in one spelling: titles print capitals, the lines about locks do not."""
    return address.lower()


def _xml_frame(fields: dict[str, str], span: Span) -> Frame:
    """A frame that came in parts; like the text it names the file, or else the library. A lost address is ``0x0``."""
    address = fields.get("ip", "")
    file, line = fields.get("file", ""), fields.get("line", "")
    return Frame(
        fields.get("fn", "???"),
        address=address if _compiled(r"0x[0-9A-Fa-f]{1,16}$").match(address) else "0x0",
        module="" if file else fields.get("obj", ""),
        file=file,
        line=int(line) if file and line.isascii() and line.isdecimal() and len(line) < _MOST_DIGITS else 0,
        span=span,
    )


def helgrind_frame(address: str, text: str, span: Span) -> Frame:
    """``function (file:line)`` or ``function (in /path/of/library)`` behind the address."""
    text = text[:1000]
    module = file = ""
    number = 0
    if match := _compiled(r"^(.*) \(in ([^()]{1,500})\)$").match(text):
        text, module = match.groups()
    elif match := _compiled(r"^(.*) \(([^()]{1,500}):(\d{1,9})\)$").match(text):
        text, file, number = match[1], match[2], int(match[3])
    return Frame(text, address=address, module=module, file=file, line=number, span=span)
