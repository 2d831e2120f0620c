"""Stacks that grow: ``expand_stack`` of mm/mmap.c (4.13 and 6.12), called by a fault below the start of a VMA."""

from __future__ import annotations

from lockview.kernel.effects import Add, Read, Routine
from lockview.kernel.locks.rwsem import down_write, up_read, up_write
from lockview.kernel.locks.spinlock import spin_lock, spin_unlock
from lockview.kernel.mm.adjust import vm_anon_vma
from lockview.kernel.mm.anon_vma import anon_vma_prepare
from lockview.kernel.mm.merge import neighbours
from lockview.kernel.mm.mmap_lock import mmap_write_downgrade, mmap_write_lock_killable
from lockview.kernel.mm.objects import Flags, Mm, Vma
from lockview.kernel.mm.tree import find_vma
from lockview.kernel.mm.vma_lock import vma_start_write
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread


def expand_stack(t: Thread, mm: Mm, vma: Vma, page: int) -> Routine[Vma | None]:
    """Let the stack above ``page`` begin there; None when it may not, or another VMA is in the way.

    mmap_sem is held shared, before and after. Up to 6.4 it stays so meanwhile, and two threads can grow one stack at
    once; since then it is dropped and taken exclusively. The counter is not raised: readers refuse such VMAs.
    """
    flags: Flags = yield Read(vma.flags)
    if not flags & Flags.GROWSDOWN:
        return None
    if not t.has(Switch.ANON_TEST_UNDER_LOCK):
        return vma if (yield from expand_downwards(t, mm, vma, page)) else None
    yield from up_read(mm.mmap_sem)
    yield from mmap_write_lock_killable(t, mm)
    found = yield from find_vma(t, mm, page)
    if found is not None and not (yield from expand_downwards(t, mm, found, page)):
        found = None
    yield from mmap_write_downgrade(t, mm)
    return found


def expand_downwards(t: Thread, mm: Mm, vma: Vma, page: int) -> Routine[bool]:
    """Under the lock of the reverse map, which orders those who grow, and page_table_lock for the tree."""
    flags: Flags = yield Read(vma.flags)
    start: int = yield Read(vma.start)
    if start <= page:
        return True
    if not flags & Flags.GROWSDOWN:
        return False
    before, _, _ = yield from neighbours(t, mm, page, page + 1)
    if before is not None and before.end > page:
        return False
    del before, _
    if not (yield from anon_vma_prepare(t, mm, vma)):
        return False
    if t.has(Switch.ANON_TEST_UNDER_LOCK):
        yield from vma_start_write(t, mm, vma)
    anon_vma = yield from vm_anon_vma(t, vma)
    if anon_vma is None:
        return False
    yield from down_write(anon_vma.rwsem)
    start = yield Read(vma.start)
    if page < start:
        yield from spin_lock(mm.page_table_lock)
        yield Add(vma.start, page - start)
        yield Add(vma.pgoff, page - start)
        yield from spin_unlock(mm.page_table_lock)
    yield from up_write(anon_vma.rwsem)
    return True
