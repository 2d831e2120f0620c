"""Spinlocks, as in include/linux/spinlock.h; the names are those that a stack shows."""

from __future__ import annotations

from lockview.kernel.effects import Acquire, Release, Routine
from lockview.kernel.handles import Lock


def _raw_spin_lock(lock: Lock) -> Routine[None]:
    """``spin_lock``."""
    yield Acquire(lock)


def _raw_spin_lock_nested(lock: Lock, subclass: int) -> Routine[None]:
    """``spin_lock_nested``: as another subclass for lockdep."""
    yield Acquire(lock, subclass=subclass)


def _raw_spin_trylock(lock: Lock) -> Routine[bool]:
    """``spin_trylock``."""
    got: bool = yield Acquire(lock, trylock=True)
    return got


def _raw_spin_unlock(lock: Lock) -> Routine[None]:
    """``spin_unlock``."""
    yield Release(lock)


spin_lock = _raw_spin_lock
spin_lock_nested = _raw_spin_lock_nested
spin_trylock = _raw_spin_trylock
spin_unlock = _raw_spin_unlock
