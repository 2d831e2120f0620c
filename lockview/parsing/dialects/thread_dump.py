"""Dumps of all threads of the Java machine that name no deadlock themselves.  Source: ``print_info_on`` of OpenJDK.

What each thread has locked and waits for tells who waits for whom; only a circle of waiting threads is a report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from lockview.model.foreign_reports import JavaDeadlockReport, JavaThread
from lockview.model.text import Span
from lockview.parsing.dialects.jstack import frame_words, java_frame, java_state
from lockview.parsing.dialects.reading import DialectReader, StackBuilder
from lockview.parsing.lines import LogLine, Stream
from lockview.parsing.sections import Title

_NAMED = "Found one Java-level deadlock"
_LONGEST = 200_000
"""Longer dumps must have an end, in characters."""
_LAST = ("JNI global ref", "Heap$")


@dataclass(slots=True)
class _Thread:
    name: str
    number: str
    line: int
    last: int
    wanted: str = ""
    wanted_class: str = ""
    waiting: str = ""
    held: list[str] = field(default_factory=list)
    given_up: set[str] = field(default_factory=set)
    stack: StackBuilder = field(default_factory=StackBuilder)
    owned: bool = False


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_HEAD = r'"(.{0,300})"(?: #(\d{1,9}))?(?: [^"]{0,300})?\b(?:prio|tid|nid|cpu)='
_OWNED = r"- <(0x[0-9a-fA-F]{1,16})>"


class ThreadDumpReader(DialectReader):
    """Reads every thread of a dump, and then looks for a circle."""

    max_lines = 200_000

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        if title:
            self.head = title.text
        self._begun = False
        self._threads: list[_Thread] = []

    def take_line(self, line: LogLine, text: str) -> bool | None:
        bare = text.strip()
        if not self._begun:
            self._begun = True
            return True
        if not bare:
            return None
        if bare.startswith('"') and (match := _compiled(_HEAD).match(bare)):
            self._threads.append(_Thread(match[1], match[2] or "", line.number, line.number))
            return True
        if not self._threads:
            return None
        if bare.startswith(_LAST):
            self.finished = True
            return True
        return self._detail(self._threads[-1], line, bare)

    def _detail(self, thread: _Thread, line: LogLine, bare: str) -> bool:
        if match := frame_words(bare):
            thread.stack.frames.append(java_frame(match[1], match[2], Span(line.number, line.number)))
        elif state := java_state(bare):
            _take(thread, *state)
        elif bare.startswith("Locked ownable synchronizers"):
            thread.owned = True
        elif thread.owned and (match := _compiled(_OWNED).match(bare)):
            thread.held.append(match[1])
        else:
            return bare.startswith(("java.lang.Thread.State:", "- ", "No compile task", "Compiling:", "Carrying "))
        thread.last = line.number
        return True

    @property
    def has_body(self) -> bool:
        return not self._named and not self._cut and bool(_stuck(self._holders()))

    @property
    def miss(self) -> str:
        if self._named:
            return ""
        if self._cut:
            return "the dump is too long to be searched for threads that wait for each other"
        return "no threads of this dump wait for each other in a circle" if self._threads else super().miss

    @property
    def _named(self) -> bool:
        """Whether the machine names the circle itself, behind the threads."""
        return self.stream.flat.startswith(_NAMED, self.limit)

    @property
    def _cut(self) -> bool:
        """Whether the dump goes on behind what was read of a large source; the machine may name the circle there."""
        return not self.finished and self.limit == len(self.stream.flat) and self.limit - self.start > _LONGEST

    def _holders(self) -> dict[int, int]:
        """The places of threads that wait, and of the threads that hold what they wait for."""
        held_by = {lock: place for place, thread in enumerate(self._threads) for lock in thread.held}
        return {
            place: held_by[thread.wanted]
            for place, thread in enumerate(self._threads)
            if held_by.get(thread.wanted, place) != place
        }

    def report(self) -> JavaDeadlockReport:
        names = list(_distinct(self._threads))
        holders = self._holders()
        threads = tuple(self._thread(place, names, holders) for place in _stuck(holders))
        report = JavaDeadlockReport(title=self.head, threads=threads, computed=True, span=self.span)
        missing = ("backtrace",) if any(not thread.stack.frames for thread in threads) else ()
        return replace(report, reading=self.reading(missing))

    def _thread(self, number: int, names: list[str], holders: dict[int, int]) -> JavaThread:
        thread = self._threads[number]
        return JavaThread(
            name=names[number],
            wanted=thread.wanted,
            wanted_class=thread.wanted_class,
            holder=names[holders[number]],
            held=tuple(dict.fromkeys(thread.held)),
            waiting=thread.waiting,
            stack=thread.stack.stack(),
            span=Span(thread.line, thread.last),
        )


def _take(thread: _Thread, words: str, lock: str, kind: str) -> None:
    """An object that a thread waits on, in ``Object.wait()``, is listed below as locked, but is not held meanwhile."""
    if words == "locked":
        if lock not in thread.given_up and lock != thread.wanted:
            thread.held.append(lock)
    elif words == "waiting on":
        thread.given_up.add(lock)
    elif not thread.wanted:
        thread.wanted, thread.wanted_class, thread.waiting = lock, kind, words


def _distinct(threads: list[_Thread]) -> Iterator[str]:
    """Names of threads; where several have one name, with their numbers."""
    count: dict[str, int] = {}
    for thread in threads:
        count[thread.name] = count.get(thread.name, 0) + 1
    taken = {name for name, threads_of_it in count.items() if threads_of_it == 1}
    for place, thread in enumerate(threads):
        name = thread.name
        if count[name] > 1:
            name = f"{name} #{thread.number or place}"
            while name in taken:
                name = f"{name} #{place}"
            taken.add(name)
        yield name


def _stuck(holders: dict[int, int]) -> list[int]:
    """The threads of the first circle, and those that wait, directly or not, for one of them; in the order printed."""
    state: dict[int, bool] = {}
    circle: set[int] = set()
    for start in holders:
        path: dict[int, None] = {}
        thread: int | None = start
        while thread is not None and thread not in state and thread not in path:
            path[thread] = None
            thread = holders.get(thread)
        if not circle and thread is not None and thread in path:
            order = list(path)
            circle = set(order[order.index(thread) :])
        stuck = (thread is not None and state.get(thread, False)) or bool(circle & path.keys())
        state.update(dict.fromkeys(path, stuck))
    return [number for number in sorted(holders) if state.get(number)]
