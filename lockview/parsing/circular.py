"""Circular locking dependency reports.  Source: print_circular_bug, kernel/locking/lockdep.c."""

from __future__ import annotations

from lockview.model.locks import LockClass
from lockview.model.reports import ChainEntry, CircularReport, Reading
from lockview.model.stacks import EMPTY_STACK, Frame, StackTrace
from lockview.model.text import Problem, Severity, Span
from lockview.parsing.lines import Stream
from lockview.parsing.locks import lock_class
from lockview.parsing.sections import Part, ReportReader, Title
from lockview.parsing.tokens import Token, Word


class CircularReader(ReportReader):
    """Adds the chain to the shared parts."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self.entries: list[tuple[Token, list[Frame]]] = []
        self.chain_exists: tuple[LockClass, ...] = ()
        self._on[Word.ENTRY] = self.on_entry
        self._on[Word.CHAIN_EXISTS] = self.on_chain_exists
        self._on[Word.DEPENDS] = self.on_plain_part
        self._on[Word.CHAIN_HEAD] = self.on_plain_part

    def on_entry(self, token: Token) -> None:
        if token.lock is None:
            return
        if self.entries and self.entries[-1][0].groups == token.groups and not self.entries[-1][1]:
            self.entries.pop()
        self.entries.append((token, []))
        self.part = Part.CHAIN

    def on_chain_exists(self, token: Token) -> None:
        names = [name.strip() for name in token.groups[0].split("-->")]
        self.chain_exists = tuple(lock_class(name) for name in names if name)
        self.part = Part.NONE

    def on_frame(self, frame: Frame, token: Token) -> None:
        if self.part is Part.CHAIN:
            self.entries[-1][1].append(frame)
            self.last = token.end
            self._note_break(token.start, token.end, token.word)
        else:
            super().on_frame(frame, token)

    def report(self) -> CircularReport:
        """The report of what was walked over."""
        chain = tuple(self._entry(token, frames) for token, frames in self.entries)
        scenario, held_locks, backtrace = self.scenario(), self.held_locks(), self.backtrace()
        first = self.stream.line(self.start)
        missing = tuple(
            name
            for name, there in (
                ("wanted", self.wanted is not None),
                ("held", self.held is not None),
                ("chain", bool(chain) and chain[-1].index == 0),
                ("scenario", bool(scenario)),
                ("held-locks", held_locks is not None),
                ("backtrace", backtrace is not None),
            )
            if not there
        )
        return CircularReport(
            title=self.title.text if self.title else "",
            kernel=self.kernel,
            build=self.build,
            taint=self.taint,
            task=self.task,
            wanted=self.wanted,
            held=self.held,
            scenario=scenario,
            held_locks=held_locks,
            backtrace=backtrace,
            reading=Reading(first.time, first.caller, missing, tuple(sorted(self.problems, key=lambda p: p.span))),
            span=Span(first.number, self.stream.span(self.start, self.last).last),
            chain=chain,
            chain_exists=self.chain_exists,
        )

    def _entry(self, token: Token, frames: list[Frame]) -> ChainEntry:
        span = self.stream.span(token.start, token.end)
        stack = EMPTY_STACK
        if frames:
            stack = StackTrace(tuple(frames), frames[0].span.joined(frames[-1].span))
            span = span.joined(stack.span)
        lock = token.lock
        assert lock
        return ChainEntry(int(token.groups[0]), lock_class(lock.name), lock.usage, lock.wait_types, stack, span)
