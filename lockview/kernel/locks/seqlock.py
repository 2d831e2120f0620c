"""Sequence locks, as in include/linux/seqlock.h: a counter whose writers a spinlock serialises."""

from __future__ import annotations

from typing import NamedTuple

from lockview.kernel.effects import Routine
from lockview.kernel.handles import Lock
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.seqcount import (
    read_seqcount_begin,
    read_seqcount_retry,
    write_seqcount_begin,
    write_seqcount_end,
)
from lockview.kernel.locks.spinlock import spin_lock, spin_unlock


class Seqlock(NamedTuple):
    """A counter and the spinlock of its writers."""

    seqcount: Lock
    lock: Lock


@inlined
def write_seqlock(seqlock: Seqlock) -> Routine[None]:
    """Keep other writers out, then readers."""
    yield from spin_lock(seqlock.lock)
    yield from write_seqcount_begin(seqlock.seqcount)


@inlined
def write_sequnlock(seqlock: Seqlock) -> Routine[None]:
    """Let readers in, then writers."""
    yield from write_seqcount_end(seqlock.seqcount)
    yield from spin_unlock(seqlock.lock)


@inlined
def read_seqbegin(seqlock: Seqlock) -> Routine[int]:
    """Spin until no writer is inside; answers the counter."""
    start = yield from read_seqcount_begin(seqlock.seqcount)
    return start


@inlined
def read_seqretry(seqlock: Seqlock, start: int) -> Routine[bool]:
    """Whether a writer was inside since ``start`` was read."""
    changed = yield from read_seqcount_retry(seqlock.seqcount, start)
    return changed


@inlined
def read_seqlock_excl(seqlock: Seqlock) -> Routine[None]:
    """Keep writers out and look; readers are not disturbed."""
    yield from spin_lock(seqlock.lock)


@inlined
def read_sequnlock_excl(seqlock: Seqlock) -> Routine[None]:
    """Let writers in again."""
    yield from spin_unlock(seqlock.lock)
