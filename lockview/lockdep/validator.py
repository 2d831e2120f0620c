"""The validator: told of every acquisition and release, it says when their order, contexts or nesting cannot be right.

The rules are those of kernel/locking/lockdep.c, 6.12, function by function; ``Rules`` turns off what older kernels did
not know. Like the kernel's it is a one-shot: after its first report it is off.
"""

from __future__ import annotations

from lockview.lockdep import usage
from lockview.lockdep.chains import Chains
from lockview.lockdep.classes import Classes, ClassInfo
from lockview.lockdep.findings import Findings
from lockview.lockdep.locks import LockMap, without_raw_nesting
from lockview.lockdep.marking import Marking
from lockview.lockdep.ordering import Ordering
from lockview.lockdep.reporting import OrderReporter
from lockview.lockdep.reporting_held import HeldReporter
from lockview.lockdep.reporting_irq import IrqReporter
from lockview.lockdep.reporting_parts import Parts
from lockview.lockdep.reporting_self import SelfReporter
from lockview.lockdep.rules import Limits, Rules
from lockview.lockdep.tasks import Held, TaskState
from lockview.model.locks import Access, Primitive
from lockview.model.reports import Report, Task
from lockview.model.stacks import EMPTY_STACK, Frame, StackTrace

__all__ = ["MAX_DEPTH", "Rules", "Validator"]

MAX_DEPTH = Limits().depth
"""``MAX_LOCK_DEPTH``: as many locks as a task may not hold."""

_SUBCLASSES = 8
_CONDITIONS = {
    None: "lock_is_held(&({})->dep_map) != 0",
    Access.EXCLUSIVE: "lock_is_held_type(&({})->dep_map, (0))",
    Access.SHARED: "lock_is_held_type(&({})->dep_map, (1))",
    Access.RECURSIVE: "lock_is_held_type(&({})->dep_map, (1))",
}
"""What the assertions about held locks ask. Source: include/linux/lockdep.h."""
_RCU_READERS = frozenset((Primitive.RCU, Primitive.SRCU))


class Validator:
    """Feed it what tasks do to locks, in the order in which they do it; read ``reports``."""

    def __init__(self, rules: Rules = Rules()) -> None:  # noqa: B008 (immutable)
        self.rules = rules
        self.classes = Classes(raw_nesting=rules.raw_nesting)
        self._findings = Findings(one_shot=rules.one_shot)
        self._tasks: dict[Task, TaskState] = {}
        self._chains = Chains()
        parts = Parts(self.classes, rules.era)
        self._of_held, self._of_itself = HeldReporter(parts), SelfReporter(parts)
        self._marking = Marking(self.classes, self._findings, IrqReporter(parts), readers_too=rules.recursive_reads)
        self._ordering = Ordering(
            self.classes, self._chains, self._findings, self._marking, OrderReporter(parts), rules, self._full
        )

    @property
    def reports(self) -> list[Report]:
        """What it has said so far."""
        return self._findings.reports

    @property
    def is_on(self) -> bool:
        """Whether it still looks: ``debug_locks``."""
        return self._findings.is_on

    def task(self, task: Task) -> TaskState:
        """What is known of a task."""
        state = self._tasks.get(task)
        if state is None:
            state = self._tasks[task] = TaskState(task)
        return state

    # --- Taking and giving up -----------------------------------------------------------------------------------

    def acquire(
        self,
        task: Task,
        lock: LockMap,
        access: Access = Access.EXCLUSIVE,
        *,
        subclass: int = 0,
        trylock: bool = False,
        nest: LockMap | None = None,
        sync: bool = False,
        stack: StackTrace = EMPTY_STACK,
        site: Frame | None = None,
    ) -> None:
        """A task is about to take a lock, or has got it by ``trylock``. ``site`` is where, the first frame if None.

        ``sync`` only waits until others have released it: ``lock_sync``, since 6.4.
        """
        if not self.is_on:
            return
        state = self.task(task)
        info = self.classes.find(lock, subclass) or self._register(state, lock, subclass, stack)
        if info is None:
            return
        where = site or (stack.frames[0] if stack.frames else None)
        held = Held(
            info, lock, access, stack, where,
            trylock=trylock, checked=lock.validated, nest=nest, irqs_on=state.hardirqs_on,
        )  # fmt: skip
        self._take(state, held, sync=sync)

    def release(self, task: Task, lock: LockMap, *, stack: StackTrace = EMPTY_STACK, site: Frame | None = None) -> None:
        """A task gives a lock up."""
        if not self.is_on:
            return
        state = self.task(task)
        place = self._place(state, lock, stack, site)
        if place is None:
            return
        held = state.held[place]
        if held.pins:
            self._findings.warn(self._of_itself.warning(state, "releasing a pinned lock", stack, "lock_release"))
        if held.references > 1:
            held.references -= 1
        else:
            self._take_again(state, place, place + 1)

    def downgrade(
        self, task: Task, lock: LockMap, *, stack: StackTrace = EMPTY_STACK, site: Frame | None = None
    ) -> None:
        """An exclusive hold becomes a shared one: ``lock_downgrade``."""
        if not self.is_on:
            return
        state = self.task(task)
        place = self._place(state, lock, stack, site)
        if place is None:
            return
        held = state.held[place]
        if held.access is not Access.EXCLUSIVE:
            self._findings.warn(self._of_itself.warning(state, "downgrading a read lock", stack, "lock_downgrade"))
        held.access = Access.SHARED
        held.site = site or held.site
        self._take_again(state, place, place)

    def set_class(
        self,
        task: Task,
        lock: LockMap,
        other: LockMap,
        subclass: int = 0,
        *,
        stack: StackTrace = EMPTY_STACK,
        site: Frame | None = None,
    ) -> None:
        """A held lock gets the key and name of ``other``: ``lock_set_class``, ``lock_set_subclass``."""
        if not self.is_on:
            return
        state = self.task(task)
        place = self._place(state, lock, stack, site)
        info = None
        if place is not None:
            info = self.classes.find(other, subclass) or self._register(state, other, subclass, stack)
        if place is None or info is None:
            return
        held = state.held[place]
        held.info = info
        held.lock = other._replace(instance=lock.instance)
        self._take_again(state, place, place)

    def _place(self, state: TaskState, lock: LockMap, stack: StackTrace, site: Frame | None) -> int | None:
        """Where on the task's stack a lock is; None after a report."""
        if state.held and state.held[-1].lock.instance == lock.instance:
            return len(state.held) - 1
        info = self.classes.find(lock, 0)
        place = state.find(lock, info)
        if place is None:
            where = site or (stack.frames[0] if stack.frames else None)
            self._findings.add(self._of_held.not_held(state, lock, info, stack, where))
        return place

    def _register(self, state: TaskState, lock: LockMap, subclass: int, stack: StackTrace) -> ClassInfo | None:
        """``register_lock_class``: None after a report."""
        if subclass >= _SUBCLASSES:
            self._findings.add(self._of_itself.invalid_subclass(state, subclass, stack))
        elif not lock.has_static_key:
            self._findings.add(self._of_itself.non_static_key(state, stack))
        elif self.rules.limits.classes is not None and len(self.classes.all) >= self.rules.limits.classes:
            self._findings.add(self._of_itself.full(state, "KEYS", stack))
        else:
            return self.classes.register(lock, subclass, stack)
        return None

    def _take(self, state: TaskState, held: Held, *, sync: bool = False) -> None:
        """``__lock_acquire`` from the depth on. What was reported is taken all the same, as the kernel's code does."""
        last = state.held[-1] if state.held else None
        if last is not None and held.nest is not None and last.info is held.info and not sync:
            last.references = (last.references or 1) + (held.references or 1)
            return
        held.info.operations += 1
        held.irq_context = state.irq_context
        if last is not None and last.irq_context == held.irq_context:
            held.chain_before, held.allows = last.chain, last.allows
        else:
            held.chain_before, held.allows = Chains.empty(held.irq_context), self._context_wait(state)
        held.chain = self._chains.longer(held.chain_before, held.link)
        self._check(state, held, sync=sync)
        if sync:
            return
        if held.info.inner:
            overrides = held.info.overrides_wait
            held.allows = held.info.inner if overrides else min(held.allows, held.info.inner)
        state.held.append(held)
        if len(state.held) >= self.rules.limits.depth and self.is_on:
            self._findings.add(self._of_itself.too_deep(state, held.stack))

    def _check(self, state: TaskState, held: Held, *, sync: bool) -> bool:
        """Everything that is looked at before a lock is taken; False after a report."""
        info = held.info
        if self.rules.wait_types and info.inner and not held.trylock and (info.outer or info.inner) > held.allows:
            return self._findings.add(self._of_held.wait_context(state, held, self._context_wait(state)))
        if not self._marking.use(state, held, sync=sync):
            return False
        if held.nest is not None and state.holding(held.nest, self.classes.find(held.nest, 0)) is None:
            return self._findings.add(self._of_held.nest_not_held(state, held))
        return self._ordering.check(state, held, sync=sync)

    def _context_wait(self, state: TaskState) -> int:
        """What the context itself allows to wait for."""
        return state.context_wait if self.rules.raw_nesting else without_raw_nesting(state.context_wait)

    def _take_again(self, state: TaskState, place: int, first: int) -> None:
        """``reacquire_held_locks``: what lies from ``place`` on is dropped, what lies from ``first`` on taken anew."""
        later = state.held[first:]
        del state.held[place:]
        for again in later:
            if not self.is_on:
                break
            self._take(state, again)

    def _full(self, state: TaskState, table: str, held: Held) -> bool:
        return self._findings.add(self._of_itself.full(state, table, held.stack))

    # --- Interrupts ---------------------------------------------------------------------------------------------

    def set_hardirqs(self, task: Task, *, on: bool, stack: StackTrace = EMPTY_STACK) -> None:
        """Hard interrupts of the task's CPU are turned on or off."""
        state = self.task(task)
        if on and not state.hardirqs_on and self.is_on:
            state.hardirqs_on = True
            self._marking.held(state, usage.HARDIRQ | usage.ENABLED, stack)
            if state.softirqs_on:
                self._marking.held(state, usage.SOFTIRQ | usage.ENABLED, stack)
        state.hardirqs_on = on

    def set_softirqs(self, task: Task, *, on: bool, stack: StackTrace = EMPTY_STACK) -> None:
        """Soft interrupts of the task's CPU are turned on or off."""
        state = self.task(task)
        was, state.softirqs_on = state.softirqs_on, on
        if on and not was and state.hardirqs_on and self.is_on:
            self._marking.held(state, usage.SOFTIRQ | usage.ENABLED, stack)

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

    # --- What is said of held locks -----------------------------------------------------------------------------

    def free(self, task: Task, lock: LockMap, *, stack: StackTrace = EMPTY_STACK) -> None:
        """The memory of a lock is given back, or initialised anew."""
        state = self.task(task)
        held = next((held for held in state.held if held.lock.instance == lock.instance), None)
        if held is not None and self.is_on:
            self._findings.add(self._of_held.freed(state, held, stack))

    def contended(
        self, task: Task, lock: LockMap, *, stack: StackTrace = EMPTY_STACK, site: Frame | None = None
    ) -> None:
        """Lock statistics saw a task wait for a lock that it has asked for: ``lock_contended``."""
        state, info = self.task(task), self.classes.find(lock, 0)
        if self.is_on and state.find(lock, info) is None:
            where = site or (stack.frames[0] if stack.frames else None)
            self._findings.add(self._of_held.not_held(state, lock, info, stack, where, contended=True))

    def pin(self, task: Task, lock: LockMap, *, on: bool = True, stack: StackTrace = EMPTY_STACK) -> None:
        """A held lock must not be released from now on, or may be again: ``lock_pin_lock``, ``lock_unpin_lock``."""
        if not self.is_on:
            return
        state, verb = self.task(task), "pin" if on else "unpin"
        held = state.holding(lock, self.classes.find(lock, 0))
        if held is not None and (on or held.pins):
            held.pins += 1 if on else -1
            return
        words = f"{verb}ning an {'unheld' if held is None else 'unpinned'} lock"
        self._findings.warn(self._of_itself.warning(state, words, stack, f"lock_{verb}_lock"))

    def assert_held(
        self, task: Task, lock: LockMap, access: Access | None = None, *, stack: StackTrace = EMPTY_STACK
    ) -> None:
        """``lockdep_assert_held``; with ``access`` ``lockdep_assert_held_write`` or ``_read``."""
        state = self.task(task)
        held = state.holding(lock, self.classes.find(lock, 0))
        exclusive = held is not None and held.access is Access.EXCLUSIVE
        right = held is not None if access is None else held is not None and exclusive == (access is Access.EXCLUSIVE)
        if self.is_on and not right:
            condition = _CONDITIONS[access].format(lock.name)
            self._findings.warn(self._of_itself.failed_assertion(state, condition, stack))

    def dereference(
        self, task: Task, place: str, message: str, *locks: LockMap, stack: StackTrace = EMPTY_STACK
    ) -> None:
        """A pointer is read that RCU protects, or any of ``locks``: ``rcu_dereference_check``.

        ``place`` is file:line; ``message`` such as ``suspicious rcu_dereference_check() usage!``.
        """
        state = self.task(task)
        protected = any(held.lock.primitive in _RCU_READERS for held in state.held)
        if self.is_on and not protected and not any(state.holding(lock, self.classes.find(lock, 0)) for lock in locks):
            report = self._of_held.rcu_usage(state, place, message, stack, debug_locks=self.is_on)
            self._findings.warn(report)

    def end_work(self, task: Task, function: str, before: int = 0, *, stack: StackTrace = EMPTY_STACK) -> None:
        """A work function returns to its worker, which held ``before`` locks when it called it."""
        state = self.task(task)
        if self.is_on and len(state.held) > before:
            self._findings.warn(self._of_held.work_leak(state, function, before, stack))

    def exit_task(self, task: Task, *, stack: StackTrace = EMPTY_STACK) -> None:
        """A task ends."""
        self._expect_none_held(task, stack, returning=False)

    def return_to_user(self, task: Task, *, stack: StackTrace = EMPTY_STACK) -> None:
        """A task goes back to user space."""
        self._expect_none_held(task, stack, returning=True)

    def doubt(self, task: Task, condition: str, *, stack: StackTrace = EMPTY_STACK) -> None:
        """A debug check of the lock code itself failed: ``DEBUG_LOCKS_WARN_ON``, which turns the validator off."""
        if self.is_on:
            words = f"DEBUG_LOCKS_WARN_ON({condition})"
            self._findings.add(self._of_itself.warning(self.task(task), words, stack))

    def _expect_none_held(self, task: Task, stack: StackTrace, *, returning: bool) -> None:
        state = self.task(task)
        if state.held and self.is_on:
            self._findings.add(self._of_held.left_held(state, stack, returning=returning))
