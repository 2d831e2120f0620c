"""Sleeping where that is forbidden.  Source: __might_resched, __schedule_bug, kernel/sched/core.c."""

from __future__ import annotations

from lockview.model.held_reports import AtomicReport
from lockview.model.reports import Task
from lockview.model.stacks import Frame
from lockview.parsing.bug_reader import compiled, own_token
from lockview.parsing.irq_trace import IrqTraceReader, irq_trace_word
from lockview.parsing.lines import Stream
from lockview.parsing.sections import Part, Title
from lockview.parsing.tokens import Token

TITLE = (
    r"(?:BUG|Debug): sleeping function called from invalid context at (?P<place>[^\s:]{1,200}:\d{1,7})"
    r"|BUG: scheduling while atomic: (?P<comm>.{1,64}?)/(?:(?P<pid>\d{1,10})/(?P<count>0x[0-9a-f]{1,16})"
    r"|(?P<old_count>0x[0-9a-f]{1,16})/(?P<old_pid>\d{1,10}))"
    r"|BUG: scheduling in a non-blocking section: (?P<blocking>.{1,64}?)/(?P<blocking_pid>\d{1,10})/"
    r"(?P<depth>-?\d{1,10})"
    r"|BUG: assuming (?P<assumed>atomic|non migratable) context at (?P<assuming>[^\s:]{1,200}:\d{1,7})"
)
_IN_ATOMIC = (
    r"in_atomic\(\): ?(\d{1,10}), irqs_disabled\(\): ?(\d{1,10})"
    r"(?:, non_block: ?(\d{1,10}))?(?:, migration_disabled\(\) (\d{1,10}))?(?:,? pid: (\d{1,10}), name: )?"
)
_COUNT = r"preempt_count: ([0-9a-f]{1,8}), expected: ([0-9a-f]{1,8})"
_DEPTH = r"RCU nest depth: (-?\d{1,10}), expected: (-?\d{1,10})"
_DISABLED = r"(Preemption) disabled at:"
_AFTER_NAME = (
    r" (?:preempt_count:|RCU nest|\d{1,4} locks? held|no locks held|INFO:|irq event|Preemption|CPU:|Pid:|Call )"
)
_WORDS: dict[str, tuple[tuple[str, str], ...]] = {
    "i": (("context", _IN_ATOMIC),),
    "p": (("count", _COUNT),),
    "R": (("depth", _DEPTH),),
    "P": (("disabled", _DISABLED),),
}
_MAX_COMM = 64


def _own(stream: Stream, start: int, end: int) -> Token | None:
    text = stream.flat
    for what, pattern in _WORDS.get(text[start], ()):
        token = own_token(pattern, what, text, start, end)
        if token:
            return _with_name(stream, token, end) if what == "context" else token
    return irq_trace_word(text, start, end)


def _with_name(stream: Stream, token: Token, end: int) -> Token:
    """The name of the task, which no mark closes, is what stands before the line's end or the next known words."""
    if not token.groups[5]:
        return token
    stop = min(stream.line_end(token.end), token.end + _MAX_COMM, end)
    match = compiled(_AFTER_NAME).search(stream.flat, token.end, min(stop + 20, end))
    if match:
        stop = min(stop, match.start())
    return token._replace(end=max(stop, token.start + 1), groups=(*token.groups, stream.flat[token.end : stop].strip()))


class AtomicReader(IrqTraceReader):
    """Adds the counters, and where preemption was disabled."""

    own_words = staticmethod(_own)

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        match = compiled(TITLE).fullmatch(self.title_text)
        parts = match.groupdict() if match else {}
        self._assumed = parts.get("assumed") or ""
        self._place = parts.get("place") or parts.get("assuming") or ""
        self._facts: list[tuple[str, str]] = []
        if parts.get("comm"):
            self.task = Task(parts["comm"], int(parts["pid"] or parts["old_pid"]))
            self._facts.append(("preempt_count", parts["count"] or parts["old_count"]))
        if parts.get("blocking"):
            self.task = Task(parts["blocking"], int(parts["blocking_pid"]))
            self._facts.append(("non_block", parts["depth"]))
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
            case "disabled":
                self._site_for, self._site_from = self._set_disabled_at, token.end
            case _:
                self.irq_fact(token)
        self.part = Part.BETWEEN

    def _context(self, values: list[str]) -> None:
        names = ("in_atomic()", "irqs_disabled()", "non_block", "migration_disabled()")
        self._facts += [(name, value) for name, value in zip(names, values, strict=False) if value]
        if values[4] and len(values) > 5 and values[5]:
            self.task = Task(values[5], int(values[4]))

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
            event_stamp=self.stamp,
            irq_events=tuple(self.events),
            lockdep_off=self.lockdep_off,
            assumed=self._assumed,
        )
