"""The locks of a simulated run: who takes, waits for and gives up what, step by step.

Locks are told apart by instance, not by class. Sections of sequence counters and read sections of RCU count as held.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lockview.kernel.effects import Acquire, Happened, ReadLock, ReadUnlock, Release
from lockview.model.traces import EventKind
from lockview.sim.course import Course
from lockview.sim.machine import Done

_SECTIONS = {"seq_begin": EventKind.ACQUIRE, "seq_end": EventKind.RELEASE}


class LockChange(NamedTuple):
    """What a step (from 0) did to a lock, or who began to wait for it then."""

    step: int
    task: int
    kind: EventKind
    lock: str


def lock_changes(course: Course) -> Iterator[LockChange]:
    """The changes of a run in the order of its steps."""
    waiting: set[int] = set()
    for step, (move, done) in enumerate(zip(course.moves, course.steps, strict=True)):
        if not done.stays:
            waiting.discard(move.task)
        yield from _of_step(step, move.task, done)
        yield from _waits(course, step, waiting)


def _of_step(step: int, task: int, done: Done) -> Iterator[LockChange]:
    match done.effect:
        case Acquire(lock=lock, trylock=trylock) if not done.stays and (done.answer or not trylock):
            yield LockChange(step, task, EventKind.ACQUIRE, lock.name)
        case Release(lock=lock):
            yield LockChange(step, task, EventKind.RELEASE, lock.name)
        case ReadLock(domain=domain):
            yield LockChange(step, task, EventKind.ACQUIRE, domain.name)
        case ReadUnlock(domain=domain):
            yield LockChange(step, task, EventKind.RELEASE, domain.name)
        case _:
            pass
    for remark, _ in done.remarks:
        if isinstance(remark, Happened) and remark.what in _SECTIONS:
            yield LockChange(step, task, _SECTIONS[remark.what], str(remark.value))


def _waits(course: Course, step: int, waiting: set[int]) -> Iterator[LockChange]:
    """Those who wait for a lock from this step on."""
    state, machine = course.states[step + 1], course.machine
    for task in range(len(course.built.tasks)):
        effect = machine.effect(state, task)
        if task in waiting or not isinstance(effect, Acquire) or effect.trylock or machine.can_step(state, task):
            continue
        waiting.add(task)
        yield LockChange(step, task, EventKind.WAIT, effect.lock.name)
