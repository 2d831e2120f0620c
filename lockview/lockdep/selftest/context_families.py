"""Cases about what a context allows: reclaim inside of reclaim, and how long a lock may be waited for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lockview.lockdep.cases import Case
from lockview.lockdep.selftest.pieces import HARD, MUTEX, RAW, SOFT, SPIN, UNTHREADED, Ops, joined, plain


def reclaim_cases() -> Iterator[Case]:
    """An allocation in reclaim must not begin reclaim again."""
    allocate: Ops = ({"op": "might_alloc", "gfp": "GFP_KERNEL"},)
    careful: Ops = ({"op": "might_alloc", "gfp": "GFP_NOFS"},)
    guarded = joined(plain("memalloc_nofs_save"), allocate, plain("memalloc_nofs_restore"))
    for name, complains, inside in (
        ("correct", False, careful),
        ("wrong", True, allocate),
        ("protected", False, guarded),
    ):
        acquire: Ops = ({"op": "fs_reclaim_acquire", "gfp": "GFP_KERNEL"},)
        release: Ops = ({"op": "fs_reclaim_release", "gfp": "GFP_KERNEL"},)
        ops = joined(acquire, inside, release)
        yield Case(f"fs_reclaim_{name}_nesting", f"{name} nesting", "fs_reclaim", complains, ops)


class _Surroundings(NamedTuple):
    """What a lock is taken in, and the first of the inner ones (by their order) that it does not allow."""

    name: str
    words: str
    begin: Ops
    end: Ops
    allowed: int


_OUTER = (
    _Surroundings("HARDIRQ", "hardirq", HARD.enter, HARD.leave, 3),
    _Surroundings("NOTTHREADED_HARDIRQ", "hardirq", UNTHREADED.enter, UNTHREADED.leave, 2),
    _Surroundings("SOFTIRQ", "softirq", SOFT.enter, SOFT.leave, 3),
    _Surroundings("RCU", "RCU", plain("rcu_read_lock"), plain("rcu_read_unlock"), 3),
    _Surroundings("RCU_BH", "RCU-bh", plain("rcu_read_lock_bh"), plain("rcu_read_unlock_bh"), 3),
    _Surroundings("RCU_SCHED", "RCU-sched", plain("rcu_read_lock_sched"), plain("rcu_read_unlock_sched"), 2),
    _Surroundings("raw_spinlock", "RAW_SPINLOCK", RAW.take("A"), RAW.drop("A"), 2),
    _Surroundings("spinlock", "SPINLOCK", SPIN.take("A"), SPIN.drop("A"), 3),
    _Surroundings("mutex", "MUTEX", MUTEX.take("A"), MUTEX.drop("A"), 4),
)
_INNER: tuple[tuple[str, Ops], ...] = (
    ("RCU", plain("rcu_read_lock", "rcu_read_unlock")),
    ("raw_spinlock", RAW.pair("B")),
    ("spinlock", SPIN.pair("B")),
    ("mutex", MUTEX.pair("B")),
)
"""From what never waits to what sleeps."""


def wait_context_cases() -> Iterator[Case]:
    """Every kind of lock in every context, as PREEMPT_RT would have it."""
    for outer in _OUTER:
        threads = " (not threaded)" if outer.name.startswith("NOT") else ""
        for place, (name, inner) in enumerate(_INNER):
            ops = joined(outer.begin, inner, outer.end)
            title = f"in {outer.words} context{threads}"
            yield Case(f"{name}_in_{outer.name}", title, "wait_context", place >= outer.allowed, ops)
