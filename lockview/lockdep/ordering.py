"""The order of locks: that a task takes no class twice, and that no dependency closes a cycle.

The rules are those of ``validate_chain`` and what it calls, kernel/locking/lockdep.c, 6.12; without
``recursive_reads`` those of kernels before 5.10, which checked recursive readers but kept no dependencies of them.
"""

from __future__ import annotations

from collections.abc import Callable

from lockview.lockdep.chains import Chains
from lockview.lockdep.classes import Classes, ClassInfo, Use
from lockview.lockdep.findings import Findings
from lockview.lockdep.levels import Levels
from lockview.lockdep.marking import Marking
from lockview.lockdep.reporting import OrderReporter
from lockview.lockdep.rules import Rules
from lockview.lockdep.search import Found, search
from lockview.lockdep.tasks import Held, TaskState
from lockview.model.locks import Access


class Ordering:
    """Looks at each chain of held locks once. Its methods return False after a report."""

    def __init__(
        self,
        classes: Classes,
        chains: Chains,
        findings: Findings,
        marking: Marking,
        reporter: OrderReporter,
        rules: Rules,
        is_full: Callable[[TaskState, str, Held], bool],
    ) -> None:
        self._classes = classes
        self._chains = chains
        self._findings = findings
        self._marking = marking
        self._reporter = reporter
        self._rules = rules
        self._is_full = is_full
        self._levels = Levels()

    def check(self, state: TaskState, held: Held, *, sync: bool) -> bool:
        """``validate_chain``. ``held`` is not on the task's stack yet."""
        if held.trylock or not held.checked or held.chain in self._chains.validated:
            return True
        if self._rules.limits.chains is not None and len(self._chains.validated) >= self._rules.limits.chains:
            return self._is_full(state, "CHAINS", held)
        self._chains.validated.add(held.chain)
        skip = self._check_recursion(state, held)
        if skip is None:
            return False
        return skip or self._add_dependencies(state, held, sync=sync)

    def _check_recursion(self, state: TaskState, held: Held) -> bool | None:
        """``check_deadlock``: True when taking the class again is right and adds nothing, None after a report."""
        nest = False
        for other in state.held:
            nest = nest or (held.nest is not None and other.lock.instance == held.nest.instance)
            if other.info is not held.info:
                continue
            if held.access is Access.RECURSIVE and other.access is not Access.EXCLUSIVE:
                if self._rules.recursive_reads:
                    continue
                return True
            if _may_follow(other, held):
                continue
            if nest:
                if not self._rules.recursive_reads:
                    held.access = Access.RECURSIVE  # so that no dependency begins at it
                return True
            self._findings.add(self._reporter.recursive(state, held, other))
            return None
        return False

    def _add_dependencies(self, state: TaskState, held: Held, *, sync: bool) -> bool:
        """``check_prevs_add``: from each held lock down to the first that was no trylock, within this context."""
        for distance, other in enumerate(reversed(state.same_context(held.irq_context)), 1):
            ignored = other.access is Access.RECURSIVE and not self._rules.recursive_reads
            if not other.checked or ignored:
                continue
            if not self._add_dependency(state, other, held, distance, sync=sync):
                return False
            if not other.trylock:
                break
        return True

    def _add_dependency(self, state: TaskState, before: Held, held: Held, distance: int, *, sync: bool) -> bool:
        """``check_prev_add``."""
        if before.info is held.info and _may_follow(before, held):
            return True
        found = self._way_back(before, held)
        if found is not None:
            return self._findings.add(
                self._reporter.recursive(state, held, before)
                if found.parent is None
                else self._reporter.circular(state, held, before, found, sync=sync)
            )
        if not self._marking.check_order(state, before, held):
            return False
        if held.access is Access.RECURSIVE and not self._rules.recursive_reads:
            return True
        earlier, later = Use(before.info.number, before.access), Use(held.info.number, held.access)
        room = self._rules.limits.entries
        if room is not None and 2 * self._classes.dependencies + 2 > room and not self._classes.knows(earlier, later):
            return self._is_full(state, "ENTRIES", held)
        self._classes.connect(earlier, later, distance, held.stack)
        return True

    def _way_back(self, before: Held, held: Held) -> Found | None:
        """``check_noncircular``: the shortest strong path from the wanted lock to the held one, None without one."""
        target = before.info
        if self._levels.rise(self._classes, target, held.info):
            return None
        exclusive = before.access is Access.EXCLUSIVE or not self._rules.recursive_reads
        recursive = held.access is Access.RECURSIVE and self._rules.recursive_reads

        def closes(info: ClassInfo, only_recursive: bool) -> bool:
            return info is target and (exclusive or not only_recursive)

        found = search(self._classes, held.info.number, closes, only_recursive=recursive)
        if found is None:
            self._levels.give_up()
        return found


def _may_follow(before: Held, held: Held) -> bool:
    """Whether the comparison function of the class lets a lock be taken after another."""
    compared = before.lock.compared_with(held.lock)
    return compared is not None and compared < 0
