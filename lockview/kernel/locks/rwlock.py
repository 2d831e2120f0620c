"""Reader-writer spinlocks, as in kernel/locking/qrwlock.c: made ``fair``, a waiting writer holds up later readers.

Only readers in interrupts pass it, and lockdep knows: there a read lock is recursive, elsewhere it is not
(``read_lock_is_recursive``, kernel/locking/lockdep.c, 5.10).
"""

from __future__ import annotations

from lockview.kernel.effects import Acquire, IrqDisable, Release, Routine
from lockview.kernel.handles import Cell, Lock
from lockview.kernel.locks.contexts import local_bh_disable, local_bh_enable, local_irq_restore
from lockview.model.locks import Access


def _raw_read_lock(lock: Lock, *, in_interrupt: bool = False) -> Routine[None]:
    """``read_lock``."""
    yield Acquire(lock, Access.RECURSIVE if in_interrupt else Access.SHARED)


def _raw_read_trylock(lock: Lock) -> Routine[bool]:
    """``read_trylock``."""
    got: bool = yield Acquire(lock, Access.SHARED, trylock=True)
    return got


def _raw_read_unlock(lock: Lock) -> Routine[None]:
    """``read_unlock``."""
    yield Release(lock, Access.SHARED)


def _raw_write_lock(lock: Lock) -> Routine[None]:
    """``write_lock``."""
    yield Acquire(lock)


def _raw_write_trylock(lock: Lock) -> Routine[bool]:
    """``write_trylock``."""
    got: bool = yield Acquire(lock, trylock=True)
    return got


def _raw_write_unlock(lock: Lock) -> Routine[None]:
    """``write_unlock``."""
    yield Release(lock)


def _raw_write_lock_irqsave(lock: Lock, irqs: Cell) -> Routine[int]:
    """``write_lock_irqsave``: with interrupts off; answers what they were."""
    flags: int = yield IrqDisable(irqs)
    yield Acquire(lock)
    return flags


def _raw_write_unlock_irqrestore(lock: Lock, irqs: Cell, flags: int) -> Routine[None]:
    """``write_unlock_irqrestore``."""
    yield Release(lock)
    yield from local_irq_restore(irqs, flags)


def _raw_write_lock_bh(lock: Lock, softirqs: Cell) -> Routine[None]:
    """``write_lock_bh``: with soft interrupts off."""
    yield from local_bh_disable(softirqs)
    yield Acquire(lock)


def _raw_write_unlock_bh(lock: Lock, softirqs: Cell) -> Routine[None]:
    """``write_unlock_bh``."""
    yield Release(lock)
    yield from local_bh_enable(softirqs)


read_lock = _raw_read_lock
read_trylock = _raw_read_trylock
read_unlock = _raw_read_unlock
write_lock = _raw_write_lock
write_trylock = _raw_write_trylock
write_unlock = _raw_write_unlock
write_lock_irqsave = _raw_write_lock_irqsave
write_unlock_irqrestore = _raw_write_unlock_irqrestore
write_lock_bh = _raw_write_lock_bh
write_unlock_bh = _raw_write_unlock_bh
