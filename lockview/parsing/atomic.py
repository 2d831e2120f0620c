"""Sleeping where that is forbidden.  Source: __might_resched, __schedule_bug, kernel/sched/core.c."""

from __future__ import annotations

from collections.abc import Callable

from lockview.model.held_reports import AtomicReport
from lockview.model.reports import Task
from lockview.model.stacks import Frame
from lockview.model.usages import IrqEvent
from lockview.parsing.bug_reader import BugReader, compiled, own_token
from lockview.parsing.lines import Stream
from lockview.parsing.sections import Part, Title
from lockview.parsing.tokens import Token

TITLE = (
    r"(?:BUG|Debug): sleeping function called from invalid context at (?P<place>[^\s:]{1,200}:\d{1,7})"
    r"|BUG: scheduling while atomic: (?P<comm>.{1,64}?)/(?:(?P<pid>\d{1,10})/(?P<count>0x[0-9a-f]{1,16})"
    r"|(?P<old_count>0x[0-9a-f]{1,16})/(?P<old_pid>\d{1,10}))"
)
_IN_ATOMIC = (
    r"in_atomic\(\): ?(\d{1,10}), irqs_disabled\(\): ?(\d{1,10})"
    r"(?:, non_block: ?(\d{1,10}))?(?:, pid: (\d{1,10}), name: )?"
)
_COUNT = r"preempt_count: ([0-9a-f]{1,8}), expected: ([0-9a-f]{1,8})"
_DEPTH = r"RCU nest depth: (-?\d{1,10}), expected: (-?\d{1,10})"
_STAMP = r"irq event stamp: ?(\d{1,20})"
_EVENT = r"((?:hard|soft)irqs last (?:enabled|disabled)) at \((\d{1,20})\):"
_DISABLED = r"(Preemption) disabled at:"
_AFTER_NAME = (
    r" (?:preempt_count:|RCU nest|\d{1,4} locks? held|no locks held|INFO:|irq event|Preemption|CPU:|Pid:|Call )"
)
_WORDS: dict[str, tuple[tuple[str, str], ...]] = {
    "i": (("context", _IN_ATOMIC), ("stamp", _STAMP)),
    "p": (("count", _COUNT),),
    "R": (("depth", _DEPTH),),
    "h": (("event", _EVENT),),
    "s": (("event", _EVENT),),
    "P": (("disabled", _DISABLED),),
}
_MAX_COMM = 64


def _own(stream: Stream, start: int, end: int) -> Token | None:
    text = stream.flat
    for what, pattern in _WORDS.get(text[start], ()):
        token = own_token(pattern, what, text, start, end)
        if token:
            return _with_name(stream, token, end) if what == "context" else token
    return None


def _with_name(stream: Stream, token: Token, end: int) -> Token:
    """The name of the task, which no mark closes, is what stands before the line's end or the next known words."""
    if not token.groups[4]:
        return token
    stop = min(stream.line_end(token.end), token.end + _MAX_COMM, end)
    match = compiled(_AFTER_NAME).search(stream.flat, token.end, min(stop + 20, end))
    if match:
        stop = min(stop, match.start())
    return token._replace(end=max(stop, token.start + 1), groups=(*token.groups, stream.flat[token.end : stop].strip()))


class AtomicReader(BugReader):
    """Adds the counters, the interrupt trace, and where preemption was disabled."""

    own_words = staticmethod(_own)

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        match = compiled(TITLE).fullmatch(self.title_text)
        parts = match.groupdict() if match else {}
        self._place = parts.get("place") or ""
        self._facts: list[tuple[str, str]] = []
        if parts.get("comm"):
            self.task = Task(parts["comm"], int(parts["pid"] or parts["old_pid"]))
            self._facts.append(("preempt_count", parts["count"] or parts["old_count"]))
        self._stamp: int | None = None
        self._events: list[IrqEvent] = []
        self._disabled_at: Frame | None = None

    def fact(self, token: Token) -> None:
        what, *values = token.groups
        if self.backtrace.frames:
            return
        match what:
            case "context":
                self._context(values)
            case "count":
                self._facts += [("preempt_count", values[0]), ("expected", values[1])]
            case "depth":
                self._facts += [("RCU nest depth", values[0]), ("expected", values[1])]
            case "stamp":
                self._stamp = int(values[0])
            case "event":
                span = self.stream.span(token.start, token.end)
                self._events.append(IrqEvent(values[0], int(values[1]), None, span))
                self._expect(token, self._set_event_site)
            case _:
                self._expect(token, self._set_disabled_at)
        self.part = Part.BETWEEN

    def _context(self, values: list[str]) -> None:
        names = ("in_atomic()", "irqs_disabled()", "non_block")
        self._facts += [(name, value) for name, value in zip(names, values, strict=False) if value]
        if values[3] and values[4]:
            self.task = Task(values[4], int(values[3]))

    def _expect(self, token: Token, take: Callable[[Frame], None]) -> None:
        self._site_for, self._site_from = take, token.end

    def _set_event_site(self, frame: Frame) -> None:
        event = self._events.pop()
        self._events.append(IrqEvent(event.what, event.number, frame, event.span.joined(frame.span)))

    def _set_disabled_at(self, frame: Frame) -> None:
        self._disabled_at = frame

    @property
    def has_body(self) -> bool:
        body = self._facts[1:] or self.held_lists or self.backtrace.frames or self.lockdep_off
        return bool(body) or super().has_body

    def report(self) -> AtomicReport:
        backtrace = self.backtrace.backtrace()
        if self.task is None and backtrace and backtrace.pid is not None:
            self.task = Task(backtrace.comm, backtrace.pid)
        return AtomicReport(
            **self.common(*(() if backtrace else ("backtrace",))),
            backtrace=backtrace,
            place=self._place,
            scheduling=not self._place,
            facts=tuple(self._facts),
            disabled_at=self._disabled_at,
            event_stamp=self._stamp,
            irq_events=tuple(self._events),
            lockdep_off=self.lockdep_off,
        )
