"""What the checks of mutexes, rt_mutexes, ww_mutexes, rwsems and DEPT mean that a WARN names by their condition."""

from __future__ import annotations

_CONDITIONS = {
    (
        "ww_ctx->done_acquire",
        "ctx->done_acquire",
    ): "A ww_mutex was taken with an acquire context that was already marked as done. Usual fix: call "
    "ww_acquire_done only after the last lock, or begin a new context.",
    (
        "contending_lock",
    ): "After -EDEADLK a task must release its ww_mutexes and take first the one that it could not get. "
    "Usual fix: on -EDEADLK unlock all, then ww_mutex_lock_slow on exactly that lock.",
    (
        "ww_ctx->acquired",
        "ctx->acquired",
    ): "An acquire context still has ww_mutexes, or has some where it must have none. Usual fix: unlock all "
    "of them before ww_acquire_fini, and before ww_mutex_lock_slow.",
    (
        "ww_class",
        "ww->ctx",
        "ctx->wounded",
        "is_wait_die",
    ): "A ww_mutex was used with a context of another class, or with two contexts. Usual fix: one class and "
    "one acquire context for all locks of a transaction.",
    (
        "magic != lock",
        "magic != sem",
        "magic != (",
        "magic != waiter",
        "magic != &",
    ): "The lock does not carry the mark of an initialised one. Usual causes: it was never initialised, was "
    "overwritten, or lies in memory that was freed.",
    (
        "owner(lock) != current",
        "owner != current",
        "__owner_task(owner) != current",
        "owner(sem) != current",
    ): "A lock was released by a task that does not hold it. A mutex, an rt_mutex or a written rwsem belongs "
    "to its taker. Usual fixes: release it in the task that took it, or use a semaphore or a completion "
    "to signal between tasks; released twice is possible as well.",
    (
        "!rt_mutex_owner(lock)",
        "!lock->owner",
        "!is_rwsem_reader_owned",
        "!(rwsem_owner",
    ): "A lock was released that nobody holds. Usual cause: it was released twice, or on a way on which it "
    "was not taken.",
    (
        "mutex_is_locked(lock)",
        "wait_list",
        "rwsem_is_locked",
    ): "A lock was destroyed, released or reused while somebody holds it or waits for it. Usual fix: let all "
    "users end before the object is freed.",
    (
        "in_interrupt()",
        "!preemptible()",
        "in_irq()",
        "in_nmi()",
    ): "A lock that sleeps was used where nothing may sleep, in an interrupt or with preemption disabled. "
    "Usual fixes: a spinlock instead, or do that part in a work item.",
    (
        "pi_waiters",
        "pi_blocked_on",
    ): "A task ended while it still holds an rt_mutex or waits for one. Usual cause: a lock that was not "
    "released on one way out of the task.",
    (
        "waiter->task",
        "->blocked_on",
    ): "The record of who waits for the lock does not fit the lock. Usual cause: overwritten memory, or a "
    "waiter on a stack that is gone.",
}
"""Pieces of conditions, and what it means that they hold; the first that is found counts."""


def condition(title: str) -> str:
    """What the failed check of a title means; "" for a check that is not known."""
    for pieces, text in _CONDITIONS.items():
        if any(piece in title for piece in pieces):
            return text
    return ""


_DEPT = "It says nothing about a deadlock."
_OTHERS = {
    "DEPT_INFO": "The memory that DEPT reserved for its records is used up for the moment: it misses dependencies "
    f"until some is freed. {_DEPT}",
    "DEPT_STOP": f"DEPT turned itself off: it finds nothing more until the next boot. {_DEPT}",
    "DEPT_": f"A check of DEPT about its own records failed; DEPT goes on. {_DEPT}",
    "attempting to lock a contended lock": "After -EDEADLK from a modeset lock, a ww_mutex, the caller must back off "
    "before it takes another one; the stack is that of the lock that was contended. Usual fix: on -EDEADLK call "
    "drm_modeset_backoff and start again (DRM_MODESET_LOCK_ALL_BEGIN does).",
    "Maximum lock depth": "The kernel followed the owners of rt_mutexes for as many steps as "
    "/proc/sys/kernel/max_lock_depth allows and gave up. Usual cause: user space nests very many priority-inheriting "
    "futexes, or its futexes wait for each other in a circle.",
}
"""What messages mean that are not lockdep's, by the beginning of their titles."""


def of_others(title: str) -> str:
    """What a message means that lockdep has no part in; "" for a title that is not known."""
    return next((text for begin, text in _OTHERS.items() if title.startswith(begin)), "")
