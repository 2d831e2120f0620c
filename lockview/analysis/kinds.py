"""What sort of thing a lock class is, and how it is taken, as far as functions, names and wait types tell."""

from __future__ import annotations

from collections.abc import Sequence

from lockview.analysis.functions import acquirer_traits, is_lock_core
from lockview.analysis.lock_graph import LockKind, Mode
from lockview.model.locks import LockClass, WaitTypes
from lockview.model.stacks import StackTrace

_BY_NAME = {
    "fs_reclaim": LockKind.MARKER,
    "mmu_notifier_invalidate_range_start": LockKind.MARKER,
    "__mmu_notifier_invalidate_range_start_map": LockKind.MARKER,
    "kn->active": LockKind.MARKER,
    "kn->count": LockKind.MARKER,
    "jbd2_handle": LockKind.MARKER,
    "console_owner": LockKind.MARKER,
    "rcu_read_lock": LockKind.RCU,
    "rcu_read_lock_bh": LockKind.RCU,
    "rcu_read_lock_sched": LockKind.RCU,
    "rcu_callback": LockKind.MARKER,
    "cpu_hotplug_lock": LockKind.RWSEM,
    "cpu_hotplug_lock.rw_sem": LockKind.RWSEM,
    "tasklist_lock": LockKind.RWLOCK,
    "&rq->lock": LockKind.SPINLOCK,
    "&rq->__lock": LockKind.SPINLOCK,
    "&p->pi_lock": LockKind.SPINLOCK,
}
_SLEEPING_SYNC = ("sb_writers", "sb_pagefaults", "sb_internal")
_WAITED_FOR = (
    "(wq_completion)",
    "((wq_completion)",
    "(work_completion)",
    "((work_completion)",
    "(complete)",
    "(&",
    "&q->q_usage_counter",
)


def acquisition(stack: StackTrace) -> tuple[LockKind, Mode] | None:
    """Kind and mode that the innermost locking function of a stack tells, up to the function that took the lock."""
    for frame in stack.frames:
        if not frame.reliable:
            continue
        traits = acquirer_traits(frame.bare_function)
        if traits:
            return traits
        if not is_lock_core(frame.bare_function):
            return None
    return None


def acquisition_mode(stack: StackTrace) -> Mode:
    """How the lock at the top of a stack is taken."""
    traits = acquisition(stack)
    return traits[1] if traits else Mode.UNKNOWN


def lock_kind(
    lock_class: LockClass, stacks: Sequence[StackTrace] = (), usage: str = "", wait_types: WaitTypes | None = None
) -> LockKind:
    """The kind of a class. ``stacks`` are acquisitions of it.

    A well-known name beats the functions, because a marker is often announced in the middle of a function; the
    functions beat the spelling of the name, and wait types come last: they only tell groups of kinds apart.
    """
    base = lock_class.base
    known = _BY_NAME.get(base)
    if known:
        return known
    if base.startswith(_WAITED_FOR):
        return LockKind.MARKER
    for stack in stacks:
        traits = acquisition(stack)
        if traits:
            return traits[0]
    return _by_spelling(base) or _by_wait_types(wait_types, usage) or LockKind.UNKNOWN


def _by_spelling(base: str) -> LockKind | None:
    """The kernel's naming habits. Plain semaphores have no lockdep class, so a ``sem`` is an rwsem."""
    if base.startswith(_SLEEPING_SYNC) or base.endswith(("_sem", "_rwsem", ".rwsem", ">rwsem", "rw_sem")):
        return LockKind.RWSEM
    if base.endswith((")->rlock", ")->lock")) or base.startswith("slock-AF_"):
        return LockKind.SPINLOCK
    if base.endswith(("mutex", "_mtx", ".mtx", ">mtx")) or base.startswith("sk_lock-AF_"):
        return LockKind.MUTEX
    if base.endswith(("srcu", "_srcu_struct")):
        return LockKind.RCU
    if base.endswith(("_sequence", "seqcount", "->seq", ".seq")):
        return LockKind.SEQCOUNT
    return None


def _by_wait_types(wait_types: WaitTypes | None, usage: str) -> LockKind | None:
    """Only values that mean one thing with and without PROVE_RAW_LOCK_NESTING."""
    if wait_types is None:
        return None
    if wait_types == WaitTypes(2, 2):
        return LockKind.SPINLOCK
    if wait_types.outer == 1:
        return LockKind.RCU
    if wait_types == WaitTypes(4, 4) and usage:
        return LockKind.RWSEM if any(mark != "." for mark in usage[1::2]) else LockKind.MUTEX
    return None
