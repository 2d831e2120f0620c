"""Circular locking dependency reports.  Source: print_circular_bug, kernel/locking/lockdep.c."""

from __future__ import annotations

from dataclasses import replace

from lockview.model.locks import LockClass
from lockview.model.reports import ChainEntry, CircularReport, Reading
from lockview.model.stacks import EMPTY_STACK, Frame, StackTrace
from lockview.parsing.backtraces import Ident
from lockview.parsing.completeness import check, missing_parts
from lockview.parsing.held_lists import list_of_classes, of_class
from lockview.parsing.lines import Stream
from lockview.parsing.locks import lock_class
from lockview.parsing.scenarios import read_scenario
from lockview.parsing.sections import Part, ReportReader, Title
from lockview.parsing.tokens import Token, Word


class CircularReader(ReportReader):
    """Adds the chain to the shared parts."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self._entries: list[tuple[Token, list[Frame]]] = []
        self._chain_exists: tuple[LockClass, ...] = ()
        self._scenario_expected = True
        self.handlers[Word.ENTRY] = self._entry
        self.handlers[Word.CHAIN_EXISTS] = self._exists
        self.handlers[Word.DEPENDS] = self.between
        self.handlers[Word.CHAIN_HEAD] = self.between

    def _entry(self, token: Token) -> None:
        if self.operations or self.held_lists or self.backtrace.frames:
            self.finished = True  # the chain of another report, whose title is lost
            return
        if token.lock is None:
            return
        if self._entries and self._entries[-1][0].groups == token.groups and not self._entries[-1][1]:
            self._entries.pop()
        self._entries.append((token, []))
        self.part = Part.CHAIN

    def _exists(self, token: Token) -> None:
        names = [name.strip() for name in token.groups[0].split("-->")]
        self._chain_exists = tuple(lock_class(name) for name in names if name)
        self.part = Part.BETWEEN

    def take_frame(self, frame: Frame) -> bool:
        if self.part is Part.CHAIN:
            self._entries[-1][1].append(frame)
            return True
        return super().take_frame(frame)

    @property
    def has_body(self) -> bool:
        """An entry without marks and stack is a mention in prose, where no title stands above."""
        told = any(frames or (token.lock and token.lock.usage) for token, frames in self._entries)
        return super().has_body or told or (self.title is not None and bool(self._entries))

    def report(self) -> CircularReport:
        chain = tuple(self._chain_entry(token, frames) for token, frames in self._entries)
        classes = tuple(entry.lock_class for entry in chain)
        ident = self.ident if self.ident.kernel else self.backtrace.ident()
        held_locks = self.held_lists.of_task(self.task)
        first = self.stream.line(self.start)
        report = CircularReport(
            title=self.title.text if self.title else "",
            kernel=ident.kernel,
            build=ident.build,
            taint=ident.taint,
            task=self.task,
            wanted=self.wanted and of_class(self.wanted, classes),
            held=self.held and of_class(self.held, classes),
            scenario=read_scenario(self.stream, self.operations, self.crosslock, self.repairs),
            held_locks=held_locks and list_of_classes(held_locks, classes),
            backtrace=self.backtrace.backtrace(),
            span=self.span,
            chain=chain,
            chain_exists=self._chain_exists,
        )
        missing = missing_parts(report, prints_scenarios(report.title, ident))
        check(report, missing, self.repairs)
        reading = Reading(first.time, first.caller, missing, self.repairs.problems(report.span))
        return replace(report, reading=reading)

    def _chain_entry(self, token: Token, frames: list[Frame]) -> ChainEntry:
        span = self.stream.span(token.start, token.end)
        stack = EMPTY_STACK
        if frames:
            stack = StackTrace(tuple(frames), frames[0].span.joined(frames[-1].span))
            span = span.joined(stack.span)
        lock = token.lock
        assert lock
        return ChainEntry(int(token.groups[0]), lock_class(lock.name), lock.usage, lock.wait_types, stack, span)


def prints_scenarios(title: str, ident: Ident) -> bool:
    """Whether the kernel of a report prints a scenario: 3.0 and later do."""
    major = ident.kernel.partition(".")[0]
    return not (title.startswith("INFO:") and (major == "2" or not major.isdigit()))
