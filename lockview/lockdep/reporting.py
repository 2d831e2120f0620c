"""Reports about the order of locks: the same values that the reader makes of printed ones.

Who stands where is that of the print functions in kernel/locking/lockdep.c, named at each.
"""

from __future__ import annotations

from lockview.lockdep.reporting_parts import Parts, backtrace
from lockview.lockdep.search import Found
from lockview.lockdep.tasks import Held, TaskState
from lockview.model.held_reports import RecursiveReport
from lockview.model.reports import ChainEntry, CircularReport, Operation, ScenarioStep


class OrderReporter:
    """Builds the reports about cycles."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def circular(
        self, state: TaskState, wanted: Held, held: Held, found: Found, *, sync: bool = False
    ) -> CircularReport:
        """``print_circular_bug``: ``found`` is the way from the wanted class to the held one; ``sync`` only waits."""
        path = found.path
        chain = [self._entry(index, step, wanted) for index, step in enumerate(path)]
        parent = self._parts.classes.all[path[-2].number].name
        source, target = wanted.info.name, held.info.name
        lock = self._parts.word(wanted.access)
        if sync and lock is Operation.LOCK:
            lock = Operation.SYNC
        steps = (
            ScenarioStep(0, self._parts.word(held.access), target),
            ScenarioStep(1, Operation.LOCK, parent),
            ScenarioStep(1, Operation.LOCK, target),
            ScenarioStep(0, lock, source),
        )
        return CircularReport(
            self._parts.era.title("possible circular locking dependency detected"),
            kernel=self._parts.era.release,
            task=state.task,
            wanted=self._parts.shown(wanted),
            held=self._parts.shown(held),
            scenario=steps,
            held_locks=self._parts.held_locks(state),
            backtrace=backtrace(state, wanted.stack),
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
            self._parts.era.title("possible recursive locking detected"),
            kernel=self._parts.era.release,
            task=state.task,
            wanted=self._parts.shown(wanted),
            held=self._parts.shown(held),
            scenario=steps,
            held_locks=self._parts.held_locks(state),
            backtrace=backtrace(state, wanted.stack),
            comparison=held.lock.compared_with(wanted.lock),
        )

    def _entry(self, index: int, step: Found, wanted: Held) -> ChainEntry:
        """``print_circular_bug_entry``: the stack of ``#0`` is the present one."""
        info = self._parts.classes.all[step.number]
        stack = step.stack if index else wanted.stack
        return ChainEntry(index, info.name, info.marks, self._parts.waits(info), stack)
