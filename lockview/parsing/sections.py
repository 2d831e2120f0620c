"""The parts that lock reports share: title, wanted and held lock, scenario, held list, backtrace.

A family's reader derives from ``ReportReader`` and adds the words of its own parts. A reader walks the tokens of its
stretch once; it never raises on what it finds there, and stops where the report ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from lockview.model.locks import HeldLock
from lockview.model.reports import HeldLocks, ScenarioStep, Task
from lockview.model.stacks import Backtrace, Frame, StackTrace
from lockview.model.text import NOWHERE, Problem, Severity, Span
from lockview.parsing.lines import Stream
from lockview.parsing.locks import LockText, lock_class
from lockview.parsing.scenarios import read_scenario
from lockview.parsing.tokens import Token, Word, tokens

_MAX_STRAY_LINES = 8


class Title(NamedTuple):
    """A title found in a stream: its words without fences and brackets, and the stretch it covers."""

    text: str
    start: int
    end: int


class Part:
    """What the reader is in the middle of."""

    TITLE = "title"
    WANTED = "wanted"
    HELD = "held"
    HELD_LIST = "held-list"
    SCENARIO = "scenario"
    CHAIN = "chain"
    BACKTRACE = "backtrace"
    NONE = "none"
    FOREIGN = "foreign"


@cache
def _ident() -> re.Pattern[str]:
    return re.compile(
        r"(?P<kernel>\S{1,200})(?: (?P<build>#\S{0,40}))?"
        r"(?: (?P<taint>Not tainted|Tainted:(?: [A-Z]{1,2}(?![\w:.]))*))?(?= |$)"
    )


class ReportReader:
    """Reads the shared parts from a stretch of a stream; ``finished`` holds once a token can no longer belong to it."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        self.stream = stream
        self.title = title
        self.start, self.limit = start, end
        self.last = title.end if title else start
        self.part = Part.TITLE
        self.problems: list[Problem] = []
        self.kernel = self.build = self.taint = ""
        self.task: Task | None = None
        self.wanted: HeldLock | None = None
        self.held: HeldLock | None = None
        self.crosslock = False
        self.lockdep_off = False
        self.operations: list[Token] = []
        self.held_heads: list[tuple[Token, list[HeldLock]]] = []
        self.backtrace_frames: list[Frame] = []
        self.backtrace_start = 0
        self.cpu: Token | None = None
        self.hardware = self.workqueue = ""
        self.tag = ""
        self.finished = False
        self._site_for: Callable[[Frame, Token], None] | None = None
        self._site_from = 0
        self._stray = 0
        self._on: dict[Word, Callable[[Token], None]] = {
            Word.WANTS: self.on_wants,
            Word.HOLDING: self.on_holding,
            Word.CROSSLOCK: self.on_holding,
            Word.LOCK: self.on_lock,
            Word.OTHER_INFO: self.on_plain_part,
            Word.SCENARIO: self.on_scenario,
            Word.COLUMNS: self.on_nothing,
            Word.OPERATION: self.on_operation,
            Word.DEADLOCK: self.on_plain_part,
            Word.HELD_HEAD: self.on_held_head,
            Word.HELD_ENTRY: self.on_held_entry,
            Word.LOCKDEP_OFF: self.on_lockdep_off,
            Word.BACKTRACE: self.on_backtrace,
            Word.CPU: self.on_cpu,
            Word.HARDWARE: self.on_hardware,
            Word.WORKQUEUE: self.on_workqueue,
            Word.CALL_TRACE: self.on_call_trace,
            Word.PART: self.on_tag,
            Word.REGISTERS: self.on_registers,
            Word.FOREIGN: self.on_foreign,
            Word.END: self.on_end,
        }

    # -- walking --------------------------------------------------------------------------------------------------

    def walk(self) -> None:
        """Read to the end of the report."""
        begin = self.title.end if self.title else self.start
        for token in tokens(self.stream, begin, self.limit):
            self.take(token)
            if self.finished:
                return

    def take(self, token: Token) -> None:
        """Give one token to the part it belongs to."""
        site_for, self._site_for = self._site_for, None
        if token.word is Word.FRAME and token.frame:
            if site_for and token.start - self._site_from < 3:
                site_for(token.frame, token)
            else:
                self.on_frame(token.frame, token)
            return
        if token.word is Word.OTHER:
            self.on_other(token)
            return
        handler = self._on.get(token.word)
        if handler:
            self._stray = 0
            handler(token)
            if not self.finished and self.part is not Part.FOREIGN:
                self.last = token.end
            self._note_break(token.start, token.end, token.word)

    def _note_break(self, start: int, end: int, word: Word) -> None:
        if word is not Word.CHAIN_EXISTS and self.stream.broken(start, end):
            self.note_rejoined(self.stream.span(start, end))

    def note_rejoined(self, span: Span) -> None:
        """Record that a line which had been broken over several was put together again."""
        last = self.problems[-1] if self.problems else None
        if last and last.code == "lines-rejoined" and last.span.last >= span.first - 1:
            span = last.span.joined(span)
            self.problems.pop()
        message = f"lines {span.first}-{span.last} were rejoined: they had been wrapped"
        self.problems.append(Problem(Severity.NOTE, "lines-rejoined", message, span))

    def warn(self, code: str, message: str, span: Span) -> None:
        """Record damage."""
        self.problems.append(Problem(Severity.WARNING, code, message, span))

    # -- title, wanted, held --------------------------------------------------------------------------------------

    def on_other(self, token: Token) -> None:
        """Text that is no word of a report: the release line under the title, a comment, or another printer."""
        if self.part is Part.TITLE and not self.kernel:
            match = _ident().match(self.stream.flat, token.start, self.limit)
            if match and (match["build"] or match["taint"] or match["kernel"][0].isdigit()):
                self.kernel, self.build, self.taint = match["kernel"], match["build"] or "", match["taint"] or ""
                self.last = token.end
            return
        self._stray += 1
        if self.part is Part.BACKTRACE and self.backtrace_frames and self._stray > _MAX_STRAY_LINES:
            self.finished = True

    def on_wants(self, token: Token) -> None:
        if self.task is None:
            self.task = Task(token.groups[0], int(token.groups[1]))
        self.part = Part.WANTED

    def on_holding(self, token: Token) -> None:
        self.crosslock = token.word is Word.CROSSLOCK
        self.part = Part.HELD

    def on_lock(self, token: Token) -> None:
        if token.lock is None or self.part not in (Part.WANTED, Part.HELD):
            return
        lock = held_lock(token.lock, self.stream.span(token.start, token.end))
        if self.part is Part.WANTED:
            self.wanted = lock
        else:
            self.held = lock
        self.expect_site(token, self._set_wanted_site if self.part is Part.WANTED else self._set_held_site)

    def expect_site(self, token: Token, setter: Callable[[Frame, Token], None]) -> None:
        """Take a frame that follows directly as the place where the lock of ``token`` was taken."""
        if token.lock and token.lock.site_follows:
            self._site_for, self._site_from = setter, token.end

    def _set_wanted_site(self, frame: Frame, token: Token) -> None:
        if self.wanted:
            self.wanted = self._with_site(self.wanted, frame, token)

    def _set_held_site(self, frame: Frame, token: Token) -> None:
        if self.held:
            self.held = self._with_site(self.held, frame, token)

    def _with_site(self, lock: HeldLock, frame: Frame, token: Token) -> HeldLock:
        self.last = token.end
        if lock.span.last != frame.span.last:
            self.note_rejoined(lock.span.joined(frame.span))
        return HeldLock(
            lock.lock_class,
            lock.usage,
            lock.wait_types,
            lock.instance,
            lock.instance_text,
            frame,
            lock.index,
            lock.released,
            lock.span.joined(frame.span),
        )

    # -- scenario and held list -----------------------------------------------------------------------------------

    def on_nothing(self, token: Token) -> None:
        """A word without content of its own."""

    def on_plain_part(self, token: Token) -> None:
        self.part = Part.NONE

    def on_scenario(self, token: Token) -> None:
        self.crosslock = self.crosslock or "crosslock" in self.stream.flat[token.start : token.end]
        self.part = Part.SCENARIO

    def on_operation(self, token: Token) -> None:
        if self.part is Part.SCENARIO:
            self.operations.append(token)

    def on_held_head(self, token: Token) -> None:
        if self.backtrace_frames:
            self.finished = True
            return
        self.held_heads.append((token, []))
        self.part = Part.HELD_LIST

    def on_held_entry(self, token: Token) -> None:
        if self.part is not Part.HELD_LIST or not self.held_heads:
            return
        locks = self.held_heads[-1][1]
        span = self.stream.span(token.start, token.end)
        index = int(token.groups[0])
        if token.lock is None:
            locks.append(HeldLock(lock_class("<RELEASED>"), index=index, released=True, span=span))
            return
        lock = held_lock(token.lock, span, index)
        if locks and locks[-1].index == index and locks[-1].lock_class == lock.lock_class:
            # A decoder repeats the whole line for each inlined function of the site.
            locks.pop()
        locks.append(lock)
        self.expect_site(token, self._set_entry_site)

    def _set_entry_site(self, frame: Frame, token: Token) -> None:
        locks = self.held_heads[-1][1]
        locks[-1] = self._with_site(locks[-1], frame, token)

    def on_lockdep_off(self, token: Token) -> None:
        self.lockdep_off = True

    # -- backtrace ------------------------------------------------------------------------------------------------

    def on_backtrace(self, token: Token) -> None:
        if self.backtrace_frames:
            self.finished = True
            return
        self.part = Part.BACKTRACE
        self.backtrace_start = token.start

    def on_cpu(self, token: Token) -> None:
        if self.part is Part.BACKTRACE and not self.backtrace_frames:
            self.cpu = token
        elif self.backtrace_frames:
            self.finished = True
        elif self.operations or self.held_heads:
            self.part, self.cpu, self.backtrace_start = Part.BACKTRACE, token, token.start
        else:
            self.part = Part.FOREIGN

    def on_hardware(self, token: Token) -> None:
        if self.part is Part.BACKTRACE:
            self.hardware = token.groups[0].removeprefix("name:").strip()

    def on_workqueue(self, token: Token) -> None:
        if self.part is Part.BACKTRACE:
            self.workqueue = token.groups[0]

    def on_call_trace(self, token: Token) -> None:
        if self.backtrace_frames:
            self.finished = True
        elif self.part is not Part.BACKTRACE and (self.operations or self.held_heads):
            self.part, self.backtrace_start = Part.BACKTRACE, token.start
        elif self.part is not Part.BACKTRACE:
            self.part = Part.FOREIGN

    def on_tag(self, token: Token) -> None:
        closing, name = token.groups
        self.tag = "" if closing else name
        if closing and name == "TASK" and self.backtrace_frames:
            self.last = token.end
            self.finished = True

    def on_registers(self, token: Token) -> None:
        """A register dump interrupts a stack without ending it."""
        if token.frame and self.part is Part.BACKTRACE and self.backtrace_frames:
            self.backtrace_frames.append(token.frame)

    def on_frame(self, frame: Frame, token: Token) -> None:
        """A frame of the backtrace; families add those of their own stacks."""
        if self.part is Part.BACKTRACE:
            self._stray = 0
            self.last = token.end
            self.backtrace_frames.append(_tagged(frame, self.tag))
            self._note_break(token.start, token.end, token.word)

    def on_foreign(self, token: Token) -> None:
        if self.backtrace_frames:
            self.finished = True
        else:
            self.part = Part.FOREIGN

    def on_end(self, token: Token) -> None:
        if self.backtrace_frames:
            self.finished = True
        elif self.part is Part.FOREIGN:
            self.part = Part.NONE

    # -- results --------------------------------------------------------------------------------------------------

    def scenario(self) -> tuple[ScenarioStep, ...]:
        """The steps of the printed scenario; adds what had to be guessed to the problems."""
        scenario = read_scenario(self.stream, self.operations, self.crosslock)
        self.problems.extend(scenario.problems)
        return scenario.steps

    def held_locks(self) -> HeldLocks | None:
        """The held list of the reporting task; the first list when none names it."""
        own = [head for head in self.held_heads if self.task and head[0].groups[3] == str(self.task.pid)]
        chosen = (own or self.held_heads)[:1]
        for token, locks in chosen:
            none, count, comm, pid = token.groups
            span = self.stream.span(token.start, token.end)
            if locks:
                span = span.joined(locks[-1].span)
            return HeldLocks(Task(comm, int(pid)), 0 if none else int(count), tuple(locks), span)
        return None

    def backtrace(self) -> Backtrace | None:
        """The backtrace, or None when no frame of it is there."""
        if not self.backtrace_frames:
            return None
        frames = tuple(self.backtrace_frames)
        span = frames[0].span.joined(frames[-1].span)
        whole = self.stream.span(self.backtrace_start, self.backtrace_start + 1).joined(span)
        stack = StackTrace(frames, span)
        if self.cpu is None:
            return Backtrace(stack, hardware=self.hardware, workqueue=self.workqueue, span=whole)
        cpu, pid, comm = self.cpu.groups[:3]
        return Backtrace(stack, int(cpu) if cpu else None, int(pid), comm, self.hardware, self.workqueue, whole)


def held_lock(lock: LockText, span: Span = NOWHERE, index: int | None = None) -> HeldLock:
    """The model value of a printed lock."""
    return HeldLock(lock_class(lock.name), lock.usage, lock.wait_types, lock.address, index=index, span=span)


def _tagged(frame: Frame, tag: str) -> Frame:
    if not tag:
        return frame
    from dataclasses import replace

    return replace(frame, part=tag)
