"""Reports about interrupts: the same values that the reader makes of printed ones.

Who stands where is that of the print functions in kernel/locking/lockdep.c, named at each.
"""

from __future__ import annotations

from collections.abc import Iterable

from lockview.lockdep import usage
from lockview.lockdep.classes import ClassInfo
from lockview.lockdep.reporting_parts import Parts, backtrace
from lockview.lockdep.search import Found
from lockview.lockdep.tasks import Held, TaskState
from lockview.model.irq_reports import InconsistentReport, IrqInversionReport, IrqOrderReport
from lockview.model.locks import LockClass
from lockview.model.reports import Operation, ScenarioStep
from lockview.model.stacks import EMPTY_STACK, StackTrace
from lockview.model.usages import ClassBlock, IrqContext, UsageRecord


class IrqReporter:
    """Builds the reports about usage states."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def inconsistent(self, state: TaskState, held: Held, old: int, new: int, stack: StackTrace) -> InconsistentReport:
        """``print_usage_bug``: the class was in state ``old`` and is now in ``new``."""
        name = held.info.name
        steps = (
            ScenarioStep(0, Operation.LOCK, name),
            ScenarioStep(0, Operation.INTERRUPT),
            ScenarioStep(0, Operation.LOCK, name),
        )
        return InconsistentReport(
            self._parts.era.title("inconsistent lock state"),
            kernel=self._parts.era.release,
            task=state.task,
            wanted=self._parts.shown(held),
            scenario=steps,
            held_locks=self._parts.held_locks(state),
            backtrace=backtrace(state, stack),
            old_state=usage.word(old),
            new_state=usage.word(new),
            context=_context(state),
            registered=held.info.usage_stacks.get(old, EMPTY_STACK),
        )

    def irq_order(
        self, state: TaskState, held: Held, wanted: Held, behind: Found, ahead: Found, pair: tuple[int, int]
    ) -> IrqOrderReport:
        """``print_bad_irq_dependency``: ``behind`` is the way back to the safe lock, ``ahead`` to the unsafe one."""
        safe, unsafe = self._parts.classes.all[behind.number], self._parts.classes.all[ahead.number]
        middle = held.info if held.info is not safe else wanted.info
        irq = usage.irq_name(pair[0])
        return IrqOrderReport(
            self._parts.era.title(f"{irq}-safe -> {irq}-unsafe lock order detected"),
            kernel=self._parts.era.release,
            task=state.task,
            wanted=self._parts.shown(wanted),
            held=self._parts.shown(held),
            scenario=_interrupt_scenario(safe.name, middle.name, unsafe.name),
            held_locks=self._parts.held_locks(state),
            backtrace=backtrace(state, wanted.stack),
            irq=irq,
            context=_context(state),
            new_dependency=(self._parts.mention(held.info), self._parts.mention(wanted.info)),
            safe=self._parts.mention(safe),
            safe_stack=safe.usage_stacks.get(pair[0], EMPTY_STACK),
            unsafe=self._parts.mention(unsafe),
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
        other, changed = self._parts.classes.all[found.number], held.info
        middle = self._parts.classes.all[path[1].number] if len(path) > 1 else other
        safe, unsafe = (changed, other) if forwards else (other, changed)
        return IrqInversionReport(
            self._parts.era.title("possible irq lock inversion dependency detected"),
            kernel=self._parts.era.release,
            task=state.task,
            scenario=_interrupt_scenario(safe.name, (unsafe if middle is safe else middle).name, unsafe.name),
            held_locks=self._parts.held_locks(state),
            backtrace=backtrace(state, stack),
            irq=usage.irq_name(conflict),
            changed=self._parts.shown(held),
            other=self._parts.mention(other),
            forwards=forwards,
            chain_exists=_chain_exists(safe, unsafe if middle is safe else middle, unsafe),
            blocks=tuple(self._blocks(path, stack)),
        )

    def _blocks(self, path: Iterable[Found], first: StackTrace | None) -> Iterable[ClassBlock]:
        """``print_shortest_lock_dependencies``, from the far end back; ``first`` is the stack of the near end."""
        for depth, step in reversed(tuple(enumerate(path))):
            info = self._parts.classes.all[step.number]
            records = [
                UsageRecord(usage.word(state), info.usage_stacks[state])
                for state in (*usage.each(info.usage), usage.USED, usage.USED_READ)
                if state in info.usage_stacks
            ]
            yield ClassBlock(
                info.name,
                info.marks,
                self._parts.waits(info),
                operations=str(info.operations),
                usages=tuple(records),
                acquired=step.stack if depth else first,
                depth=depth,
            )


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
    """The numbers in brackets are those of the preemption counter, where disabling softirqs counts two."""
    hard, soft = int(bool(state.in_hardirq)), int(bool(state.in_softirq))
    softirqs = state.in_softirq or 2 * (not state.softirqs_on)
    return IrqContext(
        hard, state.in_hardirq, soft, softirqs, int(state.hardirqs_on), int(state.softirqs_on and not soft)
    )
