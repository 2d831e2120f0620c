"""Mutexes, as in kernel/locking/mutex.c, and rt_mutexes, as in rtmutex_api.c, as far as others and lockdep can tell.

A mutex that is not ``fair`` can be taken by whoever comes when it is free, past those that wait, as with optimistic
spinning. Priority inheritance changes who runs, not who waits for whom, so it is left out.
"""

from __future__ import annotations

from lockview.kernel.effects import Acquire, Release, Routine
from lockview.kernel.handles import Lock


def mutex_lock(lock: Lock) -> Routine[None]:
    """Take it."""
    yield Acquire(lock)


def mutex_lock_nested(lock: Lock, subclass: int) -> Routine[None]:
    """Take it, as another subclass for lockdep."""
    yield Acquire(lock, subclass=subclass)


def mutex_lock_nest_lock(lock: Lock, nest: Lock) -> Routine[None]:
    """Take it; ``nest`` is held, and keeps others from taking locks of this class in another order."""
    yield Acquire(lock, nest=nest)


def mutex_lock_interruptible(lock: Lock) -> Routine[int]:
    """Take it; 0, since nobody is signalled while waiting here."""
    yield Acquire(lock)
    return 0


def mutex_trylock(lock: Lock) -> Routine[bool]:
    """Take it if that can be done at once."""
    got: bool = yield Acquire(lock, trylock=True)
    return got


def mutex_unlock(lock: Lock) -> Routine[None]:
    """Give it up."""
    yield Release(lock)


def rt_mutex_lock(lock: Lock) -> Routine[None]:
    """Take it."""
    yield Acquire(lock)


def rt_mutex_trylock(lock: Lock) -> Routine[bool]:
    """Take it if that can be done at once."""
    got: bool = yield Acquire(lock, trylock=True)
    return got


def rt_mutex_unlock(lock: Lock) -> Routine[None]:
    """Give it up."""
    yield Release(lock)
