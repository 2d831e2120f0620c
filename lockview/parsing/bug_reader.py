"""Reports without fences: a title line that says what happened, lines of facts, and stacks."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from lockview.model.reports import Reading
from lockview.model.stacks import Frame
from lockview.model.text import Span
from lockview.parsing.lines import Stream
from lockview.parsing.sections import Part, ReportReader, Title
from lockview.parsing.tokens import Token, Word


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled on its first use."""
    return re.compile(pattern)


def own_token(pattern: str, what: str, text: str, start: int, end: int) -> Token | None:
    """The word that a pattern reads at an offset; ``what`` and then the pattern's groups are the token's groups."""
    match = compiled(pattern).match(text, start, end)
    if match is None:
        return None
    return Token(Word.OWN, start, match.end(), (what, *(group or "" for group in match.groups())))


class BugReader(ReportReader):
    """Adds lines of facts, which only one family knows, to the shared parts."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self.handlers[Word.OWN] = self.fact

    @property
    def title_text(self) -> str:
        """The words of the title line."""
        return self.title.text if self.title else ""

    @property
    def has_body(self) -> bool:
        """A title alone is a mention in prose, unless a kernel's time stamp stands before it."""
        line_start = self.stream.starts[self.stream.index(self.start)]
        return self.start == line_start and bool(self.stream.line(self.start).time)

    def fact(self, token: Token) -> None:
        """Take one of the family's own words."""
        raise NotImplementedError

    def _enters_backtrace(self, token: Token) -> bool:
        if self.backtrace.frames:
            self.finished = True
            return False
        self.part = Part.BACKTRACE
        self.backtrace.start(token)
        return True

    def take_frame(self, frame: Frame) -> bool:
        """A stack needs no head: some architectures print none."""
        if self.part is Part.FOREIGN:
            return False
        self.part = Part.BACKTRACE
        self.backtrace.add(frame)
        return True

    def common(self, *missing: str) -> dict[str, Any]:
        """What all these reports have: title, identity, task, held locks, place, and how the reading went."""
        ident = self.ident if self.ident.kernel else self.backtrace.ident()
        first = self.stream.line(self.start)
        span = self.span
        for part in missing:
            where = Span(span.last, span.last)
            self.repairs.warn(
                f"{part}-missing", f"line {span.last}: the {part} should follow this line, but is missing", where
            )
        return {
            "title": self.title_text,
            "kernel": ident.kernel,
            "build": ident.build,
            "taint": ident.taint,
            "task": self.task,
            "held_locks": self.held_lists.of_task(self.task),
            "reading": Reading(first.time, first.caller, missing, self.repairs.problems(span)),
            "span": span,
        }
