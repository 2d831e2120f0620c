"""Reports about one task and the locks that it holds, wants, releases or forgets."""

from __future__ import annotations

from dataclasses import dataclass

from lockview.model.locks import HeldLock, WaitTypes
from lockview.model.reports import Report, ReportKind
from lockview.model.stacks import EMPTY_STACK, Frame, StackTrace
from lockview.model.usages import IrqEvent


@dataclass(frozen=True, slots=True)
class RecursiveReport(Report):
    """``possible recursive locking detected``: wanted and held are of one class.

    ``comparison`` is the N of ``and the lock comparison function returns N:`` (6.5 and later).
    Source: ``print_deadlock_bug``.
    """

    comparison: int | None = None

    @property
    def kind(self) -> ReportKind:
        return ReportKind.RECURSIVE


@dataclass(frozen=True, slots=True)
class WaitContextReport(Report):
    """``Invalid wait context``: a lock that may sleep more than its surroundings allow.

    ``context`` are the wait types of the context itself (``context-{4:4}``).
    Source: ``print_lock_invalid_wait_context``.
    """

    context: WaitTypes | None = None

    @property
    def kind(self) -> ReportKind:
        return ReportKind.WAIT_CONTEXT


@dataclass(frozen=True, slots=True)
class NestedReport(Report):
    """``Nested lock was not taken``: ``outer`` is the bare name of the lock that should be held around ``wanted``.

    ``first_stack`` is the first of its two stack backtraces. Source: ``print_lock_nested_lock_not_held``.
    """

    outer: str = ""
    first_stack: StackTrace = EMPTY_STACK

    @property
    def kind(self) -> ReportKind:
        return ReportKind.NESTED


@dataclass(frozen=True, slots=True)
class UnlockReport(Report):
    """``bad unlock balance detected!``: ``name`` is the lock's bare name, ``site`` where it was released.

    ``contended`` is True for ``bad contention detected!`` (a lock that lock statistics saw contended but nobody holds).
    ``remark`` is the sentence after it (``there are no more locks to release!``).
    Source: ``print_unlock_imbalance_bug``, ``print_lock_contention_bug``.
    """

    name: str = ""
    site: Frame | None = None
    remark: str = ""
    contended: bool = False

    @property
    def kind(self) -> ReportKind:
        return ReportKind.BAD_CONTENTION if self.contended else ReportKind.BAD_UNLOCK


@dataclass(frozen=True, slots=True)
class FreedReport(Report):
    """``held lock freed!``: ``freed`` lies in memory ``first`` to ``last`` (hex text, last included, perhaps hashed).

    Source: ``print_freed_lock_bug``.
    """

    freed: HeldLock | None = None
    first: str = ""
    last: str = ""

    @property
    def kind(self) -> ReportKind:
        return ReportKind.FREED


@dataclass(frozen=True, slots=True)
class LeftHeldReport(Report):
    """Locks still held where none may be: at task exit, or on the way back to user space (``returning``).

    Source: ``print_held_locks_bug``, ``lockdep_sys_exit``.
    """

    returning: bool = False

    @property
    def kind(self) -> ReportKind:
        return ReportKind.USER_RETURN if self.returning else ReportKind.EXIT


@dataclass(frozen=True, slots=True)
class WorkLeakReport(Report):
    """``workqueue leaked lock or atomic``: ``function`` is the work function, ``preempt`` the text of the counters.

    Source: ``process_one_work``, kernel/workqueue.c.
    """

    function: str = ""
    preempt: str = ""

    @property
    def kind(self) -> ReportKind:
        return ReportKind.WORK_LEAK


@dataclass(frozen=True, slots=True)
class RcuReport(Report):
    """``suspicious RCU usage``: ``place`` is file:line, ``message`` the text after it.

    ``remarks`` are sentences such as ``RCU used illegally from idle CPU!``. With ``debug_locks`` 0 the held list is
    unreliable. Source: ``lockdep_rcu_suspicious``.
    """

    place: str = ""
    message: str = ""
    remarks: tuple[str, ...] = ()
    scheduler_active: int | None = None
    debug_locks: int | None = None

    @property
    def kind(self) -> ReportKind:
        return ReportKind.RCU


@dataclass(frozen=True, slots=True)
class AtomicReport(Report):
    """``sleeping function called from invalid context`` or (``scheduling``) ``scheduling while atomic``.

    ``place`` is file:line of the sleeping call, "" for scheduling. ``facts`` are the numbers as printed, in order:
    (``in_atomic()``, 1), (``preempt_count``, 1) ... ``disabled_at`` is where preemption was disabled.
    ``assumed`` is the context that the place needs and has not, of ``assuming atomic context at`` (``atomic``) and
    ``assuming non migratable context at``: the contrary of the other two. "" for these.
    Source: ``__might_resched``, ``__schedule_bug``, ``__cant_sleep``, ``__cant_migrate``, kernel/sched/core.c.
    """

    place: str = ""
    scheduling: bool = False
    facts: tuple[tuple[str, str], ...] = ()
    disabled_at: Frame | None = None
    event_stamp: int | None = None
    irq_events: tuple[IrqEvent, ...] = ()
    lockdep_off: bool = False
    assumed: str = ""

    @property
    def kind(self) -> ReportKind:
        if self.assumed:
            return ReportKind.NOT_ATOMIC
        return ReportKind.SCHED if self.scheduling else ReportKind.SLEEP


@dataclass(frozen=True, slots=True)
class ValidatorReport(Report):
    """Lockdep speaking about itself: a key that is not static, a table that is full, a check of its own that failed.

    ``lines`` are its sentences, without stack. Source: ``register_lock_class``, ``print_lockdep_off`` and others.
    """

    group: ReportKind = ReportKind.NON_STATIC_KEY
    lines: tuple[str, ...] = ()

    @property
    def kind(self) -> ReportKind:
        return self.group
