"""The parts that lock reports share, read in one walk over the tokens of a stretch of a stream.

A family's reader derives from ``ReportReader`` and adds the words of its own parts. A reader never raises on what it
finds, and stops where the report ends.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

from lockview.model.locks import HeldLock
from lockview.model.reports import Report, Task
from lockview.model.stacks import Frame
from lockview.model.text import Span
from lockview.parsing.backtraces import BacktraceReader, Ident, ident_line
from lockview.parsing.held_lists import HeldLists, at_site, held_lock
from lockview.parsing.lines import Stream
from lockview.parsing.repairs import Repairs
from lockview.parsing.tokens import OwnWords, Token, Word, tokens

_STRAY_AFTER_TITLE = 15
"""A title that is followed by so many lines of something else is a mention in prose."""
_STRAY_AFTER_STACK = 8
"""So many lines without a word of the report, behind a frame of the backtrace, mean that it is over."""
_STRAY_BEFORE_STACK = 300
_TALK_BEFORE_SCENARIO = 5
"""A scenario alone, so many lines of prose behind a title, is an example in a text about such reports."""
_LONG_STRAY = 1_000
"""A stray line counts once for each of so many characters."""
_MAX_TOKENS = 20_000
"""The longest real report has 2,000."""


NOTHING_FOLLOWS = "a title, but no lock, task or stack of a report follows it"


class Title(NamedTuple):
    """A title in a stream: its words without fences and brackets, and the stretch it covers."""

    text: str
    start: int
    end: int


class Part(Enum):
    """What a reader is in the middle of; FOREIGN is the oops of somebody else."""

    TITLE = auto()
    WANTED = auto()
    HELD = auto()
    CHAIN = auto()
    SCENARIO = auto()
    HELD_LIST = auto()
    BACKTRACE = auto()
    BETWEEN = auto()
    FOREIGN = auto()


class ReportReader:
    """Reads the shared parts. ``title`` is None for a report whose top was cut off.

    ``finished`` holds once a token cannot belong to the report any more; without it the stretch ended first.
    ``own_words`` reads the words that only this family knows; they come as ``Word.OWN``.
    """

    own_words: OwnWords | None = None

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        self.stream = stream
        self.title = title
        self.start, self.limit = start, end
        self.last = self.walked = title.end if title else start
        self.part = Part.TITLE
        self.finished = False
        self.repairs = Repairs()
        self.ident = Ident("", "", "")
        self.task: Task | None = None
        self.wanted: HeldLock | None = None
        self.held: HeldLock | None = None
        self.crosslock = self.lockdep_off = False
        self.operations: list[Token] = []
        self.held_lists = HeldLists(stream, self.repairs)
        self.backtrace = BacktraceReader(stream)
        self._depth = stream.line(start).depth
        self._site_for: Callable[[Frame], None] | None = None
        self._site_from = 0
        self._stray = self._before_scenario = 0
        self._open_entry = ""
        self.handlers: dict[Word, Callable[[Token], None]] = {
            Word.WANTS: self._wants,
            Word.HOLDING: self._holding,
            Word.CROSSLOCK: self._holding,
            Word.LOCK: self._lock,
            Word.OTHER_INFO: self.between,
            Word.SCENARIO: self._scenario,
            Word.COLUMNS: self._ignore,
            Word.FENCE: self._ignore,
            Word.OPERATION: self._operation,
            Word.DEADLOCK: self.between,
            Word.HELD_HEAD: self._held_head,
            Word.HELD_ENTRY: self._held_entry,
            Word.LOCKDEP_OFF: self._lockdep_off,
            Word.DROPPED: self._dropped,
            Word.BACKTRACE: self._backtrace,
            Word.IDENT: self._ident,
            Word.CPU: self._cpu,
            Word.HARDWARE: self.backtrace.take_head,
            Word.WORKQUEUE: self.backtrace.take_head,
            Word.DETAIL: self._ignore,
            Word.CALL_TRACE: self._call_trace,
            Word.PART: self._tag,
            Word.REGISTERS: self._registers,
            Word.FRAME: self._frame,
            Word.FOREIGN: self._foreign,
            Word.END: self._end,
            Word.OTHER: self._other,
        }

    # -- walking --------------------------------------------------------------------------------------------------

    def walk(self) -> None:
        """Read to the end of the report or of the stretch."""
        for count, token in enumerate(tokens(self.stream, self.walked, self.limit, self.own_words)):
            self.take(token)
            if self.finished and token.word is not Word.OTHER:
                return
            self.walked = token.end
            if self.finished:
                return
            if count > _MAX_TOKENS:
                self.finished = True
                span = self.stream.span(token.start, token.end)
                self.repairs.warn(
                    "limit-reached", f"line {span.last}: the report is too long; the rest was not read", span
                )
                return

    def take(self, token: Token) -> None:
        """Give a token to the part it belongs to."""
        if self._depth and self._is_comment(token):
            self.repairs.passed_over(self.stream.span(token.start, token.end))
            return
        if self._site_for:
            site_for, self._site_for = self._site_for, None
            if token.frame and token.word is Word.FRAME and token.start - self._site_from < 3:
                site_for(token.frame)
                self.last = token.end
                return
        word = token.word
        handler = self.handlers.get(word)
        if handler is None:
            return
        if word is not Word.OTHER:
            self._stray = 0
        handler(token)
        if word is Word.OTHER or word is Word.FENCE or self.part is Part.FOREIGN or self.finished:
            return
        self.last = token.end
        if word is not Word.CHAIN_EXISTS and self.stream.broken(token.start, token.end):
            self.repairs.rejoined(self.stream.span(token.start, token.end))

    def _is_comment(self, token: Token) -> bool:
        """Whether a token stands in what somebody wrote between the quoted lines of a report."""
        return self.stream.depths[self.stream.index(token.start)] < self._depth

    def _ignore(self, token: Token) -> None:
        """A word without content of its own."""

    def between(self, token: Token) -> None:  # noqa: ARG002 - a handler
        """A word that ends the part before it."""
        self.part = Part.BETWEEN

    def _other(self, token: Token) -> None:
        """Text that is no word of a report: the release line under the title, a comment, or another printer."""
        if token.start < self.last:
            return
        if self.part is Part.HELD_LIST and self._opens_entry(token):
            return
        if self.part is Part.TITLE and not self.ident.kernel:
            read = ident_line(self.stream.flat, token.start, self.limit)
            if read:
                self.ident, self.last = read
                return
        if not (self.task or self.ident.kernel or self.operations):
            self._before_scenario += 1
        self._stray += 1 + (token.end - token.start) // _LONG_STRAY
        self.repairs.passed_over(self.stream.span(token.start, token.end))
        allowed = _STRAY_BEFORE_STACK
        if self.part is Part.TITLE:
            allowed = _STRAY_AFTER_TITLE
        elif self.backtrace.frames:
            allowed = _STRAY_AFTER_STACK
        self.finished = self._stray > allowed

    def _ident(self, token: Token) -> None:
        """The release under the title, told by its taint; elsewhere it is no word of the report."""
        if self.part is not Part.TITLE or self.ident.kernel:
            self._other(token)
            return
        read = ident_line(self.stream.flat, token.start, token.end)
        if read:
            self.ident = read[0]

    def _opens_entry(self, token: Token) -> bool:
        """``#1:`` alone in its line: another printer came between it and its lock, which a later line holds."""
        text = self.stream.flat[token.start : token.end]
        index = text.strip("#: ")
        if len(index) > 3 or not index.isdecimal() or not text.endswith(":"):
            return False
        self._open_entry = index
        span = self.stream.span(token.start, token.end)
        self.repairs.note("entry-rejoined", f"line {span.first}: the lock of #{index} stands on a later line", span)
        return True

    # -- title, wanted, held --------------------------------------------------------------------------------------

    def _wants(self, token: Token) -> None:
        if self.task is None:
            self.task = Task(token.groups[0], int(token.groups[1]))
        self.part = Part.WANTED

    def _holding(self, token: Token) -> None:
        self.crosslock = token.word is Word.CROSSLOCK
        self.part = Part.HELD

    def _lock(self, token: Token) -> None:
        if self.part is Part.HELD_LIST and not self._open_entry and token.lock and token.lock.site_follows:
            # Somebody took the number off, as mail programs do with what begins with "#".
            self._open_entry = self.held_lists.next_index()
        if self.part is Part.HELD_LIST and self._open_entry:
            entry, self._open_entry = token._replace(groups=(self._open_entry,)), ""
            self.held_lists.add(entry)
            self._expect_site(entry, self.held_lists.set_site)
        if token.lock is None or self.part not in (Part.WANTED, Part.HELD):
            return
        lock = held_lock(token.lock, self.stream.span(token.start, token.end))
        if self.part is Part.WANTED and self.wanted and self.wanted.lock_class != lock.lock_class:
            self._second_lock(lock)
        if self.part is Part.WANTED:
            self.wanted = lock
            self._expect_site(token, self._set_wanted_site)
        else:
            self.held = lock
            self._expect_site(token, self._set_held_site)

    def _second_lock(self, lock: HeldLock) -> None:
        """Another lock behind the wanted one is the held one, whose words are lost."""
        self.part = Part.HELD
        message = f"line {lock.span.first}: the words above this lock are missing; it was taken for the held one"
        self.repairs.warn("held-words-missing", message, lock.span)

    def _expect_site(self, token: Token, take: Callable[[Frame], None]) -> None:
        """Take a frame that follows directly as the place where the lock of ``token`` was taken."""
        if token.lock and token.lock.site_follows:
            self._site_for, self._site_from = take, token.end

    def _set_wanted_site(self, frame: Frame) -> None:
        assert self.wanted
        self.wanted = at_site(self.wanted, frame, self.repairs)

    def _set_held_site(self, frame: Frame) -> None:
        assert self.held
        self.held = at_site(self.held, frame, self.repairs)

    # -- scenario and held list -----------------------------------------------------------------------------------

    def _scenario(self, token: Token) -> None:
        self.crosslock = self.crosslock or "crosslock" in self.stream.flat[token.start : token.end]
        self.part = Part.SCENARIO

    def _operation(self, token: Token) -> None:
        if self.part is Part.SCENARIO:
            self.operations.append(token)

    def _held_head(self, token: Token) -> None:
        if self.backtrace.frames:
            self.finished = True
            return
        self.held_lists.start(token)
        self.part = Part.HELD_LIST

    def _held_entry(self, token: Token) -> None:
        if self.part is Part.HELD_LIST:
            self.held_lists.add(token)
            self._expect_site(token, self.held_lists.set_site)

    def _lockdep_off(self, token: Token) -> None:
        self.lockdep_off = True
        span = self.stream.span(token.start, token.end)
        self.repairs.note(
            "lockdep-off", f"line {span.first}: lockdep was turned off, so no held locks are listed", span
        )

    def _dropped(self, token: Token) -> None:
        if self.part in (Part.WANTED, Part.HELD):
            # The next lock need not be the one that the words before the gap announce.
            self.part = Part.BETWEEN
        span = self.stream.span(token.start, token.end)
        self.repairs.warn(
            "messages-dropped", f"line {span.first}: the kernel dropped messages here; lines are missing", span
        )

    # -- backtrace ------------------------------------------------------------------------------------------------

    def _backtrace(self, token: Token) -> None:
        if self.backtrace.frames:
            self.finished = True
            return
        self.part = Part.BACKTRACE
        self.backtrace.start(token)

    def _cpu(self, token: Token) -> None:
        if self._enters_backtrace(token):
            self.backtrace.take_head(token)

    def _call_trace(self, token: Token) -> None:
        self._enters_backtrace(token)

    def _enters_backtrace(self, token: Token) -> bool:
        """Whether a head line belongs to this report's backtrace, whose first words may be lost."""
        if self.backtrace.frames:
            self.finished = True
        elif self.part is Part.BACKTRACE or self.operations or self.held_lists:
            self.part = Part.BACKTRACE
            self.backtrace.start(token)
            return True
        else:
            self.part = Part.FOREIGN
        return False

    def _tag(self, token: Token) -> None:
        closing, name = token.groups
        self.backtrace.tag(bool(closing), name)
        if closing and name == "TASK" and self.backtrace.frames:
            self.last = token.end
            self.finished = True

    def _registers(self, token: Token) -> None:
        """A register dump interrupts a stack without ending it; its instruction pointer is the interrupted frame."""
        if token.frame and self.part is Part.BACKTRACE and self.backtrace.frames:
            self.backtrace.add(token.frame)

    def _frame(self, token: Token) -> None:
        assert token.frame
        if not self.take_frame(token.frame):
            self.repairs.passed_over(self.stream.span(token.start, token.end))

    def take_frame(self, frame: Frame) -> bool:
        """Take a frame of the part that is being read; False when it belongs to none. Families add their stacks."""
        if self.part is not Part.BACKTRACE:
            return False
        self.backtrace.add(frame)
        return True

    def _foreign(self, token: Token) -> None:
        if self.backtrace.frames:
            self.finished = True
        else:
            self.part = Part.FOREIGN
            self.repairs.passed_over(self.stream.span(token.start, token.end))

    def _end(self, token: Token) -> None:  # noqa: ARG002 - a handler
        if self.backtrace.frames:
            self.finished = True
        elif self.part is Part.FOREIGN:
            self.part = Part.BETWEEN

    # -- results --------------------------------------------------------------------------------------------------

    @property
    def span(self) -> Span:
        """The lines from the title to the last word of the report."""
        return self.stream.span(self.start, self.last)

    @property
    def miss(self) -> str:
        """Why a title without a body gave no report; "" where that needs no word."""
        return NOTHING_FOLLOWS

    @property
    def has_body(self) -> bool:
        """Whether there is more than a title: a mention in prose has none."""
        scenario = self.operations and self._before_scenario < _TALK_BEFORE_SCENARIO
        return bool(self.task or self.wanted or self.held or scenario or self.held_lists)

    def report(self) -> Report:
        """The report of what was walked over."""
        raise NotImplementedError
