"""What the readers of foreign reports share: a walk over lines, since the words of lockdep are not theirs."""

from __future__ import annotations

from lockview.model.reports import Reading
from lockview.model.stacks import EMPTY_STACK, Frame, StackTrace
from lockview.model.text import Problem, Severity, Span
from lockview.parsing.lines import LogLine, Stream
from lockview.parsing.sections import ReportReader, Title

MAX_LINES = 20_000
_STRAY = 12
"""So many lines in a row that are no part of the report end it: the output of the program may stand between."""
LONGEST_LINE = 4_000
"""Of longer lines only the beginning is looked at, in characters."""


class DialectReader(ReportReader):
    """Walks line by line; a dialect says in ``take_line`` what a line is.

    ``take_line`` returns True for a line of the report, False for one of somebody else, and sets ``finished`` for one
    that cannot belong to it any more.
    """

    max_lines = MAX_LINES

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        index = stream.index(start)
        self.start = stream.starts[index] if stream.starts else start
        self._index = index
        self.head = " ".join(stream.lines[index].text[:LONGEST_LINE].split())

    def walk(self) -> None:
        """Read the title line and what follows, to the end of the report or of the stretch."""
        stray = 0
        for index in range(self._index, len(self.stream.lines)):
            offset = self.stream.starts[index]
            if index > self._index and offset >= self.limit:
                return
            if index - self._index > self.max_lines:
                self.finished = True
                self._too_long(self.stream.lines[index].number)
                return
            line = self.stream.lines[index]
            taken = self.take_line(line, line.text[:LONGEST_LINE])
            if taken:
                self.last = self.stream.line_end(offset)
            if self.finished:
                return
            self.walked = self.stream.line_end(offset)
            if taken is None:
                continue
            stray = 0 if taken else stray + 1
            if not taken:
                self.repairs.passed_over(Span(line.number, line.number))
                self.finished = stray > _STRAY

    def _too_long(self, line: int) -> None:
        message = f"line {line}: the report is too long; the rest was not read"
        self.repairs.warn("limit-reached", message, Span(line, line))

    def take_line(self, line: LogLine, text: str) -> bool | None:
        """Take one line of the report; ``text`` is its beginning, blanks kept. None for a line that says nothing."""
        raise NotImplementedError

    def reading(self, missing: tuple[str, ...]) -> Reading:
        """How the report came out of its text."""
        first = self.stream.line(self.start)
        problems = self.repairs.problems(self.span)
        lost = tuple(
            Problem(Severity.WARNING, f"{part}-missing", f"{MISSING[part]} is missing", self.span) for part in missing
        )
        return Reading(first.time, first.caller, missing, (*problems, *lost))


MISSING = {
    "wanted": "the line that names the wanted lock",
    "held": "the line that names the held lock",
    "chain": "an order of two locks, or its stack,",
    "backtrace": "the stack of a thread",
}


class StackBuilder:
    """A stack that grows frame by frame."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def stack(self) -> StackTrace:
        """The stack so far."""
        if not self.frames:
            return EMPTY_STACK
        return StackTrace(tuple(self.frames), self.frames[0].span.joined(self.frames[-1].span))
