"""Spinlocks, as in include/linux/spinlock.h; the names are those that a stack shows.

A raw spinlock differs only in its primitive, so it is taken by the same functions. Turning preemption off is no step:
nobody else can tell.
"""

from __future__ import annotations

from lockview.kernel.effects import Acquire, IrqDisable, Release, Routine
from lockview.kernel.handles import Cell, Lock
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.contexts import local_bh_disable, local_bh_enable, local_irq_enable, local_irq_restore


def _raw_spin_lock(lock: Lock) -> Routine[None]:
    """``spin_lock``."""
    yield Acquire(lock)


def _raw_spin_lock_nested(lock: Lock, subclass: int) -> Routine[None]:
    """``spin_lock_nested``: as another subclass for lockdep."""
    yield Acquire(lock, subclass=subclass)


def _raw_spin_lock_nest_lock(lock: Lock, nest: Lock) -> Routine[None]:
    """``spin_lock_nest_lock``: ``nest`` is held, and keeps others from taking locks of this class in another order."""
    yield Acquire(lock, nest=nest)


def _raw_spin_trylock(lock: Lock) -> Routine[bool]:
    """``spin_trylock``."""
    got: bool = yield Acquire(lock, trylock=True)
    return got


def _raw_spin_unlock(lock: Lock) -> Routine[None]:
    """``spin_unlock``."""
    yield Release(lock)


def _raw_spin_lock_irqsave(lock: Lock, irqs: Cell) -> Routine[int]:
    """``spin_lock_irqsave``: with interrupts off; answers what they were."""
    flags: int = yield IrqDisable(irqs)
    yield Acquire(lock)
    return flags


def _raw_spin_unlock_irqrestore(lock: Lock, irqs: Cell, flags: int) -> Routine[None]:
    """``spin_unlock_irqrestore``: and interrupts as they were."""
    yield Release(lock)
    yield from local_irq_restore(irqs, flags)


def _raw_spin_lock_irq(lock: Lock, irqs: Cell) -> Routine[None]:
    """``spin_lock_irq``: with interrupts off."""
    yield IrqDisable(irqs)
    yield Acquire(lock)


@inlined
def _raw_spin_unlock_irq(lock: Lock, irqs: Cell) -> Routine[None]:
    """``spin_unlock_irq``: and interrupts on, whatever they were."""
    yield Release(lock)
    yield from local_irq_enable(irqs)


def _raw_spin_lock_bh(lock: Lock, softirqs: Cell) -> Routine[None]:
    """``spin_lock_bh``: with soft interrupts off."""
    yield from local_bh_disable(softirqs)
    yield Acquire(lock)


def _raw_spin_unlock_bh(lock: Lock, softirqs: Cell) -> Routine[None]:
    """``spin_unlock_bh``."""
    yield Release(lock)
    yield from local_bh_enable(softirqs)


spin_lock = _raw_spin_lock
spin_lock_nested = _raw_spin_lock_nested
spin_lock_nest_lock = _raw_spin_lock_nest_lock
spin_trylock = _raw_spin_trylock
spin_unlock = _raw_spin_unlock
spin_lock_irqsave = _raw_spin_lock_irqsave
spin_unlock_irqrestore = _raw_spin_unlock_irqrestore
spin_lock_irq = _raw_spin_lock_irq
spin_unlock_irq = _raw_spin_unlock_irq
spin_lock_bh = _raw_spin_lock_bh
spin_unlock_bh = _raw_spin_unlock_bh
