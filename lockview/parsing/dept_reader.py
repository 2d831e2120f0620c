"""Circular dependencies that DEPT found.  Source: print_circle and what it calls, kernel/dependency/dept.c."""

from __future__ import annotations

from typing import NamedTuple

from lockview.model.dept_reports import DeptContext, DeptInterrupt, DeptPoint, DeptReport
from lockview.model.locks import LockClass
from lockview.model.reports import Report, ReportKind
from lockview.model.stacks import EMPTY_STACK, Frame, StackTrace
from lockview.model.text import NOWHERE, Span
from lockview.parsing.frames import frame_at
from lockview.parsing.lines import Stream
from lockview.parsing.sections import Part, Title
from lockview.parsing.task_reader import Phrase, TaskReader, compiled, phrase_words
from lockview.parsing.tokens import Token, Word
from lockview.parsing.validator import ValidatorReader

_IRQ = r"(softirq|hardirq|\(unknown\))"
_POINT = (
    r"\[([SWE])\] (\([a-z ]{1,40}\)|[^\s()]{1,200})\((.{1,400}?):(\d{1,5})\)"
    rf"(?: in {_IRQ} context)?(:?)(?= |$)"
)
_words = phrase_words(
    Phrase("point", "] ", _POINT),
    Phrase(
        "legend", "]: ", r"\[(?:S\]: start of the event context|W\]: the wait blocked|E\]: the event not reachable)"
    ),
    Phrase("detail", "'s detail", r"context (\S)'s detail(?= |$)"),
    Phrase("context", "context ", r"context (\S)(?= \[S\]|$)"),
    Phrase("verdict", "DEADLOCK", r"(\*\*\* (?:AA )?DEADLOCK \*\*\*)"),
    Phrase("verdict", "DEADLOCK", r"(NOT A DEADLOCK BUT A CIRCULAR DEPENDENCY)(?: CHECK IF THE TIMEOUT IS INTENDED)?"),
    Phrase("inside", " interrupt>", rf"<{_IRQ} interrupt>"),
    Phrase("timeout", ">8 timeout", r"-{5,40} >8 timeout -{5,40}"),
    Phrase("enabled", " has been enabled:", rf"{_IRQ} has been enabled:"),
    Phrase("stacktrace", "stacktrace:", r"stacktrace:(?= |$)"),
    Phrase("filling", "summary", r"summary(?= -{5}|$)"),
    Phrase("or", "or", r"or(?= \[S\])"),
    Phrase("filling", "(N/A)", r"\(N/A\)"),
    Phrase("filling", "stack", r"stack(?: is NULL|->nr is 0| ref is -?\d{1,10})\."),
    Phrase("help", "information that might be helpful", r"information that might be helpful"),
)
_ORDER = "SWE"
_MARK = r" \[[SWE]\] "
_LONGEST_FRAME = 700


def _dept_words(stream: Stream, start: int, end: int) -> Token | None:
    """A word of DEPT, or a frame right before a mark, which looks like the module of that frame."""
    token = _words(stream, start, end)
    if token is None:
        mark = compiled(_MARK).search(stream.flat, start, min(end, start + _LONGEST_FRAME))
        read = frame_at(stream, start, mark.start()) if mark else None
        if read:
            return Token(Word.FRAME, start, read.end, frame=read.frame)
    return token


class _Place:
    """The address and the frames under one heading of a context's detail."""

    def __init__(self) -> None:
        self.at: Frame | None = None
        self.frames: list[Frame] = []
        self.in_stack = False

    def add(self, frame: Frame) -> bool:
        """Take a frame; False when it begins the part of another heading, which is lost: stacks have no addresses."""
        if self.in_stack:
            if frame.address and self.frames and not self.frames[0].address:
                return False
            self.frames.append(frame)
        elif self.at is None:
            self.at = frame
        else:  # the word between the address and the stack is lost
            self.in_stack = True
            self.frames.append(frame)
        return True

    @property
    def stack(self) -> StackTrace:
        if not self.frames:
            return EMPTY_STACK
        return StackTrace(tuple(self.frames), self.frames[0].span.joined(self.frames[-1].span))


class _Heading(NamedTuple):
    function: str
    lock_class: LockClass
    span: Span


class _Context:
    """A context in the making."""

    def __init__(self, letter: str) -> None:
        self.letter = letter
        self.headings: dict[str, _Heading] = {}
        self.places: dict[str, _Place] = {}
        self.enabled: dict[str, _Place] = {}
        self.waits: dict[str, _Place] = {}
        self.timeout = False
        self.span = NOWHERE
        self.detailed = False

    def value(self) -> DeptContext:
        interrupts = (
            DeptInterrupt(name, on.at, on.stack, wait.at, wait.stack, on.at.span if on.at else self.span)
            for name, on in self.enabled.items()
            for wait in [self.waits.get(name, _Place())]
        )
        start, wait, event = (self._point(mark) for mark in "SWE")
        return DeptContext(self.letter, start, wait, event, tuple(interrupts), self.timeout, self.span)

    def _point(self, mark: str) -> DeptPoint | None:
        heading = self.headings.get(mark)
        if heading is None:
            return None
        place = self.places.get(mark, _Place())
        return DeptPoint(heading.function, heading.lock_class, place.at, place.stack, heading.span)


class DeptReader(TaskReader):
    """Reads the summary and then the details of all contexts; either may be cut off."""

    always = ("backtrace",)
    own_words = staticmethod(_dept_words)

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self._verdict = ""
        self._contexts: dict[str, _Context] = {}
        self._context: _Context | None = None
        self._place: _Place | None = None
        self._step = -1
        self._in_detail = False
        self.said = {
            "point": self._point,
            "detail": self._detail,
            "context": self._begin,
            "verdict": self._take_verdict,
            "inside": self._inside,
            "timeout": self._timeout,
            "enabled": self._enabled,
            "stacktrace": self._stacktrace,
            "legend": self._filling,
            "filling": self._filling,
            "or": self._or,
            "help": self._help,
        }

    def _filling(self, token: Token) -> None:  # noqa: ARG002 - a handler
        """Words without content of their own."""
        if self.part is Part.FOREIGN:
            self.part = Part.BETWEEN

    def _or(self, token: Token) -> None:  # noqa: ARG002 - a handler
        self._step = -1

    def _take_verdict(self, token: Token) -> None:
        self._verdict = self._verdict or token.groups[1]
        self.part = Part.BETWEEN

    def _begin(self, token: Token) -> None:
        letter = token.groups[1]
        self._context = self._contexts.setdefault(letter, _Context(letter))
        self._place = None
        self._step, self._in_detail = -1, False
        self.part = Part.BETWEEN
        if not self._context.detailed:
            self._context.span = self.stream.span(token.start, token.end)

    def _detail(self, token: Token) -> None:
        self._begin(token)
        if self._context:
            self._context.detailed = True
            self._context.span = self.stream.span(token.start, token.end)

    def _point(self, token: Token) -> None:
        _, mark, function, name, subclass, interrupt, colon = token.groups
        self.part = Part.BETWEEN
        self._place = None
        context = self._in_order(mark, detail=bool(colon))
        if context is None:
            return
        span = self.stream.span(token.start, token.end)
        context.headings.setdefault(mark, _Heading(function, LockClass(name, 1, int(subclass)), span))
        context.span = context.span.joined(span)
        if colon:
            context.detailed = True
            places, key = (context.waits, interrupt) if interrupt else (context.places, mark)
            # With two interrupts the start and the event are printed twice.
            self._place = places.setdefault(key, _Place()) if key not in places else _Place()

    def _in_order(self, mark: str, *, detail: bool) -> _Context | None:
        """The context of a mark; None when marks come twice: the words that name the next context are lost."""
        if detail and not self._in_detail:
            self._step, self._in_detail = -1, True
        step = _ORDER.index(mark)
        if step <= self._step or (self._in_detail and not detail):
            self._context = None
        self._step = step
        return self._context

    def _inside(self, token: Token) -> None:
        if self._context:
            self._context.enabled.setdefault(token.groups[1], _Place())

    def _timeout(self, token: Token) -> None:  # noqa: ARG002 - a handler
        if self._context:
            self._context.timeout = True

    def _enabled(self, token: Token) -> None:
        self.part = Part.BETWEEN
        if self._context:
            self._place = self._context.enabled.setdefault(token.groups[1], _Place())
            self._step, self._in_detail = -1, True

    def _stacktrace(self, token: Token) -> None:  # noqa: ARG002 - a handler
        if self._place and self._place.in_stack:
            self._place = None  # the heading of this stack is lost
        if self._place:
            self._place.in_stack = True
            self.part = Part.BETWEEN

    def _help(self, token: Token) -> None:  # noqa: ARG002 - a handler
        self._place = None
        self.part = Part.BACKTRACE

    def _enters_backtrace(self, token: Token) -> bool:
        """The words above the backtrace may be lost."""
        if self._contexts and not self.backtrace.frames:
            self._place = None
            self.part = Part.BACKTRACE
        return super()._enters_backtrace(token)

    def take_frame(self, frame: Frame) -> bool:
        if self._place is None or self.part is Part.FOREIGN:
            return super().take_frame(frame)
        if not self._place.add(frame):
            self._place = None
            return False
        if self._context:
            self._context.span = self._context.span.joined(frame.span)
        return True

    @property
    def has_body(self) -> bool:
        return any(context.headings for context in self._contexts.values())

    def report(self) -> Report:
        contexts = tuple(context.value() for context in self._contexts.values() if context.headings)
        self.task = self.task_of_parts()
        report = DeptReport(**self.common(), verdict=self._verdict, contexts=contexts)
        span = Span(report.span.last, report.span.last)
        plain = [context.letter for context in self._contexts.values() if context.headings and not context.detailed]
        lacking = []
        if not report.closes:
            lacking.append(("chain", "the contexts named so far close no circle; at least one is missing"))
        if plain:
            lacking.append(("detail", f"the stacks of context {', '.join(plain)} should follow, but are missing"))
        for part, message in lacking:
            self.repairs.warn(f"{part}-missing", f"line {span.last}: {message}", span)
        if not lacking:
            return report
        from dataclasses import replace

        missing = (*(part for part, _ in lacking), *report.reading.missing)
        reading = replace(report.reading, missing=missing, problems=self.repairs.problems(report.span))
        return replace(report, reading=reading)


_sentences = phrase_words(
    Phrase("sentence", "might still work if", r"(D(?:EPT|ept) might still work if the resources get freed\.)"),
    Phrase("sentence", "However, the chances", r"(However, the chances are D(?:EPT|ept) will suffer from)"),
    Phrase("sentence", "the lack from now", r"(the lack from now\. Needs to extend the internal)"),
    Phrase("sentence", "resource pools.", r"(resource pools\.) Ask \S{3,60}"),
)


def _limit_words(stream: Stream, start: int, end: int) -> Token | None:
    return _sentences(stream, start, end)


class DeptLimitReader(ValidatorReader):
    """``DEPT_INFO_ONCE: ... internal resources are run out.``: DEPT goes on with fewer of them."""

    group = ReportKind.LIMIT
    always = ()
    own_words = staticmethod(_limit_words)
