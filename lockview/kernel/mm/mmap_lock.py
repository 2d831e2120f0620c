"""The lock of an address space with the counters that move with it, as in include/linux/mmap_lock.h.

All are inlined: a stack shows ``down_write`` called by whoever wants the lock. Two kernels count here. The one of 2022
raises ``mmap_seq`` when a writer comes and again when it goes; per-VMA locks raise ``mm_lock_seq`` when it goes, which
ends the write lock of every VMA at once.
"""

from __future__ import annotations

from lockview.kernel.effects import Add, Routine
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import (
    down_write,
    down_write_killable,
    down_write_nested,
    down_write_trylock,
    downgrade_write,
    up_write,
)
from lockview.kernel.mm.objects import Mm
from lockview.kernel.mm.vma_lock import vma_end_write_all
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread


@inlined
def mmap_write_lock(t: Thread, mm: Mm) -> Routine[None]:
    """Take it exclusively."""
    yield from down_write(mm.mmap_sem)
    yield from _writer_comes(t, mm)


@inlined
def mmap_write_lock_killable(t: Thread, mm: Mm) -> Routine[None]:
    """Take it exclusively, in a system call."""
    yield from down_write_killable(mm.mmap_sem)
    yield from _writer_comes(t, mm)


@inlined
def mmap_write_lock_nested(t: Thread, mm: Mm, subclass: int) -> Routine[None]:
    """Take it exclusively inside that of another address space: fork."""
    yield from down_write_nested(mm.mmap_sem, subclass)
    yield from _writer_comes(t, mm)


@inlined
def mmap_write_trylock(t: Thread, mm: Mm) -> Routine[bool]:
    """Take it exclusively if that can be done at once."""
    if not (yield from down_write_trylock(mm.mmap_sem)):
        return False
    yield from _writer_comes(t, mm)
    return True


@inlined
def mmap_write_unlock(t: Thread, mm: Mm) -> Routine[None]:
    """Give it up; speculation and VMAs are free again."""
    yield from _writer_goes(t, mm)
    yield from up_write(mm.mmap_sem)


@inlined
def mmap_write_downgrade(t: Thread, mm: Mm) -> Routine[None]:
    """Go on as a reader."""
    yield from _writer_goes(t, mm)
    yield from downgrade_write(mm.mmap_sem)


@inlined
def _writer_comes(t: Thread, mm: Mm) -> Routine[None]:
    if t.has(Switch.MM_COUNTER):
        yield Add(mm.mmap_seq)


@inlined
def _writer_goes(t: Thread, mm: Mm) -> Routine[None]:
    if t.has(Switch.MM_COUNTER):
        yield Add(mm.mmap_seq)
    if t.has(Switch.VMA_LOCK):
        yield from vma_end_write_all(mm)
