"""Reports about tasks that really wait: hung tasks, lists of all locks, spinlocks that do not come free."""

from __future__ import annotations

from dataclasses import dataclass, field

from lockview.model.reports import HeldLocks, Report, ReportKind, Task
from lockview.model.stacks import EMPTY_STACK, StackTrace
from lockview.model.text import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class TaskDump:
    """``task:demo state:D stack:0 pid:42 ...`` and its stack. ``state`` is the letter; comm is cut to 15 characters.

    ``state`` is "" when that line is missing. ``workqueue`` is the text after ``Workqueue:``.
    Source: ``sched_show_task``, kernel/sched/core.c.
    """

    task: Task
    state: str = ""
    stack: StackTrace = EMPTY_STACK
    workqueue: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Blocker:
    """A task and who seems to block it: ``INFO: task A:p is blocked on a mutex likely owned by task B:q.``.

    ``lock`` is the sort of lock (``mutex``, ``semaphore``, ``rw-semaphore``); ``owner`` is None when it was not found;
    roles are ``reader``, ``writer`` or "". Source: ``debug_show_blocker``, kernel/hung_task.c.
    """

    waiter: Task
    lock: str
    owner: Task | None = None
    waiter_role: str = ""
    owner_role: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class HungTaskReport(Report):
    """``task X:n blocked for more than N seconds.``; ``task`` is the hung one.

    ``blockers`` and ``others``, the dumps of owners, are printed since 6.16. ``all_locks`` is the list ``Showing all
    locks held in the system`` that belongs to all hung tasks of one pass of the watchdog. ``peers`` are the dumps of
    those other tasks and of their owners, 32 at most, and ``peer_blockers`` who seems to block them.
    Source: kernel/hung_task.c.
    """

    seconds: int = 0
    dump: TaskDump | None = None
    blockers: tuple[Blocker, ...] = ()
    others: tuple[TaskDump, ...] = ()
    all_locks: tuple[HeldLocks, ...] = ()
    peers: tuple[TaskDump, ...] = ()
    peer_blockers: tuple[Blocker, ...] = ()
    lockdep_off: bool = False

    @property
    def kind(self) -> ReportKind:
        return ReportKind.HUNG_TASK


@dataclass(frozen=True, slots=True)
class LocksDumpReport(Report):
    """``Showing all locks held in the system:`` without a hung task before it.

    ``requested`` tells that somebody asked for the list, with sysrq-d. Source: ``debug_show_all_locks``.
    """

    all_locks: tuple[HeldLocks, ...] = ()
    requested: bool = False

    @property
    def kind(self) -> ReportKind:
        return ReportKind.LOCKS_DUMP


@dataclass(frozen=True, slots=True)
class SpinReport(Report):
    """``spinlock MSG on CPU#n, comm/pid`` (or ``rwlock``): ``complaint`` is MSG, ``lock`` the symbol or address.

    ``owner`` is None for ``<none>/-1``. Source: ``spin_dump``, ``rwlock_bug``, kernel/locking/spinlock_debug.c.
    """

    rwlock: bool = False
    complaint: str = ""
    cpu: int | None = None
    lock: str = ""
    magic: str = ""
    owner: Task | None = None
    owner_cpu: int | None = None

    @property
    def kind(self) -> ReportKind:
        return ReportKind.RWLOCK if self.rwlock else ReportKind.SPINLOCK
