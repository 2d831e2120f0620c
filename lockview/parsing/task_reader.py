"""Reports about one task and its locks: a sentence of their own, a list of held locks, a backtrace."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from lockview.model.reports import Reading, Task
from lockview.model.text import Span
from lockview.parsing.completeness import check_held
from lockview.parsing.lines import Stream
from lockview.parsing.sections import Part, ReportReader, Title
from lockview.parsing.tokens import OwnWords, Token, Word

_WHAT = {
    "wanted": "the line of the lock that it speaks of",
    "held-locks": "the list of held locks",
    "backtrace": "the stack backtrace",
    "held": "the name of the lock that should be held",
}
_HINT_WITHIN = 130
_LINES_ABOVE = 4
TASK = r"((?:(?!---|===).){1,64}?)/(\d{1,10})"
"""A task at the start of a sentence; the fence above it is no part of its name."""


class Phrase(NamedTuple):
    """A sentence of one family. ``hint`` is literal text near its start, looked for before ``pattern`` is tried."""

    name: str
    hint: str
    pattern: str


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled on its first use."""
    return re.compile(pattern)


def phrase_words(*phrases: Phrase) -> OwnWords:
    """What reads the phrases of a family; the name of the phrase is the first group of its token."""

    def read(stream: Stream, start: int, end: int) -> Token | None:
        near = stream.flat[start : min(start + _HINT_WITHIN, end)]
        for name, hint, pattern in phrases:
            if hint in near:
                match = compiled(pattern).match(stream.flat, start, end)
                if match and (not pattern.startswith(TASK) or match.end(1) < stream.line_end(start)):
                    groups = (name, *(group or "" for group in match.groups()))
                    return Token(Word.OWN, start, match.end(), groups)
        return None

    return read


class TaskReader(ReportReader):
    """Hands each phrase to the method that ``said`` names for it.

    ``always`` are the parts that a whole report has: those of ``Reading.missing``.
    """

    always: tuple[str, ...] = ("held-locks", "backtrace")
    first_words = ""
    """The words that name the task; a report without title is read from the line on that holds them."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        if title is None:
            start = _line_of(stream, start, self.first_words)
        super().__init__(stream, title, start, end)
        self.said: dict[str, Callable[[Token], None]] = {}
        self.handlers[Word.OWN] = self._own

    def _own(self, token: Token) -> None:
        handler = self.said.get(token.groups[0])
        if handler:
            handler(token)
        else:
            self._other(token)

    def name_task(self, token: Token) -> None:
        """A phrase that begins with ``comm/pid``."""
        if self.task is None:
            self.task = Task(token.groups[1], int(token.groups[2]))
        self.part = Part.BETWEEN

    def expect_lock(self, token: Token) -> None:
        """A phrase that begins with ``comm/pid`` and is followed by a lock."""
        self.name_task(token)
        self.part = Part.WANTED

    def grow_title(self, before: str, after: str) -> tuple[str, ...]:
        """Lengthen the title by the text that matches around it in its line; returns the groups of the match."""
        if self.title is None:
            return ()
        text, start, end = self.stream.flat, self.title.start, self.title.end
        groups: tuple[str, ...] = ()
        if before:
            front = max(start - 110, 0)
            found = compiled(f"{before}$").search(text, front, start)
            if found:
                start, groups = found.start(), found.groups()
        if after:
            found = compiled(after).match(text, end, self.limit)
            if found:
                end, groups = found.end(), found.groups()
        self.start, self.last, self.walked = start, end, end
        self.title = Title(text[start:end].removeprefix("[").removesuffix(" ]").strip(), start, end)
        return groups

    def there(self) -> dict[str, bool]:
        """Which of the parts that such a report has were found."""
        return {
            "wanted": self.wanted is not None,
            "held-locks": bool(self.held_lists) or self.lockdep_off,
            "backtrace": bool(self.backtrace.frames),
        }

    def common(self) -> dict[str, Any]:
        """The values of the fields that all reports share."""
        ident = self.ident if self.ident.kernel else self.backtrace.ident()
        first, span = self.stream.line(self.start), self.span
        there = self.there()
        missing = tuple(part for part in self.always if not there[part])
        last = Span(span.last, span.last)
        for part in missing:
            message = f"line {span.last}: {_WHAT[part]} should follow, but is missing"
            self.repairs.warn(f"{part}-missing", message, last)
        held = self.held_lists.of_task(self.task)
        check_held(held, self.repairs)
        return {
            "title": self.title.text if self.title else "",
            "kernel": ident.kernel,
            "build": ident.build,
            "taint": ident.taint,
            "task": self.task,
            "wanted": self.wanted,
            "held_locks": held,
            "backtrace": self.backtrace.backtrace(),
            "span": span,
            "reading": Reading(first.time, first.caller, missing, self.repairs.problems(span)),
        }

    def task_of_parts(self) -> Task | None:
        """The task as the list of held locks or the head of the backtrace names it."""
        if self.task:
            return self.task
        held = self.held_lists.of_task(None)
        if held:
            return held.task
        trace = self.backtrace.backtrace()
        return Task(trace.comm, trace.pid) if trace and trace.pid is not None else None


def _line_of(stream: Stream, sign: int, words: str) -> int:
    """The start of the line with the words, a few lines above the sign at most; else that of the sign."""
    index = stream.index(sign)
    for above in range(max(index - _LINES_ABOVE, 0), index):
        start = stream.starts[above]
        if words and words in stream.flat[start : stream.line_end(start)]:
            return start
    return stream.starts[index] if sign - stream.starts[index] < _HINT_WITHIN else sign
