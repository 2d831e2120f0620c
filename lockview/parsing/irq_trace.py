"""The interrupt trace that stands in many warnings.  Source: print_irqtrace_events, kernel/locking/lockdep.c."""

from __future__ import annotations

from lockview.model.stacks import Frame
from lockview.model.usages import IrqEvent
from lockview.parsing.bug_reader import BugReader, own_token
from lockview.parsing.lines import Stream
from lockview.parsing.sections import Title
from lockview.parsing.tokens import Token

_STAMP = r"irq event stamp: ?(\d{1,20})"
_EVENT = r"((?:hard|soft)irqs last (?:enabled|disabled)) at \((\d{1,20})\):"


def irq_trace_word(text: str, start: int, end: int) -> Token | None:
    """A line of the interrupt trace: ``stamp`` or ``event``."""
    first = text[start]
    if first == "i":
        return own_token(_STAMP, "stamp", text, start, end)
    return own_token(_EVENT, "event", text, start, end) if first in "hs" else None


class IrqTraceReader(BugReader):
    """Adds the interrupt trace."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self.stamp: int | None = None
        self.events: list[IrqEvent] = []

    def irq_fact(self, token: Token) -> None:
        """Take a word of the interrupt trace."""
        what, *values = token.groups
        if what == "stamp":
            self.stamp = int(values[0])
            return
        span = self.stream.span(token.start, token.end)
        self.events.append(IrqEvent(values[0], int(values[1]), None, span))
        self._site_for, self._site_from = self._set_event_site, token.end

    def _set_event_site(self, frame: Frame) -> None:
        event = self.events.pop()
        self.events.append(IrqEvent(event.what, event.number, frame, event.span.joined(frame.span)))
