"""Reader-writer semaphores, as in kernel/locking/rwsem.c."""

from __future__ import annotations

from lockview.kernel.effects import Acquire, Downgrade, Release, Routine
from lockview.kernel.handles import Lock
from lockview.model.locks import Access


def down_read(sem: Lock) -> Routine[None]:
    """Take it shared."""
    yield Acquire(sem, Access.SHARED)


def down_write(sem: Lock) -> Routine[None]:
    """Take it exclusively."""
    yield Acquire(sem)


def down_write_killable(sem: Lock) -> Routine[int]:
    """Take it exclusively; 0, since nobody is killed while waiting here."""
    yield Acquire(sem)
    return 0


def down_write_nested(sem: Lock, subclass: int) -> Routine[None]:
    """Take it exclusively, as another subclass for lockdep."""
    yield Acquire(sem, subclass=subclass)


def down_read_trylock(sem: Lock) -> Routine[bool]:
    """Take it shared if that can be done at once."""
    got: bool = yield Acquire(sem, Access.SHARED, trylock=True)
    return got


def down_write_trylock(sem: Lock) -> Routine[bool]:
    """Take it exclusively if that can be done at once."""
    got: bool = yield Acquire(sem, trylock=True)
    return got


def up_read(sem: Lock) -> Routine[None]:
    """Give up a shared hold."""
    yield Release(sem, Access.SHARED)


def up_write(sem: Lock) -> Routine[None]:
    """Give up an exclusive hold."""
    yield Release(sem)


def downgrade_write(sem: Lock) -> Routine[None]:
    """Go on as a reader without letting a writer in between."""
    yield Downgrade(sem)
