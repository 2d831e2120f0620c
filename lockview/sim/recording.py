"""A run as the lines of its trace, step by step while it goes, or all at once from a finished simulation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lockview.kernel import effects
from lockview.kernel.effects import Annotate, Context, Happened, Remark
from lockview.kernel.handles import Lock
from lockview.model.locks import Access
from lockview.model.reports import Report
from lockview.model.run_traces import (
    Broken,
    Head,
    Note,
    Record,
    RunEvent,
    Snapshot,
    Spoken,
    TracedThread,
)
from lockview.model.stacks import EMPTY_STACK, StackTrace
from lockview.sim.counting import Counting
from lockview.sim.introductions import Introductions
from lockview.sim.listening import site_of
from lockview.sim.machine import Done, Machine, Move, State
from lockview.sim.recorded_steps import Fields, StepWords
from lockview.sim.recorded_values import Names, digest, plain
from lockview.sim.running import Ending
from lockview.sim.scenarios.building import Built
from lockview.sim.simulation import Simulation

SNAPSHOT_EVERY = 256
"""Events between two snapshots."""

SpokenAs = Callable[[int, Report], Spoken]
"""Makes the line of a report that was printed after an event: in the kernel's words and as a value."""


def records(simulation: Simulation, head: Head, spoken: SpokenAs) -> Iterator[Record]:
    """The lines of a finished run, but for the last two, which only the writer knows."""
    recorder = Recorder(simulation.built, head, spoken)
    yield from recorder.opening()
    for number, (move, done) in enumerate(zip(simulation.moves, simulation.run.steps, strict=True)):
        reports = [simulation.spoke[number]] if number in simulation.spoke else []
        yield from recorder.step(move, done, reports)
    yield from recorder.closing(simulation.ending)


class Recorder:
    """Turns steps into lines. Time is logical: the number of steps done before."""

    def __init__(self, built: Built, head: Head, spoken: SpokenAs) -> None:
        self._built = built
        self._machine: Machine = built.machine
        self._head = head
        self._spoken = spoken
        self._names = Names(built.kernel.plan)
        self._words = StepWords(self._names, built.kernel.plan.locks)
        self._introduced = Introductions()
        self._counting = Counting()
        self._cpus = cpus_of(built.machine)
        self._state: State = built.machine.start
        self._steps = self._events = 0
        self._snapshot_after = -1
        self._waiting: set[int] = set()
        self._ended: set[int] = set()
        self._held: dict[tuple[int, Lock], list[int]] = {}
        self._faults = 0
        self._fault_of: dict[int, int] = {}

    def opening(self) -> Iterator[Record]:
        """The lines before the first step."""
        yield self._head
        parts = self._built.description.tasks
        for number, (task, plan) in enumerate(zip(self._built.tasks, self._machine.tasks, strict=True)):
            part = parts[number]
            kind = "daemon" if plan.daemon else "user" if part.mm else "kernel"
            yield TracedThread(number, task.comm, task.pid, kind, part.mm, plan.priority)
        yield self._snapshot()
        for number, remarks in enumerate(self._machine.first_remarks):
            for remark, stack in remarks:
                yield from self._remark(number, remark, stack, "")
        yield from self._new_waiters()

    def step(self, move: Move, done: Done, reports: Sequence[Report]) -> Iterator[Record]:
        """The lines of a step: what it did, what rode on it, and what came of it."""
        enabled = self._machine.enabled(self._state)
        fields = self._words.fields(move.task, self._state.cells, done, move.choice)
        if isinstance(done.effect, effects.Acquire):
            fields |= {"out": self._outcome(move.task, done)}
            if fields["out"] == "wake":
                fields["op"] = "acquired"
        fields |= self._lock_fields(move.task, done)
        fields |= {"enabled": enabled, "chosen": enabled.index(move.task), "length": 1}
        fields["step"] = _label(done)
        self._state = done.state
        yield from self._event(move.task, done.stack, fields)
        self._steps += 1
        if done.stays:
            yield from self._contend(move.task, done.stack, done.effect)
        for remark, stack in done.remarks:
            yield from self._remark(move.task, remark, stack, fields["op"])
        if move.task not in self._ended and self._machine.has_ended(self._state, move.task):
            self._ended.add(move.task)
            yield from self._event(move.task, EMPTY_STACK, {"op": "exit"})
        yield from self._new_waiters()
        yield from (self._spoken(self._events - 1, report) for report in reports)
        if done.violation is not None:
            touched = (fields["object"],) if fields.get("object") else ()
            yield Broken(self._events - 1, done.violation.invariant, done.violation.text, touched, (move.task,))
        if done.violation is not None or self._events - 1 - self._snapshot_after >= SNAPSHOT_EVERY:
            yield self._snapshot()

    def closing(self, ending: str) -> Iterator[Record]:
        """The lines after the last step. Index and end are left to the writer."""
        last = self._events - 1
        if self._snapshot_after != last:
            yield self._snapshot()
        if ending == Ending.DEADLOCK:
            for task in range(len(self._machine.tasks)):
                effect = self._machine.effect(self._state, task)
                if effect is not None and not self._machine.tasks[task].daemon:
                    yield Note(last, f"{self._built.tasks[task]} waits: {_wish(effect)}", "deadlock", f"task:{task}")
        yield self._counting.value(last)

    def _event(self, task: int, stack: StackTrace, fields: Fields) -> Iterator[Record]:
        if fields["op"] == "fault_begin":
            self._fault_of[task] = self._faults
            self._faults += 1
            self._words.forget(task)
        fault = self._fault_of.get(task)
        if fields["op"] == "fault_end":
            self._fault_of.pop(task, None)
        number = self._introduced.stack(stack)
        values: dict[str, Any] = {"length": 0, **fields}
        event = RunEvent(
            self._events, self._steps, cpu=self._cpus[task], task=task, fault=fault, stack=number, **values
        )
        yield from self._introduced.news
        self._counting.take(event)
        self._events += 1
        yield event

    def _snapshot(self) -> Snapshot:
        self._snapshot_after = self._events - 1
        state = self._names.state(self._state.cells)
        text = json.dumps(state, ensure_ascii=True, separators=(",", ":"))
        return Snapshot(self._snapshot_after, self._steps, state, digest(text))

    # --- Locks --------------------------------------------------------------------------------------------------

    def _lock_fields(self, task: int, done: Done) -> Fields:
        match done.effect:
            case effects.Acquire(lock=lock, access=access, subclass=subclass, nest=nest):
                fields = self._asked(lock, access, subclass, nest)
                if not done.stays and done.answer is not False:
                    self._held.setdefault((task, lock), []).append(subclass)
                return fields
            case effects.Release(lock=lock, access=access):
                return self._given_up(task, lock) | {"mode": access.value}
            case effects.Downgrade(lock=lock):
                return self._asked(lock, Access.SHARED, self._subclass(task, lock))
            case effects.ReadLock(domain=lock):
                return self._asked(lock, Access.RECURSIVE, 0) | {"out": "got"}
            case effects.ReadUnlock(domain=lock) | effects.Defer(domain=lock) | effects.GracePeriod(domain=lock):
                return self._asked(lock, Access.RECURSIVE, 0)
            case _:
                return {}

    def _asked(self, lock: Lock, access: Access, subclass: int, nest: Lock | None = None) -> Fields:
        name = self._introduced.lock(
            self._names.lock(lock), self._class(lock, 0), lock.name.rpartition(".")[0]
        )  # fmt: skip
        fields: Fields = {"lock": name, "lock_class": self._class(lock, subclass), "sub": subclass}
        fields["mode"] = access.value
        if nest is not None:
            fields["nest"] = self._asked(nest, Access.EXCLUSIVE, 0)["lock"]
        return fields

    def _class(self, lock: Lock, subclass: int) -> int:
        return self._introduced.lock_class(
            lock.key or lock.name, lock.base, subclass, lock.primitive.value,
            annotated=lock.annotated, has_key=bool(lock.key),
        )  # fmt: skip

    def _given_up(self, task: int, lock: Lock) -> Fields:
        fields = self._asked(lock, Access.EXCLUSIVE, self._subclass(task, lock))
        held = self._held.get((task, lock))
        if held:
            held.pop()
        return fields

    def _subclass(self, task: int, lock: Lock) -> int:
        held = self._held.get((task, lock))
        return held[-1] if held else 0

    def _outcome(self, task: int, done: Done) -> str:
        """``got``, ``busy``, ``wait`` or ``wake``."""
        if done.stays:
            self._waiting.add(task)
            return "wait"
        if task in self._waiting:
            self._waiting.discard(task)
            return "wake"
        return "busy" if done.answer is False else "got"

    def _new_waiters(self) -> Iterator[Record]:
        """Those who from now on wait for a lock without a queue."""
        for task in range(len(self._machine.tasks)):
            effect = self._machine.effect(self._state, task)
            if task in self._waiting or not isinstance(effect, effects.Acquire) or effect.trylock:
                continue
            if not self._machine.can_step(self._state, task):
                self._waiting.add(task)
                stack = self._machine.stack(self._state, task)
                asked = self._asked(effect.lock, effect.access, effect.subclass, effect.nest)
                yield from self._event(task, stack, {"op": "acquire", "out": "wait", "trylock": False, **asked})
                yield from self._contend(task, stack, effect)

    def _contend(self, task: int, stack: StackTrace, effect: effects.Step | None) -> Iterator[Record]:
        if isinstance(effect, effects.Acquire):
            asked = self._asked(effect.lock, effect.access, effect.subclass)
            yield from self._event(task, stack, {"op": "contend", **asked})

    # --- Remarks ------------------------------------------------------------------------------------------------

    def _remark(self, task: int, remark: Remark, stack: StackTrace, ridden: str) -> Iterator[Record]:
        """What rides on a step; ``ridden`` is that step's operation, which need not be said twice."""
        match remark:
            case Annotate(lock=lock) if remark.release:
                yield from self._event(task, stack, {"op": "release", **self._given_up(task, lock)})
            case Annotate(lock=lock):
                asked = self._asked(lock, remark.access, remark.subclass, remark.nest)
                self._held.setdefault((task, lock), []).append(remark.subclass)
                yield from self._event(task, stack, {"op": "acquire", "out": "ok", "trylock": remark.trylock, **asked})
            case Context(of=of, change=change):
                yield from self._event(task, stack, {"op": f"{of}_{change}"})
            case Happened() if remark.what != ridden:
                yield from self._event(task, stack, _told(remark))
            case _:
                pass


def cpus_of(machine: Machine) -> tuple[int, ...]:
    """The CPU of each task: the one it has to share, or else one of its own."""
    shared = {plan.cpu for plan in machine.tasks if plan.cpu is not None}
    free = (number for number in range(2 * len(machine.tasks) + len(shared)) if number not in shared)
    return tuple(next(free) if plan.cpu is None else plan.cpu for plan in machine.tasks)


def _told(remark: Happened) -> Fields:
    fields: Fields = {"op": remark.what, "out": f"abort:{remark.value}" if remark.what == "spf_abort" else remark.value}
    if remark.what in ("fault_begin", "fault_end"):
        fields["of"] = f"page:{remark.number}"
    elif remark.number:
        fields["value"] = plain(remark.number)
    return fields


def _label(done: Done) -> str:
    """Where a step is: the function outside the lock functions, and the label of the step or its line in our source."""
    site = site_of(done.stack)
    if site is None:
        return ""
    what = getattr(done.effect, "what", "")
    label = what if what and " " not in what else str(site.line)
    return f"{site.function}:{label}"


def _wish(effect: effects.Step) -> str:
    """What a task that cannot step wants."""
    match effect:
        case effects.Acquire(lock=lock):
            return f"it wants {lock.name}"
        case effects.Flush():
            return "it wants other CPUs to answer, whose interrupts are off"
        case effects.GracePeriod(domain=domain):
            return f"it wants a grace period of {domain.name} to end"
        case effects.Await(cell=cell, what=what):
            return f"it waits {what or 'for a change'} ({cell.name})"
        case _:
            return "it wants to go on"
