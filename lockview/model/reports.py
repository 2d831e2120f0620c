"""Lock reports: what a kernel printed about its locks, whoever the kernel was."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from enum import StrEnum

from lockview.model.locks import HeldLock, LockClass, WaitTypes
from lockview.model.stacks import EMPTY_STACK, Backtrace, StackTrace
from lockview.model.text import NOWHERE, Problem, Severity, Span


class ReportKind(StrEnum):
    """The families of reports; the value is the stable name in the JSON form."""

    CIRCULAR = "circular"
    RECURSIVE = "recursive"
    INCONSISTENT = "inconsistent"
    IRQ_ORDER = "irq_unsafe_order"
    IRQ_INVERSION = "irq_inversion"
    WAIT_CONTEXT = "wait_context"
    NESTED = "nested_not_taken"
    BAD_UNLOCK = "bad_unlock"
    BAD_CONTENTION = "bad_contention"
    FREED = "held_freed"
    EXIT = "held_exit"
    USER_RETURN = "held_return_user"
    WORK_LEAK = "workqueue_leak"
    RCU = "rcu_suspicious"
    SLEEP = "sleep_atomic"
    SCHED = "sched_atomic"
    NOT_ATOMIC = "not_atomic"
    NON_STATIC_KEY = "non_static_key"
    LIMIT = "limit"
    SELF_CHECK = "self_check"
    SPINLOCK = "spinlock_bug"
    RWLOCK = "rwlock_bug"
    MUTEX_DEADLOCK = "mutex_deadlock"
    DEPT = "dept_circular"
    HUNG_TASK = "hung_task"
    LOCKS_DUMP = "locks_dump"
    SOFT_LOCKUP = "soft_lockup"
    HARD_LOCKUP = "hard_lockup"
    RCU_STALL = "rcu_stall"
    TSAN = "tsan_lock_order"
    HELGRIND = "helgrind_lock_order"
    WITNESS = "witness_lor"
    JAVA = "java_deadlock"


@dataclass(frozen=True, slots=True)
class Task:
    """A thread as the kernel names it, ``comm/pid``."""

    comm: str
    pid: int

    def __str__(self) -> str:
        return f"{self.comm}/{self.pid}"


@dataclass(frozen=True, slots=True)
class Dependency:
    """``wanted`` was acquired, or is being acquired, while ``held`` was held.

    ``stack`` is the acquisition of ``wanted``. ``index`` is the ``#n`` of the printed chain whose stack this is.
    ``new`` marks the one dependency that the reporting task adds right now and that closes the cycle.
    ``inferred`` marks an edge whose stack or neighbour was missing in the text, so that locks may lie between.
    """

    held: LockClass
    wanted: LockClass
    stack: StackTrace = EMPTY_STACK
    index: int = 0
    new: bool = False
    inferred: bool = False
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """``-> #index (class){usage}-{outer:inner}:`` and the stack under it.

    The stack is where this class was taken while the class of entry ``index - 1`` was held.
    Source: ``print_circular_bug_entry``, kernel/locking/lockdep.c.
    """

    index: int
    lock_class: LockClass
    usage: str = ""
    wait_types: WaitTypes | None = None
    stack: StackTrace = EMPTY_STACK
    span: Span = field(default=NOWHERE, compare=False)


class Operation(StrEnum):
    """The words of a printed scenario."""

    LOCK = "lock"
    RLOCK = "rlock"
    SYNC = "sync"
    UNLOCK = "unlock"
    IRQ_DISABLE = "local_irq_disable"
    INTERRUPT = "<Interrupt>"


@dataclass(frozen=True, slots=True)
class ScenarioStep:
    """One line of the printed ``Possible unsafe locking scenario``; ``lock_class`` is None for the irq words."""

    cpu: int
    operation: Operation
    lock_class: LockClass | None = None
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class HeldLocks:
    """``N locks held by comm/pid:`` and its entries, oldest first.

    ``count`` is the number in the header; it may exceed the entries, because the kernel prints none for a running
    task other than the current one and authors cut lists. Source: ``lockdep_print_held_locks``.
    """

    task: Task
    count: int
    locks: tuple[HeldLock, ...] = ()
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a report came out of its text. Never part of equality: the same report read elsewhere is the same report.

    ``time`` is the time stamp of the title as printed (``2311.315401``), "" without one. ``caller`` is the printk
    caller id (``T43``, ``C0``). ``missing`` names the parts that this kind of report always has and this text has not
    (``backtrace``, ``held-locks``, ``chain``, ``scenario``, ``wanted``, ``held``, ``detail``), or whose end was cut
    off. ``problems`` are repairs, guesses and damage, in line order.
    """

    time: str = ""
    caller: str = ""
    missing: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every part was there and none was damaged."""
        return not self.missing and all(p.severity is Severity.NOTE for p in self.problems)


@dataclass(frozen=True, slots=True)
class Report:
    """What all reports have in common.

    ``title`` is the title line without fences and brackets; ``kernel`` the release, ``build`` the ``#1743`` after it,
    ``taint`` the words from ``Not tainted`` or ``Tainted:`` on; each "" when not printed.
    ``wanted`` is the lock that is being acquired and ``held`` the lock named with it; None when missing in the text.
    """

    title: str
    kernel: str = ""
    build: str = ""
    taint: str = ""
    task: Task | None = None
    wanted: HeldLock | None = None
    held: HeldLock | None = None
    scenario: tuple[ScenarioStep, ...] = ()
    held_locks: HeldLocks | None = None
    backtrace: Backtrace | None = None
    reading: Reading = field(default=Reading(), compare=False)
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def kind(self) -> ReportKind:
        """The family that this report belongs to."""
        raise NotImplementedError

    @property
    def cycle(self) -> tuple[Dependency, ...]:
        """The dependencies that close, in acquisition order, starting at the wanted lock; () if there are none."""
        return ()


@dataclass(frozen=True, slots=True)
class CircularReport(Report):
    """``possible circular locking dependency detected``.

    ``chain`` holds the ``-> #n`` entries as printed, highest index first. ``chain_exists`` holds the names of the
    ``Chain exists of:`` line, which names three classes at most, however long the cycle is.
    Source: ``print_circular_bug``, kernel/locking/lockdep.c.
    """

    chain: tuple[ChainEntry, ...] = ()
    chain_exists: tuple[LockClass, ...] = ()

    @property
    def kind(self) -> ReportKind:
        return ReportKind.CIRCULAR

    @property
    def target(self) -> LockClass | None:
        """The class of the held lock, from the first part that names it; None when none is there."""
        if self.held:
            return self.held.lock_class
        if self.chain_exists:
            return self.chain_exists[-1]
        return self.scenario[0].lock_class if self.scenario else None

    @property
    def cycle(self) -> tuple[Dependency, ...]:
        """Each entry gives one dependency; the one under ``#i`` goes from class ``#(i-1)`` to class ``#i``.

        The last one, whose stack stands under ``#0``, goes from the held lock to the wanted lock and is new. Where
        the wanted or held end of the chain is missing it is taken from the lines that name it; a gap in the numbering
        marks the dependency across it as inferred, and so does an end that nothing names.
        """
        entries = sorted(self.chain, key=lambda entry: entry.index)
        if self.wanted and (not entries or entries[0].index != 0):
            entries.insert(0, ChainEntry(0, self.wanted.lock_class, span=self.wanted.span))
        target = self.target
        if target and entries and entries[-1].lock_class != target:
            entries.append(ChainEntry(entries[-1].index + 1, target, span=self.held.span if self.held else NOWHERE))
        if len(entries) < 2:
            return ()
        steps = [
            Dependency(
                held=before.lock_class,
                wanted=entry.lock_class,
                stack=entry.stack,
                index=entry.index,
                inferred=entry.index != before.index + 1 or not entry.stack.frames,
                span=entry.span,
            )
            for before, entry in itertools.pairwise(entries)
        ]
        first, last = entries[0], entries[-1]
        closing = Dependency(
            held=last.lock_class,
            wanted=first.lock_class,
            stack=first.stack,
            index=first.index,
            new=True,
            inferred=not first.stack.frames or target is None,
            span=first.span,
        )
        return (*steps, closing)
