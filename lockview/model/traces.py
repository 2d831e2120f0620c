"""Runs of a simulated kernel: which task did what to which lock, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lockview.model.locks import LockClass
from lockview.model.stacks import EMPTY_STACK, StackTrace


class EventKind(StrEnum):
    """What one step of a task did. A blocked acquisition is WAIT now and ACQUIRE when the lock comes free."""

    ACQUIRE = "acquire"
    WAIT = "wait"
    RELEASE = "release"
    END = "end"


@dataclass(frozen=True, slots=True)
class Event:
    """One step. ``index`` counts from 0 without gaps; ``task`` indexes ``Trace.tasks``.

    ``lock`` is None for END. ``enabled`` are the tasks that could have stepped instead, this one included.
    """

    index: int
    task: int
    kind: EventKind
    lock: LockClass | None = None
    stack: StackTrace = EMPTY_STACK
    enabled: tuple[int, ...] = ()


class Outcome(StrEnum):
    """How a run ended."""

    RUNNING = "running"
    DONE = "done"
    DEADLOCK = "deadlock"


@dataclass(frozen=True, slots=True)
class Trace:
    """The events of a run, in order. ``tasks`` are display names, one per task."""

    tasks: tuple[str, ...]
    events: tuple[Event, ...] = ()
    outcome: Outcome = Outcome.RUNNING


@dataclass(frozen=True, slots=True)
class Schedule:
    """The choices that make a run: the task that steps, for each step. Same scenario, same schedule, same trace."""

    choices: tuple[int, ...] = ()
