"""Recursive locking reports.  Source: print_deadlock_bug, kernel/locking/lockdep.c."""

from __future__ import annotations

from dataclasses import replace

from lockview.model.held_reports import RecursiveReport
from lockview.model.locks import HeldLock
from lockview.model.reports import ScenarioStep
from lockview.model.text import NOWHERE
from lockview.parsing.held_lists import with_parts
from lockview.parsing.irq_reader import IrqReader
from lockview.parsing.irq_words import Own
from lockview.parsing.lines import Stream
from lockview.parsing.locks import lock_class
from lockview.parsing.scenarios import read_column
from lockview.parsing.sections import Part, Title
from lockview.parsing.tokens import Token


class RecursiveReader(IrqReader):
    """Adds the result of a class's comparison function."""

    def __init__(self, stream: Stream, title: Title | None, start: int, end: int) -> None:
        super().__init__(stream, title, start, end)
        self._comparison: int | None = None
        self.own[Own.COMPARES] = self._compares

    def _compares(self, token: Token) -> None:
        self._comparison = int(token.groups[1])
        self.part = Part.BETWEEN

    def steps(self) -> tuple[ScenarioStep, ...]:
        return read_column(self.stream, self.operations)

    def report(self) -> RecursiveReport:
        if self.wanted and self.held and self.wanted.lock_class != self.held.lock_class:
            self.wanted, self.held = _of_one_class(self.wanted, self.held)
        wanted, held = self.wanted, self.held
        classes = [lock.lock_class for lock in (wanted, held) if lock]
        report = RecursiveReport(**self.shared(classes), comparison=self._comparison)
        if wanted and held and wanted.lock_class != held.lock_class:
            self.repairs.warn(
                "classes-differ",
                f"line {held.span.first}: {held.lock_class} is held, but {wanted.lock_class} is wanted; such a report "
                "is about one class, so its text was changed",
                held.span,
            )
        parts = {
            "wanted": (wanted is not None, wanted.span if wanted else NOWHERE),
            "held": (held is not None, held.span if held else NOWHERE),
        }
        return replace(report, reading=self.reading(report, parts))


def _of_one_class(wanted: HeldLock, held: HeldLock) -> tuple[HeldLock, HeldLock]:
    """Take off what a print function added to either instance: both are of one class, so its name is what is equal."""
    names = wanted.lock_class.name, held.lock_class.name
    words = [name.split(" ") for name in names]
    common = []
    for one, other in zip(*words, strict=False):
        if one != other:
            break
        common.append(one)
    name = " ".join(common)
    if not name or not wanted.instance:
        return wanted, held
    wanted, held = (
        with_parts(lock, name=lock_class(name).name, instance_text=text[len(name) :])
        for lock, text in zip((wanted, held), names, strict=True)
    )
    return wanted, held
