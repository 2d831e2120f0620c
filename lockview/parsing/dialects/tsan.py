"""ThreadSanitizer's lock order inversions.  Source: compiler-rt/lib/tsan/rtl/tsan_report.cpp."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from lockview.model.foreign_reports import ForeignLock, ForeignOrder, ForeignThread, TsanReport
from lockview.model.stacks import Frame
from lockview.model.text import Span
from lockview.parsing.dialects.reading import DialectReader, StackBuilder
from lockview.parsing.lines import LogLine, Stream
from lockview.parsing.sections import Title


class _Block(NamedTuple):
    """``Mutex M1 acquired here while holding mutex M0 in thread T1:`` and what follows it."""

    wanted: str
    held: str
    thread: str
    stack: StackBuilder
    held_stack: StackBuilder
    line: int


class _Thread(NamedTuple):
    name: str
    tid: int | None
    state: str
    creator: str
    stack: StackBuilder
    line: int


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_ACQUIRED = r"\s*Mutex (M\d{1,18}) acquired here while holding mutex (M\d{1,18})(?: in (.{1,200}))?:$"
_BEFORE = r"\s*Mutex (M\d{1,18}) previously acquired by the same thread here:$"
_CYCLE = r"\s*Cycle in lock order graph: (.+)$"
_MUTEX = r"\b(M\d{1,18})\b(?: \((0x[0-9a-fA-F]{1,16})\))?"
_CREATED = r"\s*Mutex (M\d{1,18}) (?:\(0x[0-9a-fA-F]{1,16}\) )?created at:$"
_THREAD = (
    r"\s*Thread (T\d{1,18}(?: '.{0,64}')?) \((?:tid=(\d{1,10}))?,? ?([a-z ]{0,20})\)"
    r"(?: is a GCD worker thread)?(?: created(?: by (.{1,100}?))?(?: at:)?)?$"
)
_FRAME = r"\s*#(\d{1,4}) (.+)$"


class TsanReader(DialectReader):
    """Reads the cycle, one block per order, and the threads."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self._locks: list[ForeignLock] = []
        self._blocks: list[_Block] = []
        self._threads: list[_Thread] = []
        self._created: dict[str, StackBuilder] = {}
        self._stack: StackBuilder | None = None
        self._begun = False

    def take_line(self, line: LogLine, text: str) -> bool:
        bare = text.strip()
        if not self._begun:
            self._begun = True
            return True
        if bare.startswith("#") and (match := _compiled(_FRAME).match(bare)):
            if self._stack is not None:
                self._stack.frames.append(tsan_frame(match[2], Span(line.number, line.number)))
            return self._stack is not None
        if bare.startswith("=====") or "WARNING: ThreadSanitizer:" in bare:
            self.finished = True
            return False
        if bare.startswith("SUMMARY: ThreadSanitizer:"):
            self.finished = True
            return True
        return self._section(line, bare)

    def _section(self, line: LogLine, bare: str) -> bool:
        if match := _compiled(_CYCLE).match(bare):
            span = Span(line.number, line.number)
            if not self._locks:
                self._locks = _cycle(match[1], span)
        elif match := _compiled(_ACQUIRED).match(bare):
            self._stack = StackBuilder()
            block = _Block(match[1], match[2], match[3] or "", self._stack, StackBuilder(), line.number)
            self._blocks.append(block)
        elif (match := _compiled(_BEFORE).match(bare)) and self._blocks:
            self._stack = self._blocks[-1].held_stack
        elif match := _compiled(_THREAD).match(bare):
            self._stack = StackBuilder()
            tid = int(match[2]) if match[2] else None
            self._threads.append(_Thread(match[1], tid, match[3] or "", match[4] or "", self._stack, line.number))
        elif match := _compiled(_CREATED).match(bare):
            self._stack = self._created.setdefault(match[1], StackBuilder())
        elif bare.startswith("[failed to restore") or bare.lower().startswith("hint:"):
            return True
        else:
            if bare.endswith(":") and line.text.startswith("  "):
                self._stack = None  # a section that says nothing about locks
            return False
        return True

    @property
    def has_body(self) -> bool:
        return len(self._locks) > 1 or bool(self._blocks)

    def report(self) -> TsanReport:
        orders = tuple(
            ForeignOrder(
                held=block.held,
                wanted=block.wanted,
                thread=block.thread,
                words="acquired here while holding",
                stack=block.stack.stack(),
                held_stack=block.held_stack.stack(),
                span=Span(block.line, block.line).joined(block.stack.stack().span),
            )
            for block in self._blocks
        )
        pid = re.search(r"\(pid=(\d{1,10})\)", self.head)
        locks = tuple(
            replace(lock, stack=self._created[lock.name].stack()) if lock.name in self._created else lock
            for lock in tuple(self._locks) or _ring(orders)
        )
        report = TsanReport(
            title="WARNING: ThreadSanitizer: lock-order-inversion (potential deadlock)",
            pid=int(pid[1]) if pid else None,
            locks=locks,
            orders=orders,
            threads=tuple(
                ForeignThread(
                    thread.name,
                    thread.tid,
                    thread.state,
                    thread.creator,
                    thread.stack.stack(),
                    Span(thread.line, thread.line),
                )
                for thread in self._threads
            ),
            span=self.span,
        )
        missing = ("chain",) if not report.cycle or any(item.inferred for item in report.cycle) else ()
        return replace(report, reading=self.reading(missing))


def _cycle(text: str, span: Span) -> list[ForeignLock]:
    """The mutexes up to the one that comes again; people who shorten a report may leave out the addresses."""
    found: dict[str, ForeignLock] = {}
    for part in text.split(" => "):
        mutex = _compiled(_MUTEX).match(part.strip())
        if mutex is None or mutex[1] in found:
            break
        found[mutex[1]] = ForeignLock(mutex[1], mutex[2] or "", span=span)
    return list(found.values())


def _ring(orders: tuple[ForeignOrder, ...]) -> tuple[ForeignLock, ...]:
    """The mutexes of a report that lost its cycle line: along the orders, as far as they join."""
    following = {order.held: order.wanted for order in orders}
    names = [orders[0].held] if orders else []
    while names and (after := following.get(names[-1])) is not None and after not in names:
        names.append(after)
    return tuple(ForeignLock(name) for name in names)


def tsan_frame(text: str, span: Span) -> Frame:
    """``function file:line:column (module+0xoffset) (BuildId: x)``; any part behind the function may be missing.

    Apple's symbolizer prints ``<null>:12345`` for a file that it does not know.
    """
    build_id = module = address = file = ""
    number = 0
    text = text[:1000].strip()
    if match := _compiled(r"^(.*) \(BuildId: ([0-9a-f]{1,64})\)$").match(text):
        text, build_id = match.groups()
    if match := _compiled(r"^(.*) \(([^()]{1,500})\+(0x[0-9a-f]{1,16})\)$").match(text):
        text, module, address = match.groups()
    head, blank, tail = text.rpartition(" ")
    if blank and _compiled(r"^<null>(?::\d{1,18}){0,2}$").match(tail):
        text = head
    elif blank and (match := _compiled(r"^(.+?):(\d{1,9})(?::\d{1,9})?$").match(tail)):
        text, file, number = head, match[1], int(match[2])
    return Frame(text, module=module, build_id=build_id, address=address, file=file, line=number, span=span)
