"""The validator over a trace of a simulated run: it has to say there what it said while the run went.

So a trace holds all that lockdep was told, and other rules can be tried on a run that is over.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockview.kernel.effects import Context
from lockview.lockdep.locks import LockMap
from lockview.lockdep.validator import Rules, Validator
from lockview.model.locks import Access, Primitive
from lockview.model.reports import Report, Task
from lockview.model.run_traces import (
    Record,
    RunEvent,
    RunTrace,
    TracedClass,
    TracedFrame,
    TracedInstance,
    TracedStack,
    TracedThread,
)
from lockview.model.stacks import EMPTY_STACK, Frame, StackTrace
from lockview.sim.listening import hear_context, site_of

_ASKED = ("got", "wait", "ok")
_READERS = (Primitive.RCU, Primitive.SRCU)


def reheard(trace: RunTrace, rules: Rules) -> tuple[Report, ...]:
    """What a validator with these rules says of a trace."""
    rehearing = _Rehearing(rules)
    for record in trace.records:
        rehearing.take(record)
    return tuple(rehearing.validator.reports)


class _Rehearing:
    def __init__(self, rules: Rules) -> None:
        self.validator = Validator(rules)
        self._tasks: dict[int, Task] = {}
        self._classes: dict[int, TracedClass] = {}
        self._locks: dict[str, LockMap] = {}
        self._seen: dict[str, bool] = {}
        self._frames: dict[int, Frame] = {}
        self._stacks: dict[int, StackTrace] = {}

    def take(self, record: Record) -> None:
        """Learn what a line introduces, or tell the validator of an event."""
        match record:
            case TracedThread():
                self._tasks[record.id] = Task(record.comm, record.pid)
            case TracedClass():
                self._classes[record.id] = record
            case TracedInstance():
                self._introduce(record)
            case TracedFrame():
                frame = Frame(record.function, record.offset, record.size, file=record.file, line=record.line)
                self._frames[record.id] = frame
            case TracedStack():
                self._stacks[record.id] = StackTrace(tuple(self._frames[frame] for frame in record.frames))
            case RunEvent():
                self._event(record)
            case _:
                pass

    def _introduce(self, lock: TracedInstance) -> None:
        lock_class = self._classes[lock.lock_class]
        kind = Primitive(lock_class.kind) if lock_class.kind in tuple(Primitive) else Primitive.MUTEX
        self._seen[lock.id] = lock_class.annotated
        self._locks[lock.id] = LockMap(
            lock.id, lock_class.id, lock_class.name, kind,
            has_static_key=lock_class.has_key, validated=kind not in _READERS,
        )  # fmt: skip

    def _event(self, event: RunEvent) -> None:
        task = self._tasks[event.task]
        stack = self._stacks[event.stack] if event.stack is not None else EMPTY_STACK
        self.validator.task(task).cpu = event.cpu
        if event.lock:
            if self._seen[event.lock]:
                self._lock(event, task, stack)
            return
        for remark in _contexts(event.op):
            hear_context(self.validator, task, remark, stack)

    def _lock(self, event: RunEvent, task: Task, stack: StackTrace) -> None:
        lock = self._locks[event.lock]
        match event.op:
            case "acquire" | "srcu_lock" if event.out in _ASKED:
                self.validator.acquire(
                    task, lock, Access(event.mode), subclass=event.sub or 0, trylock=bool(event.trylock),
                    nest=self._locks[event.nest] if event.nest else None, stack=stack, site=site_of(stack),
                )  # fmt: skip
            case "release" | "srcu_unlock":
                self.validator.release(task, lock, stack=stack, site=site_of(stack))
            case "downgrade":
                self.validator.downgrade(task, lock)
            case _:
                pass


def _contexts(op: str) -> Iterator[Context]:
    """What an operation means for interrupts, if anything."""
    if op in ("irq_off", "irq_on"):
        yield Context("hardirq", "enable" if op == "irq_on" else "disable")
    of, _, change = op.partition("_")
    if of in ("hardirq", "softirq") and change in ("enter", "exit", "disable", "enable"):
        yield Context(of, change)
