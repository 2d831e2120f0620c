"""Invalid wait contexts and nested locks without their outer one.

Source: print_lock_invalid_wait_context and print_lock_nested_lock_not_held, kernel/locking/lockdep.c.
"""

from __future__ import annotations

from lockview.model.locks import WaitTypes
from lockview.model.reports import Report
from lockview.model.stacks import EMPTY_STACK
from lockview.parsing.backtraces import BacktraceReader
from lockview.parsing.lines import Stream
from lockview.parsing.sections import Part, Title
from lockview.parsing.task_reader import TASK, Phrase, TaskReader, phrase_words
from lockview.parsing.tokens import Token, Word

_WANTS = Phrase("wants", " is trying to lock:", TASK + r" is trying to lock:")
_NOT_HOLDING = "but this task is not holding:"
_MAX_NAME = 400


class WaitContextReader(TaskReader):
    """Adds the wait types of the context."""

    always = ("wanted", "held-locks", "backtrace")
    first_words = " is trying to lock:"
    own_words = staticmethod(
        # The words do not end their line in some consoles: the stamp of the next one follows directly.
        phrase_words(_WANTS, Phrase("context", "context-{", r"context-\{(\d{1,2}):(\d{1,2})\}(?:\[ *[\d.]{3,24}\])?"))
    )

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self._context: WaitTypes | None = None
        self.said = {"wants": self.expect_lock, "context": self._take_context}
        self.handlers[Word.LOCK] = self._first_lock

    def _first_lock(self, token: Token) -> None:
        """The wanted lock, also where somebody cut the line above it."""
        if self.part is Part.TITLE:
            self.part = Part.WANTED
        self._lock(token)

    def _take_context(self, token: Token) -> None:
        self._context = WaitTypes(int(token.groups[1]), int(token.groups[2]))
        self.part = Part.BETWEEN

    def report(self) -> Report:
        from lockview.model.held_reports import WaitContextReport

        self.task = self.task_of_parts()
        return WaitContextReport(**self.common(), context=self._context)


def _behind_comments(stream: Stream, start: int, end: int, depth: int) -> int:
    """Where the next line starts that is quoted as deeply as the report: others are answers to it."""
    while start < end and stream.depths[stream.index(start)] < depth:
        start = stream.next_line(start)
    return start


def _nested_words(stream: Stream, start: int, end: int) -> Token | None:
    """``but this task is not holding:`` and the bare name after it, which only what follows sets apart from noise."""
    text = stream.flat
    if not text.startswith(_NOT_HOLDING, start):
        return phrase_words(_WANTS)(stream, start, end)
    depth = stream.depths[stream.index(start)]
    name = _behind_comments(stream, start + len(_NOT_HOLDING) + 1, end, depth)
    if name >= end:
        return Token(Word.OWN, start, end, ("outer", ""))
    stop = min(stream.line_end(name), end)
    squeezed = text.find(" stack backtrace:", name, min(end, name + _MAX_NAME))
    if 0 <= squeezed < stop:
        stop = squeezed
    behind = _behind_comments(stream, stop + 1, end, depth)
    followed = behind >= end or text.startswith("stack backtrace:", behind)
    if not followed or stop - name > _MAX_NAME:
        return Token(Word.OWN, start, start + len(_NOT_HOLDING), ("outer", ""))
    return Token(Word.OWN, name, stop, ("outer", text[name:stop]))


class NestedReader(TaskReader):
    """Adds the lock that is not held, and the first of the two backtraces."""

    always = ("wanted", "held", "held-locks", "backtrace")
    first_words = " is trying to lock:"
    own_words = staticmethod(_nested_words)

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self._outer = ""
        self._first: BacktraceReader | None = None
        self.said = {"wants": self.expect_lock, "outer": self._take_outer}
        self.handlers[Word.OTHER_INFO] = self._second
        self.handlers[Word.PART] = self._part
        self.handlers[Word.HARDWARE] = self.handlers[Word.WORKQUEUE] = lambda token: self.backtrace.take_head(token)

    def _take_outer(self, token: Token) -> None:
        self._outer = token.groups[1]
        self.part = Part.BETWEEN

    def _second(self, token: Token) -> None:
        """Put the first backtrace aside when the part after it begins."""
        if self.backtrace.frames and self._first is None:
            self._first, self.backtrace = self.backtrace, BacktraceReader(self.stream)
        self.between(token)

    def _part(self, token: Token) -> None:
        """The end of the task's part ends the second backtrace only."""
        self._tag(token)
        if self._first is None:
            self.finished = False

    def there(self) -> dict[str, bool]:
        return {**super().there(), "held": bool(self._outer)}

    def report(self) -> Report:
        from lockview.model.held_reports import NestedReport

        first = self._first.backtrace() if self._first else None
        return NestedReport(**self.common(), outer=self._outer, first_stack=first.stack if first else EMPTY_STACK)
