"""Deadlocks in thread dumps of the Java machine.  Source: ``DeadlockCycle::print_on_with`` of OpenJDK."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache

from lockview.model.foreign_reports import JavaDeadlockReport, JavaThread
from lockview.model.stacks import Frame
from lockview.model.text import Span
from lockview.parsing.dialects.reading import DialectReader, StackBuilder
from lockview.parsing.lines import LogLine, Stream
from lockview.parsing.sections import Title


@dataclass(slots=True)
class _Thread:
    name: str
    line: int
    last: int
    waiting: str = ""
    wanted: str = ""
    wanted_class: str = ""
    holder: str | None = None
    held: list[str] = field(default_factory=list)
    stack: StackBuilder = field(default_factory=StackBuilder)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_HEX = r"0x[0-9a-fA-F]{1,16}"
_MONITOR = rf"(waiting to (?:re-)?lock .{{0,40}}?monitor|waiting for ownable synchronizer) ?({_HEX})?(.{{0,400}})$"
_OBJECT = rf"object ({_HEX}), an? ([^,\s()]{{1,300}})"
_SYNCHRONIZER = r", \(an? ([^,\s()]{1,300})\)"
_HELD_BY = r'(?:in JNI, )?which is held by "(.*)"$'
_UNKNOWN = "which is held by UNKNOWN_owner_addr="
_FRAME = r"at ([^\s(]{1,500})\((.{0,300})\)$"
_STATE = (
    rf"- (waiting to (?:re-)?lock(?: in wait\(\))?|locked|parking to wait for|waiting on) {{1,2}}<({_HEX})>"
    r"(?: \(an? ([^()]{1,300})\))?$"
)
_NEXT = "Java stack information for the threads listed above"
_LAST = r"Found \d{1,6} deadlocks?\.$"


class JstackReader(DialectReader):
    """Reads who waits for what, and then the stacks of the same threads."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self._begun = self._stacks = False
        self._threads: dict[str, _Thread] = {}
        self._thread: _Thread | None = None

    def take_line(self, line: LogLine, text: str) -> bool:
        bare = text.strip()
        if not self._begun:
            self._begun = True
            return True
        if bare.startswith(_NEXT):
            self._stacks, self._thread = True, None
            return True
        if bare.startswith("===="):
            return True
        if _compiled(_LAST).match(bare):
            self.finished = True
            return True
        if bare.startswith('"') and bare.endswith('":'):
            return self._enter(bare[1:-2], line.number)
        if bare.startswith('"'):
            self.finished = True  # the next thread dump
            return False
        return self._thread is not None and self._detail(self._thread, line, bare)

    def _enter(self, name: str, line: int) -> bool:
        self._thread = self._threads.get(name)
        if self._thread is None:
            self._thread = self._threads[name] = _Thread(name, line, line)
        return True

    def _detail(self, thread: _Thread, line: LogLine, bare: str) -> bool:
        if not self._stacks:
            thread.last = line.number
        if match := _compiled(_HELD_BY).match(bare):
            thread.holder = match[1]
        elif match := _compiled(_MONITOR).match(bare):
            thread.waiting = match[1]
            about = _compiled(_OBJECT).search(match[3])
            synchronizer = _compiled(_SYNCHRONIZER).match(match[3])
            thread.wanted = about[1] if about else match[2] or ""
            thread.wanted_class = about[2] if about else synchronizer[1] if synchronizer else ""
        elif match := frame_words(bare):
            thread.stack.frames.append(java_frame(match[1], match[2], Span(line.number, line.number)))
        elif state := java_state(bare):
            self._state(thread, *state)
        else:
            return bare.startswith(("- ", _UNKNOWN, f"in JNI, {_UNKNOWN}"))
        return True

    def _state(self, thread: _Thread, words: str, lock: str, kind: str) -> None:
        if words == "locked":
            if lock not in thread.held:
                thread.held.append(lock)
        elif words != "waiting on" and not thread.wanted:
            thread.wanted, thread.wanted_class, thread.waiting = lock, kind, words

    @property
    def has_body(self) -> bool:
        return any(thread.wanted or thread.holder is not None for thread in self._threads.values())

    def report(self) -> JavaDeadlockReport:
        threads = tuple(
            JavaThread(
                name=thread.name,
                wanted=thread.wanted,
                wanted_class=thread.wanted_class,
                holder=thread.holder,
                held=tuple(thread.held),
                waiting=thread.waiting,
                stack=thread.stack.stack(),
                span=Span(thread.line, thread.last),
            )
            for thread in self._threads.values()
        )
        report = JavaDeadlockReport(title="Found one Java-level deadlock:", threads=threads, span=self.span)
        missing = (("backtrace",) if any(not thread.stack.frames for thread in threads) else ()) + (
            ("chain",) if not report.deadlocked else ()
        )
        return replace(report, reading=self.reading(missing))


def java_state(bare: str) -> tuple[str, str, str] | None:
    """The words, the object and its class of ``- locked <0x1> (a X)``, which stands under a frame."""
    match = _compiled(_STATE).match(bare) if bare.startswith("- ") else None
    return (match[1], match[2], match[3] or "") if match else None


def frame_words(bare: str) -> re.Match[str] | None:
    """The function and the place of ``at pkg.Class.method(File.java:12)``."""
    return _compiled(_FRAME).match(bare) if bare.startswith("at ") else None


def java_frame(function: str, place: str, span: Span) -> Frame:
    """``at pkg.Class.method(File.java:12)``; the place may be ``Native Method`` or ``Unknown Source``."""
    loader, slash, name = function.rpartition("/")
    if name.startswith("0x"):  # a class that was made at run time: DL$$Lambda/0x00007f9860000a08.run
        loader, slash, name = "", "", function
    file, colon, digits = place.rpartition(":")
    if colon and digits.isascii() and digits.isdigit() and len(digits) < 10:
        return Frame(name, module=loader if slash else "", file=file, line=int(digits), span=span)
    return Frame(name, module=loader if slash else "", file=place if place.endswith(".java") else "", span=span)
