"""What a run of the clock counted and measured, in microseconds of model time."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import NamedTuple


class Latency(NamedTuple):
    """How long something took. All zero when it never happened."""

    times: int = 0
    mean: float = 0.0
    median: float = 0.0
    p90: float = 0.0
    p99: float = 0.0
    longest: float = 0.0


class Tally:
    """Counts and spans of the part of a run from ``begin`` up to ``end``.

    ``events`` are all steps of the run that touched something shared, ``last`` is when the last task ended. ``pending``
    is how long deferred callbacks waited, all together. ``waits`` are those that had not got a lock at the end, and for
    how long. ``stuck`` tells that nobody could go on.
    """

    def __init__(self, begin: float, end: float, spans: tuple[str, ...]) -> None:
        self.begin = begin
        self.end = end
        self.counts: Counter[str] = Counter()
        self.spans = {name: array("d") for name in spans}
        self.events = 0
        self.pending = 0.0
        self.last = 0.0
        self.waits: tuple[tuple[str, float], ...] = ()
        self.stuck = False

    @property
    def duration(self) -> float:
        """How long was measured."""
        return self.end - self.begin

    def per_second(self, what: str) -> float:
        """How often a told event happened in a second, with any value."""
        prefix = what + ": "
        count = sum(number for key, number in self.counts.items() if key == what or key.startswith(prefix))
        return count / self.duration * 1e6

    def latency(self, span: str) -> Latency:
        """The distribution of a span."""
        values = sorted(self.spans[span])
        if not values:
            return Latency()
        last = len(values) - 1
        median, p90, p99 = (values[round(part * last)] for part in (0.5, 0.9, 0.99))
        return Latency(len(values), sum(values) / len(values), median, p90, p99, values[-1])
