"""The validator: told of every acquisition and release, it says when their order, contexts or nesting cannot be right.

The rules are those of kernel/locking/lockdep.c, 6.12, function by function; ``Rules`` turns off what older kernels did
not know. Like the kernel's it is a one-shot: after its first report it is off.
"""

from __future__ import annotations

from typing import NamedTuple

from lockview.lockdep import usage
from lockview.lockdep.classes import Classes, ClassInfo
from lockview.lockdep.locks import LockMap, Wait
from lockview.lockdep.reporting import Reporter
from lockview.lockdep.search import Found, search
from lockview.lockdep.tasks import Held, TaskState
from lockview.lockdep.wording import MODERN, Era
from lockview.model.locks import Access
from lockview.model.reports import Report, Task
from lockview.model.stacks import EMPTY_STACK, Frame, StackTrace

MAX_DEPTH = 48
"""``MAX_LOCK_DEPTH``: more locks than a task may hold."""


class Rules(NamedTuple):
    """What this validator knows.

    ``recursive_reads``: dependencies of recursive readers are kept, with their strength (5.10); before, they made none.
    ``wait_types``: contexts that allow less waiting are checked (5.7). ``one_shot``: the first report turns it off.
    """

    era: Era = MODERN
    recursive_reads: bool = True
    wait_types: bool = True
    one_shot: bool = True


class Validator:
    """Feed it what tasks do to locks, in the order in which they do it; read ``reports``."""

    def __init__(self, rules: Rules = Rules()) -> None:  # noqa: B008 (immutable)
        self.rules = rules
        self.classes = Classes()
        self.reports: list[Report] = []
        self.is_on = True
        self._tasks: dict[Task, TaskState] = {}
        self._chains: set[tuple[int, tuple[tuple[int, Access], ...]]] = set()
        self._reporter = Reporter(self.classes, rules.era)

    def task(self, task: Task) -> TaskState:
        """What is known of a task."""
        state = self._tasks.get(task)
        if state is None:
            state = self._tasks[task] = TaskState(task)
        return state

    def acquire(
        self,
        task: Task,
        lock: LockMap,
        access: Access = Access.EXCLUSIVE,
        *,
        subclass: int = 0,
        trylock: bool = False,
        nest: LockMap | None = None,
        stack: StackTrace = EMPTY_STACK,
        site: Frame | None = None,
    ) -> None:
        """A task is about to take a lock, or has got it by ``trylock``. ``site`` is where, the first frame if None."""
        if not self.is_on:
            return
        state = self.task(task)
        where = site or (stack.frames[0] if stack.frames else None)
        if not lock.has_static_key:
            self._report(self._reporter.non_static_key(state, stack))
            return
        if len(state.held) >= MAX_DEPTH:
            self._report(self._reporter.too_deep(state, stack))
            return
        info = self.classes.register(lock, subclass, stack)
        held = Held(
            info, lock, access, trylock, lock.validated, nest, state.irq_context, state.hardirqs_on, where, stack
        )
        self._take(state, held)

    def release(self, task: Task, lock: LockMap, *, stack: StackTrace = EMPTY_STACK, site: Frame | None = None) -> None:
        """A task gives a lock up."""
        if not self.is_on:
            return
        state = self.task(task)
        place = state.find(lock)
        if place is None:
            where = site or (stack.frames[0] if stack.frames else None)
            self._report(self._reporter.not_held(state, lock, self.classes.find(lock, 0), stack, where))
            return
        held = state.held[place]
        if held.references > 1:
            state.held[place] = held._replace(references=held.references - 1)
            return
        later = state.held[place + 1 :]
        del state.held[place:]
        for again in later:
            if not self.is_on or not self._take(state, again):
                break

    def downgrade(self, task: Task, lock: LockMap) -> None:
        """An exclusive hold becomes a shared one: ``lock_downgrade``."""
        state = self.task(task)
        place = state.find(lock)
        if self.is_on and place is not None:
            state.held[place] = state.held[place]._replace(access=Access.SHARED)

    def set_hardirqs(self, task: Task, *, on: bool, stack: StackTrace = EMPTY_STACK) -> None:
        """Hard interrupts of the task's CPU are turned on or off."""
        state = self.task(task)
        if on and not state.hardirqs_on and self.is_on:
            state.hardirqs_on = True
            self._mark_held(state, usage.HARDIRQ | usage.ENABLED, stack)
            if state.softirqs_on:
                self._mark_held(state, usage.SOFTIRQ | usage.ENABLED, stack)
        state.hardirqs_on = on

    def set_softirqs(self, task: Task, *, on: bool, stack: StackTrace = EMPTY_STACK) -> None:
        """Soft interrupts of the task's CPU are turned on or off."""
        state = self.task(task)
        was, state.softirqs_on = state.softirqs_on, on
        if on and not was and state.hardirqs_on and self.is_on:
            self._mark_held(state, usage.SOFTIRQ | usage.ENABLED, stack)

    def enter_hardirq(self, task: Task, *, threaded: bool = False) -> None:
        """What follows is a hard interrupt; ``threaded`` if PREEMPT_RT would run it in a thread."""
        state = self.task(task)
        state.in_hardirq += 1
        state.hardirq_threaded = threaded

    def exit_hardirq(self, task: Task) -> None:
        """The hard interrupt is over."""
        state = self.task(task)
        state.in_hardirq -= 1
        state.hardirq_threaded = False

    def enter_softirq(self, task: Task) -> None:
        """What follows is a soft interrupt."""
        self.task(task).in_softirq += 1

    def exit_softirq(self, task: Task) -> None:
        """The soft interrupt is over."""
        self.task(task).in_softirq -= 1

    def free(self, task: Task, lock: LockMap, *, stack: StackTrace = EMPTY_STACK) -> None:
        """The memory of a lock is given back, or initialised anew."""
        state = self.task(task)
        held = next((held for held in state.held if held.lock.instance == lock.instance), None)
        if held is not None and self.is_on:
            self._report(self._reporter.freed(state, held, stack))

    def exit_task(self, task: Task, *, stack: StackTrace = EMPTY_STACK) -> None:
        """A task ends."""
        self._expect_none_held(task, stack, returning=False)

    def return_to_user(self, task: Task, *, stack: StackTrace = EMPTY_STACK) -> None:
        """A task goes back to user space."""
        self._expect_none_held(task, stack, returning=True)

    def _expect_none_held(self, task: Task, stack: StackTrace, *, returning: bool) -> None:
        state = self.task(task)
        if state.held and self.is_on:
            self._report(self._reporter.left_held(state, stack, returning=returning))

    def _take(self, state: TaskState, held: Held) -> bool:
        """``__lock_acquire`` from the depth on: False when it was reported and not taken."""
        if state.held and held.nest is not None and state.held[-1].info is held.info:
            last = state.held[-1]
            state.held[-1] = last._replace(references=(last.references or 1) + (held.references or 1))
            return True
        held.info.operations += 1
        if self.rules.wait_types and self._is_wrong_context(state, held):
            return False
        if not self._mark_use(state, held):
            return False
        if held.nest is not None and not state.holds(held.nest):
            return self._report(self._reporter.nest_not_held(state, held))
        if not self._validate(state, held):
            return False
        state.held.append(held)
        return True

    def _is_wrong_context(self, state: TaskState, held: Held) -> bool:
        """``check_wait_context``."""
        info = held.info
        if not info.inner or held.trylock:
            return False
        allowed = _context_wait(state)
        for other in _same_context(state, held):
            if other.info.inner:
                allowed = min(allowed, other.info.inner)
        if (info.outer or info.inner) <= allowed:
            return False
        self._report(self._reporter.wait_context(state, held, _context_wait(state)))
        return True

    def _mark_use(self, state: TaskState, held: Held) -> bool:
        """``mark_usage``: note the interrupts around an acquisition."""
        read = 0 if held.access is Access.EXCLUSIVE else usage.READ
        states = []
        if held.checked:
            if not held.trylock:
                states += [usage.HARDIRQ | read] if state.in_hardirq else []
                states += [usage.SOFTIRQ | read] if state.in_softirq else []
            if held.irqs_on:
                states.append(usage.HARDIRQ | usage.ENABLED | read)
                states += [usage.SOFTIRQ | usage.ENABLED | read] if state.softirqs_on else []
        return all(self._mark(state, held, new, held.stack) for new in states) and self._mark(
            state, held, usage.USED, held.stack
        )

    def _mark_held(self, state: TaskState, base: int, stack: StackTrace) -> None:
        """``mark_held_locks``: interrupts go on while these are held."""
        for held in state.held:
            read = 0 if held.access is Access.EXCLUSIVE else usage.READ
            if held.checked and not self._mark(state, held, base | read, stack):
                return

    def _mark(self, state: TaskState, held: Held, new: int, stack: StackTrace) -> bool:
        """``mark_lock``: note a state of the class; False when it cannot be right."""
        info = held.info
        if not info.mark(new, stack) or new == usage.USED:
            return True
        against = usage.opposite(new)
        bad = [against] if new & usage.READ else [against, against | usage.READ]
        conflict = next((old for old in bad if info.usage & usage.mask(old)), None)
        if conflict is not None:
            return self._report(self._reporter.inconsistent(state, held, conflict, new, stack))
        return self._mark_across(state, held, new, against, stack)

    def _mark_across(self, state: TaskState, held: Held, new: int, against: int, stack: StackTrace) -> bool:
        """``check_usage_forwards`` and ``check_usage_backwards``: no lock on a path must have the opposite state."""
        wanted = usage.mask(against) | usage.mask(against | usage.READ)
        forwards = not new & usage.ENABLED
        found = self._find_usage(held, wanted, back=not forwards)
        if found is None:
            return True
        usage_there = self.classes.all[found.number].usage
        conflict = against if usage_there & usage.mask(against) else against | usage.READ
        return self._report(self._reporter.inversion(state, held, found, conflict, stack, forwards=forwards))

    def _find_usage(self, held: Held, wanted: int, *, back: bool) -> Found | None:
        """The nearest class, before or after an acquisition, that was used in one of the wanted states."""

        def match(info: ClassInfo, only_recursive: bool) -> bool:
            return bool((usage.writes(info.usage) if only_recursive else info.usage) & wanted)

        weak = held.access is not Access.EXCLUSIVE if back else held.access is Access.RECURSIVE
        return search(self.classes, held.info.number, match, only_recursive=weak, back=back, skip=_is_per_cpu)

    def _validate(self, state: TaskState, held: Held) -> bool:
        """``validate_chain``: each chain of held locks is looked at once."""
        if held.trylock or not held.checked:
            return True
        chain = _chain_before(state, held)
        key = (held.irq_context, (*chain, held.key))
        if key in self._chains:
            return True
        self._chains.add(key)
        nested = self._check_recursion(state, held)
        if nested is None:
            return False
        return nested or not chain or self._add_dependencies(state, held)

    def _check_recursion(self, state: TaskState, held: Held) -> bool | None:
        """``check_deadlock``: True when a nest lock makes taking the class again right, None when it was reported."""
        nest = False
        for other in state.held:
            nest = nest or (held.nest is not None and other.lock.instance == held.nest.instance)
            if other.info is not held.info:
                continue
            if held.access is Access.RECURSIVE and other.access is not Access.EXCLUSIVE:
                continue
            if nest:
                return True
            self._report(self._reporter.recursive(state, held, other))
            return None
        return False

    def _add_dependencies(self, state: TaskState, held: Held) -> bool:
        """``check_prevs_add``: from each held lock down to the first that was no trylock, within this context."""
        for distance, other in enumerate(reversed(_same_context(state, held)), 1):
            if not other.checked:
                continue
            if not self._add_dependency(state, other, held, distance):
                return False
            if not other.trylock:
                break
        return True

    def _add_dependency(self, state: TaskState, before: Held, held: Held, distance: int) -> bool:
        """``check_prev_add``."""
        recursive = Access.RECURSIVE in (before.access, held.access)
        if recursive and not self.rules.recursive_reads:
            return True

        def closes(info: ClassInfo, only_recursive: bool) -> bool:
            return info is before.info and (before.access is Access.EXCLUSIVE or not only_recursive)

        found = search(self.classes, held.info.number, closes, only_recursive=held.access is Access.RECURSIVE)
        if found is not None:
            return self._report(
                self._reporter.recursive(state, held, before)
                if found.parent is None
                else self._reporter.circular(state, held, before, found)
            )
        if not self._check_irq_order(state, before, held):
            return False
        self.classes.connect(before.use, held.use, distance)
        return True

    def _check_irq_order(self, state: TaskState, before: Held, held: Held) -> bool:
        """``check_irq_usage``: what is behind the new dependency must not undo what is before it."""
        seen = 0

        def gather(info: ClassInfo, only_recursive: bool) -> bool:
            nonlocal seen
            seen |= usage.writes(info.usage) if only_recursive else info.usage
            return False

        weak = before.access is not Access.EXCLUSIVE
        search(self.classes, before.info.number, gather, only_recursive=weak, back=True, skip=_is_per_cpu)
        safe = usage.used_in(seen)
        if not safe:
            return True
        ahead = self._find_usage(held, usage.conflicting(safe), back=False)
        if ahead is None:
            return True
        unsafe = usage.enabled(self.classes.all[ahead.number].usage)
        behind = self._find_usage(before, usage.conflicting(unsafe), back=True)
        if behind is None:
            return True
        pair = self._exclusive_pair(behind, ahead)
        if pair is None:
            return True
        return self._report(self._reporter.irq_order(state, before, held, behind, ahead, pair))

    def _exclusive_pair(self, behind: Found, ahead: Found) -> tuple[int, int] | None:
        """``find_exclusive_match``: the first state of one class that a state of the other conflicts with."""
        other = self.classes.all[ahead.number].usage
        for state in usage.each(self.classes.all[behind.number].usage):
            against = usage.opposite(state)
            for conflict in (against, against | usage.READ):
                if other & usage.mask(conflict):
                    return (state, conflict)
        return None

    def _report(self, report: Report) -> bool:
        """Keep a report and turn off; False, since what was about to be done is not."""
        self.reports.append(report)
        if self.rules.one_shot:
            self.is_on = False
        return False


def _is_per_cpu(info: ClassInfo) -> bool:
    return info.is_per_cpu


def _context_wait(state: TaskState) -> int:
    """``task_wait_context``."""
    if state.in_hardirq:
        return Wait.CONFIG if state.hardirq_threaded else Wait.SPIN
    return Wait.CONFIG if state.in_softirq else Wait.MAX


def _same_context(state: TaskState, held: Held) -> list[Held]:
    """The newest held locks of the context that the acquisition is in, oldest first."""
    start = len(state.held)
    while start and state.held[start - 1].irq_context == held.irq_context:
        start -= 1
    return state.held[start:]


def _chain_before(state: TaskState, held: Held) -> tuple[tuple[int, Access], ...]:
    return tuple(other.key for other in _same_context(state, held))
