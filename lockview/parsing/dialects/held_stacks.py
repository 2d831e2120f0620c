"""What each task of a trace holds, event by event, and the orders that follow."""

from __future__ import annotations

from dataclasses import dataclass, field

from lockview.model.lock_events import LockEvent, LockEventKind, SeenOrder, TracedLock, TracedTask

MAX_DEPTH = 48
"""No task holds more; what would be above was not released because its release is not in the trace.
Source: MAX_LOCK_DEPTH, include/linux/sched.h."""


@dataclass(slots=True)
class _Held:
    pointer: str
    name: str
    level: int
    line: int
    waiting: bool = False
    taken: bool = False


@dataclass(slots=True)
class _Task:
    comm: str
    pid: int
    idle_cpu: int | None
    cpu: int
    gaps: int
    held: list[_Held] = field(default_factory=list)


class HeldStacks:
    """The stacks of held locks. A gap in the events of a CPU empties those of the tasks that ran there last."""

    def __init__(self) -> None:
        self._tasks: list[_Task] = []
        self._numbers: dict[tuple[int, int], int] = {}
        self._gaps: dict[int, int] = {}
        self._orders: dict[tuple[str, str], list[int]] = {}

    def task(self, comm: str, pid: int, cpu: int) -> int:
        """The index of a task; the idle task, whose pid is 0, is another one on each CPU."""
        key = (pid, cpu if pid <= 0 else -1)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._tasks)
            self._tasks.append(_Task(comm, pid, cpu if pid <= 0 else None, cpu, self._gaps.get(cpu, 0)))
        return number

    def lost(self, cpu: int) -> None:
        """Say that events of a CPU are missing here."""
        self._gaps[cpu] = self._gaps.get(cpu, 0) + 1

    def take(self, event: LockEvent, level: int) -> None:
        """Follow one event; ``level`` is how deep in interrupts it was."""
        task = self._tasks[event.task]
        self._forget(task)
        task.cpu, task.gaps = event.cpu, self._gaps.get(event.cpu, 0)
        if task.held and task.held[-1].level > level:
            task.held = [held for held in task.held if held.level <= level]
        match event.kind:
            case LockEventKind.ACQUIRE:
                self._acquire(task, event, level)
            case LockEventKind.RELEASE:
                place = _newest(task, event)
                if place is not None:
                    del task.held[place]
            case LockEventKind.CONTENDED | LockEventKind.ACQUIRED:
                place = _newest(task, event)
                if place is not None:
                    _follow(task.held[place], event.kind)
            case _:
                pass

    def _acquire(self, task: _Task, event: LockEvent, level: int) -> None:
        if not event.trylock:
            for held in task.held:
                if held.level == level:
                    self._orders.setdefault((held.name, event.name), [0, event.line])[0] += 1
        if len(task.held) >= MAX_DEPTH:
            del task.held[0]
        task.held.append(_Held(event.pointer, event.name, level, event.line))

    def _forget(self, task: _Task) -> None:
        if self._gaps.get(task.cpu, 0) != task.gaps:
            task.held = []

    def orders(self) -> tuple[SeenOrder, ...]:
        """The orders of locks that were seen, the first seen first."""
        return tuple(SeenOrder(held, wanted, count, line) for (held, wanted), (count, line) in self._orders.items())

    def tasks(self) -> tuple[TracedTask, ...]:
        """All tasks with what they hold now."""
        for task in self._tasks:
            self._forget(task)
        return tuple(
            TracedTask(
                task.comm,
                task.pid,
                task.idle_cpu,
                tuple(_traced(held) for held in task.held if not held.waiting),
                next((_traced(held) for held in reversed(task.held) if held.waiting), None),
            )
            for task in self._tasks
        )


def _follow(held: _Held, kind: LockEventKind) -> None:
    """Kernels up to 5.12 log that a lock was contended after it was acquired."""
    held.taken = held.taken or kind is LockEventKind.ACQUIRED
    held.waiting = not held.taken


def _newest(task: _Task, event: LockEvent) -> int | None:
    """Locks are often released out of order: the newest one with that pointer, or name where none is printed."""
    for place in range(len(task.held) - 1, -1, -1):
        held = task.held[place]
        if held.pointer == event.pointer and (event.pointer or held.name == event.name):
            return place
    return None


def _traced(held: _Held) -> TracedLock:
    return TracedLock(held.pointer, held.name, held.line)
