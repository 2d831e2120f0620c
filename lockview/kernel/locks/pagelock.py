"""The page lock PG_locked, as in mm/filemap.c: a bit that one sleeps on and that lockdep does not see."""

from __future__ import annotations

from lockview.kernel.effects import Acquire, Await, Release, Routine
from lockview.kernel.handles import NOBODY, Cell, HolderState, Lock
from lockview.kernel.inlining import inlined


def __lock_page(lock: Lock) -> Routine[None]:
    """``lock_page``: take it, sleeping while somebody else has it."""
    yield Acquire(lock)


@inlined
def trylock_page(lock: Lock) -> Routine[bool]:
    """Take it if nobody has it."""
    got: bool = yield Acquire(lock, trylock=True)
    return got


def unlock_page(lock: Lock) -> Routine[None]:
    """Give it up and wake who waits."""
    yield Release(lock)


def wait_on_page_locked(lock: Lock) -> Routine[None]:
    """Sleep until nobody has it, without taking it."""
    yield Await(Cell(lock.cell, lock.name), _is_unlocked, what="for the page to be unlocked")


lock_page = __lock_page


def _is_unlocked(state: HolderState) -> bool:
    return state.writer == NOBODY
