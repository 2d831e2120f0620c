"""What the validator found, as reports: the same values that the reader makes of a printed one.

Who stands where is that of the print functions in kernel/locking/lockdep.c, named at each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lockview.lockdep import usage
from lockview.lockdep.classes import Classes, ClassInfo
from lockview.lockdep.locks import LockMap
from lockview.lockdep.search import Found
from lockview.lockdep.tasks import Held, TaskState
from lockview.lockdep.wording import Era
from lockview.model.held_reports import (
    FreedReport,
    LeftHeldReport,
    NestedReport,
    RecursiveReport,
    UnlockReport,
    ValidatorReport,
    WaitContextReport,
)
from lockview.model.irq_reports import ClassMention, InconsistentReport, IrqInversionReport, IrqOrderReport
from lockview.model.locks import Access, HeldLock, LockClass, WaitTypes
from lockview.model.reports import ChainEntry, CircularReport, HeldLocks, Operation, ReportKind, ScenarioStep
from lockview.model.stacks import EMPTY_STACK, Backtrace, Frame, StackTrace
from lockview.model.usages import ClassBlock, IrqContext, UsageRecord

_OFF = "turning off the locking correctness validator."


class Reporter:
    """Builds reports in the wording of one era."""

    def __init__(self, classes: Classes, era: Era) -> None:
        self._classes = classes
        self._era = era

    def circular(self, state: TaskState, wanted: Held, held: Held, found: Found) -> CircularReport:
        """``print_circular_bug``: ``found`` is the way from the wanted class to the held one."""
        path = found.path
        chain = [self._entry(index, step, wanted) for index, step in enumerate(path)]
        parent = self._classes.all[path[-2].number].name
        source, target = wanted.info.name, held.info.name
        lock = self._word(wanted.access)
        steps = (
            ScenarioStep(0, self._word(held.access), target),
            ScenarioStep(1, Operation.LOCK, parent),
            ScenarioStep(1, Operation.LOCK, target),
            ScenarioStep(0, lock, source),
        )
        return CircularReport(
            self._era.title("possible circular locking dependency detected"),
            kernel=self._era.release,
            task=state.task,
            wanted=self._shown(wanted),
            held=self._shown(held),
            scenario=steps,
            held_locks=self._held_locks(state),
            backtrace=_backtrace(state, wanted.stack),
            chain=tuple(reversed(chain)),
            chain_exists=() if parent == source else (source, parent, target),
        )

    def recursive(self, state: TaskState, wanted: Held, held: Held) -> RecursiveReport:
        """``print_deadlock_bug``."""
        steps = (
            ScenarioStep(0, Operation.LOCK, held.info.name),
            ScenarioStep(0, Operation.LOCK, wanted.info.name),
        )
        return RecursiveReport(
            self._era.title("possible recursive locking detected"),
            kernel=self._era.release,
            task=state.task,
            wanted=self._shown(wanted),
            held=self._shown(held),
            scenario=steps,
            held_locks=self._held_locks(state),
            backtrace=_backtrace(state, wanted.stack),
        )

    def inconsistent(self, state: TaskState, held: Held, old: int, new: int, stack: StackTrace) -> InconsistentReport:
        """``print_usage_bug``: the class was in state ``old`` and is now in ``new``."""
        name = held.info.name
        steps = (
            ScenarioStep(0, Operation.LOCK, name),
            ScenarioStep(0, Operation.INTERRUPT),
            ScenarioStep(0, Operation.LOCK, name),
        )
        return InconsistentReport(
            self._era.title("inconsistent lock state"),
            kernel=self._era.release,
            task=state.task,
            wanted=self._shown(held),
            scenario=steps,
            held_locks=self._held_locks(state),
            backtrace=_backtrace(state, stack),
            old_state=usage.word(old),
            new_state=usage.word(new),
            context=_context(state),
            registered=held.info.usage_stacks.get(old, EMPTY_STACK),
        )

    def irq_order(
        self, state: TaskState, held: Held, wanted: Held, behind: Found, ahead: Found, pair: tuple[int, int]
    ) -> IrqOrderReport:
        """``print_bad_irq_dependency``: ``behind`` is the way back to the safe lock, ``ahead`` to the unsafe one."""
        safe, unsafe = self._classes.all[behind.number], self._classes.all[ahead.number]
        middle = held.info if held.info is not safe else wanted.info
        irq = usage.irq_name(pair[0])
        return IrqOrderReport(
            self._era.title(f"{irq}-safe -> {irq}-unsafe lock order detected"),
            kernel=self._era.release,
            task=state.task,
            wanted=self._shown(wanted),
            held=self._shown(held),
            scenario=_interrupt_scenario(safe.name, middle.name, unsafe.name),
            held_locks=self._held_locks(state),
            backtrace=_backtrace(state, wanted.stack),
            irq=irq,
            context=_context(state),
            new_dependency=(self._mention(held.info), self._mention(wanted.info)),
            safe=self._mention(safe),
            safe_stack=safe.usage_stacks.get(pair[0], EMPTY_STACK),
            unsafe=self._mention(unsafe),
            unsafe_stack=unsafe.usage_stacks.get(pair[1], EMPTY_STACK),
            chain_exists=_chain_exists(safe, middle, unsafe),
            backward=tuple(self._blocks(behind.path, None)),
            forward=tuple(self._blocks(ahead.path, wanted.stack)),
        )

    def inversion(
        self, state: TaskState, held: Held, found: Found, conflict: int, stack: StackTrace, *, forwards: bool
    ) -> IrqInversionReport:
        """``print_irq_inversion_bug``: ``found`` is the way from the changed lock to the other one."""
        path = found.path
        other, changed = self._classes.all[found.number], held.info
        middle = self._classes.all[path[1].number] if len(path) > 1 else other
        safe, unsafe = (changed, other) if forwards else (other, changed)
        return IrqInversionReport(
            self._era.title("possible irq lock inversion dependency detected"),
            kernel=self._era.release,
            task=state.task,
            scenario=_interrupt_scenario(safe.name, (unsafe if middle is safe else middle).name, unsafe.name),
            held_locks=self._held_locks(state),
            backtrace=_backtrace(state, stack),
            irq=usage.irq_name(conflict),
            changed=self._shown(held),
            other=self._mention(other),
            forwards=forwards,
            chain_exists=_chain_exists(safe, unsafe if middle is safe else middle, unsafe),
            blocks=tuple(self._blocks(path, stack)),
        )

    def wait_context(self, state: TaskState, held: Held, allowed: int) -> WaitContextReport:
        """``print_lock_invalid_wait_context``."""
        return WaitContextReport(
            self._era.wait_context_title,
            kernel=self._era.release,
            task=state.task,
            wanted=self._shown(held),
            held_locks=self._held_locks(state),
            backtrace=_backtrace(state, held.stack),
            context=WaitTypes(allowed, allowed),
        )

    def nest_not_held(self, state: TaskState, held: Held) -> NestedReport:
        """``print_lock_nested_lock_not_held``."""
        return NestedReport(
            self._era.title("Nested lock was not taken"),
            kernel=self._era.release,
            task=state.task,
            wanted=self._shown(held),
            held_locks=self._held_locks(state),
            backtrace=_backtrace(state, held.stack),
            outer=held.nest.name if held.nest else "",
            first_stack=held.stack,
        )

    def not_held(
        self, state: TaskState, lock: LockMap, info: ClassInfo | None, stack: StackTrace, site: Frame | None
    ) -> UnlockReport:
        """``print_unlock_imbalance_bug``."""
        return UnlockReport(
            self._era.title("bad unlock balance detected!"),
            kernel=self._era.release,
            task=state.task,
            held_locks=self._held_locks(state),
            backtrace=_backtrace(state, stack),
            name=info.name.name if info else lock.name,
            site=site,
            remark="there are no more locks to release!",
        )

    def freed(self, state: TaskState, held: Held, stack: StackTrace) -> FreedReport:
        """``print_freed_lock_bug``; the lock's own name stands for the address of its memory."""
        memory = re.sub(r"[\s,-]", "_", str(held.lock.instance)) or "lock"
        return FreedReport(
            self._era.title("held lock freed!"),
            kernel=self._era.release,
            task=state.task,
            held_locks=self._held_locks(state),
            backtrace=_backtrace(state, stack),
            freed=self._shown(held),
            first=memory,
            last=memory,
        )

    def left_held(self, state: TaskState, stack: StackTrace, *, returning: bool) -> LeftHeldReport:
        """``print_held_locks_bug`` and ``lockdep_sys_exit``."""
        left = "lock held when returning to user space!" if returning else f"{state.task} still has locks held!"
        return LeftHeldReport(
            self._era.title(left),
            kernel=self._era.release,
            task=state.task,
            held_locks=self._held_locks(state),
            backtrace=None if returning else _backtrace(state, stack),  # lockdep_sys_exit prints none
            returning=returning,
        )

    def non_static_key(self, state: TaskState, stack: StackTrace) -> ValidatorReport:
        """``register_lock_class`` of a lock whose key is not static."""
        advice = (
            "The code is fine but needs lockdep annotation, or maybe",
            "you didn't initialize this object before use?",
            _OFF,
        )
        return ValidatorReport(
            "INFO: trying to register non-static key.",
            task=state.task,
            backtrace=_backtrace(state, stack),
            group=ReportKind.NON_STATIC_KEY,
            lines=advice if self._era.wait_types else ("the code is fine but needs lockdep annotation.", _OFF),
        )

    def too_deep(self, state: TaskState, stack: StackTrace) -> ValidatorReport:
        """``__lock_acquire`` when a task holds as many locks as it may."""
        depth = len(state.held)
        return ValidatorReport(
            "BUG: MAX_LOCK_DEPTH too low!",
            task=state.task,
            held_locks=self._held_locks(state),
            backtrace=_backtrace(state, stack),
            group=ReportKind.LIMIT,
            lines=(_OFF, f"depth: {depth} max: {depth}!"),
        )

    def _entry(self, index: int, step: Found, wanted: Held) -> ChainEntry:
        """``print_circular_bug_entry``: the stack of ``#0`` is the present one."""
        info = self._classes.all[step.number]
        stack = step.stack if index else wanted.stack
        return ChainEntry(index, info.name, info.marks, self._waits(info), stack)

    def _blocks(self, path: Iterable[Found], first: StackTrace | None) -> Iterable[ClassBlock]:
        """``print_shortest_lock_dependencies``, from the far end back; ``first`` is the stack of the near end."""
        for depth, step in reversed(tuple(enumerate(path))):
            info = self._classes.all[step.number]
            records = [
                UsageRecord(usage.word(state), info.usage_stacks[state])
                for state in (*usage.each(info.usage), usage.USED)
                if state in info.usage_stacks
            ]
            yield ClassBlock(
                info.name,
                info.marks,
                self._waits(info),
                operations=str(info.operations),
                usages=tuple(records),
                acquired=step.stack if depth else first,
                depth=depth,
            )

    def _held_locks(self, state: TaskState) -> HeldLocks:
        locks = tuple(self._shown(held, index) for index, held in enumerate(state.held))
        return HeldLocks(state.task, len(locks), locks)

    def _shown(self, held: Held, index: int | None = None) -> HeldLock:
        info = held.info
        return HeldLock(info.name, info.marks, self._waits(info), site=held.site, index=index)

    def _mention(self, info: ClassInfo) -> ClassMention:
        return ClassMention(info.name, info.marks, self._waits(info))

    def _waits(self, info: ClassInfo) -> WaitTypes | None:
        return info.wait_types if self._era.wait_types else None

    def _word(self, access: Access) -> Operation:
        shared = self._era.read_words and access is not Access.EXCLUSIVE
        return Operation.RLOCK if shared else Operation.LOCK


def _interrupt_scenario(safe: LockClass, middle: LockClass, unsafe: LockClass) -> tuple[ScenarioStep, ...]:
    """``print_irq_lock_scenario``."""
    return (
        ScenarioStep(0, Operation.LOCK, unsafe),
        ScenarioStep(1, Operation.IRQ_DISABLE),
        ScenarioStep(1, Operation.LOCK, safe),
        ScenarioStep(1, Operation.LOCK, middle),
        ScenarioStep(0, Operation.INTERRUPT),
        ScenarioStep(0, Operation.LOCK, safe),
    )


def _chain_exists(safe: ClassInfo, middle: ClassInfo, unsafe: ClassInfo) -> tuple[LockClass, ...]:
    return () if middle is unsafe else (safe.name, middle.name, unsafe.name)


def _context(state: TaskState) -> IrqContext:
    hard, soft = int(bool(state.in_hardirq)), int(bool(state.in_softirq))
    return IrqContext(
        hard, state.in_hardirq, soft, state.in_softirq, int(state.hardirqs_on), int(state.softirqs_on and not soft)
    )


def _backtrace(state: TaskState, stack: StackTrace) -> Backtrace:
    return Backtrace(stack, cpu=state.cpu, pid=state.task.pid, comm=state.task.comm)
