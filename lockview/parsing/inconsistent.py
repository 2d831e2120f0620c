"""Inconsistent lock state reports.  Source: print_usage_bug, kernel/locking/lockdep.c."""

from __future__ import annotations

from dataclasses import replace

from lockview.model.irq_reports import InconsistentReport
from lockview.model.reports import ScenarioStep
from lockview.model.stacks import Frame
from lockview.model.text import NOWHERE
from lockview.parsing.class_blocks import stack_of
from lockview.parsing.irq_reader import IrqReader
from lockview.parsing.irq_words import Own
from lockview.parsing.lines import Stream
from lockview.parsing.scenarios import read_column
from lockview.parsing.sections import Part, Title
from lockview.parsing.tokens import Token

_FAR_IN_LINE = 80
"""``} usage.``, by which a report without title is found, stands so far behind the first word of its line at most."""


class InconsistentReader(IrqReader):
    """Adds the two states and the stack of the older one."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        if title is None:
            line = stream.starts[stream.index(start)]
            start = line if start - line < _FAR_IN_LINE else start
        super().__init__(stream, title, start, end)
        self._old = self._new = ""
        self._registered: list[Frame] = []
        self.own[Own.INCONSISTENT] = self._states
        self.own[Own.REGISTERED] = self._old_state

    def _states(self, token: Token) -> None:
        self._old, self._new = token.groups[1:]
        self.part = Part.BETWEEN

    def _old_state(self, token: Token) -> None:
        self._old = self._old or token.groups[1]
        self.stack(self._registered)

    def steps(self) -> tuple[ScenarioStep, ...]:
        return read_column(self.stream, self.operations)

    @property
    def has_body(self) -> bool:
        return super().has_body or bool(self._old)

    def report(self) -> InconsistentReport:
        registered = stack_of(self._registered)
        named = [step.lock_class for step in self.steps() if step.lock_class]
        report = InconsistentReport(
            **self.shared(named),
            old_state=self._old,
            new_state=self._new,
            context=self.context,
            registered=registered,
            event_stamp=self.event_stamp,
            irq_events=tuple(self.events),
        )
        wanted = report.wanted
        parts = {
            "states": (bool(self._new), NOWHERE),
            "wanted": (wanted is not None, wanted.span if wanted else NOWHERE),
            "registered": (bool(registered.frames), registered.span),
        }
        return replace(report, reading=self.reading(report, parts))
