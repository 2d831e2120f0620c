"""Interrupts around acquisitions: usage states of classes, and that no path joins two that must not meet.

The rules are those of ``mark_usage``, ``mark_lock`` and ``check_irq_usage``, kernel/locking/lockdep.c, 6.12.
"""

from __future__ import annotations

from lockview.lockdep import usage
from lockview.lockdep.classes import Classes, ClassInfo
from lockview.lockdep.findings import Findings
from lockview.lockdep.reporting_irq import IrqReporter
from lockview.lockdep.search import Found, search
from lockview.lockdep.tasks import Held, TaskState
from lockview.model.locks import Access
from lockview.model.stacks import StackTrace


class Marking:
    """Notes usage states and reports those that cannot be right. Its methods return False after a report."""

    def __init__(self, classes: Classes, findings: Findings, reporter: IrqReporter, *, readers_too: bool) -> None:
        self._classes = classes
        self._findings = findings
        self._reporter = reporter
        self._readers_too = readers_too

    def use(self, state: TaskState, held: Held, *, sync: bool) -> bool:
        """``mark_usage``: an acquisition; one that only waits (``sync``) leaves no time for interrupts."""
        read = held.access is not Access.EXCLUSIVE
        used = usage.USED_READ if read and self._readers_too else usage.USED
        states = _states(state, held, usage.READ if read else 0, sync=sync)
        known = held.info.usage
        if known & (states | usage.mask(used)) == states | usage.mask(used):
            return True
        for new in usage.each(states & ~known):
            if not self._mark(state, held, new, held.stack):
                return False
        return self._mark(state, held, used, held.stack)

    def held(self, state: TaskState, base: int, stack: StackTrace) -> None:
        """``mark_held_locks``: interrupts go on while these are held."""
        for held in state.held:
            read = 0 if held.access is Access.EXCLUSIVE else usage.READ
            if held.checked and not self._mark(state, held, base | read, stack):
                return

    def _mark(self, state: TaskState, held: Held, new: int, stack: StackTrace) -> bool:
        """``mark_lock``: note a state of the class."""
        info = held.info
        if not self._classes.mark(info, new, stack) or new >= usage.USED:
            return True
        against = usage.opposite(new)
        bad = [against] if new & usage.READ else [against, against | usage.READ]
        conflict = next((old for old in bad if info.usage & usage.mask(old)), None)
        if conflict is not None:
            return self._findings.add(self._reporter.inconsistent(state, held, conflict, new, stack))
        return self._check_across(state, held, new, stack)

    def _check_across(self, state: TaskState, held: Held, new: int, stack: StackTrace) -> bool:
        """``check_usage_forwards`` and ``check_usage_backwards``: no lock on a path must have the opposite state."""
        against = usage.opposite(new)
        wanted = usage.mask(against)
        if self._readers_too or not new & usage.READ:
            wanted |= usage.mask(against | usage.READ)
        forwards = not new & usage.ENABLED
        if not wanted & (held.info.enabled_after if forwards else held.info.used_before):
            return True
        found = self._find(held, wanted, back=not forwards)
        if found is None:
            return True
        usage_there = self._classes.all[found.number].usage
        conflict = against if usage_there & usage.mask(against) else against | usage.READ
        return self._findings.add(self._reporter.inversion(state, held, found, conflict, stack, forwards=forwards))

    def _find(self, held: Held, wanted: int, *, back: bool) -> Found | None:
        """The nearest class, before or after an acquisition, that was used in one of the wanted states."""

        def match(info: ClassInfo, only_recursive: bool) -> bool:
            return bool((usage.writes(info.usage) if only_recursive else info.usage) & wanted)

        return search(
            self._classes, held.info.number, match, only_recursive=self._is_weak(held, back=back), back=back,
            skip=_is_per_cpu,
        )  # fmt: skip

    def _is_weak(self, held: Held, *, back: bool) -> bool:
        """Whether a search from an acquisition begins with a reader that blocks nobody on that side."""
        if not self._readers_too:
            return False
        return held.access is not Access.EXCLUSIVE if back else held.access is Access.RECURSIVE

    def check_order(self, state: TaskState, before: Held, held: Held) -> bool:
        """``check_irq_usage``: what is behind a new dependency must not undo what is before it."""
        if not usage.conflicting(before.info.used_before) & held.info.enabled_after:
            return True  # nothing that a search could find
        if not self._readers_too:
            return self._check_order_by_state(state, before, held)
        safe = usage.used_in(self._gather_before(before))
        if not safe:
            return True
        ahead = self._find(held, usage.conflicting(safe), back=False)
        if ahead is None:
            return True
        unsafe = usage.enabled(self._classes.all[ahead.number].usage)
        behind = self._find(before, usage.conflicting(unsafe), back=True)
        if behind is None:
            return True
        pair = self._exclusive_pair(behind, ahead)
        if pair is None:
            return True
        return self._findings.add(self._reporter.irq_order(state, before, held, behind, ahead, pair))

    def _gather_before(self, before: Held) -> int:
        """All states of the classes on strong paths to an acquisition, its own included."""
        seen = 0

        def gather(info: ClassInfo, only_recursive: bool) -> bool:
            nonlocal seen
            seen |= usage.writes(info.usage) if only_recursive else info.usage
            return False

        weak = self._is_weak(before, back=True)
        search(self._classes, before.info.number, gather, only_recursive=weak, back=True, skip=_is_per_cpu)
        return seen

    def _exclusive_pair(self, behind: Found, ahead: Found) -> tuple[int, int] | None:
        """``find_exclusive_match``: the first state of one class that a state of the other conflicts with."""
        other = self._classes.all[ahead.number].usage
        for state in usage.each(self._classes.all[behind.number].usage):
            against = usage.opposite(state)
            for conflict in (against, against | usage.READ):
                if other & usage.mask(conflict):
                    return (state, conflict)
        return None

    def _check_order_by_state(self, state: TaskState, before: Held, held: Held) -> bool:
        """``check_prev_add_irq`` of kernels before 5.1: each use in interrupts against writers with them on."""
        for safe in (usage.HARDIRQ, usage.HARDIRQ | usage.READ, usage.SOFTIRQ, usage.SOFTIRQ | usage.READ):
            behind = self._find(before, usage.mask(safe), back=True)
            ahead = behind and self._find(held, usage.mask(usage.opposite(safe)), back=False)
            if behind and ahead:
                pair = (safe, usage.opposite(safe))
                return self._findings.add(self._reporter.irq_order(state, before, held, behind, ahead, pair))
        return True


def _states(state: TaskState, held: Held, read: int, *, sync: bool) -> int:
    """The interrupt states of an acquisition, as a mask."""
    if not held.checked:
        return 0
    states = 0
    if not held.trylock:
        if state.in_hardirq:
            states |= usage.mask(usage.HARDIRQ | read)
        if state.in_softirq:
            states |= usage.mask(usage.SOFTIRQ | read)
    if held.irqs_on and not sync:
        states |= usage.mask(usage.HARDIRQ | usage.ENABLED | read)
        if state.softirqs_on:
            states |= usage.mask(usage.SOFTIRQ | usage.ENABLED | read)
    return states


def _is_per_cpu(info: ClassInfo) -> bool:
    return info.is_per_cpu
