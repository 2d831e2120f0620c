"""The locks of a simulated run as a trace for lanes: who takes, waits for and gives up what.

Locks are told apart by instance, not by class. Sections of sequence counters and read sections of RCU count as held.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from lockview.kernel.effects import Acquire, Happened, ReadLock, ReadUnlock, Release
from lockview.model.locks import LockClass
from lockview.model.traces import Event, EventKind, Outcome, Trace
from lockview.sim.course import Course
from lockview.sim.machine import Done
from lockview.sim.running import Ending

MOST_EVENTS = 600
"""So many are drawn; a run of more is shown by its beginning."""

_SECTIONS = {"seq_begin": EventKind.ACQUIRE, "seq_end": EventKind.RELEASE}


class LockTrace(NamedTuple):
    """A trace, and for each of its events the step (from 0) that made it."""

    trace: Trace
    steps: tuple[int, ...]

    def events_before(self, position: int) -> int:
        """How many events the first ``position`` steps of the run made."""
        return bisect_left(self.steps, position)

    def position_after(self, events: int) -> int:
        """The position in the run right after that many events."""
        return self.steps[events - 1] + 1 if 0 < events <= len(self.steps) else 0


class _Change(NamedTuple):
    step: int
    task: int
    kind: EventKind
    lock: str


def lock_trace(course: Course) -> LockTrace:
    """What the steps of a run did to locks."""
    names = tuple(str(task) for task in course.built.tasks)
    changes = tuple(change for change, _ in zip(_changes(course), range(MOST_EVENTS), strict=False))
    events = tuple(
        Event(number, change.task, change.kind, LockClass(change.lock)) for number, change in enumerate(changes)
    )
    ended = {Ending.DONE: Outcome.DONE, Ending.DEADLOCK: Outcome.DEADLOCK}
    outcome = ended.get(course.ending, Outcome.RUNNING) if course.ending else Outcome.RUNNING
    return LockTrace(Trace(names, events, outcome), tuple(change.step for change in changes))


def _changes(course: Course) -> Iterator[_Change]:
    waiting: set[int] = set()
    for step, (move, done) in enumerate(zip(course.moves, course.steps, strict=True)):
        if not done.stays:
            waiting.discard(move.task)
        yield from _of_step(step, move.task, done)
        yield from _waits(course, step, waiting)


def _of_step(step: int, task: int, done: Done) -> Iterator[_Change]:
    match done.effect:
        case Acquire(lock=lock, trylock=trylock) if not done.stays and (done.answer or not trylock):
            yield _Change(step, task, EventKind.ACQUIRE, lock.name)
        case Release(lock=lock):
            yield _Change(step, task, EventKind.RELEASE, lock.name)
        case ReadLock(domain=domain):
            yield _Change(step, task, EventKind.ACQUIRE, domain.name)
        case ReadUnlock(domain=domain):
            yield _Change(step, task, EventKind.RELEASE, domain.name)
        case _:
            pass
    for remark, _ in done.remarks:
        if isinstance(remark, Happened) and remark.what in _SECTIONS:
            yield _Change(step, task, _SECTIONS[remark.what], str(remark.value))


def _waits(course: Course, step: int, waiting: set[int]) -> Iterator[_Change]:
    """Those who wait for a lock from this step on."""
    state, machine = course.states[step + 1], course.machine
    for task in range(len(course.built.tasks)):
        effect = machine.effect(state, task)
        if task in waiting or not isinstance(effect, Acquire) or effect.trylock or machine.can_step(state, task):
            continue
        waiting.add(task)
        yield _Change(step, task, EventKind.WAIT, effect.lock.name)
