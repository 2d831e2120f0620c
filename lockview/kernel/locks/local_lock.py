"""Local locks, as in include/linux/local_lock_internal.h without PREEMPT_RT: nobody ever waits, lockdep is told."""

from __future__ import annotations

from lockview.kernel.effects import Annotate, IrqDisable, Routine
from lockview.kernel.handles import Cell, Lock
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.contexts import local_irq_restore


@inlined
def local_lock(lock: Lock) -> Routine[None]:
    """Name what preemption is off for."""
    yield Annotate(lock)


@inlined
def local_unlock(lock: Lock) -> Routine[None]:
    """It is over."""
    yield Annotate(lock, release=True)


@inlined
def local_lock_irqsave(lock: Lock, irqs: Cell) -> Routine[int]:
    """The same with interrupts off; answers what they were."""
    flags: int = yield IrqDisable(irqs)
    yield Annotate(lock)
    return flags


@inlined
def local_unlock_irqrestore(lock: Lock, irqs: Cell, flags: int) -> Routine[None]:
    """It is over, and interrupts are as they were."""
    yield Annotate(lock, release=True)
    yield from local_irq_restore(irqs, flags)
