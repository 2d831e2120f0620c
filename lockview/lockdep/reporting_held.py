"""Reports about what one task holds: the same values that the reader makes of printed ones.

Who stands where is that of the print functions, named at each, in kernel/locking/lockdep.c unless said otherwise.
"""

from __future__ import annotations

import re

from lockview.lockdep.classes import ClassInfo
from lockview.lockdep.locks import LockMap
from lockview.lockdep.reporting_parts import Parts, backtrace
from lockview.lockdep.tasks import Held, TaskState
from lockview.model.held_reports import (
    FreedReport,
    LeftHeldReport,
    NestedReport,
    RcuReport,
    UnlockReport,
    WaitContextReport,
    WorkLeakReport,
)
from lockview.model.locks import WaitTypes
from lockview.model.stacks import Frame, StackTrace


class HeldReporter:
    """Builds the reports about held locks."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def wait_context(self, state: TaskState, held: Held, allowed: int) -> WaitContextReport:
        """``print_lock_invalid_wait_context``."""
        return WaitContextReport(
            self._parts.era.wait_context_title,
            kernel=self._parts.era.release,
            task=state.task,
            wanted=self._parts.shown(held),
            held_locks=self._parts.held_locks(state),
            backtrace=backtrace(state, held.stack),
            context=WaitTypes(allowed, allowed),
        )

    def nest_not_held(self, state: TaskState, held: Held) -> NestedReport:
        """``print_lock_nested_lock_not_held``."""
        return NestedReport(
            self._parts.era.title("Nested lock was not taken", "BUG"),
            kernel=self._parts.era.release,
            task=state.task,
            wanted=self._parts.shown(held),
            held_locks=self._parts.held_locks(state),
            backtrace=backtrace(state, held.stack),
            outer=held.nest.name if held.nest else "",
            first_stack=held.stack,
        )

    def not_held(
        self,
        state: TaskState,
        lock: LockMap,
        info: ClassInfo | None,
        stack: StackTrace,
        site: Frame | None,
        *,
        contended: bool = False,
    ) -> UnlockReport:
        """``print_unlock_imbalance_bug``, or ``print_lock_contention_bug``."""
        return UnlockReport(
            self._parts.era.title(f"bad {'contention' if contended else 'unlock balance'} detected!", "BUG"),
            kernel=self._parts.era.release,
            task=state.task,
            held_locks=self._parts.held_locks(state),
            backtrace=backtrace(state, stack),
            name=info.name.name if info else lock.name,
            site=site,
            remark=f"there are no {'locks held!' if contended else 'more locks to release!'}",
            contended=contended,
        )

    def freed(self, state: TaskState, held: Held, stack: StackTrace) -> FreedReport:
        """``print_freed_lock_bug``; the lock's own name stands for the address of its memory."""
        memory = re.sub(r"[\s,-]", "_", str(held.lock.instance)) or "lock"
        return FreedReport(
            self._parts.era.title("held lock freed!", "BUG"),
            kernel=self._parts.era.release,
            task=state.task,
            held_locks=self._parts.held_locks(state),
            backtrace=backtrace(state, stack),
            freed=self._parts.shown(held),
            first=memory,
            last=memory,
        )

    def left_held(self, state: TaskState, stack: StackTrace, *, returning: bool) -> LeftHeldReport:
        """``print_held_locks_bug`` and ``lockdep_sys_exit``."""
        left = "lock held when returning to user space!" if returning else f"{state.task} still has locks held!"
        return LeftHeldReport(
            self._parts.era.title(left, "BUG"),
            kernel=self._parts.era.release,
            task=state.task,
            held_locks=self._parts.held_locks(state),
            backtrace=None if returning else backtrace(state, stack),  # lockdep_sys_exit prints none
            returning=returning,
        )

    def work_leak(self, state: TaskState, function: str, before: int, stack: StackTrace) -> WorkLeakReport:
        """``process_one_work``, kernel/workqueue.c: ``before`` is how many locks were held when the work began."""
        task = state.task
        if self._parts.era.work_leak_words:
            title = f"BUG: workqueue leaked atomic, lock or RCU: {task.comm}[{task.pid}]"
            preempt = f"preempt=0x00000000 lock={before}->{len(state.held)} RCU=0->0"
        else:
            title = f"BUG: workqueue leaked lock or atomic: {task.comm}/0x00000000/{task.pid}"
            preempt = "0x00000000"
        return WorkLeakReport(
            title,
            task=task,
            held_locks=self._parts.held_locks(state),
            backtrace=backtrace(state, stack),
            function=function,
            preempt=preempt,
        )

    def rcu_usage(
        self, state: TaskState, place: str, message: str, stack: StackTrace, *, debug_locks: bool
    ) -> RcuReport:
        """``lockdep_rcu_suspicious``: ``place`` is file:line, ``message`` what was done there without protection."""
        return RcuReport(
            self._parts.era.title(f"suspicious RCU usage{'.' * self._parts.era.info_titles}"),
            kernel=self._parts.era.release,
            task=state.task,
            held_locks=self._parts.held_locks(state),
            backtrace=backtrace(state, stack),
            place=place,
            message=message,
            scheduler_active=2,
            debug_locks=int(debug_locks),
        )
