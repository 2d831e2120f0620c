"""Locks as lockdep sees them: classes, usage marks, and one task's use of a lock."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from lockview.model.stacks import Frame
from lockview.model.text import NOWHERE, Span


class Primitive(StrEnum):
    """The C type of a lock, or what stands in for one."""

    RAW_SPINLOCK = "raw_spinlock"
    SPINLOCK = "spinlock"
    RWLOCK = "rwlock"
    LOCAL_LOCK = "local_lock"
    MUTEX = "mutex"
    RWSEM = "rwsem"
    RT_MUTEX = "rt_mutex"
    WW_MUTEX = "ww_mutex"
    SEQCOUNT = "seqcount"
    COMPLETION = "completion"
    RCU = "rcu"
    SRCU = "srcu"
    MARKER = "marker"
    """A lockdep map without a lock: ``fs_reclaim``, a work item."""
    BIT = "bit"
    """A lock that lockdep does not see: the page lock."""


class Access(StrEnum):
    """How a lock is taken; lockdep's ``read`` of 0, 1 and 2."""

    EXCLUSIVE = "x"
    SHARED = "s"
    RECURSIVE = "r"


@dataclass(frozen=True, slots=True, order=True)
class LockClass:
    """A lockdep class: all locks that were initialised at one place, told apart by subclass.

    ``key_number`` is the ``#n`` that tells same-named keys of one boot apart (1 is never printed); ``subclass`` is
    the ``/n`` of a nesting annotation (0 is never printed). Source: ``__print_lock_name``, kernel/locking/lockdep.c.
    """

    base: str
    key_number: int = 1
    subclass: int = 0

    @property
    def name(self) -> str:
        """The name as the kernel prints it, for example ``&type->i_mutex_dir_key#3/1``."""
        key = f"#{self.key_number}" if self.key_number > 1 else ""
        sub = f"/{self.subclass}" if self.subclass else ""
        return f"{self.base}{key}{sub}"

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class WaitTypes:
    """The pair ``{outer:inner}`` that kernels since 5.7 print after the usage marks; 0 means "not checked".

    Source: ``print_lock_name``, kernel/locking/lockdep.c; ``enum lockdep_wait_type``, include/linux/lockdep_types.h.
    """

    outer: int
    inner: int


@dataclass(frozen=True, slots=True)
class HeldLock:
    """One task's use of a lock, as ``print_lock`` prints a ``struct held_lock``: wanted, or held.

    ``usage`` is the text between the braces (``+.+.``), "" when the line was cut before it.
    ``instance`` is the printed address of the lock, "" in kernels before 4.16.
    ``site`` is the ``at:`` part; ``index`` the ``#n`` inside a list of held locks, 0 being the oldest.
    ``instance_text`` is what a class's print function adds behind the name (6.5 and later).
    ``released`` marks the entry ``<RELEASED>``, whose class was already gone when it was printed.
    """

    lock_class: LockClass
    usage: str = ""
    wait_types: WaitTypes | None = None
    instance: str = ""
    instance_text: str = ""
    site: Frame | None = None
    index: int | None = None
    released: bool = False
    span: Span = field(default=NOWHERE, compare=False)
