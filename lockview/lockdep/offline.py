"""The validator over the lock events of a real kernel's trace.

A trace says less than lockdep is told, so nothing is guessed:

- subclasses and keys are not printed: locks of one name may be of several classes. What two locks themselves prove is
  ``certain``; what follows only if a name is a class is ``by_name``. A lock that is taken under another one of its name
  is not judged;
- a shared acquisition may be a recursive one, so all are taken for that;
- what is not printed about interrupts is taken for harmless;
- where events were lost nobody is known to hold anything: neither after the gap, nor between any two events while it
  lasts, since a task may have been on that CPU in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lockview.lockdep.locks import LockMap
from lockview.lockdep.rules import Rules
from lockview.lockdep.validator import Validator
from lockview.model.lock_events import EventStream, LockEvent, LockEventKind
from lockview.model.locks import Access
from lockview.model.reports import Report, Task
from lockview.model.stacks import EMPTY_STACK, Frame, StackTrace

_RULES = Rules(wait_types=False)
_SOFTIRQ, _HARDIRQ, _NMI = frozenset("sH"), frozenset("hH"), frozenset("zZ")
_IRQS_ON = frozenset(".b")
_BH_OFF = frozenset("bD")


class Findings(NamedTuple):
    """What the validator says of a trace. ``checked`` counts acquisitions; ``nested`` those that could not be judged.

    ``gaps`` counts the places at which events were lost. ``contexts``: whether the trace tells interrupts apart; if
    not, locks that interrupts took may look as if the interrupted task had taken them.
    """

    certain: tuple[Report, ...]
    by_name: tuple[Report, ...]
    checked: int
    nested: int
    gaps: int
    contexts: bool


def check(stream: EventStream, rules: Rules = _RULES) -> Findings:
    """Run the events past the validator: once with each lock for itself, once with each name for one class."""
    quiet = rules._replace(wait_types=False)
    own, named = _Pass(stream, quiet, by_name=False), _Pass(stream, quiet, by_name=True)
    certain, by_name = own.reports(), named.reports()
    return Findings(
        certain,
        tuple(report for report in by_name if report not in certain),
        named.checked,
        named.nested,
        len(stream.gaps),
        any(event.flags for event in stream.events),
    )


class _Pass:
    """One way through the events, with a validator of its own."""

    def __init__(self, stream: EventStream, rules: Rules, *, by_name: bool) -> None:
        self._stream = stream
        self._by_name = by_name
        self._validator = Validator(rules)
        self._tasks = tuple(
            Task(f"swapper/{task.cpu}", 0) if task.cpu is not None else Task(task.name, task.pid)
            for task in stream.tasks
        )
        self._tells_bh = any(event.flags[:1] in _BH_OFF for event in stream.events if event.flags)
        self.checked = self.nested = 0

    def reports(self) -> tuple[Report, ...]:
        """Go through all events."""
        doubtful = _doubtful(self._stream)
        uncertain = next(doubtful, None)
        for number, event in enumerate(self._stream.events):
            while uncertain is not None and number > uncertain[1]:
                uncertain = next(doubtful, None)
            if uncertain is not None and number >= uncertain[0]:
                self._forget()
            if event.flags[2:3] not in _NMI or not event.flags:
                self._take(event)
        return tuple(self._validator.reports)

    def _forget(self) -> None:
        for task in self._tasks:
            self._validator.task(task).held.clear()

    def _take(self, event: LockEvent) -> None:
        task = self._tasks[event.task]
        stack = event.stack if event.stack.frames else _place(event)
        self._enter(task, event, stack)
        lock = self._map(event)
        match event.kind:
            case LockEventKind.ACQUIRE:
                self._acquire(task, event, lock, stack)
            case LockEventKind.RELEASE:
                # Many were taken before the trace began, or in a gap: that is no bad unlock.
                if self._holds(task, lock):
                    self._validator.release(task, lock, stack=stack)
            case _:
                pass

    def _acquire(self, task: Task, event: LockEvent, lock: LockMap, stack: StackTrace) -> None:
        held = self._validator.task(task).held
        self.checked += 1
        if any(other.lock.name == lock.name and other.lock.instance != lock.instance for other in held):
            self.nested += 1
            lock = lock._replace(validated=False)
        access = Access.RECURSIVE if event.shared else Access.EXCLUSIVE
        self._validator.acquire(task, lock, access, trylock=event.trylock, stack=stack)

    def _holds(self, task: Task, lock: LockMap) -> bool:
        state = self._validator.task(task)
        return state.find(lock, self._validator.classes.find(lock, 0)) is not None

    def _map(self, event: LockEvent) -> LockMap:
        instance = (event.pointer if "ptrval" not in event.pointer else "", event.name)
        return LockMap(instance, event.name if self._by_name else instance, event.name)

    def _enter(self, task: Task, event: LockEvent, stack: StackTrace) -> None:
        """Interrupts as the event's flags say; what an interrupt left behind when it ended is dropped."""
        state = self._validator.task(task)
        state.cpu = event.cpu
        flags = event.flags
        state.in_hardirq = int(flags[2:3] in _HARDIRQ and bool(flags))
        state.in_softirq = int(flags[2:3] in _SOFTIRQ and bool(flags))
        context = state.irq_context
        state.held = [
            held for held in state.held if held.irq_context <= context and not held.irq_context == 2 < context
        ]
        self._validator.set_hardirqs(task, on=flags[:1] in _IRQS_ON and bool(flags), stack=stack)
        on = self._tells_bh and bool(flags) and flags[:1] not in _BH_OFF and not context
        self._validator.set_softirqs(task, on=on, stack=stack)


def _place(event: LockEvent) -> StackTrace:
    """The line of the trace as a stack: traces without stacks know no more."""
    return StackTrace((Frame(event.kind.value, file="trace", line=event.line),)) if event.line else EMPTY_STACK


def _doubtful(stream: EventStream) -> Iterator[tuple[int, int]]:
    """First and last event of each stretch in which held locks are not known, one after the other."""
    last: dict[int, int] = {}
    seen = 0
    first = stop = -1
    for gap in stream.gaps:
        for number in range(seen, min(gap.before, len(stream.events))):
            last[stream.events[number].cpu] = number
        seen = max(seen, min(gap.before, len(stream.events)))
        start = last.get(gap.cpu, -1) + 1
        if stop >= 0 and start <= stop:
            first, stop = min(first, start), max(stop, gap.before)
            continue
        if stop >= 0:
            yield first, stop
        first, stop = start, gap.before
    if stop >= 0:
        yield first, stop
