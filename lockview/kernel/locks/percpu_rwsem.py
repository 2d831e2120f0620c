"""Per-CPU reader-writer semaphores, as in kernel/locking/percpu-rwsem.c: made ``fair``.

Readers count on their own CPU until a writer comes; it blocks new ones, waits for those inside, and lets them in again.
What is simplified: the RCU grace period that a writer needs to make readers look is part of its waiting.
"""

from __future__ import annotations

from lockview.kernel.effects import Acquire, Release, Routine
from lockview.kernel.handles import Lock
from lockview.kernel.inlining import inlined
from lockview.model.locks import Access


@inlined
def percpu_down_read(sem: Lock) -> Routine[None]:
    """Take it shared."""
    yield Acquire(sem, Access.SHARED)


@inlined
def percpu_down_read_trylock(sem: Lock) -> Routine[bool]:
    """Take it shared if no writer has it or waits for it."""
    got: bool = yield Acquire(sem, Access.SHARED, trylock=True)
    return got


@inlined
def percpu_up_read(sem: Lock) -> Routine[None]:
    """Give up a shared hold."""
    yield Release(sem, Access.SHARED)


def percpu_down_write(sem: Lock) -> Routine[None]:
    """Take it exclusively."""
    yield Acquire(sem)


def percpu_up_write(sem: Lock) -> Routine[None]:
    """Give up an exclusive hold."""
    yield Release(sem)
