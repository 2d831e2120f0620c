"""Deadlocks that the debugging code of mutexes and rt_mutexes found: real waiting, not an order of locks."""

from __future__ import annotations

from dataclasses import dataclass, field

from lockview.model.locks import HeldLock
from lockview.model.reports import HeldLocks, Report, ReportKind, Task
from lockview.model.stacks import EMPTY_STACK, Frame, StackTrace
from lockview.model.text import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class LockOwner:
    """Who has a lock: ``.. ->owner: c7dcb912``, ``.. held by:  comm: pid [address, priority]``, ``... acquired at:``.

    ``word`` is the owner field of the lock (the lowest bits are flags), ``address`` that of the task; both are text.
    ``acquired_at`` was printed until 2.6.17. Source: ``printk_lock``, kernel/locking/rtmutex-debug.c.
    """

    task: Task | None = None
    word: str = ""
    address: str = ""
    priority: int | None = None
    acquired_at: Frame | None = None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class MutexDeadlockReport(Report):
    """``circular locking deadlock detected!``, ``lock recursion deadlock detected!``, ``rtmutex deadlock detected``.

    ``task`` waits for ``wanted``, which ``wanted_owner`` has; ``blocked`` is the task that waits for ``blocked_lock``.
    A lock is its name, its address (``instance``) and, until 2.6.17, where it is asked for (``site``); a lock without
    name is called by its address. The wording of 5.15 and later names no lock: ``banner`` is the line of its WARN.
    Source: ``debug_rt_mutex_print_deadlock``, kernel/locking/rtmutex-debug.c (2.6.18 to 5.14); ``report_deadlock``,
    kernel/mutex-debug.c (2.6.16, 2.6.17); ``check_deadlock``, kernel/rt.c of the realtime patches;
    ``rt_mutex_handle_deadlock``, kernel/locking/rtmutex.c.
    """

    wanted_owner: LockOwner | None = None
    blocked: Task | None = None
    blocked_lock: HeldLock | None = None
    blocked_owner: LockOwner | None = None
    blocked_held: HeldLocks | None = None
    blocked_stack: StackTrace = EMPTY_STACK
    lockdep_off: bool = False
    banner: str = ""

    @property
    def kind(self) -> ReportKind:
        return ReportKind.MUTEX_DEADLOCK
