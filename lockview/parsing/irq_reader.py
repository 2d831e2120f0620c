"""The parts that reports about usage states share: irq context, irq events, class blocks, and stacks of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lockview.model.irq_reports import ClassMention
from lockview.model.locks import LockClass
from lockview.model.reports import Reading, Report, ScenarioStep, Task
from lockview.model.stacks import Frame
from lockview.model.text import Span
from lockview.model.usages import IrqContext, IrqEvent
from lockview.parsing.circular import prints_scenarios
from lockview.parsing.class_blocks import ClassBlocks
from lockview.parsing.completeness import check_held
from lockview.parsing.held_lists import list_of_classes, of_class
from lockview.parsing.irq_words import Own, irq_word
from lockview.parsing.lines import Stream
from lockview.parsing.locks import LockText, lock_class
from lockview.parsing.scenarios import read_scenario
from lockview.parsing.sections import Part, ReportReader, Title
from lockview.parsing.tokens import Token, Word

_PARTS = {
    "wanted": "the lock that the task wants",
    "changed": "the lock whose state changed",
    "held": "the lock that the task holds",
    "other": "the lock of the other sort",
    "states": "the sentence about the inconsistent states",
    "registered": "the stack of the older state",
    "safe": "the safe lock and the stack where it became so",
    "unsafe": "the unsafe lock and the stack where it became so",
    "scenario": "the scenario",
    "held-locks": "the list of held locks",
    "dependencies": "the class blocks between the locks",
    "backtrace": "the stack backtrace",
}


def mention(lock: LockText) -> ClassMention:
    """The model value of a class with its marks."""
    return ClassMention(lock_class(lock.name), lock.usage, lock.wait_types)


class IrqReader(ReportReader):
    """Adds the words of usage states to the shared parts; a family adds the sentences that are its own."""

    own_words = staticmethod(irq_word)

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self.context: IrqContext | None = None
        self.event_stamp: int | None = None
        self.events: list[IrqEvent] = []
        self.frames: list[Frame] | None = None
        """Where the frames of the stack that is being read belong; it holds while the part is CHAIN."""
        self.blocks = ClassBlocks(stream, False)
        self.expect_lock: Callable[[LockText], None] | None = None
        self.handlers[Word.OWN] = self._own
        self.handlers[Word.CHAIN_EXISTS] = self._exists
        self.chain_exists: tuple[LockClass, ...] = ()
        self.own: dict[str, Callable[[Token], None]] = {
            Own.WANTS: self._in_context,
            Own.STAMP: self._stamp,
            Own.EVENT: self._event,
            Own.STATE: self._state,
            Own.CLOSE: self.no_stack,
            Own.KEY: self._key,
            Own.ACQUIRED: self._acquired,
            Own.ARROW: self.arrow,
            Own.SCENARIO: self._scenario,
        }

    def _own(self, token: Token) -> None:
        handler = self.own.get(token.groups[0])
        if handler:
            handler(token)

    # -- sentences ------------------------------------------------------------------------------------------------

    def _in_context(self, token: Token) -> None:
        comm, pid, *numbers = token.groups[1:]
        if self.task is None:
            self.task = Task(comm, int(pid))
            self.context = IrqContext(*map(int, numbers)) if numbers else None
        self.part = Part.WANTED

    def _lock(self, token: Token) -> None:
        expected, self.expect_lock = self.expect_lock, None
        if expected and token.lock:
            expected(token.lock)
            return
        super()._lock(token)

    def _exists(self, token: Token) -> None:
        names = [name.strip() for name in token.groups[0].split("-->")]
        self.chain_exists = tuple(lock_class(name) for name in names if name)
        self.part = Part.BETWEEN

    def _stamp(self, token: Token) -> None:
        self.event_stamp = int(token.groups[1])
        self.part = Part.BETWEEN

    def _event(self, token: Token) -> None:
        self.part = Part.BETWEEN
        span = self.stream.span(token.start, token.end)
        event = IrqEvent(token.groups[1], int(token.groups[2]), None, span)
        self.events.append(event)

        def at(frame: Frame) -> None:
            if span.last != frame.span.last:
                self.repairs.rejoined(span.joined(frame.span))
            self.events[-1] = IrqEvent(event.what, event.number, frame, span.joined(frame.span))

        self._site_for, self._site_from = at, token.end

    # -- class blocks ---------------------------------------------------------------------------------------------

    def begin_blocks(self, tree: bool) -> ClassBlocks:
        """Begin a section of class blocks."""
        self.blocks = ClassBlocks(self.stream, tree)
        self.no_stack()
        return self.blocks

    def no_stack(self, token: Token | None = None) -> None:  # noqa: ARG002 - a handler
        """What ends a stack of the report's own."""
        self.part, self.frames = Part.CHAIN, None

    def stack(self, frames: list[Frame]) -> None:
        """The frames that follow belong into a list."""
        self.part, self.frames = Part.CHAIN, frames

    def arrow(self, token: Token) -> None:
        """An arrow before a class opens a class block."""
        if token.lock:
            self.blocks.begin(token)
            self.no_stack()

    def _state(self, token: Token) -> None:
        self.stack(self.blocks.state(token))

    def _key(self, token: Token) -> None:
        self.no_stack()
        self._site_for, self._site_from = self.blocks.key, token.end

    def _acquired(self, token: Token) -> None:
        self.stack(self.blocks.acquired(token))

    def take_frame(self, frame: Frame) -> bool:
        if self.part is Part.CHAIN and self.frames is not None:
            self.frames.append(frame)
            return True
        return super().take_frame(frame)

    # -- results --------------------------------------------------------------------------------------------------

    def steps(self) -> tuple[ScenarioStep, ...]:
        """The printed scenario; the one of two CPUs."""
        return read_scenario(self.stream, self.operations, False, self.repairs)

    def shared(self, classes: Iterable[LockClass]) -> dict[str, Any]:
        """The arguments for the parts that all reports have; ``classes`` are those named without an instance."""
        known = tuple(dict.fromkeys(classes))
        ident = self.ident if self.ident.kernel else self.backtrace.ident()
        held_locks = self.held_lists.of_task(self.task)
        return {
            "title": self.title.text if self.title else "",
            "kernel": ident.kernel,
            "build": ident.build,
            "taint": ident.taint,
            "task": self.task,
            "wanted": self.wanted and of_class(self.wanted, known),
            "held": self.held and of_class(self.held, known),
            "scenario": self.steps(),
            "held_locks": held_locks and list_of_classes(held_locks, known),
            "backtrace": self.backtrace.backtrace(),
            "span": self.span,
        }

    def reading(self, report: Report, parts: dict[str, tuple[bool, Span]]) -> Reading:
        """How the report came out. ``parts`` tells for each part whether it is there, and where it is or would be."""
        ident = self.ident if self.ident.kernel else self.backtrace.ident()
        scenario = report.scenario[0].span.joined(report.scenario[-1].span) if report.scenario else Span(0, 0)
        expected = prints_scenarios(report.title, ident)
        parts["scenario"] = bool(report.scenario) or not expected, scenario
        parts["held-locks"] = report.held_locks is not None, report.held_locks.span if report.held_locks else Span(0, 0)
        if "dependencies" in parts:
            parts["dependencies"] = parts.pop("dependencies")
        parts["backtrace"] = report.backtrace is not None, Span(0, 0)
        last = report.span.first
        missing = []
        for part, (found, span) in parts.items():
            if not found:
                missing.append(part)
                message = f"line {last}: {_PARTS[part]} should follow this line, but is missing"
                self.repairs.warn(f"{part}-missing", message, Span(last, last))
            last = max(last, span.last)
        check_held(report.held_locks, self.repairs)
        first = self.stream.line(self.start)
        return Reading(first.time, first.caller, tuple(missing), self.repairs.problems(report.span))
