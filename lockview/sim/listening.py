"""What the embedded validator hears of a run: the acquisitions and releases of its steps, in their order."""

from __future__ import annotations

from collections.abc import Sequence

from lockview.kernel.effects import (
    Acquire,
    Annotate,
    Context,
    Downgrade,
    IrqDisable,
    IrqEnable,
    ReadLock,
    ReadUnlock,
    Release,
    Remark,
)
from lockview.kernel.handles import Lock
from lockview.lockdep.locks import LockMap
from lockview.lockdep.validator import Validator
from lockview.model.locks import Access, Primitive
from lockview.model.reports import Report, Task
from lockview.model.stacks import Frame, StackTrace
from lockview.sim.machine import Done, Machine, Move, State

_LOCK_FUNCTIONS = "lockview/kernel/locks/"


class Listener:
    """Follows a run step by step. A task that has to wait is heard when it begins to, not when it gets the lock.

    An interrupt is a task of the machine; in ``tasks`` it is the task that it interrupts.
    """

    def __init__(self, machine: Machine, tasks: Sequence[Task], validator: Validator) -> None:
        self.validator = validator
        self._machine = machine
        self._tasks = tuple(tasks)
        self._asked: set[int] = set()
        for number, task in enumerate(self._tasks):
            cpu = machine.tasks[number].cpu
            validator.task(task).cpu = number if cpu is None else cpu

    @property
    def reports(self) -> list[Report]:
        """What the validator has said so far."""
        return self.validator.reports

    def start(self) -> None:
        """Hear what the tasks say before their first step."""
        for number, remarks in enumerate(self._machine.first_remarks):
            for remark, stack in remarks:
                self._hear_remark(number, remark, stack)
        self._hear_waiters(self._machine.start)

    def hear(self, move: Move, done: Done) -> None:
        """Hear a step."""
        task = move.task
        asked = task in self._asked
        if not done.stays:
            self._asked.discard(task)
        self._hear_step(task, done, asked=asked)
        for remark, stack in done.remarks:
            self._hear_remark(task, remark, stack)
        self._hear_waiters(done.state)

    def _hear_step(self, task: int, done: Done, *, asked: bool) -> None:
        who = self._tasks[task]
        match done.effect:
            case Acquire() as effect:
                if done.stays:
                    self._asked.add(task)
                if not asked and not (effect.trylock and not done.answer):
                    self._acquire(task, effect, done.stack)
            case Release(lock=lock):
                self._release(task, lock, done.stack)
            case Downgrade(lock=lock):
                self.validator.downgrade(who, _map(lock))
            case IrqDisable():
                self.validator.set_hardirqs(who, on=False, stack=done.stack)
            case IrqEnable():
                self.validator.set_hardirqs(who, on=True, stack=done.stack)
            case ReadLock(domain=domain):
                self.validator.acquire(who, _map(domain), Access.RECURSIVE, stack=done.stack, site=site_of(done.stack))
            case ReadUnlock(domain=domain):
                self._release(task, domain, done.stack)
            case _:
                pass

    def _hear_remark(self, task: int, remark: Remark, stack: StackTrace) -> None:
        if isinstance(remark, Context):
            hear_context(self.validator, self._tasks[task], remark, stack)
            return
        if not isinstance(remark, Annotate) or not remark.lock.annotated:
            return
        if remark.release:
            self._release(task, remark.lock, stack)
            return
        self.validator.acquire(
            self._tasks[task],
            _map(remark.lock),
            remark.access,
            subclass=remark.subclass,
            trylock=remark.trylock,
            nest=_map(remark.nest) if remark.nest else None,
            stack=stack,
            site=site_of(stack),
        )

    def _hear_waiters(self, state: State) -> None:
        """Those who would have to wait from now on have asked for their lock."""
        for task in range(len(self._tasks)):
            effect = self._machine.effect(state, task)
            if task in self._asked or not isinstance(effect, Acquire) or effect.trylock:
                continue
            if not self._machine.can_step(state, task):
                self._asked.add(task)
                self._acquire(task, effect, self._machine.stack(state, task))

    def _acquire(self, task: int, effect: Acquire, stack: StackTrace) -> None:
        if effect.lock.annotated:
            self.validator.acquire(
                self._tasks[task],
                _map(effect.lock),
                effect.access,
                subclass=effect.subclass,
                trylock=effect.trylock,
                nest=_map(effect.nest) if effect.nest else None,
                stack=stack,
                site=site_of(stack),
            )

    def _release(self, task: int, lock: Lock, stack: StackTrace) -> None:
        if lock.annotated:
            self.validator.release(self._tasks[task], _map(lock), stack=stack, site=site_of(stack))


def hear_context(validator: Validator, who: Task, remark: Context, stack: StackTrace) -> None:
    """An interrupt speaks as the task that it interrupts, with those of its kind off meanwhile.

    Hard ones are taken for such as PREEMPT_RT would run in a thread, as most are: they may take spinlocks.
    """
    match remark:
        case Context("hardirq", "enter"):
            validator.set_hardirqs(who, on=False, stack=stack)
            validator.enter_hardirq(who, threaded=True)
        case Context("hardirq", "exit"):
            validator.exit_hardirq(who)
            validator.set_hardirqs(who, on=True, stack=stack)
        case Context("softirq", "enter"):
            validator.set_softirqs(who, on=False, stack=stack)
            validator.enter_softirq(who)
        case Context("softirq", "exit"):
            validator.exit_softirq(who)
            validator.set_softirqs(who, on=True, stack=stack)
        case Context("hardirq", change):
            validator.set_hardirqs(who, on=change == "enable", stack=stack)
        case Context(_, change):
            validator.set_softirqs(who, on=change == "enable", stack=stack)


def _map(lock: Lock) -> LockMap:
    """The lock as the validator knows it; one without a key was never initialised."""
    kind = lock.primitive
    validated = kind not in (Primitive.RCU, Primitive.SRCU)
    return LockMap(lock.name, lock.key, lock.base, kind, has_static_key=bool(lock.key), validated=validated)


def site_of(stack: StackTrace) -> Frame | None:
    """Where a lock was taken: the first frame outside the lock functions."""
    outside = (frame for frame in stack.frames if not frame.file.startswith(_LOCK_FUNCTIONS))
    return next(outside, stack.frames[0] if stack.frames else None)
