"""What may be said after a search, and no more than that."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from lockview.sim.exploring import DEADLOCK, Found


class Verdict(StrEnum):
    """What a search showed of a model."""

    DEADLOCKS = "deadlocks"
    VIOLATES = "violates"
    CANNOT = "cannot under these rules"
    UNDECIDED = "not decided"


class Outcome(NamedTuple):
    """A verdict with its grounds.

    ``found`` is the schedule, when there is one. ``stopped_by`` is the bound that left it undecided. ``states`` is 0
    for strategies that do not tell states apart, ``executions`` for those that do not finish runs. ``promise`` is what
    the strategy guarantees when it finds nothing, "" when that is in the verdict.
    """

    strategy: str
    found: Found | None = None
    states: int = 0
    transitions: int = 0
    executions: int = 0
    stopped_by: str = ""
    promise: str = ""

    @property
    def verdict(self) -> Verdict:
        """What may be said."""
        if self.found is not None:
            return Verdict.DEADLOCKS if self.found.violation.invariant == DEADLOCK.invariant else Verdict.VIOLATES
        return Verdict.UNDECIDED if self.stopped_by else Verdict.CANNOT


ASSUMPTIONS = (
    "steps are seen by all CPUs in one order (sequential consistency)",
    "the tasks and objects are those of the model, no more of them",
    "one step of the model is one atomic step of the kernel",
    "a task that can go on does so at some time; nothing is said about how soon",
)
"""What every verdict takes for granted besides the switches of its kernel."""
