"""Completions, as in kernel/sched/completion.c: a count of what is done. Lockdep is told nothing of them."""

from __future__ import annotations

from lockview.kernel.effects import Atomic, Routine, Write
from lockview.kernel.handles import Cell

ALL = 0x7FFFFFFF
"""Done for everybody, however many wait; ``UINT_MAX`` there."""


def wait_for_completion(done: Cell) -> Routine[None]:
    """Sleep until something is done, and take it."""
    yield Atomic((done,), _take, "wait for the completion")


def try_wait_for_completion(done: Cell) -> Routine[bool]:
    """Take something that is done, if there is."""
    got: bool = yield Atomic((done,), _try, "is it complete?")
    return got


def complete(done: Cell) -> Routine[None]:
    """Let one go that waits, or will."""
    yield Atomic((done,), lambda count: (None, min(count + 1, ALL)), "complete")


def complete_all(done: Cell) -> Routine[None]:
    """Let all go that wait, or will."""
    yield Write(done, ALL)


def reinit_completion(done: Cell) -> Routine[None]:
    """Nothing is done."""
    yield Write(done, 0)


def _take(count: int) -> tuple[None, int] | None:
    if not count:
        return None
    return (None, count if count == ALL else count - 1)


def _try(count: int) -> tuple[bool, int]:
    return (bool(count), count if count in (0, ALL) else count - 1)
