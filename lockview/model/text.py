"""Places in a source text, and what was noticed there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Lines of a source, 1-based, both ends included.

    Lines of another printer may lie between the ends; a span says where to look, not that every line in it
    belongs to the object.
    """

    first: int
    last: int

    def __contains__(self, line: int) -> bool:
        return self.first <= line <= self.last

    def joined(self, other: Span) -> Span:
        """The smallest span that covers both."""
        if not self:
            return other
        if not other:
            return self
        return Span(min(self.first, other.first), max(self.last, other.last))

    def __bool__(self) -> bool:
        return self.first > 0


NOWHERE = Span(0, 0)
"""The span of something that was not read from a source (computed, simulated or typed in)."""


class Severity(StrEnum):
    """How much a problem takes away from the reader."""

    NOTE = "note"
    """The reader repaired or guessed something; nothing is missing."""
    WARNING = "warning"
    """Something is missing or contradicts itself; the rest is shown."""
    ERROR = "error"
    """Nothing could be read from the named place."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something noticed while reading: a repair, a guess, damage or a failure.

    ``code`` is stable and machine readable (``scenario-columns-lost``); ``message`` names the thing, the place and
    what was done about it, in one sentence.
    """

    severity: Severity
    code: str
    message: str
    span: Span = NOWHERE
